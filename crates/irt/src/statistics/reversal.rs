//! Whether an item's slope would be negative if its prior did not forbid it.
//!
//! At slope 0 an item tells nothing of ability, so a person's posterior is that of the other
//! responses, with mean t. The score test of slope 0, with the intercept as nuisance, is
//!
//! ```text
//! z = Σ (x − x̄) t / √(x̄ (1 − x̄) Σ (t − t̄)²) = √n · correlation of x and t
//! ```
//!
//! The sign of the score at 0 is that of the slope that the likelihood alone asks for. The prior on
//! a keeps the estimate of a reversed item just above 0, where nothing shows.
//!
//! Source: Rao (1948), as in [`super::score_tests`].

use crate::numeric::real::Real;

/// Sums over the responses to one item: 1, x, t, t², x t.
#[derive(Debug, Clone, Copy)]
pub(super) struct RestAbilities(pub [f64; RestAbilities::TERMS]);

impl RestAbilities {
    pub(super) const TERMS: usize = 5;

    /// What a response of so many persons adds, whose other responses put them at `ability`.
    #[inline(always)]
    pub(super) fn terms<R: Real>(persons: R, score: R, ability: R) -> [R; Self::TERMS] {
        let (correct, weighted) = (persons * score, persons * ability);
        [persons, correct, weighted, weighted * ability, correct * ability]
    }

    /// Responses to the item.
    pub(super) fn persons(&self) -> u64 {
        self.0[0] as u64
    }

    /// Correct responses.
    pub(super) fn correct(&self) -> f64 {
        self.0[1]
    }

    /// The correct share of the responses.
    pub(super) fn proportion_correct(&self) -> f64 {
        self.0[1] / self.0[0]
    }

    /// z of slope 0: below 0 where persons who know more are right less often. `None` where
    /// either side does not vary.
    pub(super) fn z(&self) -> Option<f64> {
        let [n, correct, ability, squares, products] = self.0;
        let variance = correct * (n - correct) / n;
        let spread = squares - ability * ability / n;
        // Less is the rounding of abilities that are all alike.
        let varies = variance > 0.0 && spread > 1e-9 * squares;
        let covariance = products - correct * ability / n;
        varies.then(|| libm::sqrt(n) * covariance / libm::sqrt(variance * spread))
    }
}
