//! Infit and outfit: whether responses are as predictable as the model says.

use super::thresholds::LEAST_VARIANCE;
use crate::numeric::real::Real;

/// Mean squared residuals of one item, 1 where the model holds and abilities are known.
///
/// Residuals are taken at EAP abilities; the item's own response is part of them, so that values
/// lie below 1 on short tests.
///
/// # Source
/// Wright & Masters (1982), Rating Scale Analysis, chapter 5, for the statistics and their
/// standardisation by the cube root; the floor of the variance is that of mirt (Chalmers 2012,
/// Journal of Statistical Software 48(6)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquares {
    /// Weighted by the information.
    pub infit: f64,
    /// Unweighted: sensitive to surprising responses of persons far from the item.
    pub outfit: f64,
    /// Standardised infit; `None` where its variance is 0.
    pub z_infit: Option<f64>,
    /// Standardised outfit; likewise.
    pub z_outfit: Option<f64>,
}

/// Sums over the responses to one item: 1, squared residuals, variances v, v², fourth moments,
/// squared residuals over v, fourth moments over v².
#[derive(Debug, Clone, Copy)]
pub(super) struct SquaredResiduals(pub [f64; SquaredResiduals::TERMS]);

impl SquaredResiduals {
    pub(super) const TERMS: usize = 7;

    /// What a response of so many persons adds, which had this probability of being correct at
    /// their ability.
    #[inline(always)]
    pub(super) fn terms<R: Real>(persons: R, score: R, probability: R) -> [R; Self::TERMS] {
        let one = R::of(1.0);
        let residual = score - probability;
        let product = probability * (one - probability);
        let variance = product.at_least(LEAST_VARIANCE);
        let inverse = one / variance;
        let fourth = product * (one - R::of(3.0) * product);
        let square = residual * residual;
        [
            persons,
            persons * square,
            persons * variance,
            persons * (variance * variance),
            persons * fourth,
            persons * (square * inverse),
            persons * (fourth * inverse * inverse),
        ]
    }

    /// `None` without a response.
    pub(super) fn mean_squares(&self) -> Option<MeanSquares> {
        let [n, squares, variances, squared_variances, fourth, standardised_squares, kurtoses] =
            self.0;
        if !(n > 0.0) {
            return None;
        }
        let (infit, outfit) = (squares / variances, standardised_squares / n);
        let by_information = (fourth - squared_variances) / (variances * variances);
        let unweighted = kurtoses / (n * n) - 1.0 / n;
        Some(MeanSquares {
            infit,
            outfit,
            z_infit: standardised(infit, by_information),
            z_outfit: standardised(outfit, unweighted),
        })
    }
}

/// The cube root of a mean square as a normal deviate (Wilson & Hilferty 1931).
fn standardised(mean_square: f64, variance: f64) -> Option<f64> {
    if !(variance > 0.0) {
        return None;
    }
    // mirt's bound, with its digits.
    #[allow(clippy::approx_constant)]
    let sd = libm::sqrt(variance).min(1.4142);
    Some((libm::cbrt(mean_square) - 1.0) * (3.0 / sd) + sd / 3.0)
}
