//! Another program's parameters: what the items table holds where nothing was ever published.

use super::in_force::ItemInForce;
use super::items_table;
use crate::bank::Bank;
use crate::error::ExtensionError;
use irt::ItemParameters;
use std::collections::HashMap;

/// Fewer values than this say nothing about a scale.
const LEAST_ITEMS: usize = 3;

/// The parameters that the items table holds of these items, unless they are no scale: too few, or
/// placeholders whose difficulty is the same everywhere. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn read(bank: &Bank, texts: &[&str]) -> Result<HashMap<String, ItemInForce>, ExtensionError> {
    let held = items_table::held_parameters(bank, texts)?;
    let mut usable: Vec<(String, ItemParameters)> = held
        .into_iter()
        .filter(|(_, item)| item.discrimination > 0.0 && item.validate(0).is_ok())
        .collect();
    usable.sort_by(|(one, _), (other, _)| one.cmp(other));
    let first = usable.first().map(|(_, item)| item.difficulty);
    let varies = usable.iter().any(|(_, item)| Some(item.difficulty) != first);
    if usable.len() < LEAST_ITEMS || !varies {
        return Ok(HashMap::new());
    }
    let imported =
        |parameters| ItemInForce { parameters, errors: None, responses_count: None, run_id: None };
    Ok(usable.into_iter().map(|(item, parameters)| (item, imported(parameters))).collect())
}
