//! NOTIFY irt_calibration.

use crate::error::ExtensionError;
use crate::postgres::spi::Spi;
use serde_json::Value;

/// The most of a name that fits into a notification beside the rest.
pub const MOST_OF_A_NAME: usize = 1000;

/// As much of a name as fits.
pub fn shortened(name: &str) -> String {
    name.chars().take(MOST_OF_A_NAME).collect()
}

/// Tells whoever listens, when this transaction is committed.
///
/// # Errors
/// Only when SPI fails.
pub fn send(payload: &Value) -> Result<(), ExtensionError> {
    let statement = "SELECT pg_catalog.pg_notify('irt_calibration', $1)";
    Ok(Spi::run_with_args(statement, &[payload.to_string().into()])?)
}
