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
//! Persons with the same items share the node sums (see [`add_shared`]), which
//! takes the number of nodes out of the cost of complete data.
//!
//! Source: Louis (1982), JRSS B 44(2), 226–233.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::e_step::{ItemTables, log_posterior_base, probability_table, sum_of_correct};
use crate::error::IrtError;
use crate::lanes::{self, Grid, LANES, Lane};
use crate::objective::{Evaluation, Objective};
use crate::responses::reserve;

/// From this many patterns on, an item set is worth the shared formula.
const SHARED_FROM: usize = 4;
/// Bytes that partial sums together may take, unless that left fewer of them than …
const PARTIAL_BYTES: usize = 48 << 20;
/// … so many: what can be worked on at once.
const PARTIALS: usize = 4;

/// Covariances of the scores of two items: (a, a), (a, d), (d, a), (d, d).
type Pair = [f64; 4];

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
        Self::of_persons(objective, evaluation, objective.weights)
    }

    /// The same with the missing part estimated from every `nth` pattern: near
    /// enough for the direction of a step, at a fraction of the cost. Patterns
    /// stand in an order that is as good as random.
    ///
    /// # Errors
    /// As for [`Self::at`].
    pub(crate) fn sampled(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        nth: usize,
    ) -> Result<Self, IrtError> {
        let mut drawn = objective.weights.to_vec();
        for (pattern, weight) in drawn.iter_mut().enumerate() {
            if !pattern.is_multiple_of(nth) {
                *weight = 0;
            }
        }
        let persons =
            |weights: &[u32]| weights.iter().map(|weight| u64::from(*weight)).sum::<u64>();
        let scale = persons(objective.weights) as f64 / persons(&drawn).max(1) as f64;
        let mut information = Self::of_persons(objective, evaluation, &drawn)?;
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
    ) -> Result<Self, IrtError> {
        let items = objective.items();
        let pairs = items * (items + 1) / 2;
        let chunks = merged_chunks(objective, pairs);
        let tables = ScoreTables::new(evaluation, objective.grid);
        let partial = |range: Range<usize>| -> Result<Vec<Pair>, IrtError> {
            let mut missing = reserve(pairs, "the observed information")?;
            missing.resize(pairs, [0.0; 4]);
            add_range(objective, weights, &tables, range, &mut missing)?;
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
            for (x, y) in missing.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
                *x += y;
            }
        }
        let diagonal = evaluation
            .complete_information
            .iter()
            .zip(&evaluation.prior_terms)
            .map(|(complete, prior)| std::array::from_fn(|k| complete[k] + prior.curvature[k]))
            .collect();
        Ok(Self { items, diagonal, missing })
    }

    /// The matrix with `share` of the missing information taken off: 1 gives the
    /// observed information, 0 what EM steps by, something between a safeguard
    /// where the observed information is not positive definite.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn matrix(&self, share: f64) -> Result<DMatrix<f64>, IrtError> {
        let side = 2 * self.items;
        let mut values = reserve(side * side, "the observed information")?;
        values.resize(side * side, 0.0);
        let mut matrix = DMatrix::from_vec(side, side, values);
        let mut pair = 0;
        for row in 0..self.items {
            for column in 0..=row {
                let block = self.missing[pair].map(|x| -share * x);
                pair += 1;
                for (k, value) in block.into_iter().enumerate() {
                    let (r, c) = (2 * row + k / 2, 2 * column + k % 2);
                    matrix[(r, c)] = value;
                    matrix[(c, r)] = value;
                }
            }
            let [aa, ad, dd] = self.diagonal[row];
            let at = 2 * row;
            matrix[(at, at)] += aa;
            matrix[(at + 1, at)] += ad;
            matrix[(at, at + 1)] = matrix[(at + 1, at)];
            matrix[(at + 1, at + 1)] += dd;
        }
        Ok(matrix)
    }
}

/// Probabilities and their products with ability, items × lanes.
struct ScoreTables<'a> {
    base: ItemTables<'a>,
    /// P, θ·P and θ²·P.
    moments: [Vec<Lane>; 3],
}

impl<'a> ScoreTables<'a> {
    fn new(evaluation: &'a Evaluation, grid: &Grid) -> Self {
        let probability = probability_table(&evaluation.parameters, grid);
        let times_ability = |table: &[Lane]| -> Vec<Lane> {
            table
                .iter()
                .zip(grid.nodes.iter().cycle())
                .map(|(row, nodes)| std::array::from_fn(|lane| row[lane] * nodes[lane]))
                .collect()
        };
        let first = times_ability(&probability);
        let second = times_ability(&first);
        Self {
            base: ItemTables::new(&evaluation.parameters, grid),
            moments: [probability, first, second],
        }
    }

    #[inline(always)]
    fn row(&self, moment: usize, code: u32, grid: &Grid) -> &[Lane] {
        let item = (code >> 1) as usize;
        &self.moments[moment][item * grid.width..(item + 1) * grid.width]
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
    missing: &mut [Pair],
) -> Result<(), IrtError> {
    // A pattern costs up to items² here: a cancel must not wait for many.
    const PATTERNS_PER_CHECK: usize = 32;
    let mut start = range.start;
    let mut scratch = Scratch::new(objective.grid);
    let mut shared: Option<SharedSums> = None;
    while start < range.end {
        if objective.monitor.interrupted() {
            return Err(IrtError::Interrupted);
        }
        let end = range.end.min(start + PATTERNS_PER_CHECK);
        for set in objective.patterns.item_sets(start..end) {
            let codes = objective.patterns.codes(set.patterns.start);
            let continues = shared.as_ref().is_some_and(|sums| sums.is_over(codes));
            if let Some(sums) = shared.take_if(|_| !continues) {
                sums.scatter(tables, objective.grid, missing);
            }
            if continues || set.patterns.len() >= SHARED_FROM {
                let sums = shared.get_or_insert_with(|| SharedSums::new(codes, objective.grid));
                sums.add(objective, weights, tables, set.patterns, &mut scratch);
            } else {
                for pattern in set.patterns {
                    add_alone(objective, weights[pattern], tables, pattern, &mut scratch, missing);
                }
            }
        }
        start = end;
    }
    if let Some(sums) = shared.take() {
        sums.scatter(tables, objective.grid, missing);
    }
    Ok(())
}

/// Rows that are overwritten for every person.
struct Scratch {
    base: Vec<Lane>,
    posterior: Vec<Lane>,
    /// The lanes outside of which the posterior is 0.
    lanes: Range<usize>,
    /// Residuals x − P per answered item, and the same times posterior weight and θ⁰, θ¹, θ².
    residuals: Vec<Lane>,
    weighted: [Vec<Lane>; 3],
    means: Vec<[f64; 2]>,
}

impl Scratch {
    fn new(grid: &Grid) -> Self {
        let row = vec![[0.0; LANES]; grid.width];
        Self {
            base: row.clone(),
            posterior: row.clone(),
            lanes: 0..0,
            residuals: Vec::new(),
            weighted: [row.clone(), row.clone(), row],
            means: Vec::new(),
        }
    }

    #[inline(always)]
    fn posterior(&mut self, codes: &[u32], tables: &ScoreTables<'_>, grid: &Grid) {
        log_posterior_base(&mut self.base, codes, &tables.base, grid);
        self.posterior_over_base(codes, tables, grid);
    }

    #[inline(always)]
    fn posterior_over_base(&mut self, codes: &[u32], tables: &ScoreTables<'_>, grid: &Grid) {
        let sums = sum_of_correct(codes, tables.base.parameters);
        let found = lanes::posterior(&self.base, sums.slope, &grid.nodes, &mut self.posterior);
        self.lanes = found.lanes;
    }
}

/// One person: the covariance of scores by its definition.
fn add_alone(
    objective: &Objective<'_>,
    persons: u32,
    tables: &ScoreTables<'_>,
    pattern: usize,
    scratch: &mut Scratch,
    missing: &mut [Pair],
) {
    if persons == 0 {
        return;
    }
    let codes = objective.patterns.codes(pattern);
    let grid = objective.grid;
    lanes::vectorised(
        #[inline(always)]
        || {
            scratch.posterior(codes, tables, grid);
            let nodes = scratch.lanes.clone();
            let width = nodes.len();
            let posterior = &scratch.posterior[nodes.clone()];
            scratch.residuals.clear();
            scratch.means.clear();
            for code in codes {
                let correct = f64::from(code & 1);
                let probability = &tables.row(0, *code, grid)[nodes.clone()];
                scratch.residuals.extend(
                    probability.iter().map(|lane| lane.map(|probability| correct - probability)),
                );
            }
            for row in 0..codes.len() {
                let own = &scratch.residuals[row * width..(row + 1) * width];
                let [zeroth, first, second] = &mut scratch.weighted;
                for lane in 0..width {
                    let abilities = grid.nodes[nodes.start + lane];
                    zeroth[lane] = lanes::product(posterior[lane], own[lane]);
                    first[lane] = lanes::product(zeroth[lane], abilities);
                    second[lane] = lanes::product(first[lane], abilities);
                }
                let mean = [sum(&first[..width]), sum(&zeroth[..width])];
                scratch.means.push(mean);
                let at = triangle((codes[row] >> 1) as usize);
                for column in 0..=row {
                    let other = &scratch.residuals[column * width..(column + 1) * width];
                    let moments =
                        dots([&zeroth[..width], &first[..width], &second[..width]], other);
                    let others = scratch.means[column];
                    let pair = &mut missing[at + (codes[column] >> 1) as usize];
                    let weight = f64::from(persons);
                    pair[0] += weight * (moments[2] - mean[0] * others[0]);
                    pair[1] += weight * (moments[1] - mean[0] * others[1]);
                    pair[2] += weight * (moments[1] - mean[1] * others[0]);
                    pair[3] += weight * (moments[0] - mean[1] * others[1]);
                }
            }
        },
    );
}

/// Where the first row of pairs of `item` starts in the lower triangle.
fn triangle(item: usize) -> usize {
    item * (item + 1) / 2
}

#[inline(always)]
fn sum(row: &[Lane]) -> f64 {
    let mut sums = [0.0; LANES];
    for lane in row {
        for k in 0..LANES {
            sums[k] += lane[k];
        }
    }
    lanes::tree_sum(sums)
}

/// Dot products of three rows with one. One after the other: fused into one
/// loop, the compiler spills the sums.
#[inline(always)]
fn dots(rows: [&[Lane]; 3], other: &[Lane]) -> [f64; 3] {
    [lanes::dot(rows[0], other), lanes::dot(rows[1], other), lanes::dot(rows[2], other)]
}

/// Persons with the same items, summed together.
///
/// With posterior moments M₀ = 1, M₁, M₂ of a person's ability and posterior
/// means E₀ = x − E[P], E₁ = x·M₁ − E[θ·P] of an item's scores, the person adds
///
/// ```text
/// Σ_q h θᵐ (x_j − P_j)(x_k − P_k) = x_j x_k M_m − (terms that are linear in h and x·h)
/// ```
///
/// The first part and the product of means need no node; the linear terms are
/// summed over persons first (`attempts` = Σ h, `correct` = Σ x·h) and
/// multiplied out once.
struct SharedSums {
    codes: Vec<u32>,
    /// Four rows × columns arrays: aa, ad, da, dd; only the lower triangle counts.
    sums: [Vec<f64>; 4],
    attempts: Vec<Lane>,
    correct: Vec<Lane>,
    block: PersonBlock,
}

/// Persons that are added together, so that the sums are read and written once for all.
const BLOCK: usize = 4;

/// Per person of a block, item by item: x, E₁ and E₀; and the weights c, c·M₁, c·M₂.
#[derive(Default)]
struct PersonBlock {
    filled: usize,
    correct: [Vec<f64>; BLOCK],
    by_slope: [Vec<f64>; BLOCK],
    by_intercept: [Vec<f64>; BLOCK],
    weights: [[f64; 3]; BLOCK],
}

impl SharedSums {
    fn new(codes: &[u32], grid: &Grid) -> Self {
        let count = codes.len();
        let square = vec![0.0; count * count];
        let mut block = PersonBlock::default();
        for rows in [&mut block.correct, &mut block.by_slope, &mut block.by_intercept] {
            for row in rows {
                row.resize(count, 0.0);
            }
        }
        Self {
            codes: codes.to_vec(),
            sums: [square.clone(), square.clone(), square.clone(), square],
            attempts: vec![[0.0; LANES]; grid.width],
            correct: vec![[0.0; LANES]; grid.width * count],
            block,
        }
    }

    fn is_over(&self, codes: &[u32]) -> bool {
        self.codes.len() == codes.len()
            && self.codes.iter().zip(codes).all(|(x, y)| x >> 1 == y >> 1)
    }

    fn add(
        &mut self,
        objective: &Objective<'_>,
        weights: &[u32],
        tables: &ScoreTables<'_>,
        patterns: Range<usize>,
        scratch: &mut Scratch,
    ) {
        let grid = objective.grid;
        lanes::vectorised(
            #[inline(always)]
            || {
                log_posterior_base(&mut scratch.base, &self.codes, &tables.base, grid);
                for pattern in patterns {
                    let persons = weights[pattern];
                    if persons > 0 {
                        let codes = objective.patterns.codes(pattern);
                        scratch.posterior_over_base(codes, tables, grid);
                        self.add_person(codes, f64::from(persons), tables, grid, scratch);
                    }
                }
                self.flush();
            },
        );
    }

    #[inline(always)]
    fn add_person(
        &mut self,
        codes: &[u32],
        persons: f64,
        tables: &ScoreTables<'_>,
        grid: &Grid,
        scratch: &mut Scratch,
    ) {
        let here = scratch.lanes.clone();
        let posterior = &scratch.posterior[here.clone()];
        let nodes = &grid.nodes[here.clone()];
        lanes::add_scaled(&mut self.attempts[here.clone()], persons, posterior);
        let weighted = &mut scratch.weighted[0][..here.len()];
        for lane in 0..here.len() {
            weighted[lane] = lanes::product(posterior[lane], nodes[lane]);
        }
        let mean = sum(weighted);
        let second = lanes::dot(weighted, nodes);
        let slot = self.block.filled;
        self.block.weights[slot] = [persons, persons * mean, persons * second];
        for (index, code) in codes.iter().enumerate() {
            let x = f64::from(code & 1);
            if code & 1 == 1 {
                let start = index * grid.width;
                let row = &mut self.correct[start + here.start..start + here.end];
                lanes::add_scaled(row, persons, posterior);
            }
            self.block.correct[slot][index] = x;
            self.block.by_intercept[slot][index] =
                x - lanes::dot(posterior, &tables.row(0, *code, grid)[here.clone()]);
            self.block.by_slope[slot][index] =
                x * mean - lanes::dot(posterior, &tables.row(1, *code, grid)[here.clone()]);
        }
        self.block.filled += 1;
        if self.block.filled == BLOCK {
            self.flush();
        }
    }

    /// Adds the persons of the block to the sums over pairs of items.
    #[inline(always)]
    fn flush(&mut self) {
        let block = &mut self.block;
        for slot in block.filled..BLOCK {
            block.weights[slot] = [0.0; 3];
        }
        block.filled = 0;
        let count = self.codes.len();
        let [aa, ad, da, dd] = &mut self.sums;
        for row in 0..count {
            let range = row * count..row * count + row + 1;
            let (aa, ad) = (&mut aa[range.clone()], &mut ad[range.clone()]);
            let (da, dd) = (&mut da[range.clone()], &mut dd[range]);
            for slot in 0..BLOCK {
                let x = block.correct[slot][row];
                let [zeroth, first, second] = block.weights[slot];
                let (by_slope, by_intercept) =
                    (zeroth * block.by_slope[slot][row], zeroth * block.by_intercept[slot][row]);
                let (zeroth, first, second) = (zeroth * x, first * x, second * x);
                let correct = &block.correct[slot][..row + 1];
                let slopes = &block.by_slope[slot][..row + 1];
                let intercepts = &block.by_intercept[slot][..row + 1];
                for k in 0..row + 1 {
                    aa[k] += second * correct[k] - by_slope * slopes[k];
                    ad[k] += first * correct[k] - by_slope * intercepts[k];
                    da[k] += first * correct[k] - by_intercept * slopes[k];
                    dd[k] += zeroth * correct[k] - by_intercept * intercepts[k];
                }
            }
        }
    }

    /// Multiplies the shared node sums out and adds everything to the pairs of all items.
    fn scatter(mut self, tables: &ScoreTables<'_>, grid: &Grid, missing: &mut [Pair]) {
        let count = self.codes.len();
        // U_j = Σ x_j h − P_j Σ h / 2, so that the linear terms are Σ θᵐ (P_k U_j + P_j U_k).
        for (index, code) in self.codes.iter().enumerate() {
            let row = &mut self.correct[index * grid.width..(index + 1) * grid.width];
            let probability = tables.row(0, *code, grid);
            for (lane, (attempts, probability)) in self.attempts.iter().zip(probability).enumerate()
            {
                for k in 0..LANES {
                    row[lane][k] -= 0.5 * attempts[k] * probability[k];
                }
            }
        }
        lanes::vectorised(
            #[inline(always)]
            || {
                for row in 0..count {
                    let own = &self.correct[row * grid.width..(row + 1) * grid.width];
                    let own_rows = [0, 1, 2].map(|m| tables.row(m, self.codes[row], grid));
                    let at = triangle((self.codes[row] >> 1) as usize);
                    for column in 0..=row {
                        let other = &self.correct[column * grid.width..(column + 1) * grid.width];
                        let other_rows = [0, 1, 2].map(|m| tables.row(m, self.codes[column], grid));
                        let one = dots(other_rows, own);
                        let two = dots(own_rows, other);
                        let pair = &mut missing[at + (self.codes[column] >> 1) as usize];
                        for (k, moment) in [2, 1, 1, 0].into_iter().enumerate() {
                            pair[k] +=
                                self.sums[k][row * count + column] - (one[moment] + two[moment]);
                        }
                    }
                }
            },
        );
    }
}
