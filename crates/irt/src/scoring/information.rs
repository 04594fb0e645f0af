//! How much items tell about an ability.

use super::likelihood::log_item_information;
use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;

/// What a set of items tells at one ability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbilityInformation {
    /// θ.
    pub ability: f64,
    /// I(θ) = Σ a² P (1 − P).
    pub information: f64,
    /// 1 / sqrt(I(θ)): the standard error of ML there. `None` where the information is 0.
    pub standard_error: Option<f64>,
}

/// Test information and standard error at the given abilities.
///
/// # Units
/// Abilities and standard errors: those of the difficulties. Information: 1 / unit².
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::InvalidSetting`] where an ability is not finite.
///
/// # Source
/// Birnbaum (1968), in Lord & Novick, section 20.3.
///
/// ```
/// use irt::ItemParameters;
/// use irt::scoring::test_information;
/// let items = [ItemParameters::new(2.0, 0.0), ItemParameters::new(2.0, 0.0)];
/// let found = test_information(&items, &[0.0])?;
/// assert_eq!(found[0].information, 2.0);
/// assert_eq!(found[0].standard_error, Some(1.0 / 2f64.sqrt()));
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn test_information(
    items: &[ItemParameters],
    abilities: &[f64],
) -> Result<Vec<AbilityInformation>, IrtError> {
    for (position, item) in items.iter().enumerate() {
        item.validate(position)?;
    }
    abilities
        .iter()
        .map(|ability| {
            let ability = finite_ability(*ability)?;
            // A sum of nothing is -0.
            let information = 0.0 + items.iter().map(|item| item.information(ability)).sum::<f64>();
            let standard_error = (information > 0.0).then(|| 1.0 / libm::sqrt(information));
            Ok(AbilityInformation { ability, information, standard_error })
        })
        .collect()
}

/// ln I of one item, −∞ for a flat one: orders items even where I is too small for a number.
pub(super) fn log_information_of(item: &ItemParameters, ability: f64) -> f64 {
    log_item_information(item.discrimination.abs(), item.logit(ability))
}

/// The ability, unless nothing can be computed there.
pub(super) fn finite_ability(ability: f64) -> Result<f64, IrtError> {
    if ability.is_finite() {
        return Ok(ability);
    }
    let found = ability.to_string();
    Err(IrtError::InvalidSetting { name: "ability", found, expected: "a finite number" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_information_has_no_standard_error() {
        let found = test_information(&[ItemParameters::new(0.0, 1.0)], &[0.0]).unwrap();
        assert_eq!((found[0].information, found[0].standard_error), (0.0, None));
        assert_eq!(test_information(&[], &[1.0]).unwrap()[0].standard_error, None);
        assert!(test_information(&[], &[f64::NAN]).is_err());
        assert!(test_information(&[ItemParameters::new(f64::NAN, 1.0)], &[]).is_err());
    }
}
