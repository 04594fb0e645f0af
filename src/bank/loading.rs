//! A bank as it is stored or discovered, checked before every use: a relation that was dropped and
//! recreated need not mean what it meant.

use super::checked::Bank;
use super::ownership;
use super::stored::Stored;
use super::wanted::{DEFAULT_BANK, Discovered, Purpose, must_fit};
use super::{checks, rights};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, current_role};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use irt::Quadrature;

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
    rights::must_suffice(&bank, purpose)?;
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

/// Where a bank looks at ability: its nodes, whatever else is right or wrong with it.
///
/// # Errors
/// 22023 for no such bank, or for a setting that cannot be.
pub fn quadrature_of(bank: &str) -> Result<Quadrature, ExtensionError> {
    must_exist(bank)?;
    let stored = as_owner(|schema| Stored::read(schema, bank))?;
    let settings = stored.map(|stored| stored.settings).unwrap_or_default();
    Ok(settings.checked()?.of_core.quadrature)
}

/// Refuses a bank that the current role could not change by irt_configure. One that nobody configured
/// is none of anybody's yet.
///
/// # Errors
/// 22023 for no such bank, 42501.
pub fn must_be_changeable(bank: &str) -> Result<(), ExtensionError> {
    must_exist(bank)?;
    match as_owner(|schema| Stored::read(schema, bank))? {
        Some(stored) => ownership::may_dispose_of(&stored),
        None => Ok(()),
    }
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
