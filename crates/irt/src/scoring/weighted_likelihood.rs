//! The likelihood weighted by the square root of the information, and how it
//! can behave between two abilities.
//!
//! ```text
//! W(θ)  = ℓ(θ) + ½ ln I(θ)
//! W'(θ) = ℓ'(θ) + J / (2 I) = ℓ'(θ) + ½ m(h),      J = Σ a³ P Q (1 − 2 P)
//! W''(θ) = −I + ½ v(h) − m(w),   w_j = a_j² P_j Q_j,  h_j = a_j (1 − 2 P_j)
//! ```
//!
//! with m and v the mean and variance over the items under the weights w_j.
//! All h_j and P_j are monotone in θ and every w_j has one peak, at b_j, so
//! that values at the ends of an interval bound W and W'' within.
//!
//! Source: Warm (1989), Psychometrika 54(3), 427–450, equations 8 to 17.

use super::answers::RisingAnswer;
use super::likelihood::{log_information, log_item_information, log_likelihood, rare, slopes};
use super::log_sum::LogSum;

/// W(θ).
pub(super) fn value(answers: &[RisingAnswer], ability: f64) -> f64 {
    log_likelihood(answers, ability) + 0.5 * log_information(answers, ability)
}

/// W'(θ) and W''(θ).
pub(super) fn derivatives(answers: &[RisingAnswer], ability: f64) -> (f64, f64) {
    let (mut means, mut squares, mut weights) = (LogSum::new(), LogSum::new(), LogSum::new());
    for answer in answers {
        let logit = answer.logit(ability);
        let log = log_item_information(answer.slope, logit);
        let asymmetry = asymmetry(answer, logit);
        means.add(log, asymmetry);
        squares.add(log, asymmetry * asymmetry);
        weights.add(log, libm::exp(log));
    }
    let slopes = slopes(answers, ability);
    let variance = squares.mean() - means.mean() * means.mean();
    let second = -slopes.information + 0.5 * variance - weights.mean();
    (slopes.score + 0.5 * means.mean(), second)
}

/// h = a (1 − 2 P).
fn asymmetry(answer: &RisingAnswer, logit: f64) -> f64 {
    -answer.slope * libm::tanh(0.5 * logit)
}

/// m(h).
fn mean_asymmetry(answers: &[RisingAnswer], ability: f64) -> f64 {
    let mut means = LogSum::new();
    for answer in answers {
        let logit = answer.logit(ability);
        means.add(log_item_information(answer.slope, logit), asymmetry(answer, logit));
    }
    means.mean()
}

/// What W, W' and W'' cannot exceed on an interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    interval: (f64, f64),
    /// I is nowhere larger.
    information: f64,
    /// W' is nowhere smaller and nowhere larger.
    slope: (f64, f64),
    /// W'' is nowhere larger; below 0, W has one maximum at most.
    pub curvature: f64,
}

impl Bounds {
    pub(super) fn on(answers: &[RisingAnswer], interval: (f64, f64)) -> Self {
        let (lower, upper) = interval;
        let centre = mean_asymmetry(answers, lower + 0.5 * (upper - lower));
        let mut sums = Sums::default();
        for answer in answers {
            sums.add(answer, interval, centre);
        }
        // v is at most the mean square about any centre.
        let variance = sums.deviations / sums.least;
        let [low, high] = sums.means(centre);
        Self {
            interval,
            information: sums.most,
            slope: (sums.scores[1] + 0.5 * low, sums.scores[0] + 0.5 * high),
            curvature: -sums.least + 0.5 * variance - sums.least_squared / sums.most,
        }
    }

    /// False where W' is nowhere 0.
    pub(super) fn may_have_maximum(&self) -> bool {
        !(self.slope.0 > 0.0 || self.slope.1 < 0.0)
    }

    /// W is nowhere larger; `maximum`: where ℓ is largest, ±∞ included.
    pub(super) fn value(&self, answers: &[RisingAnswer], maximum: f64) -> f64 {
        // ℓ rises up to its maximum, and falls from there.
        let likelihood = log_likelihood(answers, maximum.clamp(self.interval.0, self.interval.1));
        likelihood + 0.5 * libm::log(self.information.max(f64::MIN_POSITIVE))
    }
}

/// Sums of the least and the most that each item's terms can be on an interval.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// The score at both ends, between which it falls.
    scores: [f64; 2],
    /// Σ w.
    least: f64,
    most: f64,
    /// Σ w².
    least_squared: f64,
    /// Σ w (h − c): nowhere smaller, nowhere larger.
    means: [f64; 2],
    /// Σ w (h − c)²: nowhere larger.
    deviations: f64,
}

impl Sums {
    fn add(&mut self, answer: &RisingAnswer, (lower, upper): (f64, f64), centre: f64) {
        let ends = [lower, upper].map(|ability| {
            let logit = answer.logit(ability);
            let rare = rare(logit);
            (logit, if logit > 0.0 { 1.0 - rare } else { rare }, rare * (1.0 - rare))
        });
        let [(below, low, left), (above, high, right)] = ends;
        let square = answer.slope * answer.slope;
        let correct = f64::from(u8::from(answer.up));
        self.scores[0] += answer.slope * (correct - low);
        self.scores[1] += answer.slope * (correct - high);
        let least = square * left.min(right);
        let peak = below <= 0.0 && above >= 0.0;
        let most = square * if peak { 0.25 } else { left.max(right) };
        // h falls, so it is largest at the lower end.
        let largest = answer.slope * (1.0 - 2.0 * low) - centre;
        let smallest = answer.slope * (1.0 - 2.0 * high) - centre;
        self.means[0] += smallest * if smallest < 0.0 { most } else { least };
        self.means[1] += largest * if largest > 0.0 { most } else { least };
        let deviation = largest.abs().max(smallest.abs());
        self.deviations += most * deviation * deviation;
        self.least += least;
        self.most += most;
        self.least_squared += least * least;
    }

    /// Between what m(h) must lie. Not a number where the information may vanish.
    fn means(&self, centre: f64) -> [f64; 2] {
        let [low, high] = self.means;
        [
            centre + low / if low < 0.0 { self.least } else { self.most },
            centre + high / if high > 0.0 { self.least } else { self.most },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Vec<RisingAnswer> {
        let answer = |slope, difficulty, up| RisingAnswer { slope, difficulty, up };
        vec![answer(1.3, -0.4, true), answer(0.7, 0.9, false), answer(6.0, 1.1, true)]
    }

    #[test]
    fn the_derivatives_are_those_of_the_value() {
        let (answers, step) = (answers(), 1e-5);
        for ability in [-4.0, -0.4, 0.3, 1.0, 1.2, 5.0] {
            let (first, second) = derivatives(&answers, ability);
            let value = |ability| value(&answers, ability);
            let slope = |ability| derivatives(&answers, ability).0;
            let difference = (value(ability + step) - value(ability - step)) / (2.0 * step);
            assert!((first - difference).abs() < 1e-8, "{first} {difference}");
            let difference = (slope(ability + step) - slope(ability - step)) / (2.0 * step);
            assert!((second - difference).abs() < 1e-7, "{second} {difference}");
        }
    }

    #[test]
    fn the_bounds_hold_and_tighten() {
        let answers = answers();
        let maximum = crate::scoring::ml::maximum(&answers).unwrap();
        for (lower, width) in [(-5.0, 10.0), (-1.0, 1.0), (0.9, 0.2), (0.3, 0.01), (2.0, 3.0)] {
            let found = Bounds::on(&answers, (lower, lower + width));
            let highest = found.value(&answers, maximum);
            for part in 0..=100 {
                let ability = lower + width * f64::from(part) / 100.0;
                let (slope, curvature) = derivatives(&answers, ability);
                assert!(value(&answers, ability) <= highest + 1e-12);
                assert!(found.slope.0 - 1e-12 <= slope && slope <= found.slope.1 + 1e-12);
                assert!(curvature <= found.curvature + 1e-12);
            }
        }
        let narrow = Bounds::on(&answers, (0.3, 0.3 + 1e-6));
        let (slope, curvature) = derivatives(&answers, 0.3);
        assert!((narrow.value(&answers, maximum) - value(&answers, 0.3)).abs() < 1e-5);
        assert!((narrow.curvature - curvature).abs() < 1e-4);
        assert!(narrow.slope.0 <= slope && slope <= narrow.slope.1);
    }
}
