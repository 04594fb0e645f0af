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

use std::ops::{Add, Mul, Sub};

use crate::numeric::symmetric::Symmetric2;
use crate::numeric::vector::Block;

pub use crate::numeric::elementary::{logistic, softplus};

/// An item in slope-intercept form; also what goes with one: a derivative by both, or a step.
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

    /// Covariance of (a, b) from that of (a, d), by the delta method with b = −d/a.
    ///
    /// At the optimum this is the inverse of the information in (a, b) itself,
    /// because the gradient there is 0.
    pub(crate) fn covariance_with_difficulty(&self, covariance: Symmetric2) -> Symmetric2 {
        let Symmetric2 { xx: aa, xy: ad, yy: dd } = covariance;
        let (by_slope, by_intercept) = (-self.difficulty() / self.slope, -1.0 / self.slope);
        Symmetric2 {
            xx: aa,
            xy: by_slope * aa + by_intercept * ad,
            yy: by_slope * by_slope * aa
                + 2.0 * by_slope * by_intercept * ad
                + by_intercept * by_intercept * dd,
        }
    }

    /// Fisher information about ability: a² P (1 − P), largest at ability b.
    #[must_use]
    pub fn information(&self, ability: f64) -> f64 {
        let probability = self.probability(ability);
        self.slope * self.slope * probability * (1.0 - probability)
    }
}

/// A gradient or a step has the shape of the parameters.
impl Add for SlopeIntercept {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { slope: self.slope + other.slope, intercept: self.intercept + other.intercept }
    }
}

impl Sub for SlopeIntercept {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { slope: self.slope - other.slope, intercept: self.intercept - other.intercept }
    }
}

impl Mul<f64> for SlopeIntercept {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        Self { slope: self.slope * factor, intercept: self.intercept * factor }
    }
}

impl Block for SlopeIntercept {
    #[inline(always)]
    fn dot(self, other: Self) -> f64 {
        self.slope * other.slope + self.intercept * other.intercept
    }
}

impl From<[f64; 2]> for SlopeIntercept {
    fn from([slope, intercept]: [f64; 2]) -> Self {
        Self { slope, intercept }
    }
}

impl From<SlopeIntercept> for [f64; 2] {
    fn from(item: SlopeIntercept) -> Self {
        [item.slope, item.intercept]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_peaks_at_difficulty() {
        let item = SlopeIntercept::from_discrimination_difficulty(1.3, 0.7);
        assert!((item.difficulty() - 0.7).abs() < 1e-15);
        assert!(item.information(0.7) > item.information(0.69));
        assert!(item.information(0.7) > item.information(0.71));
        assert!((item.information(0.7) - 1.3 * 1.3 / 4.0).abs() < 1e-15);
    }
}
