//! An item that was calibrated twice.

use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;

/// Standard errors of one item's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemErrors {
    /// Of a, logits per unit of ability.
    pub discrimination: f64,
    /// Of b, units of ability.
    pub difficulty: f64,
}

/// The parameters of one item on two scales.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommonItem {
    /// On the scale that is to be linked.
    pub from: ItemParameters,
    /// On the scale in force.
    pub onto: ItemParameters,
    /// Standard errors of `from`, where known.
    pub from_errors: Option<ItemErrors>,
    /// Standard errors of `onto`, where known.
    pub onto_errors: Option<ItemErrors>,
}

impl CommonItem {
    /// Without standard errors.
    #[must_use]
    pub fn new(from: ItemParameters, onto: ItemParameters) -> Self {
        Self { from, onto, from_errors: None, onto_errors: None }
    }

    /// ln(a / a of the scale in force): what the item says of ln A. `None`
    /// where the discriminations differ in sign or one is 0.
    pub(super) fn log_ratio(&self) -> Option<f64> {
        let ratio = self.from.discrimination / self.onto.discrimination;
        (ratio > 0.0 && ratio.is_finite()).then(|| libm::log(ratio))
    }
}

/// Refuses parameters that nothing can be computed from, and fewer items than `least`.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`], [`IrtError::TooFewCommonItems`].
pub(super) fn validate(common: &[CommonItem], least: usize) -> Result<(), IrtError> {
    for (position, item) in common.iter().enumerate() {
        item.from.validate(position)?;
        item.onto.validate(position)?;
    }
    if common.len() < least {
        let (found, required) = (common.len() as u64, least as u64);
        return Err(IrtError::TooFewCommonItems { found, required });
    }
    Ok(())
}
