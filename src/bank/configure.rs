//! irt_configure: creates or changes a bank, and checks all of it at once.

use super::ownership::{self, Named};
use super::settings::{StandardErrorMethod, check_quadrature_bound, parse_repeated, replace};
use super::stored::Stored;
use super::{Bank, DEFAULT_BANK, Discovered, Purpose, checks, discover, must_fit};
use crate::error::{ExtensionError, OwnershipError};
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::raising::tell;
use crate::postgres::read_only::must_be_writable;
use crate::postgres::sql_types::{BankRow, RegClass, SqlName};

/// The arguments of irt_configure. `None` keeps what is there.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The bank.
    pub bank: Option<String>,
    /// '-' unsets it.
    pub responses: Option<RegClass>,
    /// Column of responses.
    pub person_column: Option<SqlName>,
    /// Column of responses.
    pub item_column: Option<SqlName>,
    /// Column of responses.
    pub correct_column: Option<SqlName>,
    /// Column of responses; '' unsets it.
    pub answered_at_column: Option<SqlName>,
    /// '-' unsets it.
    pub items: Option<RegClass>,
    /// Column of items.
    pub item_key_column: Option<SqlName>,
    /// See [`super::BankSettings`], here and below.
    pub min_new_responses: Option<i32>,
    /// Least responses of an item.
    pub min_responses_per_item: Option<i32>,
    /// Least persons.
    pub min_persons: Option<i32>,
    /// 'first' or 'last'.
    pub repeated_responses: Option<String>,
    /// Nodes of the ability grid.
    pub quadrature_nodes: Option<i32>,
    /// Half width of the ability grid.
    pub quadrature_bound: Option<f64>,
    /// Mean of the prior on log discrimination.
    pub prior_log_discrimination_mean: Option<f64>,
    /// Standard deviation of the prior on log discrimination.
    pub prior_log_discrimination_sd: Option<f64>,
    /// Mean of the prior on difficulty.
    pub prior_difficulty_mean: Option<f64>,
    /// Standard deviation of the prior on difficulty.
    pub prior_difficulty_sd: Option<f64>,
    /// 'bootstrap', 'observed_information' or 'none'.
    pub standard_errors: Option<String>,
    /// Bootstrap replicates.
    pub bootstrap_iterations: Option<i32>,
    /// Where the random streams start.
    pub seed: Option<i64>,
    /// Whose the bank is from now on.
    pub owner: Option<SqlName>,
}

/// Creates or changes a bank; returns its row.
///
/// # Errors
/// 22004, 22023, 42P01, 42703, 42704, 42804, 42501 or IR002; nothing is changed then.
pub fn configure(change: Change) -> Result<BankRow, ExtensionError> {
    must_be_writable("irt_configure()");
    let name = bank_name(&change)?;
    let discovered = discover(&name)?;
    loop {
        // Whoever meets somebody else's new bank of that name looks again: it is there now.
        if let Some(row) = try_to_configure(&name, discovered, change.clone())? {
            return Ok(row);
        }
    }
}

fn try_to_configure(
    name: &str,
    discovered: Option<Discovered>,
    change: Change,
) -> Result<Option<BankRow>, ExtensionError> {
    let mut stored = match as_owner(|schema| Stored::read_for_update(schema, name))? {
        Some(stored) => stored,
        None => start(name, discovered)?,
    };
    let named = Named { responses: change.responses.is_some(), items: change.items.is_some() };
    let to = change.owner.as_ref().map(|SqlName(name)| name.as_str());
    stored.owner = ownership::may_change(&stored, named, to)?;
    stored.configured_by = Some(role_name(current_role()));
    apply_relations(&mut stored, &change);
    apply_columns(&mut stored, &change)?;
    apply_settings(&mut stored, change)?;
    stored.settings.calibration_settings()?;
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
    let set = |relation: RegClass| (!relation.is_unset()).then_some(relation.0);
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
    required(&mut stored.person_column, change.person_column.as_ref(), "person_column")?;
    required(&mut stored.item_column, change.item_column.as_ref(), "item_column")?;
    required(&mut stored.correct_column, change.correct_column.as_ref(), "correct_column")?;
    required(&mut stored.item_key_column, change.item_key_column.as_ref(), "item_key_column")?;
    if let Some(SqlName(name)) = &change.answered_at_column {
        stored.answered_at_column = Some(name.clone());
    }
    Ok(())
}

fn required(
    place: &mut String,
    name: Option<&SqlName>,
    argument: &'static str,
) -> Result<(), ExtensionError> {
    match name {
        Some(SqlName(name)) if name.is_empty() => Err(ExtensionError::InvalidArgument {
            argument,
            found: "''".to_owned(),
            expected: "the name of a column (only answered_at_column can be unset)",
        }),
        Some(SqlName(name)) => {
            place.clone_from(name);
            Ok(())
        }
        None => Ok(()),
    }
}

fn apply_settings(stored: &mut Stored, change: Change) -> Result<(), ExtensionError> {
    check_quadrature_bound(change.quadrature_bound)?;
    let settings = &mut stored.settings;
    replace(&mut settings.min_new_responses, change.min_new_responses);
    replace(&mut settings.min_responses_per_item, change.min_responses_per_item);
    replace(&mut settings.min_persons, change.min_persons);
    replace(&mut settings.quadrature_nodes, change.quadrature_nodes);
    replace(&mut settings.quadrature_bound, change.quadrature_bound);
    replace(&mut settings.prior_log_discrimination_mean, change.prior_log_discrimination_mean);
    replace(&mut settings.prior_log_discrimination_sd, change.prior_log_discrimination_sd);
    replace(&mut settings.prior_difficulty_mean, change.prior_difficulty_mean);
    replace(&mut settings.prior_difficulty_sd, change.prior_difficulty_sd);
    replace(&mut settings.bootstrap_iterations, change.bootstrap_iterations);
    replace(&mut settings.seed, change.seed);
    if let Some(word) = change.repeated_responses {
        settings.repeated_responses = parse_repeated(&word)?;
    }
    if let Some(word) = change.standard_errors {
        settings.standard_errors = StandardErrorMethod::parse(&word)?;
    }
    Ok(())
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
    match checks::privileges(bank) {
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
