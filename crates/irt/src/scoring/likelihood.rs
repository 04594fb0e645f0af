//! The likelihood of one person's answers, and what follows from it.
//!
//! ```text
//! ℓ(θ) = Σ_up ln P_j(θ) + Σ_down ln (1 − P_j(θ)),   P_j(θ) = 1 / (1 + exp(−z_j)),  z_j = a_j (θ − b_j)
//! score       ℓ'(θ) = Σ_up a_j (1 − P_j) − Σ_down a_j P_j
//! information I(θ)  = Σ a_j² P_j (1 − P_j)
//! ```
//!
//! Every a_j is above 0 here (see [`super::answers`]). ℓ is concave, so it has
//! one maximum at most.
//!
//! Source: Birnbaum (1968), in Lord & Novick, chapter 20.

use super::answers::RisingAnswer;
use super::log_sum::LogSum;
use crate::numeric::elementary::softplus;

/// ℓ(θ), in nats.
pub(super) fn log_likelihood(answers: &[RisingAnswer], ability: f64) -> f64 {
    let surprise = |answer: &RisingAnswer| {
        let logit = answer.logit(ability);
        softplus(if answer.up { -logit } else { logit })
    };
    -answers.iter().map(surprise).sum::<f64>()
}

/// Score and information at one ability.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Slopes {
    /// ℓ'(θ).
    pub score: f64,
    /// I(θ) = −ℓ''(θ).
    pub information: f64,
}

/// Score and information at one ability, as plain sums.
pub(super) fn slopes(answers: &[RisingAnswer], ability: f64) -> Slopes {
    let mut slopes = Slopes::default();
    for answer in answers {
        let logit = answer.logit(ability);
        let rare = rare(logit);
        let residual = match (answer.up, logit > 0.0) {
            (true, true) => rare,
            (true, false) => 1.0 - rare,
            (false, true) => rare - 1.0,
            (false, false) => -rare,
        };
        slopes.score += answer.slope * residual;
        slopes.information += answer.slope * answer.slope * rare * (1.0 - rare);
    }
    slopes
}

/// The probability of the rarer of the two answers: 1 / (1 + exp(|z|)).
pub(super) fn rare(logit: f64) -> f64 {
    let odds = libm::exp(-logit.abs());
    odds / (1.0 + odds)
}

/// ln I(θ), right where I itself is too small for a number.
pub(super) fn log_information(answers: &[RisingAnswer], ability: f64) -> f64 {
    let mut sum = LogSum::new();
    for answer in answers {
        sum.add(log_item_information(answer.slope, answer.logit(ability)), 0.0);
    }
    sum.log()
}

/// ln (a² P (1 − P)) of an item with slope a > 0 at logit z.
pub(super) fn log_item_information(slope: f64, logit: f64) -> f64 {
    let size = logit.abs();
    2.0 * libm::log(slope) - size - 2.0 * libm::log1p(libm::exp(-size))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: [RisingAnswer; 3] = [
        RisingAnswer { slope: 1.3, difficulty: -0.4, up: true },
        RisingAnswer { slope: 0.7, difficulty: 0.9, up: false },
        RisingAnswer { slope: 4.0, difficulty: 0.1, up: true },
    ];

    #[test]
    fn score_and_information_are_the_derivatives() {
        let step = 1e-5;
        for ability in [-3.0, -0.2, 0.1, 2.5] {
            let at = slopes(&ANSWERS, ability);
            let value = |ability| log_likelihood(&ANSWERS, ability);
            let score = |ability| slopes(&ANSWERS, ability).score;
            let first = (value(ability + step) - value(ability - step)) / (2.0 * step);
            let second = (score(ability + step) - score(ability - step)) / (2.0 * step);
            assert!((at.score - first).abs() < 1e-9);
            assert!((at.information + second).abs() < 1e-8);
            assert!((log_information(&ANSWERS, ability) - libm::log(at.information)).abs() < 1e-13);
        }
    }

    #[test]
    fn information_is_known_where_it_underflows() {
        let far = [RisingAnswer { slope: 20.0, difficulty: 0.0, up: true }];
        assert_eq!(slopes(&far, 100.0).information, 0.0);
        assert!((log_information(&far, 100.0) - (2.0 * libm::log(20.0) - 2000.0)).abs() < 1e-9);
    }
}
