//! Which bank a caller wants, and what for.

use crate::error::ExtensionError;
use crate::postgres::reading;
use pgrx::pg_sys;
use serde::{Deserialize, Serialize};

/// The bank that needs no configuring.
pub const DEFAULT_BANK: &str = "default";

/// The most characters that a bank's name has. Those of older versions may have more.
const LONGEST_NAME: usize = 200;

/// What a bank is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read its responses.
    Reading,
    /// To read its items table.
    ReadingItems,
    /// To read its responses and publish parameters.
    Running,
    /// To publish parameters that were estimated before.
    Publishing,
}

/// What the caller's search_path held under the default names. A run's worker has another
/// search_path and is handed this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    /// OID of `responses`.
    pub(super) responses: u32,
    /// OID of `questions`, where there is one.
    pub(super) items: Option<u32>,
}

/// Looks for the default bank in the caller's search_path. Call it in the caller's session,
/// before any setting is changed. `None` for any other bank, or where there is no `responses`.
///
/// # Errors
/// Only when SPI fails.
pub fn discover(bank: &str) -> Result<Option<Discovered>, ExtensionError> {
    if bank != DEFAULT_BANK {
        return Ok(None);
    }
    let (responses, items) = reading::two::<pg_sys::Oid, pg_sys::Oid>(
        "SELECT pg_catalog.to_regclass('responses')::pg_catalog.oid, \
                pg_catalog.to_regclass('questions')::pg_catalog.oid",
        &[],
    )?;
    Ok(responses.map(|responses| Discovered {
        responses: responses.to_u32(),
        items: items.map(pg_sys::Oid::to_u32),
    }))
}

/// Refuses a name that is longer than that of any new bank.
///
/// # Errors
/// 22023.
pub fn must_fit(bank: &str) -> Result<(), ExtensionError> {
    let characters = bank.chars().count();
    if characters <= LONGEST_NAME {
        return Ok(());
    }
    Err(ExtensionError::InvalidArgument {
        argument: "bank",
        found: format!("{characters} characters long"),
        expected: "at most 200 characters long",
    })
}
