//! Infit and outfit: whether responses are as predictable as the model says.

use super::thresholds::LEAST_VARIANCE;

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

/// Sums over the responses to one item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SquaredResiduals {
    persons: f64,
    squares: f64,
    variances: f64,
    squared_variances: f64,
    fourth_moments: f64,
    standardised: f64,
    kurtoses: f64,
}

impl SquaredResiduals {
    /// Adds a response that had this probability of being correct at the person's ability.
    #[inline(always)]
    pub(super) fn add(&mut self, persons: f64, score: f64, probability: f64) {
        let residual = score - probability;
        let product = probability * (1.0 - probability);
        let variance = if product > LEAST_VARIANCE { product } else { LEAST_VARIANCE };
        let inverse = 1.0 / variance;
        let fourth = product * (1.0 - 3.0 * product);
        let square = residual * residual;
        self.persons += persons;
        self.squares += persons * square;
        self.variances += persons * variance;
        self.squared_variances += persons * (variance * variance);
        self.fourth_moments += persons * fourth;
        self.standardised += persons * (square * inverse);
        self.kurtoses += persons * (fourth * inverse * inverse);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.persons += other.persons;
        self.squares += other.squares;
        self.variances += other.variances;
        self.squared_variances += other.squared_variances;
        self.fourth_moments += other.fourth_moments;
        self.standardised += other.standardised;
        self.kurtoses += other.kurtoses;
    }

    /// `None` without a response.
    pub(super) fn mean_squares(&self) -> Option<MeanSquares> {
        if !(self.persons > 0.0) {
            return None;
        }
        let n = self.persons;
        let (infit, outfit) = (self.squares / self.variances, self.standardised / n);
        let by_information =
            (self.fourth_moments - self.squared_variances) / (self.variances * self.variances);
        let unweighted = self.kurtoses / (n * n) - 1.0 / n;
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
    // mirt's bound.
    let sd = libm::sqrt(variance).min(1.4142);
    Some((libm::cbrt(mean_square) - 1.0) * (3.0 / sd) + sd / 3.0)
}
