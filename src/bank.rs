//! Banks: which responses, which items, and how they are calibrated.
//!
//! A bank is a row of irt_item_banks, or, for the bank 'default', what the
//! caller's search_path holds under the names `responses` and `questions`:
//! discovered in the caller's session, and written nowhere until it is
//! configured. Whatever a row says is checked against the catalog before every
//! use: a relation that was dropped and recreated need not mean what it meant.

mod checks;
mod configure;
pub mod lock;
mod ownership;
mod publishing;
mod relation;
mod settings;
mod stored;

pub use checks::may_read;
pub use configure::{Change, configure};
pub use ownership::Unowned;
pub use publishing::{Items, PUBLISHED_COLUMNS, PublishedColumn, add_item_columns};
pub use relation::{Column, Relation, RelationKind};
pub use settings::{
    BankSettings, MAX_BOOTSTRAP_ITERATIONS, Overrides, StandardErrorMethod, check_quadrature_bound,
    parse_repeated, repeated_as_str,
};

use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, current_role};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use pgrx::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stored::Stored;

/// The bank that needs no configuring.
pub const DEFAULT_BANK: &str = "default";

/// The most characters that a bank's name has. Those of older versions may have more.
const LONGEST_NAME: usize = 200;

/// A bank whose relations, columns, types and privileges have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// False for a default bank that was discovered.
    pub configured: bool,
    /// Set where nobody answers for what its run executes.
    pub unowned: Option<Unowned>,
    /// One row per response.
    pub responses: Relation,
    /// Column of responses: who.
    pub person: Column,
    /// Column of responses: which item.
    pub item: Column,
    /// Column of responses: boolean, or 0 and 1.
    pub correct: Column,
    /// Column of responses: when.
    pub answered_at: Option<Column>,
    /// Where parameters are published. Always `None` when loaded for reading alone.
    pub items: Option<Items>,
    /// How it is calibrated.
    pub settings: BankSettings,
}

impl Bank {
    /// True when what a run estimates is published only after somebody has approved it.
    pub fn needs_approval(&self) -> bool {
        false
    }

    /// Relations and columns, as irt_calibration_runs.settings keeps them.
    pub fn json(&self) -> Value {
        json!({
            "bank": self.name,
            "responses": self.responses.name,
            "person_column": self.person.name,
            "item_column": self.item.name,
            "correct_column": self.correct.name,
            "answered_at_column": self.answered_at.as_ref().map(|column| &column.name),
            "items": self.items.as_ref().map(|items| &items.relation.name),
            "item_key_column": self.items.as_ref().map(|items| &items.key.name),
        })
    }
}

/// What the caller's search_path held under the default names. A run's worker has another
/// search_path and is handed this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    /// OID of `responses`.
    responses: u32,
    /// OID of `questions`, where there is one.
    items: Option<u32>,
}

/// What a bank is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read its responses.
    Reading,
    /// To read its responses and publish parameters.
    Running,
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

/// Loads and checks a bank for a run: relations, columns, types, and the current role's
/// rights to read and to publish. `discovered` is what [`discover`] found in the caller's
/// session; it is used only if the default bank has never been configured.
///
/// # Errors
/// 22023, 42P01, 42703, 42804, 42501 or IR002, with what to do.
pub fn load_for_run(bank: &str, discovered: Option<Discovered>) -> Result<Bank, ExtensionError> {
    load(bank, discovered, Purpose::Running)
}

/// Loads and checks a bank. See [`load_for_run`].
///
/// # Errors
/// 22023, 42P01, 42703, 42804, 42501 or IR002, with what to do.
pub fn load(
    bank: &str,
    discovered: Option<Discovered>,
    purpose: Purpose,
) -> Result<Bank, ExtensionError> {
    let stored = match as_owner(|schema| Stored::read(schema, bank))? {
        Some(stored) => stored,
        None if bank == DEFAULT_BANK => as_owner(|schema| Stored::without_row(schema, bank))?,
        None => return Err(unknown(bank)?),
    };
    let stored = if stored.is_new { stored.with_discovered(discovered)? } else { stored };
    let settings = LocalSettings::without_row_security();
    settings.pin_names();
    let unowned = ownership::may_use(&stored, purpose)?;
    let mut bank = checks::resolve(&stored, purpose)?;
    bank.unowned = unowned;
    if bank.configured {
        checks::unchanged(&stored, &bank, purpose)?;
    }
    checks::privileges(&bank)?;
    Ok(bank)
}

/// Refuses a bank that the current role could not let run as `discovered` in its own session says.
/// An unconfigured default bank without relations is none of anybody's yet.
///
/// # Errors
/// 22023 for no such bank, 42501.
pub fn must_be_usable(bank: &str, discovered: Option<Discovered>) -> Result<(), ExtensionError> {
    must_exist(bank)?;
    let stored = match as_owner(|schema| Stored::read(schema, bank))? {
        Some(stored) => stored,
        None if discovered.is_some() => {
            as_owner(|schema| Stored::without_row(schema, bank))?.with_discovered(discovered)?
        }
        None => return Ok(()),
    };
    let settings = LocalSettings::begin();
    settings.pin_names();
    ownership::may_use(&stored, Purpose::Running).map(|_| ())
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

/// The error that there is no such bank. Which there are is told to those who may read the banks.
fn unknown(bank: &str) -> Result<ExtensionError, ExtensionError> {
    must_fit(bank)?;
    let schema = Schema::find()?;
    let may_know = reading::one::<bool>(
        "SELECT pg_catalog.has_table_privilege($1, $2, 'SELECT')",
        &[current_role().into(), schema.banks().into()],
    )?;
    let known = match may_know {
        Some(true) => Some(as_owner(Stored::names)?),
        _ => None,
    };
    Ok(ExtensionError::UnknownBank { bank: bank.to_owned(), known })
}

/// True when a row of irt_item_banks, or a run, has this name, or it is the default bank's.
///
/// # Errors
/// 22023 when it is not.
pub fn must_exist(bank: &str) -> Result<(), ExtensionError> {
    if bank == DEFAULT_BANK || as_owner(|schema| Stored::has_row_or_run(schema, bank))? {
        Ok(())
    } else {
        Err(unknown(bank)?)
    }
}
