//! The functions that the models are made of: exp, logistic, softplus.
//!
//! One number at a time by libm; eight at a time by plain additions and
//! multiplications, which vectorise and give the same bits on every processor.
//! No crate offers both at once.

use super::eight::{Eight, LANES};

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

/// exp(x) for x ≤ 0, within 2 units in the last place; below −700 it is exp(−700) ≈ 1e−304.
///
/// Range reduction by ln 2 in two parts and the Taylor polynomial of degree 13
/// (Cody & Waite 1980): plain additions and multiplications, which vectorise.
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f64) -> f64 {
    // Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const INVERSE_FACTORIALS: [f64; 14] = [
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    ];
    let x = if x > -700.0 { x } else { -700.0 };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let exponent = shifted - ROUND;
    let rest = (x - exponent * LN_2_HIGH) - exponent * LN_2_LOW;
    // Summed as a tree (Estrin): one long chain would wait for each of its multiplications.
    let pair = |first: usize| INVERSE_FACTORIALS[first] + rest * INVERSE_FACTORIALS[first + 1];
    let square = rest * rest;
    let fourth = square * square;
    let low = (pair(0) + square * pair(2)) + fourth * (pair(4) + square * pair(6));
    let high = (pair(8) + square * pair(10)) + fourth * pair(12);
    let polynomial = low + (fourth * fourth) * high;
    polynomial * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}

/// exp(−|z|) of each of eight numbers.
#[inline(always)]
fn decay(logits: Eight) -> Eight {
    let mut decayed = logits;
    for value in &mut decayed {
        *value = exp_nonpositive(-value.abs());
    }
    decayed
}

/// 1 / (1 + exp(−z)) of each of eight numbers.
#[inline(always)]
pub(crate) fn eight_logistics(logits: Eight) -> Eight {
    let decayed = decay(logits);
    let mut probabilities = logits;
    for lane in 0..LANES {
        let share = 1.0 / (1.0 + decayed[lane]);
        let positive = logits[lane] >= 0.0;
        probabilities[lane] = if positive { share } else { decayed[lane] * share };
    }
    probabilities
}

/// ln(1 + exp(z)) of each of eight numbers.
///
/// With e = exp(−|z|) in (0, 1]: ln(1 + e) = 2 artanh(e / (2 + e)), whose series
/// in an argument of at most 1/3 is exact to the last digits after 17 terms.
#[inline(always)]
pub(crate) fn eight_softpluses(logits: Eight) -> Eight {
    let decayed = decay(logits);
    let mut values = logits;
    for lane in 0..LANES {
        let argument = decayed[lane] / (2.0 + decayed[lane]);
        let square = argument * argument;
        let mut series = 1.0 / 33.0;
        let mut odd = 33.0;
        while odd > 1.0 {
            odd -= 2.0;
            series = series * square + 1.0 / odd;
        }
        let positive = if logits[lane] > 0.0 { logits[lane] } else { 0.0 };
        values[lane] = positive + 2.0 * argument * series;
    }
    values
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
    fn exp_is_exp() {
        for step in 0..200_000 {
            let x = -f64::from(step) * 0.003_5;
            let (ours, exact) = (exp_nonpositive(x), libm::exp(x));
            assert!((ours / exact - 1.0).abs() < 5e-16, "exp({x}) = {ours}, not {exact}");
        }
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert!(exp_nonpositive(-1e30) < 1e-300);
    }

    #[test]
    fn eight_at_a_time_are_as_one_at_a_time() {
        for step in -4000..4000 {
            let logit = f64::from(step) * 0.011;
            let (probability, plain) = (eight_logistics([logit; LANES])[3], logistic(logit));
            assert!((probability / plain - 1.0).abs() < 1e-15, "logistic({logit})");
            let (value, plain) = (eight_softpluses([logit; LANES])[5], softplus(logit));
            assert!((value / plain - 1.0).abs() < 2e-15, "softplus({logit}) {value} {plain}");
        }
    }
}
