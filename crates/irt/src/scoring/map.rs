//! MAP: the mode of the posterior.

use super::answers::{Answer, RisingAnswer, in_order};
use super::estimate::AbilityEstimate;
use super::likelihood::slopes;
use super::prior::ScorePrior;
use super::root::crossing;
use crate::error::IrtError;

/// The ability at which likelihood times prior is largest.
///
/// ```text
/// ℓ'(θ) − (θ − mean) / sd² = 0,   SE = 1 / sqrt(I(θ) + 1 / sd²)
/// ```
///
/// The log posterior is strictly concave, so there is exactly one. Found to
/// 1e-13·max(1, |θ|). Without answers: the prior's mean and sd.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`].
///
/// # Source
/// Samejima (1969), Psychometrika Monograph 17; Birnbaum (1969), Journal of
/// Mathematical Psychology 6(2), 258–276.
///
/// ```
/// use irt::ItemParameters;
/// use irt::scoring::{Answer, ScorePrior, map};
/// let answer = Answer { item: ItemParameters::new(1.0, 0.0), correct: true };
/// let estimate = map(&[answer], ScorePrior::default())?;
/// // 1 − P(θ) = θ
/// assert!((estimate.ability - 0.401_058_138).abs() < 1e-9);
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn map(answers: &[Answer], prior: ScorePrior) -> Result<AbilityEstimate, IrtError> {
    Ok(of(&in_order(answers)?, prior))
}

/// [`map()`] of sorted answers.
pub(super) fn of(answers: &[RisingAnswer], prior: ScorePrior) -> AbilityEstimate {
    if answers.is_empty() {
        return AbilityEstimate { ability: prior.mean(), standard_error: Some(prior.sd()) };
    }
    let precision = 1.0 / (prior.sd() * prior.sd());
    let everywhere = (f64::NEG_INFINITY, f64::INFINITY);
    let ability = crossing(everywhere, prior.mean(), |ability| {
        let slopes = slopes(answers, ability);
        let score = slopes.score - precision * (ability - prior.mean());
        (score, -slopes.information - precision)
    });
    let information = slopes(answers, ability).information + precision;
    AbilityEstimate { ability, standard_error: Some(1.0 / libm::sqrt(information)) }
}
