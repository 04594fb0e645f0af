//! Mean and sigma: the link that gives the difficulties the same mean and spread.

use super::common_item::{CommonItem, validate};
use super::link::Link;
use super::moments::{mean_and_sd, slope_by_difficulties};
use crate::error::IrtError;

/// The link by the moments of the common items' difficulties.
///
/// ```text
/// A = sd(b_onto) / sd(b_from),   B = mean(b_onto) − A·mean(b_from)
/// ```
///
/// Simple, and moved by every badly estimated difficulty.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::TooFewCommonItems`] for fewer than 2;
/// [`IrtError::LinkNotFound`] where the difficulties do not vary.
///
/// # Source
/// Marco (1977), Journal of Educational Measurement 14(2), 139–160.
///
/// ```
/// use irt::ItemParameters;
/// use irt::linking::{CommonItem, mean_sigma};
/// let item = |from, onto| {
///     CommonItem::new(ItemParameters::new(1.0, from), ItemParameters::new(0.5, onto))
/// };
/// let link = mean_sigma(&[item(-1.0, -1.5), item(1.0, 2.5)])?;
/// assert_eq!((link.slope, link.intercept), (2.0, 0.5));
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn mean_sigma(common: &[CommonItem]) -> Result<Link, IrtError> {
    validate(common, 2)?;
    let Some(slope) = slope_by_difficulties(common) else {
        let reason = "their difficulties do not vary";
        return Err(IrtError::LinkNotFound { method: "mean_sigma", reason });
    };
    let (from, _) = mean_and_sd(common.iter().map(|item| item.from.difficulty));
    let (onto, _) = mean_and_sd(common.iter().map(|item| item.onto.difficulty));
    Ok(Link { slope, intercept: onto - slope * from })
}

/// Derivatives of (A, B) with respect to (a, b) of every item, on the scale that is linked and
/// on that in force.
pub(super) fn sensitivity(common: &[CommonItem], link: Link) -> [Vec<[f64; 2]>; 2] {
    let count = common.len() as f64;
    let (from_mean, from_sd) = mean_and_sd(common.iter().map(|item| item.from.difficulty));
    let (onto_mean, onto_sd) = mean_and_sd(common.iter().map(|item| item.onto.difficulty));
    let mut sensitivity = [Vec::new(), Vec::new()];
    for item in common {
        let from = (item.from.difficulty - from_mean) / (count * from_sd * from_sd);
        let onto = (item.onto.difficulty - onto_mean) / (count * onto_sd * onto_sd);
        let slopes = [-link.slope * from, link.slope * onto];
        let means = [-link.slope / count, 1.0 / count];
        for side in 0..2 {
            let intercept = means[side] - from_mean * slopes[side];
            sensitivity[side].extend([[0.0; 2], [slopes[side], intercept]]);
        }
    }
    sensitivity
}
