//! The observed information: the exact curvature of the marginal log-posterior.
//!
//! By Louis' identity it is the information that the complete data would have,
//! less what is missing because ability was not observed:
//!
//! ```text
//! I = Σ_i E[−∂²ℓ_i | x_i]  −  Σ_i Cov[∂ℓ_i | x_i]     (+ the priors' curvature)
//! ```
//!
//! with ℓ_i the log-likelihood of person i if ability were known, and
//! expectations over the posterior of ability. The score of an answered item is
//! (x − P(θ))·(θ, 1) in (a, d), so the first term is block-diagonal and the
//! second couples the items that a person answered together, and no others:
//! the cost grows with pairs of items answered together.
//!
//! Persons with the same items share the node sums (see `shared`), which
//! takes the number of nodes out of the cost of complete data.
//!
//! Source: Louis (1982), JRSS B 44(2), 226–233.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::border::{Border, GroupRows};
use super::item_pairs::{Pair, triangle};
use super::missing::{MOST_PARTIALS, Rule, missing_information};
use crate::data::patterns::Patterns;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::memory::zeroes;
use crate::numeric::symmetric::Symmetric2;

/// Items whose columns are copied into a matrix together.
const COLUMN_ITEMS: usize = 32;

/// The observed information of all items that are no anchors, in (a₁, d₁, a₂, d₂, …), in its two
/// parts; and that of the groups.
pub(crate) struct ObservedInformation {
    items: usize,
    /// Complete-data information and the priors' curvature per item.
    diagonal: Vec<Symmetric2>,
    /// Missing information, lower triangle of item pairs, row-major.
    missing: Vec<Pair>,
    /// `None` where everybody is of the one population that defines the scale.
    groups: Option<GroupRows>,
}

impl ObservedInformation {
    /// Computes the information at the parameters of `evaluation`, in parallel
    /// over fixed chunks; the result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn at(objective: &Objective<'_>, evaluation: &Evaluation) -> Result<Self, IrtError> {
        Self::of_persons(objective, evaluation, objective.persons, Rule::Exact)
    }

    /// The same with the missing part estimated from every `nth` pattern, by three abilities for
    /// each (see `gauss_hermite`): good enough for the direction of a step, at a fraction of the
    /// cost.
    ///
    /// # Errors
    /// As for [`Self::at`].
    pub(crate) fn sampled(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        nth: usize,
    ) -> Result<Self, IrtError> {
        let weights = objective.sample(nth)?;
        let sample = Persons { weights: &weights, ..objective.persons };
        let scale = objective.persons.count() as f64 / sample.count().max(1) as f64;
        let mut information = Self::of_persons(objective, evaluation, sample, Rule::GaussHermite)?;
        for value in information.missing.as_flattened_mut() {
            *value *= scale;
        }
        if let Some(groups) = &mut information.groups {
            groups.scale_missing(scale);
        }
        Ok(information)
    }

    /// The information with the missing part of these persons.
    fn of_persons(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        persons: Persons<'_>,
        rule: Rule,
    ) -> Result<Self, IrtError> {
        let design = objective.design;
        let items = design.free_items(objective.items());
        let mut missing = missing_information(objective, &evaluation.parameters, persons, rule)?;
        let of_groups = missing.split_off(triangle(items));
        let mut groups =
            (design.groups() > 0).then(|| GroupRows::new(objective, evaluation, items, of_groups));
        for item in (0..items).filter(|item| objective.is_frozen(design.free_item(*item))) {
            decouple(item, items, &mut missing);
            if let Some(groups) = &mut groups {
                groups.decouple(item);
            }
        }
        let all: Vec<Symmetric2> = evaluation.complete_curvature().collect();
        let diagonal = (0..items).map(|position| all[design.free_item(position)]).collect();
        Ok(Self { items, diagonal, missing, groups })
    }

    /// Bytes that [`Self::at`] and [`Self::matrix`] hold at once at most, for these patterns:
    /// 128 a pair of items, and as much for each pair that one person answered.
    pub(crate) fn bytes(patterns: &Patterns) -> u64 {
        let square = |count: usize| (count as u64).saturating_mul(count as u64);
        let of_groups = patterns.groups().saturating_mul(patterns.items() + 1) as u64;
        let pairs = (patterns.items() as u64 + square(patterns.items())) / 2 + of_groups;
        let longest = (0..patterns.len()).map(|pattern| patterns.pattern(pattern).len()).max();
        let partial = pairs
            .saturating_mul(size_of::<Pair>() as u64)
            .saturating_add(square(longest.unwrap_or(0)).saturating_mul(size_of::<Pair>() as u64));
        let sums = partial.saturating_mul(MOST_PARTIALS.min(patterns.chunks().count()) as u64);
        // The triangle of pairs, and the square: four cells for each of twice as many pairs.
        sums.max(pairs.saturating_mul(3 * size_of::<Pair>() as u64))
    }

    /// The matrix that is left of [`Self::matrix`] when the groups are eliminated from it, and how
    /// they were; `None` where a group's own block is not positive definite.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn eliminated(
        &self,
        share: f64,
    ) -> Result<Option<(DMatrix<f64>, Border)>, IrtError> {
        let mut matrix = self.matrix(share)?;
        let Some(groups) = &self.groups else { return Ok(Some((matrix, Border::none()))) };
        let Some(border) = groups.border(share)? else { return Ok(None) };
        border.eliminate_from(&mut matrix);
        Ok(Some((matrix, border)))
    }

    /// The items' matrix with `share` of the missing information taken off: 1 gives the
    /// observed information, 0 what EM steps by, something between a safeguard
    /// where the observed information is not positive definite.
    ///
    /// The lower triangle, and the 2 × 2 blocks on the diagonal as a whole; the rest is 0.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn matrix(&self, share: f64) -> Result<DMatrix<f64>, IrtError> {
        let side = 2 * self.items;
        let mut values: Vec<f64> = zeroes(side * side, "the observed information")?;
        values.par_chunks_mut((2 * COLUMN_ITEMS * side).max(1)).enumerate().for_each(
            |(number, columns)| {
                self.copy_columns(share, number * COLUMN_ITEMS, columns);
            },
        );
        Ok(DMatrix::from_vec(side, side, values))
    }

    /// Fills the columns of some items, of which `first` is the first, from the diagonal down.
    fn copy_columns(&self, share: f64, first: usize, columns: &mut [f64]) {
        let side = 2 * self.items;
        let items = columns.len() / (2 * side);
        for row in first..self.items {
            for column in first..(first + items).min(row + 1) {
                let [aa, ad, da, dd] = self.missing[triangle(row) + column].map(|x| -share * x);
                let at = (2 * (column - first)) * side + 2 * row;
                (columns[at], columns[at + 1]) = (aa, da);
                (columns[at + side], columns[at + side + 1]) = (ad, dd);
            }
        }
        for (offset, block) in self.diagonal[first..first + items].iter().enumerate() {
            let Symmetric2 { xx: aa, xy: ad, yy: dd } = block;
            let at = 2 * offset * side + 2 * (first + offset);
            columns[at] += aa;
            columns[at + 1] += ad;
            columns[at + side] = columns[at + 1];
            columns[at + side + 1] += dd;
        }
    }
}

/// Takes an item out of the missing information. A frozen item is no parameter: it keeps its unit
/// diagonal, and the scores that the sums hold for it are those of a coin, not of the item.
fn decouple(item: usize, items: usize, missing: &mut [Pair]) {
    for other in 0..items {
        missing[triangle(item.max(other)) + item.min(other)] = [0.0; 4];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::simulate::{Simulation, simulate};

    #[test]
    fn three_abilities_tell_most_of_the_missing_information() {
        for (items, answered, tolerance) in [(60, 0.3, 0.1), (40, 0.15, 0.2)] {
            let design = Simulation { persons: 2000, items, answered, seed: 9 };
            let (responses, truth) = simulate(&design);
            let persons = Persons::everybody(responses.patterns());
            let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
            let priors = Priors::default();
            let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
            let evaluation = objective.evaluate(truth).unwrap();
            let exact = ObservedInformation::at(&objective, &evaluation).unwrap();
            let near = ObservedInformation::sampled(&objective, &evaluation, 1).unwrap();
            assert_ne!(exact.missing, near.missing);
            let deviation =
                |item: usize, k: usize| exact.missing[triangle(item) + item][3 * k].sqrt();
            let mut worst = 0.0_f64;
            for row in 0..exact.items {
                for column in 0..=row {
                    let pair = triangle(row) + column;
                    for k in 0..4 {
                        let scale = deviation(row, k / 2) * deviation(column, k % 2);
                        let error = (near.missing[pair][k] - exact.missing[pair][k]).abs() / scale;
                        worst = worst.max(error);
                    }
                }
            }
            assert!(worst < tolerance, "{items} items: {worst}");
        }
    }
}
