//! irt_configure: creates or changes a bank, and checks all of it at once.

use super::checked::Bank;
use super::ownership::{self, Named};
use super::settings::{Given, Publish};
use super::stored::Stored;
use super::wanted::{DEFAULT_BANK, Discovered, Purpose, discover, must_fit};
use super::{checks, rights};
use crate::error::{ExtensionError, OwnershipError};
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::raising::tell;
use crate::postgres::read_only::must_be_writable;
use crate::postgres::sql_types::BankRow;
use pgrx::pg_sys;
use serde::Deserialize;

/// The arguments of irt_configure. `None` keeps what is there.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    /// The bank.
    pub bank: Option<String>,
    /// '-', which is OID 0, unsets it.
    pub responses: Option<pg_sys::Oid>,
    /// Column of responses.
    pub person_column: Option<String>,
    /// Column of responses.
    pub item_column: Option<String>,
    /// Column of responses.
    pub correct_column: Option<String>,
    /// Column of responses; '' unsets it.
    pub answered_at_column: Option<String>,
    /// '-', which is OID 0, unsets it.
    pub items: Option<pg_sys::Oid>,
    /// Column of items.
    pub item_key_column: Option<String>,
    /// Whose the bank is from now on.
    pub owner: Option<String>,
    /// Column of items; '' unsets it.
    pub pin_column: Option<String>,
    /// Column of responses; '' unsets it.
    pub group_column: Option<String>,
    /// A value of that column, as text; '' unsets it.
    pub reference_group: Option<String>,
    /// Column of items; '' unsets it.
    pub anchor_column: Option<String>,
    /// How it is calibrated.
    #[serde(flatten)]
    pub settings: Given,
}

/// Creates or changes a bank; returns its row.
///
/// # Errors
/// 22004, 22023, 42P01, 42703, 42704, 42804, 42501 or IR002; nothing is changed then.
pub fn configure(change: &Change) -> Result<BankRow, ExtensionError> {
    must_be_writable("irt_configure()");
    let name = bank_name(change)?;
    let discovered = discover(&name)?;
    loop {
        // Whoever meets somebody else's new bank of that name looks again: it is there now.
        if let Some(row) = try_to_configure(&name, discovered, change)? {
            return Ok(row);
        }
    }
}

fn try_to_configure(
    name: &str,
    discovered: Option<Discovered>,
    change: &Change,
) -> Result<Option<BankRow>, ExtensionError> {
    let mut stored = match as_owner(|schema| Stored::read_for_update(schema, name))? {
        Some(stored) => stored,
        None => start(name, discovered)?,
    };
    let named = Named { responses: change.responses.is_some(), items: change.items.is_some() };
    stored.owner = ownership::may_change(&stored, named, change.owner.as_deref())?;
    stored.configured_by = Some(role_name(current_role()));
    apply_relations(&mut stored, change);
    apply_columns(&mut stored, change)?;
    let settings = stored.settings.with(&change.settings)?.checked()?.stated;
    let scale_is_decided = stored.settings.publish == Publish::AfterApproval
        && settings.scale != stored.settings.scale;
    if settings.publish != stored.settings.publish || scale_is_decided {
        rights::may_publish()?;
    }
    stored.settings = settings;
    if stored.is_new && stored.responses.is_none() {
        return Err(match name {
            DEFAULT_BANK => ExtensionError::NothingToDiscover,
            _ => ExtensionError::NoResponsesRelation { bank: name.to_owned() },
        });
    }
    check_relations(&mut stored)?;
    as_owner(|schema| stored.write(schema))
}

fn bank_name(change: &Change) -> Result<String, ExtensionError> {
    match change.bank.as_deref() {
        None => Err(ExtensionError::NullArgument { argument: "bank" }),
        Some("") => Err(ExtensionError::InvalidArgument {
            argument: "bank",
            found: "''".to_owned(),
            expected: "a name",
        }),
        Some(name) => Ok(name.to_owned()),
    }
}

fn start(name: &str, discovered: Option<Discovered>) -> Result<Stored, ExtensionError> {
    must_fit(name)?;
    let stored = as_owner(|schema| Stored::without_row(schema, name))?;
    match discovered {
        Some(_) => stored.with_discovered(discovered),
        None => Ok(stored),
    }
}

fn apply_relations(stored: &mut Stored, change: &Change) {
    let set = |relation| Some(relation).filter(|&oid| oid != pg_sys::InvalidOid);
    // A relation that is named anew is not compared with what the old one was called.
    if let Some(responses) = change.responses {
        stored.discover_time |= stored.responses.is_none();
        stored.responses = set(responses);
        stored.responses_name = None;
    }
    if let Some(items) = change.items {
        stored.items = set(items);
        stored.items_name = None;
    }
}

fn apply_columns(stored: &mut Stored, change: &Change) -> Result<(), ExtensionError> {
    required(&mut stored.person_column, change.person_column.as_deref(), "person_column")?;
    required(&mut stored.item_column, change.item_column.as_deref(), "item_column")?;
    required(&mut stored.correct_column, change.correct_column.as_deref(), "correct_column")?;
    required(&mut stored.item_key_column, change.item_key_column.as_deref(), "item_key_column")?;
    if let Some(name) = &change.answered_at_column {
        stored.answered_at_column = Some(name.clone());
    }
    optional(&mut stored.pin_column, change.pin_column.as_deref());
    optional(&mut stored.group_column, change.group_column.as_deref());
    optional(&mut stored.reference_group, change.reference_group.as_deref());
    optional(&mut stored.anchor_column, change.anchor_column.as_deref());
    Ok(())
}

/// '' unsets it.
fn optional(place: &mut Option<String>, name: Option<&str>) {
    if let Some(name) = name {
        *place = Some(name.to_owned()).filter(|name| !name.is_empty());
    }
}

fn required(
    place: &mut String,
    name: Option<&str>,
    argument: &'static str,
) -> Result<(), ExtensionError> {
    match name {
        Some("") => Err(ExtensionError::InvalidArgument {
            argument,
            found: "''".to_owned(),
            expected: "the name of a column (only answered_at_column, pin_column, group_column and \
                       anchor_column can be unset)",
        }),
        Some(name) => {
            name.clone_into(place);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Checks what the bank names, and notes it for later runs to compare with.
fn check_relations(stored: &mut Stored) -> Result<(), ExtensionError> {
    let settings = LocalSettings::without_row_security();
    settings.pin_names();
    let bank = match stored.responses {
        Some(_) => Some(checks::resolve(stored, Purpose::Running)?),
        None => None,
    };
    stored.answered_at_column = match &bank {
        Some(bank) => {
            privileges(bank)?;
            bank.answered_at.as_ref().map(|column| column.name.clone())
        }
        None => stored.answered_at_column.take().filter(|name| !name.is_empty()),
    };
    stored.remember(bank.as_ref());
    Ok(())
}

/// A superuser may configure what others shall run: where a relation leads to what a third role owns,
/// it is not tried out, because that would execute it.
fn privileges(bank: &Bank) -> Result<(), ExtensionError> {
    match rights::must_suffice(bank, Purpose::Running) {
        Err(ExtensionError::Ownership(reached @ OwnershipError::Reached { .. })) => {
            let report = ErrorReport::new(
                b"00000",
                format!("bank \"{}\" is not a superuser's to run", bank.name),
            );
            tell(Level::Notice, &report.detail(reached.to_string()).hint(reached.hint()));
            Ok(())
        }
        checked => checked,
    }
}
