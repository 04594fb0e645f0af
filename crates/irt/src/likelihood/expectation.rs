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
//! cost one pass over the responses per E-step, not one per node;
//! [`super::by_node`] is the general version, for any model.
//!
//! Works in logs: a long test underflows a plain product.
//! Pure: no I/O, no clock, no randomness.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459.

use std::ops::Range;

use rayon::prelude::*;

use super::item_tables::ItemTables;
use crate::ability::grid::Grid;
use crate::ability::group_weights::GroupWeights;
use crate::ability::posterior::posterior;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, check};
use crate::numeric::compensated_sum::CompensatedSum;
use crate::numeric::eight::{Eight, LANES, add, add_scaled, dot, vectorised};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 512;

/// Expected totals over persons, and the marginal log-likelihood they belong to.
#[derive(Debug, Clone)]
pub(crate) struct ExpectedCounts {
    /// Expected attempts, items × eights of nodes, row-major.
    pub attempts: Vec<Eight>,
    /// Per item, the sum of posterior mean abilities over correct responses.
    pub ability_of_correct: Vec<f64>,
    /// Nats, without priors.
    pub log_likelihood: f64,
    pub by_group: Box<TotalsByGroup>,
}

/// Totals of every group.
#[derive(Debug, Clone)]
pub(crate) struct TotalsByGroup {
    /// Expected persons, groups × eights of nodes, row-major; empty where they are not wanted.
    pub persons: Vec<Eight>,
    /// Nats, without priors.
    pub log_likelihoods: Vec<f64>,
}

/// Where work is done. The result of an E-step differs in the last bits between the two; on the
/// pool it does not depend on how many threads there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workers {
    /// On the rayon pool of the calling thread, in fixed chunks of patterns.
    Pool,
    /// On the calling thread alone: there is other work for the rest of the pool.
    ThisThread,
}

/// Where abilities are looked at, and how they are distributed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abilities<'a> {
    pub grid: &'a Grid,
    pub weights: &'a GroupWeights,
    /// True where the expected persons of every group are to be counted.
    pub count_persons: bool,
}

/// Computes the expected counts.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn expected_counts(
    persons: Persons<'_>,
    parameters: &[SlopeIntercept],
    abilities: Abilities<'_>,
    workers: Workers,
    monitor: &dyn Monitor,
) -> Result<ExpectedCounts, IrtError> {
    let tables = ItemTables::new(parameters, abilities.grid)?;
    let sums = |range: Range<usize>| -> Result<Sums<'_>, IrtError> {
        let mut sums = Sums::new(persons, &tables, abilities)?;
        sums.add(range, monitor)?;
        Ok(sums)
    };
    if workers == Workers::ThisThread {
        return Ok(sums(0..persons.patterns.len())?.into_counts());
    }
    let chunks: Vec<Range<usize>> = persons.patterns.chunks().collect();
    let partials: Result<Vec<Sums<'_>>, IrtError> = chunks.into_par_iter().map(sums).collect();
    let mut partials = partials?.into_iter();
    let Some(mut total) = partials.next() else {
        return Ok(Sums::new(persons, &tables, abilities)?.into_counts());
    };
    for partial in partials {
        total.merge(&partial);
    }
    Ok(total.into_counts())
}

/// Totals over a range of patterns.
struct Sums<'a> {
    persons: Persons<'a>,
    tables: &'a ItemTables<'a>,
    abilities: Abilities<'a>,
    attempts: Vec<Eight>,
    ability_of_correct: Vec<f64>,
    /// Expected persons, if they are counted, and the log-likelihood, both by group.
    expected_persons: Vec<Eight>,
    log_likelihoods: Vec<CompensatedSum>,
    scratch: Scratch,
}

/// Rows over the grid that are overwritten for every person or item set.
struct Scratch {
    base: Vec<Eight>,
    posterior: Vec<Eight>,
    attempts: Vec<Eight>,
}

impl<'a> Sums<'a> {
    fn new(
        persons: Persons<'a>,
        tables: &'a ItemTables<'a>,
        abilities: Abilities<'a>,
    ) -> Result<Self, IrtError> {
        let (items, width) = (persons.patterns.items(), tables.grid.width);
        let groups = persons.patterns.groups();
        let counted = if abilities.count_persons { groups } else { 0 };
        let row = vec![[0.0; LANES]; width];
        Ok(Self {
            persons,
            tables,
            abilities,
            attempts: zeroes(items * width, "expected counts")?,
            ability_of_correct: vec![0.0; items],
            expected_persons: zeroes(counted * width, "expected counts")?,
            log_likelihoods: vec![CompensatedSum::default(); groups],
            scratch: Scratch { base: row.clone(), posterior: row.clone(), attempts: row },
        })
    }

    fn add(&mut self, range: Range<usize>, monitor: &dyn Monitor) -> Result<(), IrtError> {
        let mut start = range.start;
        while start < range.end {
            check(monitor)?;
            let end = range.end.min(start + PATTERNS_PER_CHECK);
            vectorised(
                #[inline(always)]
                || {
                    for set in self.persons.patterns.item_sets(start..end) {
                        self.add_item_set(set);
                    }
                },
            );
            start = end;
        }
        Ok(())
    }

    #[inline(always)]
    fn add_item_set(&mut self, set: Range<usize>) {
        let Persons { patterns, weights } = self.persons;
        if weights[set.clone()].iter().all(|weight| *weight == 0) {
            return;
        }
        let grid = self.tables.grid;
        let Scratch { base, posterior: shares, attempts } = &mut self.scratch;
        let group = patterns.group_of(set.start);
        let log_weights = self.abilities.weights.row(group);
        self.tables.log_posterior_base(base, log_weights, patterns.pattern(set.start));
        let log_likelihood = &mut self.log_likelihoods[group];
        attempts.fill([0.0; LANES]);
        let mut anybody = grid.width..0;
        for pattern in set.clone().filter(|pattern| weights[*pattern] > 0) {
            let weight = f64::from(weights[pattern]);
            let responses = patterns.pattern(pattern);
            let sums = self.tables.sum_of_correct(responses);
            let support = posterior(base, sums.slope, &grid.nodes, shares);
            log_likelihood.add(weight * (support.log_sum + sums.intercept));
            let here = support.eights;
            let shares = &shares[here.clone()];
            add_scaled(&mut attempts[here.clone()], weight, shares);
            let ability = weight * dot(shares, &grid.nodes[here.clone()]);
            anybody = anybody.start.min(here.start)..anybody.end.max(here.end);
            for response in responses {
                self.ability_of_correct[response.item()] += ability * response.score();
            }
        }
        for response in patterns.pattern(set.start) {
            let row = response.item() * grid.width;
            let total = &mut self.attempts[row + anybody.start..row + anybody.end];
            add(total, &attempts[anybody.clone()]);
        }
        if self.abilities.count_persons {
            let row = group * grid.width;
            let total = &mut self.expected_persons[row + anybody.start..row + anybody.end];
            add(total, &attempts[anybody]);
        }
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.attempts, &other.attempts);
        for (x, y) in self.ability_of_correct.iter_mut().zip(&other.ability_of_correct) {
            *x += y;
        }
        add(&mut self.expected_persons, &other.expected_persons);
        for (x, y) in self.log_likelihoods.iter_mut().zip(&other.log_likelihoods) {
            x.add(y.total());
        }
    }

    fn into_counts(self) -> ExpectedCounts {
        let log_likelihoods: Vec<f64> =
            self.log_likelihoods.iter().map(|sum| sum.total()).collect();
        let (first, others) = log_likelihoods.split_first().unwrap_or((&0.0, &[]));
        ExpectedCounts {
            attempts: self.attempts,
            ability_of_correct: self.ability_of_correct,
            log_likelihood: others.iter().fold(*first, |sum, other| sum + other),
            by_group: Box::new(TotalsByGroup { persons: self.expected_persons, log_likelihoods }),
        }
    }
}
