//! The expectation step: who probably sat where on the ability scale.
//!
//! Ability is never observed. Given today's item parameters, this module
//! shares each person out over the ability grid, then totals for every item
//! what the M-step and the gradient need, and nothing else.
//!
//! # What makes it cheap
//! The model is an exponential family. A person's log-likelihood at ability θ,
//!
//! ```text
//! Σ_correct (a_j θ + d_j) − Σ_answered softplus(a_j θ + d_j),
//! ```
//!
//! needs of the correct responses only A = Σ a_j and D = Σ d_j; the second sum
//! is the same for all who answered the same items. Likewise the derivatives
//! need, per item, the expected attempts at every node, which persons with the
//! same items share, and of the correct responses only their number and the
//! sum of their persons' posterior mean abilities. Complete data therefore
//! cost one pass over the responses per cycle, not one per node;
//! [`plain_e_step`] is the textbook version, kept as the oracle of the tests.
//!
//! Works in logs: a long test underflows a plain product.
//! Pure: no I/O, no clock, no randomness.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459.

use std::ops::Range;

use rayon::prelude::*;

use crate::data::patterns::Patterns;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::model::two_pl::{SlopeIntercept, softplus};
use crate::monitor::Monitor;
use crate::numeric::eight::{self as lanes, Grid, Lane, Posterior};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 512;

/// Expected totals over persons, and the marginal log-likelihood they belong to.
#[derive(Debug, Clone)]
pub(crate) struct ExpectedCounts {
    /// Expected attempts, items × lanes of nodes, row-major.
    pub attempts: Vec<Lane>,
    /// Per item, the sum of posterior mean abilities over correct responses.
    pub ability_of_correct: Vec<f64>,
    /// Nats, without priors.
    pub log_likelihood: f64,
}

/// Item parameters with softplus(a θ + d) at every node, items × lanes.
pub(crate) struct ItemTables<'a> {
    pub parameters: &'a [SlopeIntercept],
    softplus: Vec<Lane>,
}

impl<'a> ItemTables<'a> {
    pub(crate) fn new(parameters: &'a [SlopeIntercept], grid: &Grid) -> Result<Self, IrtError> {
        Ok(Self { parameters, softplus: table(parameters, grid, lanes::softplus)? })
    }
}

/// `function(a θ + d)` for every item and node, items × lanes.
#[inline(always)]
fn table(
    parameters: &[SlopeIntercept],
    grid: &Grid,
    function: impl Fn(Lane) -> Lane,
) -> Result<Vec<Lane>, IrtError> {
    let mut rows: Vec<Lane> = zeroes(parameters.len() * grid.width, "tables of the items")?;
    lanes::vectorised(
        #[inline(always)]
        || {
            for (row, item) in rows.chunks_exact_mut(grid.width).zip(parameters) {
                for (lane, nodes) in row.iter_mut().zip(&grid.nodes) {
                    *lane = function(item.logits(*nodes));
                }
            }
        },
    );
    Ok(rows)
}

/// P(correct) for every item and node, items × lanes.
pub(crate) fn probability_table(
    parameters: &[SlopeIntercept],
    grid: &Grid,
) -> Result<Vec<Lane>, IrtError> {
    table(parameters, grid, lanes::logistic)
}

/// Computes the expected counts, in parallel over fixed chunks of patterns.
///
/// `weights`: persons per pattern. The result does not depend on the number of threads.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn e_step(
    patterns: &Patterns,
    weights: &[u32],
    parameters: &[SlopeIntercept],
    grid: &Grid,
    monitor: &dyn Monitor,
) -> Result<ExpectedCounts, IrtError> {
    let tables = ItemTables::new(parameters, grid)?;
    let chunks: Vec<Range<usize>> = patterns.chunks().collect();
    let partials: Result<Vec<EStep>, IrtError> = chunks
        .into_par_iter()
        .map(|chunk| {
            let mut partial = EStep::new(patterns.items(), grid)?;
            partial.add(patterns, weights, &tables, grid, chunk, monitor)?;
            Ok(partial)
        })
        .collect();
    let mut partials = partials?.into_iter();
    let Some(mut total) = partials.next() else {
        return Ok(EStep::new(patterns.items(), grid)?.into_counts());
    };
    for partial in partials {
        total.merge(&partial);
    }
    Ok(total.into_counts())
}

/// The same on the calling thread alone, reusing the memory of `work`.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn e_step_on_this_thread(
    patterns: &Patterns,
    weights: &[u32],
    parameters: &[SlopeIntercept],
    grid: &Grid,
    monitor: &dyn Monitor,
) -> Result<ExpectedCounts, IrtError> {
    let tables = ItemTables::new(parameters, grid)?;
    let mut total = EStep::new(patterns.items(), grid)?;
    total.add(patterns, weights, &tables, grid, 0..patterns.len(), monitor)?;
    Ok(total.into_counts())
}

/// Totals over a range of patterns.
struct EStep {
    attempts: Vec<Lane>,
    ability_of_correct: Vec<f64>,
    log_likelihood: CompensatedSum,
    scratch: Scratch,
}

/// Rows over the grid that are overwritten for every person or item set.
struct Scratch {
    base: Vec<Lane>,
    weights: Vec<Lane>,
    persons: Vec<Lane>,
}

impl EStep {
    fn new(items: usize, grid: &Grid) -> Result<Self, IrtError> {
        let row = vec![[0.0; lanes::LANES]; grid.width];
        Ok(Self {
            attempts: zeroes(items * grid.width, "expected counts")?,
            ability_of_correct: vec![0.0; items],
            log_likelihood: CompensatedSum::default(),
            scratch: Scratch { base: row.clone(), weights: row.clone(), persons: row },
        })
    }

    fn add(
        &mut self,
        patterns: &Patterns,
        weights: &[u32],
        tables: &ItemTables<'_>,
        grid: &Grid,
        range: Range<usize>,
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        let mut start = range.start;
        while start < range.end {
            if monitor.interrupted() {
                return Err(IrtError::Interrupted);
            }
            let end = range.end.min(start + PATTERNS_PER_CHECK);
            lanes::vectorised(
                #[inline(always)]
                || {
                    for set in patterns.item_sets(start..end) {
                        self.add_item_set(patterns, weights, tables, grid, set.patterns);
                    }
                },
            );
            start = end;
        }
        Ok(())
    }

    #[inline(always)]
    fn add_item_set(
        &mut self,
        patterns: &Patterns,
        weights: &[u32],
        tables: &ItemTables<'_>,
        grid: &Grid,
        set: Range<usize>,
    ) {
        if weights[set.clone()].iter().all(|weight| *weight == 0) {
            return;
        }
        let Scratch { base, weights: posterior, persons } = &mut self.scratch;
        log_posterior_base(base, patterns.codes(set.start), tables, grid);
        persons.fill([0.0; lanes::LANES]);
        let mut anybody = grid.width..0;
        for pattern in set.clone().filter(|pattern| weights[*pattern] > 0) {
            let weight = f64::from(weights[pattern]);
            let codes = patterns.codes(pattern);
            let sums = sum_of_correct(codes, tables.parameters);
            let Posterior { log_sum, lanes: here } =
                lanes::posterior(base, sums.slope, &grid.nodes, posterior);
            self.log_likelihood.add(weight * (log_sum + sums.intercept));
            let posterior = &posterior[here.clone()];
            lanes::add_scaled(&mut persons[here.clone()], weight, posterior);
            let ability = weight * lanes::dot(posterior, &grid.nodes[here.clone()]);
            anybody = anybody.start.min(here.start)..anybody.end.max(here.end);
            for code in codes {
                // Adding ability times 0 or 1 spares an unpredictable branch.
                self.ability_of_correct[(code >> 1) as usize] += ability * f64::from(code & 1);
            }
        }
        for code in patterns.codes(set.start) {
            let row = (code >> 1) as usize * grid.width;
            let attempts = &mut self.attempts[row + anybody.start..row + anybody.end];
            lanes::add(attempts, &persons[anybody.clone()]);
        }
    }

    fn merge(&mut self, other: &Self) {
        lanes::add(&mut self.attempts, &other.attempts);
        for (x, y) in self.ability_of_correct.iter_mut().zip(&other.ability_of_correct) {
            *x += y;
        }
        self.log_likelihood.add(other.log_likelihood.total());
    }

    fn into_counts(self) -> ExpectedCounts {
        ExpectedCounts {
            attempts: self.attempts,
            ability_of_correct: self.ability_of_correct,
            log_likelihood: self.log_likelihood.total(),
        }
    }
}

/// ln w(θ) − Σ softplus(a θ + d) over the items of a pattern: what persons with one item set share.
#[inline(always)]
pub(crate) fn log_posterior_base(
    base: &mut [Lane],
    codes: &[u32],
    tables: &ItemTables<'_>,
    grid: &Grid,
) {
    base.copy_from_slice(&grid.log_weights);
    lanes::subtract_rows(base, &tables.softplus, codes);
}

/// Σ a and Σ d over the correct responses: all that a person's likelihood needs of them.
#[inline(always)]
pub(crate) fn sum_of_correct(codes: &[u32], parameters: &[SlopeIntercept]) -> SlopeIntercept {
    // Four sums side by side: one alone would wait for each of its additions.
    let mut sums = [SlopeIntercept::default(); 4];
    let mut fours = codes.chunks_exact(4);
    let mut add = |lane: usize, code: u32| {
        let item = &parameters[(code >> 1) as usize];
        let correct = f64::from(code & 1);
        sums[lane].slope += correct * item.slope;
        sums[lane].intercept += correct * item.intercept;
    };
    for four in &mut fours {
        for (lane, code) in four.iter().enumerate() {
            add(lane, *code);
        }
    }
    for (lane, code) in fours.remainder().iter().enumerate() {
        add(lane, *code);
    }
    SlopeIntercept {
        slope: (sums[0].slope + sums[2].slope) + (sums[1].slope + sums[3].slope),
        intercept: (sums[0].intercept + sums[2].intercept)
            + (sums[1].intercept + sums[3].intercept),
    }
}

/// A sum that loses nothing to rounding (Neumaier 1974): the line search
/// compares log-likelihoods that differ in the twelfth digit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CompensatedSum {
    sum: f64,
    lost: f64,
}

impl CompensatedSum {
    #[inline(always)]
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(crate) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// The marginal log-likelihood of the patterns in nats, without priors, by one fast E-step on
/// the calling thread's pool.
#[must_use]
pub fn marginal_log_likelihood(
    patterns: &Patterns,
    parameters: &[SlopeIntercept],
    quadrature: &crate::ability::quadrature::Quadrature,
) -> f64 {
    let (grid, weights) = (Grid::new(quadrature), patterns.multiplicities());
    // Nothing interrupts it, which is all that could go wrong.
    e_step(patterns, weights, parameters, &grid, &crate::monitor::Unmonitored)
        .map_or(f64::NAN, |counts| counts.log_likelihood)
}

/// The E-step as the textbooks have it, person by person and node by node.
///
/// Returns expected attempts and expected correct responses, items × nodes,
/// row-major, and the marginal log-likelihood. Slow; the oracle of the tests.
#[must_use]
pub fn plain_e_step(
    patterns: &Patterns,
    parameters: &[SlopeIntercept],
    quadrature: &crate::ability::quadrature::Quadrature,
) -> (Vec<f64>, Vec<f64>, f64) {
    let count = quadrature.nodes().len();
    let mut attempts = vec![0.0; patterns.items() * count];
    let mut correct = attempts.clone();
    let mut log_likelihood = 0.0;
    for (pattern, multiplicity) in patterns.multiplicities().iter().enumerate() {
        let logs: Vec<f64> = quadrature
            .nodes()
            .iter()
            .zip(quadrature.weights())
            .map(|(node, weight)| {
                let responses = patterns.codes(pattern).iter().map(|code| {
                    let logit = parameters[(code >> 1) as usize].logit(*node);
                    f64::from(code & 1) * logit - softplus(logit)
                });
                libm::log(*weight) + responses.sum::<f64>()
            })
            .collect();
        let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| libm::exp(log - peak)).sum();
        let persons = f64::from(*multiplicity);
        log_likelihood += persons * (peak + libm::log(sum));
        for (node, log) in logs.iter().enumerate() {
            let weight = persons * libm::exp(log - peak) / sum;
            for code in patterns.codes(pattern) {
                let cell = (code >> 1) as usize * count + node;
                attempts[cell] += weight;
                correct[cell] += weight * f64::from(code & 1);
            }
        }
    }
    (attempts, correct, log_likelihood)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;
    use crate::monitor::Unmonitored;
    use crate::simulate::{Simulation, simulate};

    #[test]
    fn the_fast_e_step_agrees_with_the_plain_one() {
        for (answered, nodes) in [(1.0, 61), (0.4, 61), (0.1, 20)] {
            let quadrature = Quadrature::new(nodes, 6.0).unwrap();
            let design = Simulation { persons: 900, items: 23, answered, seed: 5 };
            let (responses, items) = simulate(&design);
            let patterns = responses.patterns();
            let grid = Grid::new(&quadrature);
            let weights = patterns.multiplicities();
            let fast = e_step(patterns, weights, &items, &grid, &Unmonitored).unwrap();
            let alone =
                e_step_on_this_thread(patterns, weights, &items, &grid, &Unmonitored).unwrap();
            let (attempts, correct, log_likelihood) = plain_e_step(patterns, &items, &quadrature);
            let value = marginal_log_likelihood(patterns, &items, &quadrature);
            assert_eq!(value.to_bits(), fast.log_likelihood.to_bits());
            let close = |x: f64, y: f64| (x - y).abs() <= 1e-10 * (1.0 + y.abs());
            assert!(close(fast.log_likelihood, log_likelihood));
            assert!(close(alone.log_likelihood, log_likelihood));
            for item in 0..items.len() {
                let row = fast.attempts[item * grid.width..(item + 1) * grid.width].as_flattened();
                let plain = &attempts[item * nodes..(item + 1) * nodes];
                assert!(row.iter().zip(plain).all(|(x, y)| close(*x, *y)));
                let ability: f64 = correct[item * nodes..(item + 1) * nodes]
                    .iter()
                    .zip(quadrature.nodes())
                    .map(|(count, node)| count * node)
                    .sum();
                assert!(close(fast.ability_of_correct[item], ability));
                assert!(close(alone.ability_of_correct[item], ability));
            }
        }
    }
}
