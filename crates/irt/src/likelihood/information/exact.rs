//! A person with hardly any other who answered the same items: scores over all nodes.

use super::item_pairs::Pair;
use super::person_posterior::{PersonPosterior, dots};
use super::score_tables::ScoreTables;
use super::scored::Person;
use crate::data::response::Response;
use crate::numeric::eight::{Eight, product, row_sum, vectorised};

/// The covariance of scores by its definition, person by person.
#[derive(Default)]
pub(super) struct Exact {
    /// Residuals x − P over the grid, for each item that the person answered.
    residuals: Vec<Eight>,
    /// Posterior means of the scores in a and d, likewise.
    means: Vec<[f64; 2]>,
}

impl Exact {
    /// Adds persons who answered alike to the sums over pairs of items.
    pub(super) fn add(
        &mut self,
        person: Person<'_>,
        tables: &ScoreTables<'_>,
        posterior: &mut PersonPosterior,
        missing: &mut [Pair],
    ) {
        vectorised(
            #[inline(always)]
            || {
                posterior.set(person.responses, person.group, tables);
                self.set_residuals(person.scored, tables, posterior);
                for row in 0..person.scored.len() {
                    self.add_row(row, person, tables, posterior, missing);
                }
            },
        );
    }

    #[inline(always)]
    fn set_residuals(
        &mut self,
        responses: &[Response],
        tables: &ScoreTables<'_>,
        posterior: &PersonPosterior,
    ) {
        self.residuals.clear();
        self.means.clear();
        for response in responses {
            let correct = response.score();
            let probability = &tables.row(0, *response)[posterior.eights.clone()];
            self.residuals.extend(
                probability.iter().map(|eight| eight.map(|probability| correct - probability)),
            );
        }
    }

    /// The pairs of the person's item number `row` with those before it.
    #[inline(always)]
    fn add_row(
        &mut self,
        row: usize,
        person: Person<'_>,
        tables: &ScoreTables<'_>,
        posterior: &mut PersonPosterior,
        missing: &mut [Pair],
    ) {
        let (responses, persons) = (person.scored, person.persons);
        let nodes = posterior.eights.clone();
        let width = nodes.len();
        let shares = &posterior.shares[nodes.clone()];
        let own = &self.residuals[row * width..(row + 1) * width];
        let [zeroth, first, second] = &mut posterior.weighted;
        for eight in 0..width {
            let abilities = tables.grid.nodes[nodes.start + eight];
            zeroth[eight] = product(shares[eight], own[eight]);
            first[eight] = product(zeroth[eight], abilities);
            second[eight] = product(first[eight], abilities);
        }
        let mean = [row_sum(&first[..width]), row_sum(&zeroth[..width])];
        self.means.push(mean);
        let at = tables.scoring.row_start(responses[row], person.group);
        for column in 0..=row {
            let other = &self.residuals[column * width..(column + 1) * width];
            let moments = dots([&zeroth[..width], &first[..width], &second[..width]], other);
            let others = self.means[column];
            let pair = &mut missing[at + responses[column].item()];
            pair[0] += persons * (moments[2] - mean[0] * others[0]);
            pair[1] += persons * (moments[1] - mean[0] * others[1]);
            pair[2] += persons * (moments[1] - mean[1] * others[0]);
            pair[3] += persons * (moments[0] - mean[1] * others[1]);
        }
    }
}
