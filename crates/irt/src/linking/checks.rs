//! Signs that two scales must not be linked as they are.

use super::common_item::{CommonItem, validate};
use super::mean_sigma::mean_sigma;
use super::moments::slope_by_discriminations;
use crate::error::IrtError;

/// Fewer common items determine no link that could be trusted.
pub const LEAST_COMMON_ITEMS: usize = 3;
/// Slopes by discriminations and by difficulties that are further apart contradict each other.
pub const LARGEST_FACTOR: f64 = 1.25;
/// At most so many difficulties in a hundred may lie beyond the ability grid.
const PERCENT_OUTSIDE: u32 = 10;
/// The scale factor between normal and logistic metric (Camilli 1994).
const NORMAL_METRIC: f64 = 1.702;
/// Within this factor of it, a contradiction looks like the other metric.
const NEAR_NORMAL_METRIC: f64 = 1.15;

/// Whether discriminations and difficulties of the common items ask for the same unit.
///
/// A by the mean of ln(a / a_onto) and A by the ratio of the standard deviations
/// of b must lie within a factor of 1.25. Near 1.702, the values in force are
/// probably of the normal metric, whose discriminations are smaller by that
/// factor: the error says so.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::TooFewCommonItems`] for fewer than 3;
/// [`IrtError::LinkNotFound`] where either slope does not exist;
/// [`IrtError::LinkSlopesDisagree`], with both.
///
/// ```
/// use irt::linking::{CommonItem, check_units};
/// use irt::{IrtError, ItemParameters};
/// let common = [-1.0, 0.0, 1.0].map(|b| {
///     CommonItem::new(ItemParameters::new(1.702, b), ItemParameters::new(1.0, b))
/// });
/// let error = check_units(&common).unwrap_err();
/// assert!(matches!(error, IrtError::LinkSlopesDisagree { normal_metric: true, .. }));
/// ```
pub fn check_units(common: &[CommonItem]) -> Result<(), IrtError> {
    validate(common, LEAST_COMMON_ITEMS)?;
    let by_difficulties = mean_sigma(common)?.slope;
    let Some(by_discriminations) = slope_by_discriminations(common) else {
        let reason = "no discrimination has the same sign on both scales";
        return Err(IrtError::LinkNotFound { method: "the mean of ln a", reason });
    };
    let factor = by_discriminations / by_difficulties;
    if within(factor, LARGEST_FACTOR) {
        return Ok(());
    }
    Err(IrtError::LinkSlopesDisagree {
        by_discriminations,
        by_difficulties,
        limit: LARGEST_FACTOR,
        normal_metric: within(factor / NORMAL_METRIC, NEAR_NORMAL_METRIC),
    })
}

/// Whether linked difficulties lie where the ability grid is.
///
/// # Errors
/// [`IrtError::DifficultiesOutOfBounds`] where more than 10 % lie outside of [-`bound`, `bound`],
/// or are no number.
///
/// ```
/// use irt::linking::check_difficulties;
/// assert!(check_difficulties(&[0.0; 9], 6.0).is_ok());
/// assert!(check_difficulties(&[0.0, 1.0, 100.0], 6.0).is_err());
/// ```
pub fn check_difficulties(difficulties: &[f64], bound: f64) -> Result<(), IrtError> {
    let outside = difficulties.iter().filter(|b| !(b.abs() <= bound)).count();
    if 100 * outside <= PERCENT_OUTSIDE as usize * difficulties.len() {
        return Ok(());
    }
    Err(IrtError::DifficultiesOutOfBounds {
        outside: outside as u64,
        items: difficulties.len() as u64,
        bound,
        percent: PERCENT_OUTSIDE,
    })
}

/// Whether a ratio lies between 1 / factor and factor.
fn within(ratio: f64, factor: f64) -> bool {
    1.0 / factor <= ratio && ratio <= factor
}
