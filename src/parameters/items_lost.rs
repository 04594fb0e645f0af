//! Items in force that a run should have estimated, and did not.

use super::in_force::InForce;
use super::items_table;
use crate::bank::Bank;
use crate::error::ExtensionError;
use irt::{Calibration, ItemStatus};

/// How many items in force a run was to estimate: those with enough responses that the items table
/// still has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ItemsLost {
    /// How many they are.
    pub expected: usize,
    /// How many of them got no parameters.
    pub lost: usize,
}

/// Counts them. Call it in a transaction, with the current role's rights on the items table.
///
/// # Errors
/// When the items table cannot be read.
pub fn items_lost(
    bank: &Bank,
    calibration: &Calibration,
    in_force: &InForce,
    min_responses_per_item: i32,
) -> Result<ItemsLost, ExtensionError> {
    let least = u64::from(min_responses_per_item.unsigned_abs());
    let expected = calibration
        .items
        .iter()
        .filter(|item| item.responses_count >= least || item.status == ItemStatus::Anchored)
        .filter(|item| in_force.items.contains_key(&item.item));
    let (calibrated, lost): (Vec<_>, Vec<_>) =
        expected.partition(|item| item.status != ItemStatus::Skipped);
    let lost: Vec<&str> = lost.iter().map(|item| item.item.as_str()).collect();
    // Where none is lost, none needs to be looked for.
    let lost = items_table::count_present(bank, &lost)?;
    Ok(ItemsLost { expected: calibrated.len() + lost, lost })
}
