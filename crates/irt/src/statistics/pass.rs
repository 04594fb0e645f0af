//! One pass over the patterns: from everybody's posterior of ability to the sums that the
//! statistics of an item are made of.
//!
//! The posterior is that of the E-step ([`crate::likelihood::expectation`]), shared by item sets
//! in the same way; what follows is the general one's ([`crate::likelihood::by_node`]): every
//! response is looked at node by node, where the person may be.

use std::ops::Range;

use rayon::prelude::*;

use super::ability_counts::AbilityCounts;
use super::block::{Block, NEGLIGIBLE, WORTH_A_BLOCK};
use super::item_rows::ItemRows;
use super::item_sums::{EightItemSums, ItemSums};
use super::score_tests::PosteriorMeans;
use super::source::Source;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::{reserve, zeroes};
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, add, add_scaled, dot, product, tree_sum, vectorised};
use crate::numeric::elementary::eight_logistics;
use crate::numeric::real::{Lanes, Real};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 1024;

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
            sums.merge(other);
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
        let work = |chunk: &Range<usize>| Desk::new(source, items, chunk.clone())?.work(monitor);
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
    /// EAP of the patterns of `chunk`.
    abilities: Vec<f64>,
    chunk: Range<usize>,
    block: Block,
    scratch: Scratch,
}

/// Rows that are overwritten for every person or item set.
struct Scratch {
    base: Vec<Eight>,
    weights: Vec<Eight>,
    /// Posterior weight times ability.
    moments: Vec<Eight>,
    /// Expected responses of persons who were added alone: two rows an item, as
    /// [`Response::packed`] counts. One row a response, and no branch.
    answers: Vec<Eight>,
    /// Of the item set, in eights.
    slopes: Vec<Eight>,
    intercepts: Vec<Eight>,
    /// Probabilities at the person's EAP.
    at_eap: Vec<Eight>,
}

impl<'a> Desk<'a> {
    fn new(
        source: &'a Source<'a>,
        items: &'a ItemRows<'a>,
        chunk: Range<usize>,
    ) -> Result<Self, IrtError> {
        let row = source.grid.nodes.clone();
        let scratch = Scratch {
            base: row.clone(),
            weights: row.clone(),
            moments: row,
            answers: zeroes(2 * items.parameters.len() * items.width, "expected counts")?,
            slopes: Vec::new(),
            intercepts: Vec::new(),
            at_eap: Vec::new(),
        };
        let (sums, abilities) = (Sums::new(items)?, zeroes(chunk.len(), "abilities")?);
        let block = Block::new(items.width);
        Ok(Self { source, items, sums, abilities, chunk, block, scratch })
    }

    fn work(mut self, monitor: &dyn Monitor) -> Result<(Sums, Vec<f64>), IrtError> {
        let mut start = self.chunk.start;
        while start < self.chunk.end {
            check(monitor)?;
            let end = self.chunk.end.min(start + PATTERNS_PER_CHECK);
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
        self.scratch.add_answers(self.items, &mut self.sums);
        Ok((self.sums, self.abilities))
    }

    #[inline(always)]
    fn add_item_set(&mut self, set: Range<usize>) {
        let Self { source, items, sums, abilities, chunk, block, scratch } = self;
        let patterns = source.patterns;
        let shared = patterns.pattern(set.start);
        source.log_posterior_base(items, &mut scratch.base, shared);
        let mut counted = AbilityCounts::default();
        let mut persons = 0;
        let mut note = |pattern: usize, ability: f64| {
            let count = patterns.multiplicities()[pattern];
            abilities[pattern - chunk.start] = ability;
            counted.add(count, ability);
            persons += u64::from(count);
        };
        if set.len() >= WORTH_A_BLOCK {
            block.add_item_set(source, items, (set, &scratch.base), sums, note);
        } else {
            scratch.add_item_set(source, items, set, sums, &mut note);
        }
        sums.abilities.merge(&counted);
        sums.persons += persons;
    }
}

impl Scratch {
    /// Person by person.
    #[inline(always)]
    fn add_item_set(
        &mut self,
        source: &Source<'_>,
        items: &ItemRows<'_>,
        set: Range<usize>,
        sums: &mut Sums,
        ability: &mut impl FnMut(usize, f64),
    ) {
        let patterns = source.patterns;
        let shared = patterns.pattern(set.start);
        self.gather(items, shared);
        for pattern in set {
            let (responses, slope) =
                (patterns.pattern(pattern), items.slope_of_correct(patterns.pattern(pattern)));
            let here = source.posterior(&self.base, slope, &mut self.weights).eights;
            let eap = dot(&self.weights[here.clone()], &source.grid.nodes[here.clone()]);
            let persons = f64::from(patterns.multiplicities()[pattern]);
            ability(pattern, eap);
            let here = self.trimmed(here);
            self.add_person(source, items, (responses, persons, eap), here, sums);
        }
    }

    /// Leaves out eights of nodes at both ends on which the person is not.
    #[inline(always)]
    fn trimmed(&self, here: Range<usize>) -> Range<usize> {
        let counts = |eight: &usize| {
            self.weights[*eight].iter().fold(false, |any, weight| any | (*weight > NEGLIGIBLE))
        };
        let first = here.clone().find(counts).unwrap_or(here.start);
        let last = here.rev().find(counts).unwrap_or(first);
        first..last + 1
    }

    /// Adds what was gathered of persons who were added alone.
    fn add_answers(&self, items: &ItemRows<'_>, sums: &mut Sums) {
        for item in 0..items.parameters.len() {
            let row = items.row(item);
            let (incorrect, correct) = self.answers[2 * row.start..2 * row.end].split_at(row.len());
            add(&mut sums.attempts[row.clone()], incorrect);
            add(&mut sums.attempts[row.clone()], correct);
            add(&mut sums.correct[row], correct);
        }
    }

    #[inline(always)]
    fn add_person(
        &mut self,
        source: &Source<'_>,
        items: &ItemRows<'_>,
        (responses, persons, ability): (&[Response], f64, f64),
        here: Range<usize>,
        sums: &mut Sums,
    ) {
        let (weights, nodes) = (&self.weights[here.clone()], &source.grid.nodes[here.clone()]);
        let moments = &mut self.moments[here.clone()];
        for ((moment, weight), nodes) in moments.iter_mut().zip(weights).zip(nodes) {
            *moment = product(*weight, *nodes);
        }
        probabilities(&self.slopes, &self.intercepts, ability, &mut self.at_eap);
        let width = items.width;
        let many = Lanes::of(persons);
        for (eight, at_eap) in responses.chunks(LANES).zip(&self.at_eap) {
            let (mut scores, mut means) = ([0.0; LANES], [[0.0; LANES]; 4]);
            for (lane, response) in eight.iter().enumerate() {
                let row = response.item() * width;
                let probability = &items.probability[row + here.start..row + here.end];
                let row = response.packed() as usize * width;
                let row = row + here.start..row + here.end;
                let odds = &items.odds_against[row.clone()];
                scores[lane] = response.score();
                let found = posterior_means(weights, moments, probability, odds);
                for (means, found) in means.iter_mut().zip(found) {
                    means[lane] = found;
                }
                add_scaled(&mut self.answers[row], persons, weights);
            }
            let means = PosteriorMeans::of(Lanes::of(ability), means.map(Lanes));
            let terms = EightItemSums::of(many, Lanes(scores), &means, Lanes(*at_eap));
            for (lane, response) in eight.iter().enumerate() {
                sums.items[response.item()].add_lane(&terms, lane);
            }
        }
    }

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

/// E[P], E[θ P], E[odds of the other response], E[θ · these odds].
#[inline(always)]
fn posterior_means(
    weights: &[Eight],
    moments: &[Eight],
    probability: &[Eight],
    odds: &[Eight],
) -> [f64; 4] {
    let mut sums = [[0.0; LANES]; 4];
    for (((weight, moment), p), odds) in weights.iter().zip(moments).zip(probability).zip(odds) {
        for lane in 0..LANES {
            sums[0][lane] += weight[lane] * p[lane];
            sums[1][lane] += moment[lane] * p[lane];
            sums[2][lane] += weight[lane] * odds[lane];
            sums[3][lane] += moment[lane] * odds[lane];
        }
    }
    sums.map(tree_sum)
}
