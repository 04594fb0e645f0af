//! Persons who answered the same items, thirty-two at a time.
//!
//! The statistics of [`super::pass`] with persons side by side instead of nodes: an item's rows are
//! read once for all of them, and no sum over nodes has to be folded. Persons stand in the order
//! of their Σ a over correct responses, which is all that tells their posteriors apart, so that
//! those of a block are on the same nodes.

use std::ops::Range;

use super::item_rows::ItemRows;
use super::item_sums::EightItemSums;
use super::score_tests::PosteriorMeans;
use super::source::Source;
use super::sums::Sums;
use super::thresholds::NEGLIGIBLE_WEIGHT;
use crate::data::response::Response;
use crate::numeric::eight::{Eight, LANES, add, add_rows, dot, product, sum};
use crate::numeric::elementary::eight_logistics;
use crate::numeric::real::Lanes;

/// Item sets of fewer patterns are looked at person by person.
pub(super) const WORTH_A_BLOCK: usize = 16;
/// Eights of persons in a block.
const EIGHTS: usize = 4;
/// Persons, or rather patterns, in a block.
const PERSONS: usize = EIGHTS * LANES;

/// One number for every person of the block.
type OfPersons = [Eight; EIGHTS];

/// A block; everything in it is overwritten by the next one.
pub(super) struct Block {
    /// The patterns, by Σ a over correct responses.
    order: Vec<(f64, usize)>,
    /// Posterior weights, then times the persons of the pattern: persons × eights of nodes.
    shares: Vec<Eight>,
    /// The same without that factor, node by node; and times the node.
    weights: Vec<OfPersons>,
    moments: Vec<OfPersons>,
    persons: OfPersons,
    abilities: OfPersons,
    /// Eights of nodes on which anybody of the block may be.
    here: Range<usize>,
    /// The nodes among them.
    nodes: Range<usize>,
}

impl Block {
    pub(super) fn new(width: usize) -> Self {
        let zeroes = vec![[[0.0; LANES]; EIGHTS]; width * LANES];
        Self {
            order: Vec::new(),
            shares: vec![[0.0; LANES]; PERSONS * width],
            weights: zeroes.clone(),
            moments: zeroes,
            persons: [[0.0; LANES]; EIGHTS],
            abilities: [[0.0; LANES]; EIGHTS],
            here: 0..0,
            nodes: 0..0,
        }
    }

    /// Adds the persons of an item set, whose log posteriors have this base. `ability(pattern,
    /// EAP)` is called for every pattern.
    #[inline(always)]
    pub(super) fn add_item_set(
        &mut self,
        source: &Source<'_>,
        items: &ItemRows<'_>,
        (set, base): (Range<usize>, &[Eight]),
        sums: &mut Sums,
        mut ability: impl FnMut(usize, f64),
    ) {
        let patterns = source.patterns;
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(
            set.map(|pattern| (items.slope_of_correct(patterns.pattern(pattern)), pattern)),
        );
        order.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        for block in order.chunks(PERSONS) {
            self.take_places(source, (block, base), items.width);
            for (place, (_, pattern)) in block.iter().enumerate() {
                let eap = self.abilities.as_flattened()[place];
                ability(*pattern, eap);
            }
            self.turn(source, items.width);
            self.trim();
            self.weigh(items.width);
            let shared = patterns.pattern(block[0].1);
            self.add_attempts(items, shared, sums);
            let mut rows: [&[Response]; PERSONS] = [&[]; PERSONS];
            for (row, (_, pattern)) in rows.iter_mut().zip(block) {
                *row = &patterns.pattern(*pattern)[..shared.len()];
            }
            for position in 0..shared.len() {
                self.add_item(items, &rows[..block.len()], position, sums);
            }
        }
        self.order = order;
    }

    /// Everybody's posterior.
    #[inline(always)]
    fn take_places(
        &mut self,
        source: &Source<'_>,
        (block, base): (&[(f64, usize)], &[Eight]),
        width: usize,
    ) {
        self.here = width..0;
        self.persons = [[0.0; LANES]; EIGHTS];
        self.abilities = [[0.0; LANES]; EIGHTS];
        for (place, (slope, pattern)) in block.iter().enumerate() {
            let row = &mut self.shares[place * width..(place + 1) * width];
            let here = source.posterior(base, *slope, row).eights;
            let eap = dot(&row[here.clone()], &source.grid.nodes[here.clone()]);
            self.abilities.as_flattened_mut()[place] = eap;
            let persons = source.patterns.multiplicities()[*pattern];
            self.persons.as_flattened_mut()[place] = f64::from(persons);
            self.here = self.here.start.min(here.start)..self.here.end.max(here.end);
        }
        self.shares[block.len() * width..].fill([0.0; LANES]);
    }

    /// Posteriors node by node.
    #[inline(always)]
    fn turn(&mut self, source: &Source<'_>, width: usize) {
        for eight in self.here.clone() {
            for lane in 0..LANES {
                let (at, node) = (eight * LANES + lane, source.grid.nodes[eight][lane]);
                let weights = self.weights[at].as_flattened_mut();
                for (place, weight) in weights.iter_mut().enumerate() {
                    *weight = self.shares[place * width + eight][lane];
                }
                for (moments, weights) in self.moments[at].iter_mut().zip(&self.weights[at]) {
                    for lane in 0..LANES {
                        moments[lane] = weights[lane] * node;
                    }
                }
            }
        }
    }

    /// Leaves out nodes at both ends on which nobody is.
    #[inline(always)]
    fn trim(&mut self) {
        let all = self.here.start * LANES..self.here.end * LANES;
        let counts = |at: &usize| {
            let weights = self.weights[*at].as_flattened();
            weights.iter().fold(false, |any, weight| any | (*weight > NEGLIGIBLE_WEIGHT))
        };
        let first = all.clone().find(counts).unwrap_or(all.start);
        let last = all.clone().rev().find(counts).unwrap_or(first);
        self.nodes = first..last + 1;
        self.here = first / LANES..last / LANES + 1;
    }

    /// Posteriors times persons.
    #[inline(always)]
    fn weigh(&mut self, width: usize) {
        for (row, persons) in self.shares.chunks_exact_mut(width).zip(self.persons.as_flattened()) {
            for weights in &mut row[self.here.clone()] {
                for weight in weights.iter_mut() {
                    *weight *= persons;
                }
            }
        }
    }

    #[inline(always)]
    fn add_attempts(&self, items: &ItemRows<'_>, responses: &[Response], sums: &mut Sums) {
        let width = items.width;
        let (first, others) = self.shares.split_at(width);
        let mut attempts = first.to_vec();
        for row in others.chunks_exact(width) {
            add(&mut attempts[self.here.clone()], &row[self.here.clone()]);
        }
        for response in responses {
            let row = &mut sums.attempts[items.row(response.item())];
            add(&mut row[self.here.clone()], &attempts[self.here.clone()]);
        }
    }

    /// Adds everybody's response to the item at this position of their responses.
    #[inline(always)]
    fn add_item(
        &self,
        items: &ItemRows<'_>,
        responses: &[&[Response]],
        position: usize,
        sums: &mut Sums,
    ) {
        let item = responses[0][position].item();
        let mut scores: OfPersons = [[0.0; LANES]; EIGHTS];
        let (mut correct, mut found) = ([0u8; PERSONS], 0);
        for (place, responses) in responses.iter().enumerate() {
            let response = responses[position];
            scores.as_flattened_mut()[place] = response.score();
            correct[found] = place as u8;
            found += response.count() as usize;
        }
        let parameters = items.parameters[item];
        let mut eights = EightItemSums::new();
        for (eight, scores) in scores.into_iter().enumerate() {
            let means = self.means(items, item, eight, scores);
            let at_eap = Lanes(eight_logistics(parameters.logits(self.abilities[eight])));
            let persons = Lanes(self.persons[eight]);
            eights.merge(&EightItemSums::of(persons, Lanes(scores), &means, at_eap));
        }
        sums.items[item].add_eight(&eights);
        let row = &mut sums.correct[items.row(item)];
        let here = self.here.clone();
        let table = (&self.shares[here.start..], items.width);
        add_rows(&mut row[here], table, &correct[..found], usize::from);
    }

    /// What the posteriors of eight of them say.
    #[inline(always)]
    fn means(
        &self,
        items: &ItemRows<'_>,
        item: usize,
        eight: usize,
        scores: Eight,
    ) -> PosteriorMeans<Lanes> {
        let nodes = self.nodes.clone();
        let row = |number: usize| {
            let first = number * items.width * LANES;
            first + nodes.start..first + nodes.end
        };
        let probability = &items.probability.as_flattened()[row(item)];
        let odds = items.odds_against.as_flattened();
        let rows = probability.iter().zip(&odds[row(2 * item)]).zip(&odds[row(2 * item + 1)]);
        let places = self.weights[nodes.clone()].iter().zip(&self.moments[nodes.clone()]);
        let others = scores.map(|score| 1.0 - score);
        let mut sums = [[0.0; LANES]; 4];
        for ((weights, moments), ((p, if_incorrect), if_correct)) in places.zip(rows) {
            let (weights, moments) = (weights[eight], moments[eight]);
            let (p, correct, incorrect) =
                ([*p; LANES], [*if_correct; LANES], [*if_incorrect; LANES]);
            // Scores are 0 or 1, so this chooses to the bit, and by arithmetic: eight at a time.
            let odds = sum(product(scores, correct), product(others, incorrect));
            sums[0] = sum(sums[0], product(weights, p));
            sums[1] = sum(sums[1], product(moments, p));
            sums[2] = sum(sums[2], product(weights, odds));
            sums[3] = sum(sums[3], product(moments, odds));
        }
        PosteriorMeans::of(Lanes(self.abilities[eight]), sums.map(Lanes))
    }
}
