//! The groups' part of the observed information.
//!
//! A person belongs to one group, so the information has the form of an arrow,
//!
//! ```text
//! ( A   B )    A: items,  B: items × (mean, ln sd) of every group,
//! ( Bᵀ  D )    D: a 2 × 2 block for every group, and 0 between groups
//! ```
//!
//! and the groups can be eliminated one by one: what is factored is the Schur complement
//! S = A − B D⁻¹ Bᵀ, as large as without groups. Its inverse is the items' block of the
//! joint inverse: their sampling covariance carries the uncertainty of the groups.
//!
//! The score of a person at ability θ in a group's (mean, ln sd) is, up to a constant,
//! (θ, θ² − 2 mean θ) / sd²; what is missing is the covariance of these with the items' scores
//! over the posterior (Louis 1982). The sums come with θ² and θ in place of them.
//!
//! Source: Golub & Van Loan (2013), Matrix Computations, section 4.2.4, for the elimination.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::item_pairs::Pair;
use crate::error::IrtError;
use crate::likelihood::design::population;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::vectorised;
use crate::numeric::symmetric::Symmetric2;

/// A second pivot this much smaller than its diagonal is that of a singular block.
const SINGULAR_BLOCK: f64 = 1e-12;

/// The missing information of every group, with the items and with itself.
pub(super) struct GroupRows {
    /// Free items.
    items: usize,
    /// Complete-data information per group.
    diagonal: Vec<Symmetric2>,
    /// Groups × (items, the group): rows mean and ln sd, columns slope and intercept.
    missing: Vec<Pair>,
    held: Vec<[bool; 2]>,
}

impl GroupRows {
    /// From the sums over pairs with the pseudo-items.
    pub(super) fn new(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        items: usize,
        mut missing: Vec<Pair>,
    ) -> Self {
        let blocks = &evaluation.parameters[objective.items()..];
        let rows = missing.chunks_exact_mut(items + 1).zip(blocks).zip(evaluation.held.iter());
        for ((row, block), held) in rows {
            let population = population(*block);
            let scale = 1.0 / (population.sd * population.sd);
            let itself = items;
            for pair in &mut row[..items] {
                let [second_a, second_d, first_a, first_d] = *pair;
                let log_sd = |second: f64, first: f64| second - 2.0 * population.mean * first;
                *pair = [first_a, first_d, log_sd(second_a, first_a), log_sd(second_d, first_d)]
                    .map(|value| scale * value);
            }
            let [fourth, third, _, second] = row[itself];
            let by_both = third - 2.0 * population.mean * second;
            let by_log_sd = fourth - 4.0 * population.mean * (third - population.mean * second);
            row[itself] = [second, by_both, by_both, by_log_sd].map(|value| scale * scale * value);
            for pair in row.iter_mut() {
                let [mean, log_sd] = held.map(|held| if held { 0.0 } else { 1.0 });
                *pair = [mean * pair[0], mean * pair[1], log_sd * pair[2], log_sd * pair[3]];
            }
            if held[0] || held[1] {
                (row[itself][1], row[itself][2]) = (0.0, 0.0);
            }
        }
        let diagonal = evaluation.complete_information[objective.items()..].to_vec();
        Self { items, diagonal, missing, held: evaluation.held.to_vec() }
    }

    /// Multiplies the missing part.
    pub(super) fn scale_missing(&mut self, scale: f64) {
        self.missing.as_flattened_mut().iter_mut().for_each(|value| *value *= scale);
    }

    /// Takes an item out.
    pub(super) fn decouple(&mut self, item: usize) {
        for row in self.missing.chunks_exact_mut(self.items + 1) {
            row[item] = [0.0; 4];
        }
    }

    /// The groups' rows, ready to be eliminated, with `share` of the missing information taken
    /// off; `None` where a group's block is not positive definite.
    pub(super) fn border(&self, share: f64) -> Result<Option<Border>, IrtError> {
        let side = 2 * self.items;
        let mut rows: Vec<f64> =
            zeroes(2 * self.diagonal.len() * side, "the observed information")?;
        let mut factors = Vec::with_capacity(self.diagonal.len());
        let groups = self.missing.chunks_exact(self.items + 1).zip(&self.diagonal);
        for (number, (row, complete)) in groups.enumerate() {
            let [mm, ms, _, ss] = row[self.items].map(|value| -share * value);
            let block = *complete + Symmetric2::new(mm, ms, ss);
            let Some(factor) = BlockFactor::new(block) else { return Ok(None) };
            let rows = &mut rows[2 * number * side..2 * (number + 1) * side];
            let (first, second) = rows.split_at_mut(side);
            for (item, pair) in row[..self.items].iter().enumerate() {
                let [ma, md, sa, sd] = pair.map(|value| -share * value);
                let [a, d] = [[ma, sa], [md, sd]].map(|column| factor.forward(column));
                (first[2 * item], second[2 * item]) = (a[0], a[1]);
                (first[2 * item + 1], second[2 * item + 1]) = (d[0], d[1]);
            }
            factors.push(factor);
        }
        Ok(Some(Border { side, rows, factors, held: self.held.clone() }))
    }
}

/// L with L·Lᵀ = D.
#[derive(Debug, Clone, Copy)]
struct BlockFactor {
    first: f64,
    below: f64,
    second: f64,
    block: Symmetric2,
}

impl BlockFactor {
    fn new(block: Symmetric2) -> Option<Self> {
        if !(block.xx > 0.0 && block.xx.is_finite()) {
            return None;
        }
        let first = libm::sqrt(block.xx);
        let below = block.xy / first;
        let rest = block.yy - below * below;
        let is_positive = rest > SINGULAR_BLOCK * block.yy.abs() && rest.is_finite();
        is_positive.then(|| Self { first, below, second: libm::sqrt(rest), block })
    }

    /// L⁻¹ · vector.
    fn forward(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let x = x / self.first;
        [x, (y - self.below * x) / self.second]
    }

    /// L⁻ᵀ · vector.
    fn backward(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let y = y / self.second;
        [(x - self.below * y) / self.first, y]
    }
}

/// Groups that were eliminated from the information.
pub(crate) struct Border {
    /// Twice the number of free items.
    side: usize,
    /// L⁻¹ Bᵀ: two rows a group, row-major.
    rows: Vec<f64>,
    factors: Vec<BlockFactor>,
    held: Vec<[bool; 2]>,
}

impl Border {
    /// Without groups.
    pub(super) fn none() -> Self {
        Self { side: 0, rows: Vec::new(), factors: Vec::new(), held: Vec::new() }
    }

    fn row(&self, group: usize, number: usize) -> &[f64] {
        &self.rows[(2 * group + number) * self.side..(2 * group + number + 1) * self.side]
    }

    /// The block D of every group.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Symmetric2> {
        self.factors.iter().map(|factor| factor.block)
    }

    /// S = A − B D⁻¹ Bᵀ in the lower triangle, and in whole 2 × 2 blocks on the diagonal.
    pub(super) fn eliminate_from(&self, matrix: &mut DMatrix<f64>) {
        const COLUMNS: usize = 64;
        let side = self.side;
        if self.rows.is_empty() || side == 0 {
            return;
        }
        let chunks = matrix.as_mut_slice().par_chunks_mut(COLUMNS * side).enumerate();
        chunks.for_each(|(number, columns)| {
            vectorised(
                #[inline(always)]
                || {
                    for row in self.rows.chunks_exact(side) {
                        for (offset, column) in columns.chunks_exact_mut(side).enumerate() {
                            let at = number * COLUMNS + offset;
                            let factor = row[at];
                            if factor != 0.0 {
                                // From the 2 × 2 block on the diagonal down.
                                let top = at - at % 2;
                                for (x, y) in column[top..].iter_mut().zip(&row[top..]) {
                                    *x -= factor * y;
                                }
                            }
                        }
                    }
                },
            );
        });
    }

    /// Turns the items' gradient into the right-hand side that goes with S.
    pub(crate) fn eliminate_gradient(&self, gradient: &[SlopeIntercept], items: &mut DVector<f64>) {
        for (group, (at, factor)) in gradient.iter().zip(&self.factors).enumerate() {
            let solved = factor.forward((*at).into());
            for (number, by) in solved.into_iter().enumerate() {
                for (x, y) in items.iter_mut().zip(self.row(group, number)) {
                    *x -= by * y;
                }
            }
        }
    }

    /// The groups' step, given their gradient and the items' step.
    pub(crate) fn steps(
        &self,
        gradient: &[SlopeIntercept],
        items: &DVector<f64>,
    ) -> Vec<SlopeIntercept> {
        let step = |(group, factor): (usize, &BlockFactor)| {
            let mut solved = factor.forward(gradient[group].into());
            for (number, value) in solved.iter_mut().enumerate() {
                let products = items.iter().zip(self.row(group, number));
                *value -= products.map(|(x, y)| x * y).sum::<f64>();
            }
            factor.backward(solved).into()
        };
        self.factors.iter().enumerate().map(step).collect()
    }

    /// Sampling covariance of every group's (mean, ln sd): D⁻¹ + D⁻¹ Bᵀ S⁻¹ B D⁻¹, where `solve`
    /// multiplies by S⁻¹; an infinite variance where a parameter is held.
    pub(crate) fn covariances(&self, solve: impl Fn(&mut DVector<f64>) + Sync) -> Vec<Symmetric2> {
        let dot = |x: &DVector<f64>, y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let covariance = |(group, factor): (usize, &BlockFactor)| {
            let [first, second] = [0, 1].map(|number| {
                let mut column = DVector::from_column_slice(self.row(group, number));
                solve(&mut column);
                column
            });
            let rows = [0, 1].map(|number| self.row(group, number));
            let xx = 1.0 + dot(&first, rows[0]);
            let xy = dot(&first, rows[1]);
            let yy = 1.0 + dot(&second, rows[1]);
            // L⁻ᵀ M L⁻¹, column by column.
            let [one, other] = [[1.0, 0.0], [0.0, 1.0]].map(|unit| {
                let [x, y] = factor.forward(unit);
                factor.backward([xx * x + xy * y, xy * x + yy * y])
            });
            let [mean, log_sd] =
                self.held[group].map(|held| if held { f64::INFINITY } else { 0.0 });
            Symmetric2::new(one[0] + mean, one[1], other[1] + log_sd)
        };
        self.factors.par_iter().enumerate().map(covariance).collect()
    }
}
