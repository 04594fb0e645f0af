//! Persons one by one: those with whom few share their items.

use std::ops::Range;

use super::item_rows::ItemRows;
use super::item_sums::EightItemSums;
use super::score_tests::PosteriorMeans;
use super::source::Source;
use super::sums::Sums;
use super::thresholds::NEGLIGIBLE_WEIGHT;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::numeric::eight::{Eight, LANES, add, dot, product};
use crate::numeric::elementary::eight_logistics;
use crate::numeric::real::{Lanes, Real};

/// Persons one by one: rows that are overwritten for every person or item set, and what they add up.
pub(super) struct Alone {
    /// The log posterior of the item set, but for what was answered.
    pub(super) base: Vec<Eight>,
    weights: Vec<Eight>,
    /// Posterior weight times ability.
    moments: Vec<Eight>,
    /// Posterior weight times the persons of the pattern.
    shares: Vec<Eight>,
    /// Expected responses of persons who were added alone: two rows an item, as
    /// [`Response::packed`] counts. One row a response, and no branch.
    answers: Vec<Eight>,
    /// Of the item set, in eights.
    slopes: Vec<Eight>,
    intercepts: Vec<Eight>,
    /// Probabilities at the person's EAP.
    at_eap: Vec<Eight>,
}

impl Alone {
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(items: &ItemRows<'_>) -> Result<Self, IrtError> {
        let row = vec![[0.0; LANES]; items.width];
        Ok(Self {
            base: row.clone(),
            weights: row.clone(),
            moments: row.clone(),
            shares: row,
            answers: zeroes(2 * items.parameters.len() * items.width, "expected counts")?,
            slopes: Vec::new(),
            intercepts: Vec::new(),
            at_eap: Vec::new(),
        })
    }

    /// Person by person.
    #[inline(always)]
    pub(super) fn add_item_set(
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
            self.weights[*eight]
                .iter()
                .fold(false, |any, weight| any | (*weight > NEGLIGIBLE_WEIGHT))
        };
        let first = here.clone().find(counts).unwrap_or(here.start);
        let last = here.rev().find(counts).unwrap_or(first);
        first..last + 1
    }

    /// Adds what was gathered of persons who were added alone.
    pub(super) fn add_answers(&self, items: &ItemRows<'_>, sums: &mut Sums) {
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
        let shares = &mut self.shares[here.clone()];
        let places = moments.iter_mut().zip(shares.iter_mut());
        for ((moment, share), (weight, nodes)) in places.zip(weights.iter().zip(nodes)) {
            *moment = product(*weight, *nodes);
            *share = weight.map(|weight| persons * weight);
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
                add(&mut self.answers[row], shares);
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
    // One after the other: side by side, the compiler mixes the four sums.
    [dot(weights, probability), dot(moments, probability), dot(weights, odds), dot(moments, odds)]
}
