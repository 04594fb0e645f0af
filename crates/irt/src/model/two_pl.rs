//! The two-parameter logistic model of one response.
//!
//! ```text
//! P(x = 1 | θ) = 1 / (1 + exp(−a (θ − b))) = 1 / (1 + exp(−(a θ + d))),   d = −a b
//! ```
//!
//! Outside, items are (a, b): discrimination in logits per standard deviation
//! of ability (logistic metric, D = 1) and difficulty in standard deviations of
//! ability. Inside, slope a and intercept d are the better-conditioned pair.
//!
//! Source: Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental
//! Test Scores, chapter 17.

/// An item in slope-intercept form.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SlopeIntercept {
    /// a, logits per standard deviation of ability.
    pub slope: f64,
    /// d, logits at ability 0.
    pub intercept: f64,
}

impl SlopeIntercept {
    /// From discrimination a and difficulty b.
    #[must_use]
    pub fn from_discrimination_difficulty(discrimination: f64, difficulty: f64) -> Self {
        Self { slope: discrimination, intercept: -discrimination * difficulty }
    }

    /// b = −d / a; not finite where a is 0.
    #[must_use]
    pub fn difficulty(&self) -> f64 {
        // Adding 0 turns the -0 of an intercept 0 into 0.
        -self.intercept / self.slope + 0.0
    }

    /// The logit of a correct response at this ability.
    #[must_use]
    #[inline(always)]
    pub fn logit(&self, ability: f64) -> f64 {
        self.slope * ability + self.intercept
    }

    /// The logits at several abilities.
    #[inline(always)]
    pub(crate) fn logits<const COUNT: usize>(&self, abilities: [f64; COUNT]) -> [f64; COUNT] {
        let mut logits = abilities;
        for logit in &mut logits {
            *logit = self.logit(*logit);
        }
        logits
    }

    /// Probability of a correct response at this ability.
    #[must_use]
    pub fn probability(&self, ability: f64) -> f64 {
        logistic(self.logit(ability))
    }

    /// Fisher information about ability: a² P (1 − P), largest at ability b.
    #[must_use]
    pub fn information(&self, ability: f64) -> f64 {
        let probability = self.probability(ability);
        self.slope * self.slope * probability * (1.0 - probability)
    }
}

/// 1 / (1 + exp(−z)), without overflow.
#[must_use]
pub fn logistic(logit: f64) -> f64 {
    if logit >= 0.0 {
        1.0 / (1.0 + libm::exp(-logit))
    } else {
        let odds = libm::exp(logit);
        odds / (1.0 + odds)
    }
}

/// ln(1 + exp(z)) = −ln(1 − P), without overflow.
///
/// The log-probability of an incorrect response is −softplus(z), that of a
/// correct one z − softplus(z).
#[must_use]
pub fn softplus(logit: f64) -> f64 {
    logit.max(0.0) + libm::log1p(libm::exp(-logit.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_survive_extremes() {
        for logit in [-800.0, -40.0, -1.0, 0.0, 1e-9, 3.0, 40.0, 800.0] {
            assert!(logistic(logit).is_finite() && softplus(logit).is_finite());
            assert!((logistic(logit) + logistic(-logit) - 1.0).abs() < 1e-15);
            assert!(
                (softplus(logit) - softplus(-logit) - logit).abs() <= 1e-15 * (1.0 + logit.abs())
            );
        }
        assert_eq!(softplus(0.0), std::f64::consts::LN_2);
    }

    #[test]
    fn information_peaks_at_difficulty() {
        let item = SlopeIntercept::from_discrimination_difficulty(1.3, 0.7);
        assert!((item.difficulty() - 0.7).abs() < 1e-15);
        assert!(item.information(0.7) > item.information(0.69));
        assert!(item.information(0.7) > item.information(0.71));
        assert!((item.information(0.7) - 1.3 * 1.3 / 4.0).abs() < 1e-15);
    }
}
