//! irt_test_information: how much the items of a bank, or some of them, tell at each ability.

use super::items_in_force::{ItemInForce, read};
use crate::bank::quadrature_of;
use crate::error::ExtensionError;
use irt::ItemParameters;
use irt::scoring::{AbilityInformation, test_information};
use std::collections::HashSet;

/// So many are named in an error.
const NAMED_IN_ERROR: usize = 5;

/// Test information at the bank's nodes; `items`: of these, each counted once. Parameters are read
/// with the caller's rights.
///
/// # Errors
/// 22004; 22023 for no such bank, and for items without parameters in force; 42501.
pub fn at_nodes(
    bank: Option<&str>,
    items: Option<&[Option<String>]>,
) -> Result<Vec<AbilityInformation>, ExtensionError> {
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let in_force = read(bank)?;
    let quadrature = quadrature_of(bank)?;
    let chosen: Vec<ItemParameters> = match items {
        None => in_force.iter().map(|item| item.parameters).collect(),
        Some(items) => chosen(bank, &in_force, items)?,
    };
    Ok(test_information(&chosen, quadrature.nodes())?)
}

/// The parameters of the items that are named, in the order of all items.
fn chosen(
    bank: &str,
    in_force: &[ItemInForce],
    items: &[Option<String>],
) -> Result<Vec<ItemParameters>, ExtensionError> {
    let mut wanted = HashSet::new();
    for item in items {
        let null = ExtensionError::NullArgument { argument: "an element of items" };
        wanted.insert(item.as_deref().ok_or(null)?);
    }
    let found = in_force.iter().filter(|item| wanted.remove(item.item.as_str()));
    let found = found.map(|item| item.parameters).collect();
    if wanted.is_empty() {
        return Ok(found);
    }
    let mut missing: Vec<&str> = wanted.into_iter().collect();
    missing.sort_unstable();
    let count = missing.len();
    missing.truncate(NAMED_IN_ERROR);
    let items = missing.join(", ");
    Err(ExtensionError::NotInForce { bank: bank.to_owned(), count, items })
}
