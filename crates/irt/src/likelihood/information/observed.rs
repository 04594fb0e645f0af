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
//! Persons with the same items share the node sums (see [`super::shared`]), which
//! takes the number of nodes out of the cost of complete data.
//!
//! Source: Louis (1982), JRSS B 44(2), 226–233.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::patterns::Patterns;
use crate::error::IrtError;
use crate::likelihood::objective::{Evaluation, Objective};
use crate::memory::zeroes;
use crate::monitor::Monitor;

use super::exact::add_alone;
use super::gauss_hermite::add_nearly;
use super::scores::{ScoreTables, Scratch};
use super::shared::SharedSums;

/// From this many patterns on, an item set is worth the shared formula.
const SHARED_FROM: usize = 4;
/// Bytes that partial sums together may take, unless that left fewer of them than …
const PARTIAL_BYTES: usize = 48 << 20;
/// … so many: what can be worked on at once.
const PARTIALS: usize = 4;
/// Items whose columns are copied into a matrix together.
const COLUMN_ITEMS: usize = 32;

/// Covariances of the scores of two items: (a, a), (a, d), (d, a), (d, d).
pub(super) type Pair = [f64; 4];

/// How the missing information of persons who share their items with few others is summed.
#[derive(Debug, Clone, Copy)]
enum Precision {
    /// Over all nodes.
    Exact,
    /// From three abilities.
    Near,
}

/// The observed information of all items in (a₁, d₁, a₂, d₂, …), in its two parts.
pub(crate) struct ObservedInformation {
    items: usize,
    /// Complete-data information and the priors' curvature per item: aa, ad, dd.
    diagonal: Vec<[f64; 3]>,
    /// Missing information, lower triangle of item pairs, row-major.
    missing: Vec<Pair>,
}

impl ObservedInformation {
    /// Computes the information at the parameters of `evaluation`, in parallel
    /// over fixed chunks; the result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn at(objective: &Objective<'_>, evaluation: &Evaluation) -> Result<Self, IrtError> {
        Self::of_persons(objective, evaluation, objective.weights, Precision::Exact)
    }

    /// The same with the missing part estimated from every `nth` pattern, and nearly (see
    /// [`super::gauss_hermite`]): good enough for the direction of a step, at a fraction of the cost.
    ///
    /// # Errors
    /// As for [`Self::at`].
    pub(crate) fn sampled(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        nth: usize,
    ) -> Result<Self, IrtError> {
        let drawn = objective.sample(nth)?;
        let persons =
            |weights: &[u32]| weights.iter().map(|weight| u64::from(*weight)).sum::<u64>();
        let scale = persons(objective.weights) as f64 / persons(&drawn).max(1) as f64;
        let mut information = Self::of_persons(objective, evaluation, &drawn, Precision::Near)?;
        for value in information.missing.as_flattened_mut() {
            *value *= scale;
        }
        Ok(information)
    }

    /// The information with the missing part of the persons in `weights`.
    fn of_persons(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        weights: &[u32],
        precision: Precision,
    ) -> Result<Self, IrtError> {
        let items = objective.items();
        let pairs = items * (items + 1) / 2;
        let chunks = merged_chunks(objective, pairs);
        let tables = ScoreTables::new(evaluation, objective.grid)?;
        let partial = |range: Range<usize>| -> Result<Vec<Pair>, IrtError> {
            let mut missing = zeroes(pairs, "the observed information")?;
            add_range(objective, weights, &tables, range, precision, &mut missing)?;
            Ok(missing)
        };
        let partials: Result<Vec<Vec<Pair>>, IrtError> = if objective.parallel {
            chunks.into_par_iter().map(partial).collect()
        } else {
            chunks.into_iter().map(partial).collect()
        };
        let mut partials = partials?.into_iter();
        let mut missing = partials.next().unwrap_or_else(|| vec![[0.0; 4]; pairs]);
        for other in partials {
            check(objective.monitor)?;
            for (x, y) in missing.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
                *x += y;
            }
        }
        for item in (0..items).filter(|item| objective.is_frozen(*item)) {
            decouple(item, items, &mut missing);
        }
        let diagonal = evaluation
            .complete_information
            .iter()
            .zip(&evaluation.prior_terms)
            .map(|(complete, prior)| std::array::from_fn(|k| complete[k] + prior.curvature[k]))
            .collect();
        Ok(Self { items, diagonal, missing })
    }

    /// Bytes that [`Self::at`] and [`Self::matrix`] hold at once at most, for these patterns:
    /// 128 a pair of items, and as much for each pair that one person answered.
    pub(crate) fn bytes(patterns: &Patterns) -> u64 {
        let square = |count: usize| (count as u64).saturating_mul(count as u64);
        let pairs = (patterns.items() as u64 + square(patterns.items())) / 2;
        let longest = (0..patterns.len()).map(|pattern| patterns.codes(pattern).len()).max();
        let partial = pairs
            .saturating_mul(size_of::<Pair>() as u64)
            .saturating_add(square(longest.unwrap_or(0)).saturating_mul(size_of::<Pair>() as u64));
        let sums = partial.saturating_mul(PARTIALS.min(patterns.chunks().count()) as u64);
        // The triangle of pairs, and the square: four cells for each of twice as many pairs.
        sums.max(pairs.saturating_mul(3 * size_of::<Pair>() as u64))
    }

    /// The matrix with `share` of the missing information taken off: 1 gives the
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
        values.par_chunks_mut(2 * COLUMN_ITEMS * side).enumerate().for_each(|(number, columns)| {
            self.copy_columns(share, number * COLUMN_ITEMS, columns);
        });
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
        for (offset, [aa, ad, dd]) in self.diagonal[first..first + items].iter().enumerate() {
            let at = 2 * offset * side + 2 * (first + offset);
            columns[at] += aa;
            columns[at + 1] += ad;
            columns[at + side] = columns[at + 1];
            columns[at + side + 1] += dd;
        }
    }
}

/// The chunks of the E-step, merged until their partial sums fit into [`PARTIAL_BYTES`] or only
/// [`PARTIALS`] are left.
fn merged_chunks(objective: &Objective<'_>, pairs: usize) -> Vec<Range<usize>> {
    let chunks: Vec<Range<usize>> = objective.patterns.chunks().collect();
    let most = (PARTIAL_BYTES / (pairs * size_of::<Pair>()).max(1)).max(PARTIALS).min(chunks.len());
    let per_group = chunks.len().div_ceil(most);
    chunks.chunks(per_group).map(|group| group[0].start..group[group.len() - 1].end).collect()
}

fn add_range(
    objective: &Objective<'_>,
    weights: &[u32],
    tables: &ScoreTables<'_>,
    range: Range<usize>,
    precision: Precision,
    missing: &mut [Pair],
) -> Result<(), IrtError> {
    const PATTERNS_PER_PART: usize = 32;
    let mut start = range.start;
    let grid = objective.grid;
    let mut scratch = Scratch::new(grid);
    let (mut rows, mut contrasts) = Default::default();
    let mut shared: Option<SharedSums> = None;
    while start < range.end {
        let end = range.end.min(start + PATTERNS_PER_PART);
        for set in objective.patterns.item_sets(start..end) {
            let codes = objective.patterns.codes(set.patterns.start);
            let continues = shared.as_ref().is_some_and(|sums| sums.is_over(codes));
            if let Some(sums) = shared.take_if(|_| !continues) {
                sums.scatter(objective, tables, missing)?;
            }
            if continues || set.patterns.len() >= SHARED_FROM {
                let mut sums = match shared.take() {
                    Some(sums) => sums,
                    None => SharedSums::new(codes, grid)?,
                };
                sums.add(objective, weights, tables, set.patterns, &mut scratch)?;
                shared = Some(sums);
            } else {
                for pattern in set.patterns.filter(|pattern| weights[*pattern] > 0) {
                    check(objective.monitor)?;
                    let codes = objective.patterns.codes(pattern);
                    let persons = f64::from(weights[pattern]);
                    let scratch = &mut scratch;
                    match precision {
                        Precision::Exact => {
                            add_alone(codes, persons, tables, grid, scratch, &mut rows, missing);
                        }
                        Precision::Near => {
                            let contrasts = &mut contrasts;
                            add_nearly(codes, persons, tables, grid, scratch, contrasts, missing);
                        }
                    }
                }
            }
        }
        start = end;
    }
    if let Some(sums) = shared.take() {
        sums.scatter(objective, tables, missing)?;
    }
    Ok(())
}

/// Asked for every pattern: one costs up to items² here.
pub(super) fn check(monitor: &dyn Monitor) -> Result<(), IrtError> {
    if monitor.interrupted() { Err(IrtError::Interrupted) } else { Ok(()) }
}

/// Takes an item out of the missing information. A frozen item is no parameter: it keeps its unit
/// diagonal, and the scores that the sums hold for it are those of a coin, not of the item.
fn decouple(item: usize, items: usize, missing: &mut [Pair]) {
    for other in 0..items {
        missing[triangle(item.max(other)) + item.min(other)] = [0.0; 4];
    }
}

/// Where the first row of pairs of `item` starts in the lower triangle.
pub(super) fn triangle(item: usize) -> usize {
    item * (item + 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::numeric::eight::Grid;
    use crate::simulate::{Simulation, simulate};

    #[test]
    fn three_abilities_tell_the_missing_information_nearly() {
        for (items, answered, tolerance) in [(60, 0.3, 0.1), (40, 0.15, 0.2)] {
            let design = Simulation { persons: 2000, items, answered, seed: 9 };
            let (responses, truth) = simulate(&design);
            let patterns = responses.patterns();
            let (grid, priors) = (Grid::new(&Quadrature::default()), Priors::default());
            let weights = patterns.multiplicities();
            let objective = Objective::new(patterns, weights, &grid, &priors, &Unmonitored, true);
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
