//! One pass over the patterns: from everybody's posterior of ability to the sums that the
//! statistics of an item are made of.
//!
//! The posterior is that of the E-step ([`crate::likelihood::expectation`]), shared by item sets
//! in the same way; what follows is the general one's ([`crate::likelihood::by_node`]): every
//! response is looked at node by node, where the person may be.

use std::ops::Range;

use rayon::prelude::*;

use super::ability_counts::AbilityCounts;
use super::item_rows::ItemRows;
use super::mean_squares::SquaredResiduals;
use super::reversal::RestAbilities;
use super::score_tests::{PosteriorMeans, Scores};
use super::source::Source;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::{reserve, zeroes};
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, add, add_scaled, dot, product, tree_sum, vectorised};
use crate::numeric::elementary::eight_logistics;

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 256;

/// Sums over the responses to one item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ItemSums {
    pub scores: Scores,
    pub rest: RestAbilities,
    pub residuals: SquaredResiduals,
}

/// Sums over the persons of one group, or of all.
pub(super) struct Sums {
    /// Expected attempts, items × eights of nodes.
    pub attempts: Vec<Eight>,
    /// Expected correct attempts, likewise.
    pub correct: Vec<Eight>,
    pub items: Vec<ItemSums>,
    pub abilities: AbilityCounts,
    pub persons: u64,
}

impl Sums {
    pub(super) fn new(items: &ItemRows<'_>) -> Result<Self, IrtError> {
        const WHAT: &str = "expected counts";
        let count = items.parameters.len();
        let mut sums = reserve(count, WHAT)?;
        sums.resize(count, ItemSums::default());
        Ok(Self {
            attempts: zeroes(count * items.width, WHAT)?,
            correct: zeroes(count * items.width, WHAT)?,
            items: sums,
            abilities: AbilityCounts::default(),
            persons: 0,
        })
    }

    pub(super) fn merge(&mut self, other: &Self) {
        add(&mut self.attempts, &other.attempts);
        add(&mut self.correct, &other.correct);
        for (sums, other) in self.items.iter_mut().zip(&other.items) {
            sums.scores.merge(&other.scores);
            sums.rest.merge(&other.rest);
            sums.residuals.merge(&other.residuals);
        }
        self.abilities.merge(&other.abilities);
        self.persons += other.persons;
    }
}

/// Sums over a group, and the EAP of every pattern of it.
///
/// Chunks are worked on at once, a few more than there are threads, and merged in their order: the
/// same bits on any number of threads.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn sums_of_group(
    source: &Source<'_>,
    items: &ItemRows<'_>,
    monitor: &dyn Monitor,
) -> Result<(Sums, Vec<f64>), IrtError> {
    let chunks: Vec<Range<usize>> = source.chunks().collect();
    let mut abilities = reserve(source.range.len(), "abilities")?;
    let mut total = Sums::new(items)?;
    for wave in chunks.chunks(2 * rayon::current_num_threads()) {
        let work = |chunk: &Range<usize>| {
            let mut desk = Desk::new(source, items)?;
            desk.add(chunk.clone(), monitor)?;
            Ok((desk.sums, desk.abilities))
        };
        let partials: Result<Vec<(Sums, Vec<f64>)>, IrtError> = wave.par_iter().map(work).collect();
        for (sums, here) in partials? {
            total.merge(&sums);
            abilities.extend(here);
        }
    }
    Ok((total, abilities))
}

/// Where one thread works on one chunk.
struct Desk<'a> {
    source: &'a Source<'a>,
    items: &'a ItemRows<'a>,
    sums: Sums,
    abilities: Vec<f64>,
    scratch: Scratch,
}

/// Rows that are overwritten for every person or item set.
struct Scratch {
    base: Vec<Eight>,
    weights: Vec<Eight>,
    /// Posterior weight times ability.
    moments: Vec<Eight>,
    attempts: Vec<Eight>,
    /// Of the item set, in eights.
    slopes: Vec<Eight>,
    intercepts: Vec<Eight>,
    /// Probabilities at the person's EAP.
    at_eap: Vec<Eight>,
}

impl<'a> Desk<'a> {
    fn new(source: &'a Source<'a>, items: &'a ItemRows<'a>) -> Result<Self, IrtError> {
        let row = source.grid.nodes.clone();
        let scratch = Scratch {
            base: row.clone(),
            weights: row.clone(),
            moments: row.clone(),
            attempts: row,
            slopes: Vec::new(),
            intercepts: Vec::new(),
            at_eap: Vec::new(),
        };
        Ok(Self { source, items, sums: Sums::new(items)?, abilities: Vec::new(), scratch })
    }

    fn add(&mut self, range: Range<usize>, monitor: &dyn Monitor) -> Result<(), IrtError> {
        self.abilities = reserve(range.len(), "abilities")?;
        let mut start = range.start;
        while start < range.end {
            check(monitor)?;
            let end = range.end.min(start + PATTERNS_PER_CHECK);
            vectorised(
                #[inline(always)]
                || {
                    for set in self.source.patterns.item_sets(start..end) {
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
        let patterns = self.source.patterns;
        let shared = patterns.pattern(set.start);
        self.source.log_posterior_base(self.items, &mut self.scratch.base, shared);
        self.scratch.gather(self.items, shared);
        self.scratch.attempts.fill([0.0; LANES]);
        let width = self.items.width;
        let mut anybody = width..0;
        for pattern in set {
            let persons = patterns.multiplicities()[pattern];
            let here = self.add_person(patterns.pattern(pattern), persons);
            anybody = anybody.start.min(here.start)..anybody.end.max(here.end);
        }
        let attempts = &self.scratch.attempts[anybody.clone()];
        for response in shared {
            let row = response.item() * width;
            add(&mut self.sums.attempts[row + anybody.start..row + anybody.end], attempts);
        }
    }

    /// Adds the persons of a pattern; returns where on the grid they may be.
    #[inline(always)]
    fn add_person(&mut self, responses: &[Response], persons: u32) -> Range<usize> {
        let Self { source, items, sums, scratch, abilities } = self;
        let nodes = &source.grid.nodes;
        let here = source.posterior(items, &scratch.base, responses, &mut scratch.weights).eights;
        let weights = &scratch.weights[here.clone()];
        for ((moment, weight), nodes) in
            scratch.moments[here.clone()].iter_mut().zip(weights).zip(&nodes[here.clone()])
        {
            *moment = product(*weight, *nodes);
        }
        let moments = &scratch.moments[here.clone()];
        let ability = dot(weights, &nodes[here.clone()]);
        let weight = f64::from(persons);
        add_scaled(&mut scratch.attempts[here.clone()], weight, weights);
        abilities.push(ability);
        sums.abilities.add(persons, ability);
        sums.persons += u64::from(persons);
        probabilities(&scratch.slopes, &scratch.intercepts, ability, &mut scratch.at_eap);
        let at_eap = scratch.at_eap.as_flattened();
        let width = items.width;
        for (response, at_eap) in responses.iter().zip(at_eap) {
            let (item, score) = (response.item(), response.score());
            let row = item * width;
            let probability = &items.probability[row + here.start..row + here.end];
            let odds = response.packed() as usize * width;
            let odds = &items.odds_against[odds + here.start..odds + here.end];
            let means = posterior_means(ability, weights, moments, probability, odds);
            if response.is_correct() {
                let correct = &mut sums.correct[row + here.start..row + here.end];
                add_scaled(correct, weight, weights);
            }
            let sums = &mut sums.items[item];
            sums.scores.add(weight, score, &means);
            sums.rest.add(weight, score, means.ability_of_the_rest());
            sums.residuals.add(weight, score, *at_eap);
        }
        here
    }
}

impl Scratch {
    #[inline(always)]
    fn gather(&mut self, items: &ItemRows<'_>, responses: &[Response]) {
        let eights = responses.len().div_ceil(LANES);
        self.slopes.resize(eights, [0.0; LANES]);
        self.intercepts.resize(eights, [0.0; LANES]);
        self.at_eap.resize(eights, [0.0; LANES]);
        let slopes = self.slopes.as_flattened_mut().iter_mut();
        let places = slopes.zip(self.intercepts.as_flattened_mut());
        for ((slope, intercept), response) in places.zip(responses) {
            let item = &items.parameters[response.item()];
            (*slope, *intercept) = (item.slope, item.intercept);
        }
    }
}

/// P of several items at one ability.
#[inline(always)]
fn probabilities(slopes: &[Eight], intercepts: &[Eight], ability: f64, into: &mut [Eight]) {
    for ((p, slopes), intercepts) in into.iter_mut().zip(slopes).zip(intercepts) {
        let mut logits = *intercepts;
        for lane in 0..LANES {
            logits[lane] += slopes[lane] * ability;
        }
        *p = eight_logistics(logits);
    }
}

#[inline(always)]
fn posterior_means(
    ability: f64,
    weights: &[Eight],
    moments: &[Eight],
    probability: &[Eight],
    odds: &[Eight],
) -> PosteriorMeans {
    let mut sums = [[0.0; LANES]; 4];
    for (((weight, moment), p), odds) in weights.iter().zip(moments).zip(probability).zip(odds) {
        for lane in 0..LANES {
            sums[0][lane] += weight[lane] * p[lane];
            sums[1][lane] += moment[lane] * p[lane];
            sums[2][lane] += weight[lane] * odds[lane];
            sums[3][lane] += moment[lane] * odds[lane];
        }
    }
    let [probability, ability_probability, odds_against, ability_odds_against] = sums.map(tree_sum);
    PosteriorMeans { ability, probability, ability_probability, odds_against, ability_odds_against }
}
