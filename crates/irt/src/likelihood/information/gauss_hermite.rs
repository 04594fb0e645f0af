//! A person's missing information by Gauss–Hermite quadrature: from three abilities instead of
//! the whole grid.
//!
//! A posterior is close to normal, and over a normal density with mean m and standard deviation
//! s the abilities m − √3 s, m, m + √3 s with the weights 1/6, 2/3, 1/6 integrate polynomials up
//! to degree 5 (Gauss–Hermite). The covariance of the scores over three points has rank 2,
//!
//! ```text
//! c₁c₁ᵀ + c₂c₂ᵀ,  c₁ = (s₊ − s₋) √3/6,  c₂ = (s₊ − 2 s₀ + s₋) / (3√2),
//! ```
//!
//! with s₋, s₀, s₊ the scores there: a few multiplications a pair of items, where the exact
//! covariance takes hundreds. Steps follow it; standard errors never do.
//!
//! Source: Abramowitz & Stegun (1964), table 25.10, n = 3.

use super::item_pairs::Pair;
use super::person_posterior::PersonPosterior;
use super::score_tables::ScoreTables;
use super::scored::Person;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{LANES, vectorised};
use crate::numeric::elementary::eight_logistics;

/// The covariance of scores over three abilities, person by person.
#[derive(Default)]
pub(super) struct GaussHermite {
    /// c₁ and c₂ per item that the person answered: those of a, d and of a, d.
    contrasts: Vec<[f64; 4]>,
}

/// Three abilities, and by how much the scores there count in c₁ and c₂.
struct Rule {
    abilities: [f64; 3],
    first: f64,
    second: f64,
}

impl Rule {
    /// For `persons` whose posterior has this mean and second moment.
    #[inline(always)]
    fn new([mean, second]: [f64; 2], persons: f64) -> Self {
        let distance = libm::sqrt(3.0 * (second - mean * mean).max(0.0));
        let root = libm::sqrt(persons);
        Self {
            abilities: [mean - distance, mean, mean + distance],
            first: root * libm::sqrt(3.0) / 6.0,
            second: root / (3.0 * libm::sqrt(2.0)),
        }
    }

    #[inline(always)]
    fn contrast(&self, [low, middle, high]: [f64; 3]) -> [f64; 2] {
        [self.first * (high - low), self.second * (high - 2.0 * middle + low)]
    }

    /// c₁ and c₂ of one response's score in a and in d.
    #[inline(always)]
    fn contrasts(&self, item: SlopeIntercept, correct: f64) -> [f64; 4] {
        let mut logits = [0.0; LANES];
        for (logit, ability) in logits.iter_mut().zip(self.abilities) {
            *logit = item.logit(ability);
        }
        let probabilities = eight_logistics(logits);
        self.contrasts_of(std::array::from_fn(|k| correct - probabilities[k]))
    }

    /// The same of the scores of the pseudo-item that stands for a group.
    #[inline(always)]
    fn contrasts_of_group(&self) -> [f64; 4] {
        self.contrasts_of(self.abilities)
    }

    #[inline(always)]
    fn contrasts_of(&self, residuals: [f64; 3]) -> [f64; 4] {
        let [d1, d2] = self.contrast(residuals);
        let [a1, a2] = self.contrast(std::array::from_fn(|k| residuals[k] * self.abilities[k]));
        [a1, d1, a2, d2]
    }
}

impl GaussHermite {
    /// Adds persons who answered alike to the sums over pairs of items.
    pub(super) fn add(
        &mut self,
        person: Person<'_>,
        tables: &ScoreTables<'_>,
        posterior: &mut PersonPosterior,
        missing: &mut [Pair],
    ) {
        vectorised(
            #[inline(always)]
            || {
                posterior.set(person.responses, person.group, tables);
                let rule = Rule::new(posterior.ability_moments(tables.grid), person.persons);
                self.contrasts.clear();
                for response in person.scored {
                    self.contrasts.push(match tables.scored.get(response.item()) {
                        Some(item) => rule.contrasts(*item, response.score()),
                        None => rule.contrasts_of_group(),
                    });
                }
                self.add_products(person, tables, missing);
            },
        );
    }

    #[inline(always)]
    fn add_products(&self, person: Person<'_>, tables: &ScoreTables<'_>, missing: &mut [Pair]) {
        let responses = person.scored;
        for (row, response) in responses.iter().enumerate() {
            let [a1, d1, a2, d2] = self.contrasts[row];
            let at = tables.scoring.row_start(*response, person.group);
            for (response, other) in responses[..=row].iter().zip(&self.contrasts) {
                let pair = &mut missing[at + response.item()];
                pair[0] += a1 * other[0] + a2 * other[2];
                pair[1] += a1 * other[1] + a2 * other[3];
                pair[2] += d1 * other[0] + d2 * other[2];
                pair[3] += d1 * other[1] + d2 * other[3];
            }
        }
    }
}
