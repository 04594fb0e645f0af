//! ML: the mode of the likelihood.
//!
//! The score is a difference of two pulls, and where items are steep and far
//! both consist of terms of size a_j and of terms too small for a number. So
//! terms of size a_j are split into a_j, which is summed exactly, less the
//! probability of the opposite answer:
//!
//! ```text
//! ℓ'(θ) = K + Σ_{b_j < θ} a_j r_j − Σ_{b_j > θ} a_j r_j
//! K     = Σ_{up, b_j > θ} a_j − Σ_{down, b_j < θ} a_j,      r_j = 1 / (1 + exp(|z_j|))
//! ```
//!
//! and the root is sought of ln(max(K, 0) + first sum) − ln(max(−K, 0) + second
//! sum), which has the sign of the score, and a size wherever the score is 0 to
//! all digits.

use super::answers::{Answer, RisingAnswer, in_order};
use super::estimate::AbilityEstimate;
use super::likelihood::log_information;
use super::log_sum::LogSum;
use super::root::crossing;
use crate::error::IrtError;
use crate::numeric::compensated_sum::CompensatedSum;

/// The ability at which the likelihood of the answers is largest.
///
/// ```text
/// ℓ'(θ) = Σ a_j (x_j − P_j(θ)) = 0,   SE = 1 / sqrt(I(θ)),   I = Σ a_j² P_j (1 − P_j)
/// ```
///
/// The log-likelihood is concave for any signs of a, so there is one maximum at
/// most. Found to 1e-13·max(1, |θ|).
///
/// - +∞ without standard error where every item with a > 0 was answered
///   correctly and every item with a < 0 incorrectly; −∞ in the reverse case.
///   With negative discriminations "all correct" is not infinite.
/// - `None` where no answer tells anything: there is none, or a = 0 throughout.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`].
///
/// # Source
/// Birnbaum (1968), in Lord & Novick, section 20.3.
///
/// ```
/// use irt::ItemParameters;
/// use irt::scoring::{Answer, ml};
/// let answer = |b, correct| Answer { item: ItemParameters::new(1.0, b), correct };
/// let estimate = ml(&[answer(-1.0, true), answer(1.0, false)])?.ok_or("no answers")?;
/// assert!(estimate.ability.abs() < 1e-13);
/// let perfect = ml(&[answer(-1.0, true), answer(1.0, true)])?.ok_or("no answers")?;
/// assert_eq!((perfect.ability, perfect.standard_error), (f64::INFINITY, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ml(answers: &[Answer]) -> Result<Option<AbilityEstimate>, IrtError> {
    Ok(of(&in_order(answers)?))
}

/// [`ml()`] of sorted answers.
pub(super) fn of(answers: &[RisingAnswer]) -> Option<AbilityEstimate> {
    maximum(answers).map(|ability| {
        if ability.is_infinite() {
            return AbilityEstimate { ability, standard_error: None };
        }
        AbilityEstimate::with_log_information(ability, log_information(answers, ability))
    })
}

/// Where the likelihood is largest, ±∞ included; `None` without answers.
pub(super) fn maximum(answers: &[RisingAnswer]) -> Option<f64> {
    let any = |up: bool| answers.iter().any(|answer| answer.up == up);
    match (any(true), any(false)) {
        (false, false) => None,
        (true, false) => Some(f64::INFINITY),
        (false, true) => Some(f64::NEG_INFINITY),
        (true, true) => {
            let everywhere = (f64::NEG_INFINITY, f64::INFINITY);
            Some(crossing(everywhere, centre(answers), |ability| balance(answers, ability)))
        }
    }
}

/// The mean difficulty, weighted by a².
fn centre(answers: &[RisingAnswer]) -> f64 {
    let (mut total, mut weights) = (0.0, 0.0);
    for answer in answers {
        let weight = answer.slope * answer.slope;
        weights += weight;
        total += weight * answer.difficulty;
    }
    total / weights
}

/// A function with the sign of the score, and its derivative.
fn balance(answers: &[RisingAnswer], ability: f64) -> (f64, f64) {
    let (mut below, mut above) = (LogSum::new(), LogSum::new());
    let mut whole = CompensatedSum::default();
    for answer in answers {
        let logit = answer.logit(ability);
        let odds = libm::exp(-logit.abs());
        // ln (a r), and minus the size of its derivative: a (1 − r).
        let log = libm::log(answer.slope) - logit.abs() - libm::log1p(odds);
        let slope = answer.slope / (1.0 + odds);
        match (logit >= 0.0, answer.up) {
            (true, up) => {
                below.add(log, slope);
                whole.add(if up { 0.0 } else { -answer.slope });
            }
            (false, up) => {
                above.add(log, slope);
                whole.add(if up { answer.slope } else { 0.0 });
            }
        }
    }
    let whole = whole.total();
    let (up, up_slope) = with_whole(&below, whole.max(0.0));
    let (down, down_slope) = with_whole(&above, (-whole).max(0.0));
    (up - down, -up_slope - down_slope)
}

/// ln(whole + sum), and the size of its derivative.
fn with_whole(sum: &LogSum, whole: f64) -> (f64, f64) {
    let (log, log_whole) = (sum.log(), libm::log(whole));
    let peak = log.max(log_whole);
    if peak == f64::NEG_INFINITY {
        return (peak, 0.0);
    }
    let total = peak + libm::log(libm::exp(log - peak) + libm::exp(log_whole - peak));
    (total, sum.mean() * libm::exp(log - total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::likelihood::slopes;

    fn answer(slope: f64, difficulty: f64, up: bool) -> RisingAnswer {
        RisingAnswer { slope, difficulty, up }
    }

    #[test]
    fn the_balance_has_the_sign_of_the_score_and_its_own_derivative() {
        let answers = [answer(1.3, -0.4, true), answer(0.7, 0.9, false), answer(4.0, 0.1, true)];
        for ability in [-9.0, -3.0, -0.2, 0.1, 0.5, 2.5, 8.0] {
            let (value, slope) = balance(&answers, ability);
            assert_eq!(value > 0.0, slopes(&answers, ability).score > 0.0);
            let step = 1e-6;
            let difference = balance(&answers, ability + step).0 - balance(&answers, ability).0;
            assert!((difference / step - slope).abs() < 1e-4 * slope.abs(), "at {ability}");
        }
    }

    #[test]
    fn steep_and_far_items_that_contradict_each_other_meet_half_way() {
        for (a, b) in [(5.0, 5.0), (20.0, 6.0), (20.0, 300.0)] {
            // Hard one right, easy one wrong, and the reverse.
            for up in [true, false] {
                let answers = [answer(a, b + 1.0, up), answer(a, 1.0 - b, !up)];
                let ability = maximum(&answers).unwrap();
                assert!((ability - 1.0).abs() < 1e-12, "{a} {b} {up}: {ability}");
            }
        }
    }
}
