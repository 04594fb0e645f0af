//! A person with hardly any other who answered the same items: scores over all nodes.

use super::observed::{Pair, triangle};
use super::scores::{ScoreTables, Scratch, dots, sum};
use crate::numeric::eight::{self as lanes, Grid, Lane};

/// What is kept of each item that the person answered.
#[derive(Default)]
pub(crate) struct Rows {
    /// Residuals x − P over the grid.
    residuals: Vec<Lane>,
    /// Posterior means of the scores in a and d.
    means: Vec<[f64; 2]>,
}

/// One person: the covariance of scores by its definition.
pub(crate) fn add_alone(
    codes: &[u32],
    persons: f64,
    tables: &ScoreTables<'_>,
    grid: &Grid,
    scratch: &mut Scratch,
    rows: &mut Rows,
    missing: &mut [Pair],
) {
    lanes::vectorised(
        #[inline(always)]
        || {
            scratch.posterior(codes, tables, grid);
            let nodes = scratch.lanes.clone();
            let width = nodes.len();
            let posterior = &scratch.posterior[nodes.clone()];
            rows.residuals.clear();
            rows.means.clear();
            for code in codes {
                let correct = f64::from(code & 1);
                let probability = &tables.row(0, *code, grid)[nodes.clone()];
                rows.residuals.extend(
                    probability.iter().map(|lane| lane.map(|probability| correct - probability)),
                );
            }
            for row in 0..codes.len() {
                let own = &rows.residuals[row * width..(row + 1) * width];
                let [zeroth, first, second] = &mut scratch.weighted;
                for lane in 0..width {
                    let abilities = grid.nodes[nodes.start + lane];
                    zeroth[lane] = lanes::product(posterior[lane], own[lane]);
                    first[lane] = lanes::product(zeroth[lane], abilities);
                    second[lane] = lanes::product(first[lane], abilities);
                }
                let mean = [sum(&first[..width]), sum(&zeroth[..width])];
                rows.means.push(mean);
                let at = triangle((codes[row] >> 1) as usize);
                for column in 0..=row {
                    let other = &rows.residuals[column * width..(column + 1) * width];
                    let moments =
                        dots([&zeroth[..width], &first[..width], &second[..width]], other);
                    let others = rows.means[column];
                    let pair = &mut missing[at + (codes[column] >> 1) as usize];
                    pair[0] += persons * (moments[2] - mean[0] * others[0]);
                    pair[1] += persons * (moments[1] - mean[0] * others[1]);
                    pair[2] += persons * (moments[1] - mean[1] * others[0]);
                    pair[3] += persons * (moments[0] - mean[1] * others[1]);
                }
            }
        },
    );
}
