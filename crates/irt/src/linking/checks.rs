//! Signs that two scales must not be linked as they are.

use super::common_item::{CommonItem, ItemErrors, validate};
use super::mean_sigma::mean_sigma;
use super::moments::slope_by_discriminations;
use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;

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

/// A contradiction that is no more than so many of its own standard errors is chance.
const CHANCE: f64 = 3.0;

/// Whether discriminations and difficulties of the common items ask for the same unit.
///
/// A by the mean of ln(a / a_onto) and A by the ratio of the standard deviations
/// of b must lie within a factor of 1.25, or of what 3 standard errors of its logarithm
/// explain where the items' are known: a few items of a few hundred persons
/// contradict each other by chance. Near 1.702, the values in force are
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
    let by_chance = libm::exp(CHANCE * standard_error_of_log_factor(common));
    if within(factor, LARGEST_FACTOR.max(by_chance)) {
        return Ok(());
    }
    Err(IrtError::LinkSlopesDisagree {
        by_discriminations,
        by_difficulties,
        limit: LARGEST_FACTOR,
        normal_metric: within(factor / NORMAL_METRIC, NEAR_NORMAL_METRIC),
    })
}

/// Of the logarithm of the one slope over the other, by the delta method, the items' errors taken as
/// independent; without them 0.
fn standard_error_of_log_factor(common: &[CommonItem]) -> f64 {
    let side = |parameters: fn(&CommonItem) -> ItemParameters,
                errors: fn(&CommonItem) -> Option<ItemErrors>| {
        let count = common.len() as f64;
        let difficulties: Vec<f64> =
            common.iter().map(|item| parameters(item).difficulty).collect();
        let mean = difficulties.iter().sum::<f64>() / count;
        let squares: f64 = difficulties.iter().map(|b| (b - mean) * (b - mean)).sum();
        let variances = common.iter().filter_map(|item| {
            let (at, errors) = (parameters(item), errors(item)?);
            // ∂ mean(ln a) / ∂a, and ∂ ln sd(b) / ∂b.
            let of_a = errors.discrimination / (at.discrimination * count);
            let of_b = errors.difficulty * (at.difficulty - mean) / squares;
            Some(of_a * of_a + of_b * of_b)
        });
        variances.sum::<f64>()
    };
    let variance = side(|item| item.from, |item| item.from_errors)
        + side(|item| item.onto, |item| item.onto_errors);
    libm::sqrt(variance)
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
