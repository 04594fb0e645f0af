//! One item at one ability, and which numbers can be computed with.

use crate::error::ExtensionError;
use irt::scoring::ScorePrior;
use irt::{IrtError, ItemParameters, MAX_DIFFICULTY};
use std::ops::RangeInclusive;

/// Discriminations beyond are difficulties, or other numbers, by mistake.
const DISCRIMINATIONS: RangeInclusive<f64> = -10.0..=20.0;

/// An item with these parameters.
///
/// # Errors
/// 22023 for what is no number, and for a discrimination that is none.
#[inline]
pub fn item(discrimination: f64, difficulty: f64) -> Result<ItemParameters, ExtensionError> {
    if !DISCRIMINATIONS.contains(&discrimination) {
        let expected = "between -10 and 20, and comes before the difficulty";
        return Err(invalid("discrimination", discrimination, expected));
    }
    if !(-MAX_DIFFICULTY..=MAX_DIFFICULTY).contains(&difficulty) {
        return Err(invalid("difficulty", difficulty, "between -1e12 and 1e12"));
    }
    Ok(ItemParameters::new(discrimination, difficulty))
}

/// A prior with these moments.
///
/// # Errors
/// 22023, by the names of the aggregates' arguments.
pub fn prior(mean: f64, sd: f64) -> Result<ScorePrior, ExtensionError> {
    ScorePrior::new(mean, sd).map_err(|error| match error {
        IrtError::InvalidSetting { name, found, expected } => ExtensionError::InvalidArgument {
            argument: name.strip_prefix("score_").unwrap_or(name),
            found,
            expected,
        },
        other => other.into(),
    })
}

/// irt_probability. An infinite ability is a limit: maximum likelihood has such.
///
/// # Errors
/// 22023.
pub fn probability(
    ability: f64,
    discrimination: f64,
    difficulty: f64,
) -> Result<f64, ExtensionError> {
    let item = item(discrimination, difficulty)?;
    match number(ability)? {
        finite if finite.is_finite() || discrimination != 0.0 => Ok(item.probability(finite)),
        // Nothing grows there.
        _ => Ok(item.probability(difficulty)),
    }
}

/// irt_information, 0 at an infinite ability.
///
/// # Errors
/// 22023.
pub fn information(
    ability: f64,
    discrimination: f64,
    difficulty: f64,
) -> Result<f64, ExtensionError> {
    let item = item(discrimination, difficulty)?;
    match number(ability)? {
        finite if finite.is_finite() => Ok(item.information(finite)),
        _ => Ok(0.0),
    }
}

fn number(ability: f64) -> Result<f64, ExtensionError> {
    if ability.is_nan() { Err(invalid("ability", ability, "a number")) } else { Ok(ability) }
}

#[cold]
fn invalid(argument: &'static str, found: f64, expected: &'static str) -> ExtensionError {
    ExtensionError::InvalidArgument { argument, found: found.to_string(), expected }
}
