//! The sums over the responses to one item that its statistics are made of.

use super::mean_squares::SquaredResiduals;
use super::reversal::RestAbilities;
use super::score_tests::{PosteriorMeans, Scores};
use crate::numeric::eight::tree_sum;
use crate::numeric::real::{Lanes, Real};

const REST: usize = Scores::TERMS;
const RESIDUALS: usize = REST + RestAbilities::TERMS;
/// How many sums there are.
const TERMS: usize = RESIDUALS + SquaredResiduals::TERMS;

/// Sums over the responses to one item.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemSums([f64; TERMS]);

impl Default for ItemSums {
    fn default() -> Self {
        Self([0.0; TERMS])
    }
}

/// The same over eight persons at a time.
pub(super) struct EightItemSums([Lanes; TERMS]);

impl ItemSums {
    #[inline(always)]
    fn terms<R: Real>(persons: R, score: R, means: &PosteriorMeans<R>, at_eap: R) -> [R; TERMS] {
        let scores = Scores::terms(persons, score, means);
        let rest = RestAbilities::terms(persons, score, means.ability_of_the_rest());
        let residuals = SquaredResiduals::terms(persons, score, at_eap);
        let mut terms = [R::of(0.0); TERMS];
        terms[..REST].copy_from_slice(&scores);
        terms[REST..RESIDUALS].copy_from_slice(&rest);
        terms[RESIDUALS..].copy_from_slice(&residuals);
        terms
    }

    /// Adds what one of eight responses adds.
    #[inline(always)]
    pub(super) fn add_lane(&mut self, terms: &EightItemSums, lane: usize) {
        for (sum, term) in self.0.iter_mut().zip(&terms.0) {
            *sum += term.0[lane];
        }
    }

    #[inline(always)]
    pub(super) fn add_eight(&mut self, sums: &EightItemSums) {
        for (sum, eight) in self.0.iter_mut().zip(&sums.0) {
            *sum += tree_sum(eight.0);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, other) in self.0.iter_mut().zip(other.0) {
            *sum += other;
        }
    }

    pub(super) fn scores(&self) -> Scores {
        Scores(std::array::from_fn(|term| self.0[term]))
    }

    pub(super) fn rest(&self) -> RestAbilities {
        RestAbilities(std::array::from_fn(|term| self.0[REST + term]))
    }

    pub(super) fn residuals(&self) -> SquaredResiduals {
        SquaredResiduals(std::array::from_fn(|term| self.0[RESIDUALS + term]))
    }
}

impl EightItemSums {
    pub(super) fn new() -> Self {
        Self([Lanes::of(0.0); TERMS])
    }

    /// What eight responses add: each of so many persons, and correct with probability `at_eap` at
    /// their EAP.
    #[inline(always)]
    pub(super) fn of(
        persons: Lanes,
        scores: Lanes,
        means: &PosteriorMeans<Lanes>,
        at_eap: Lanes,
    ) -> Self {
        Self(ItemSums::terms(persons, scores, means, at_eap))
    }

    #[inline(always)]
    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, other) in self.0.iter_mut().zip(&other.0) {
            *sum = *sum + *other;
        }
    }
}
