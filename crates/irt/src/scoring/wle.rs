//! WLE: the mode of the weighted likelihood.

use super::answers::{Answer, RisingAnswer, in_order};
use super::estimate::AbilityEstimate;
use super::likelihood::{log_information, slopes};
use super::ml;
use super::root::crossing;
use super::weighted_likelihood::{Bounds, derivatives, value};
use crate::error::IrtError;

/// Item evaluations after which the search is content with the best maximum so far.
const MOST_WORK: usize = 40_000_000;
/// Intervals that are looked at in any case.
const LEAST_INTERVALS: usize = 400;
/// Weighted log-likelihoods that differ by less, in nats, are the same to rounding.
const ROUNDING: f64 = 1e-10;

/// Warm's weighted likelihood estimate, whose bias is of a smaller order than that of ML.
///
/// ```text
/// ℓ'(θ) + J / (2 I) = 0,   J = Σ a³ P (1 − P) (1 − 2 P),   SE = 1 / sqrt(I(θ))
/// ```
///
/// It is the maximum of W(θ) = ℓ(θ) + ½ ln I(θ). It is finite for all answers
/// alike, too. The equation may have several roots where items are steep; the
/// one with the largest W is taken (of equal ones the lowest), found by branch
/// and bound: an interval is dropped where W' cannot be 0 or W cannot reach the
/// best value so far, searched by safeguarded Newton steps to 1e-13·max(1, |θ|)
/// where W'' is below 0 throughout, and halved otherwise. So none is missed,
/// unless a budget of 4·10⁷ item evaluations is spent first, which takes
/// pathological parameters.
///
/// `None` where no answer tells anything: there is none, or a = 0 throughout.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`].
///
/// # Source
/// Warm (1989), Psychometrika 54(3), 427–450. The standard error is his
/// (equation 23); some programs print the curvature of W instead.
///
/// ```
/// use irt::ItemParameters;
/// use irt::scoring::{Answer, wle};
/// let answer = Answer { item: ItemParameters::new(1.0, 0.0), correct: true };
/// let estimate = wle(&[answer])?.ok_or("no answers")?;
/// // 1 − P + (1 − 2 P) / 2 = 0, so P is 3/4.
/// assert!((estimate.ability - 3f64.ln()).abs() < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wle(answers: &[Answer]) -> Result<Option<AbilityEstimate>, IrtError> {
    Ok(of(&in_order(answers)?))
}

/// [`wle()`] of sorted answers.
pub(super) fn of(answers: &[RisingAnswer]) -> Option<AbilityEstimate> {
    let most_likely = ml::maximum(answers)?;
    let ability = maximum(answers, most_likely);
    let information = log_information(answers, ability);
    Some(AbilityEstimate::with_log_information(ability, information))
}

/// Where W is largest; `most_likely`: where ℓ is.
fn maximum(answers: &[RisingAnswer], most_likely: f64) -> f64 {
    let region = (-reach(answers, -1.0), reach(answers, 1.0));
    let slope = |ability| derivatives(answers, ability);
    // W rises into the region and falls out of it, so this is a maximum, mostly the only one.
    let first = crossing(region, most_likely.clamp(region.0, region.1), slope);
    let mut best = Best { value: value(answers, first), ability: first };
    let mut left = (MOST_WORK / (8 * answers.len())).max(LEAST_INTERVALS);
    let mut intervals = vec![region];
    while let Some((lower, upper)) = intervals.pop() {
        let middle = lower + 0.5 * (upper - lower);
        let bounds = Bounds::on(answers, (lower, upper));
        left = left.saturating_sub(1);
        if !bounds.may_have_maximum() {
            continue;
        }
        if bounds.curvature < 0.0 || left == 0 || !(lower < middle && middle < upper) {
            best.consider(answers, (lower, upper));
        } else if bounds.value(answers, most_likely) >= best.value - ROUNDING {
            intervals.extend([(middle, upper), (lower, middle)]);
        }
    }
    best.ability
}

/// How far from 0 in the direction of `sign` W may still rise outwards.
///
/// Beyond the outermost difficulty every item's h pulls back, ever harder, and
/// the score pushes out ever less: once the weakest pull outweighs the push, W
/// falls for good.
fn reach(answers: &[RisingAnswer], sign: f64) -> f64 {
    let outermost =
        answers.iter().map(|answer| sign * answer.difficulty).fold(f64::NEG_INFINITY, f64::max);
    let mut stride = 1.0 / answers.iter().map(|answer| answer.slope).fold(0.0, f64::max);
    loop {
        let distance = outermost + stride;
        let pull = answers
            .iter()
            .map(|answer| {
                let logit = answer.slope * (distance - sign * answer.difficulty);
                0.5 * answer.slope * libm::tanh(0.5 * logit)
            })
            .fold(f64::INFINITY, f64::min);
        if sign * slopes(answers, sign * distance).score < pull {
            return distance;
        }
        stride *= 2.0;
    }
}

/// The best maximum so far.
struct Best {
    value: f64,
    ability: f64,
}

impl Best {
    /// Takes note of the maximum in an interval that has one at most, if W rises
    /// into it and falls out of it.
    fn consider(&mut self, answers: &[RisingAnswer], (lower, upper): (f64, f64)) {
        let slope = |ability| derivatives(answers, ability);
        if !(slope(lower).0 > 0.0 && slope(upper).0 <= 0.0) {
            return;
        }
        let ability = crossing((lower, upper), lower + 0.5 * (upper - lower), slope);
        let value = value(answers, ability);
        let lower_of_equals = value > self.value - ROUNDING && ability < self.ability;
        if value > self.value + ROUNDING || lower_of_equals {
            *self = Self { value, ability };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(slope: f64, difficulty: f64, up: bool) -> RisingAnswer {
        RisingAnswer { slope, difficulty, up }
    }

    fn maxima_by_scan(answers: &[RisingAnswer]) -> Vec<f64> {
        let slope = |step: i32| derivatives(answers, f64::from(step) * 1e-3).0;
        (-12_000..12_000)
            .filter(|step| slope(*step) > 0.0 && slope(step + 1) <= 0.0)
            .map(|step| f64::from(step) * 1e-3)
            .collect()
    }

    #[test]
    fn of_several_roots_the_most_likely_is_taken() {
        // Steep items far from each other: W has a peak at each.
        for (answers, roots) in [
            (vec![answer(8.0, -2.0, true), answer(8.0, 2.0, false)], 2),
            (vec![answer(8.0, -2.0, true), answer(7.0, 2.0, false), answer(0.5, 3.0, true)], 2),
            (vec![answer(9.0, -3.0, true), answer(9.0, 0.0, true), answer(9.5, 3.0, false)], 2),
        ] {
            let found = maximum(&answers, ml::maximum(&answers).unwrap());
            let scanned = maxima_by_scan(&answers);
            assert_eq!(scanned.len(), roots, "{scanned:?}");
            let best = scanned.iter().map(|at| value(&answers, *at)).fold(f64::MIN, f64::max);
            assert!(value(&answers, found) >= best, "{found} {scanned:?}");
            assert!(derivatives(&answers, found).0.abs() < 1e-11);
        }
    }

    #[test]
    fn flat_and_far_items_are_within_reach() {
        for answers in [
            vec![answer(1e-9, 0.0, true), answer(1.0, 0.0, true)],
            vec![answer(1e-11, 1e12, true)],
            vec![answer(1e6, -1e12, true), answer(1e6, 1e12, false)],
            vec![answer(20.0, -100.0, false), answer(10.0, 100.0, true)],
        ] {
            let found = maximum(&answers, ml::maximum(&answers).unwrap());
            assert!(found.is_finite());
        }
    }
}
