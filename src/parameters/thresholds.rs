//! irt_set_check: from which value on a check is loud, for one bank.

use super::questions;
use crate::bank;
use crate::error::ExtensionError;
use crate::postgres::privileges::as_owner;
use crate::postgres::read_only::must_be_writable;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::ThresholdRow;

/// Replaces a check's thresholds: `None` is the default again, infinity never.
///
/// # Errors
/// 22004, 22023 for an unknown bank or check, or a threshold that is negative or no number, 42501
/// where the bank is somebody else's.
pub fn set(
    check_name: Option<&str>,
    warn_above: Option<f64>,
    hold_above: Option<f64>,
    bank: Option<&str>,
) -> Result<ThresholdRow, ExtensionError> {
    must_be_writable("irt_set_check()");
    let name = check_name.ok_or(ExtensionError::NullArgument { argument: "check_name" })?;
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    // Whoever could switch a check off could let through what it holds.
    bank::must_be_changeable(bank)?;
    questions::must_be_known(name)?;
    at_least_zero("warn_above", warn_above)?;
    at_least_zero("hold_above", hold_above)?;
    as_owner(|schema| {
        let statement = format!(
            "INSERT INTO {} AS t (bank, check_name, warn_above, hold_above) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (bank, check_name) DO UPDATE \
             SET warn_above = excluded.warn_above, hold_above = excluded.hold_above RETURNING t",
            schema.relation("irt_check_thresholds")
        );
        let arguments = [bank.into(), name.into(), warn_above.into(), hold_above.into()];
        Spi::connect_mut(|client| {
            let rows = client.update(statement.as_str(), Some(1), &arguments)?;
            ThresholdRow::from_spi(client, rows)
        })
    })
}

fn at_least_zero(argument: &'static str, value: Option<f64>) -> Result<(), ExtensionError> {
    match value {
        Some(value) if value.is_nan() || value < 0.0 => Err(ExtensionError::InvalidArgument {
            argument,
            found: value.to_string(),
            expected: "0 or more (infinity: never; NULL: the default)",
        }),
        _ => Ok(()),
    }
}
