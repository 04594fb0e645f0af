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

/// Sums over the responses to one item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RestAbilities {
    persons: f64,
    correct: f64,
    ability: f64,
    squares: f64,
    products: f64,
}

impl RestAbilities {
    /// Adds a response of persons whose other responses put them at `ability`.
    #[inline(always)]
    pub(super) fn add(&mut self, persons: f64, score: f64, ability: f64) {
        self.persons += persons;
        self.correct += persons * score;
        self.ability += persons * ability;
        self.squares += persons * ability * ability;
        self.products += persons * score * ability;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.persons += other.persons;
        self.correct += other.correct;
        self.ability += other.ability;
        self.squares += other.squares;
        self.products += other.products;
    }

    /// Responses to the item.
    pub(super) fn persons(&self) -> u64 {
        self.persons as u64
    }

    /// The correct share of them.
    pub(super) fn proportion_correct(&self) -> f64 {
        self.correct / self.persons
    }

    /// z of slope 0: below 0 where persons who know more are right less often. `None` where
    /// either side does not vary.
    pub(super) fn z(&self) -> Option<f64> {
        let n = self.persons;
        let variance = self.correct * (n - self.correct) / n;
        let spread = self.squares - self.ability * self.ability / n;
        // Less is the rounding of abilities that are all alike.
        let varies = variance > 0.0 && spread > 1e-9 * self.squares;
        let covariance = self.products - self.correct * self.ability / n;
        varies.then(|| libm::sqrt(n) * covariance / libm::sqrt(variance * spread))
    }
}
