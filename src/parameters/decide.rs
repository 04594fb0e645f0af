//! What people decide: irt_publish, irt_rollback, irt_reject.
//!
//! They work in the caller's transaction, under the bank's publishing lock, which a run takes only
//! for the moment in which it ends. Of the items table only those rows are written whose values change,
//! or that have none: no list of all items goes by. It is written as its owner, after it was made sure
//! that the current role may write it: no trigger gets the rights of whoever decides.

mod candidate;

use super::item_values::ItemValues;
use super::publications::{self, Kind, Row};
use super::{changes, forget, in_force, items_table};
use crate::bank::{self, Bank, Purpose};
use crate::error::{DecisionError, ExtensionError};
use crate::postgres::notifications;
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::read_only::must_be_writable;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::{PublicationRow, RunRow};
use candidate::{Candidate, Contents};
use pgrx::datum::JsonB;
use serde_json::json;
use std::collections::HashSet;

/// irt_publish: puts a successful run in force.
///
/// # Errors
/// 22004, 22023 for no such run, 55000 for one that cannot be published, 40001, 42501, and those
/// of loading a bank and of writing the items table.
pub fn publish(run_id: Option<i64>, note: Option<&str>) -> Result<PublicationRow, ExtensionError> {
    must_be_writable("irt_publish()");
    let run_id = run_id.ok_or(ExtensionError::NullArgument { argument: "run_id" })?;
    let bank = load(&as_owner(|schema| Candidate::bank_of(schema, run_id))?)?;
    let pinned = pinned(&bank, run_id)?;
    let empty = items_table::empty(&bank)?;
    let published_by = role_name(current_role());
    let (publication, values) = as_owner(|schema| {
        publications::lock(schema, &bank.name)?;
        in_force::catch_up(schema, &bank.name)?;
        // Where the rows still come from elsewhere nothing is decided, whatever it would change.
        publications::catch_up_with_ids(schema)?;
        let newest = publications::newest(schema, &bank.name)?;
        let run = Candidate::find(schema, run_id)?;
        let kind = run.kind(newest)?;
        let Contents { items, count } = run.contents(schema, &pinned)?;
        if count == 0 {
            return Err(DecisionError::NoParameters { run_id, bank: run.bank }.into());
        }
        let items: Option<Vec<&str>> =
            items.as_ref().map(|items| items.iter().map(String::as_str).collect());
        if publications::is_in_force(schema, &bank.name, run_id, items.as_deref())? {
            return Err(DecisionError::InForce { run_id, bank: run.bank }.into());
        }
        let row = Row {
            bank: &bank.name,
            run_id: Some(run_id),
            published_by: &published_by,
            kind,
            items,
            undoes: None,
            items_count: count,
            note,
            score_prior: bank.score_prior(),
        };
        let (publication, changed) = changes::put(schema, row, run_id, newest)?;
        mark_published(schema, run_id, count)?;
        announce(&bank.name, Some(run_id), kind.as_str())?;
        Ok((publication, with_empty(schema, &bank.name, changed, &empty)?))
    })?;
    items_table::write_as_owner(&bank, &values)?;
    as_owner(|schema| row(schema, publication))
}

/// irt_rollback: undoes the newest publication that is not undone.
///
/// # Errors
/// 22004, 22023 for no such bank, 55000 where there is nothing to undo, 40001, 42501, and those of
/// loading a bank and of writing the items table.
pub fn rollback(bank: Option<&str>, note: Option<&str>) -> Result<PublicationRow, ExtensionError> {
    must_be_writable("irt_rollback()");
    let name = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    bank::must_exist(name)?;
    let bank = load(name)?;
    let empty = items_table::empty(&bank)?;
    let published_by = role_name(current_role());
    let (publication, values) = as_owner(|schema| {
        publications::lock(schema, name)?;
        in_force::catch_up(schema, name)?;
        let newest = publications::newest(schema, name)?;
        let (undone, _) = publications::newest_standing(schema, name, None)?
            .ok_or_else(|| DecisionError::NothingToUndo { bank: name.to_owned() })?;
        if forget::is_forgotten_before(schema, name, undone)? {
            return Err(DecisionError::Forgotten { bank: name.to_owned() }.into());
        }
        let changed = changes::withdraw(schema, name, undone)?;
        let row = Row {
            bank: name,
            run_id: publications::newest_standing(schema, name, Some(undone))?.map(|found| found.1),
            published_by: &published_by,
            kind: Kind::Restored,
            items: Some(Vec::new()),
            undoes: Some(undone),
            items_count: publications::items_count(schema, undone)?,
            note,
            score_prior: bank.score_prior(),
        };
        let publication = publications::add(schema, row, newest, None)?;
        announce(name, None, "rolled back")?;
        Ok((publication, with_empty(schema, name, changed, &empty)?))
    })?;
    items_table::write_as_owner(&bank, &values)?;
    as_owner(|schema| row(schema, publication))
}

/// irt_reject: a held run will not be published.
///
/// # Errors
/// 22004, 22023 for no such run, 55000 for one that is not held, 42501.
pub fn reject(run_id: Option<i64>, note: Option<&str>) -> Result<RunRow, ExtensionError> {
    must_be_writable("irt_reject()");
    let run_id = run_id.ok_or(ExtensionError::NullArgument { argument: "run_id" })?;
    let name = as_owner(|schema| Candidate::bank_of(schema, run_id))?;
    bank::must_be_usable(&name, None)?;
    let by = role_name(current_role());
    as_owner(|schema| {
        publications::lock(schema, &name)?;
        let run = Candidate::find(schema, run_id)?;
        // Whoever rejects twice has what he wants.
        if !matches!(run.publication.as_deref(), Some("held" | "rejected")) {
            let (bank, publication) = (run.bank, run.publication);
            return Err(DecisionError::NotHeld { run_id, bank, publication }.into());
        }
        let statement = format!(
            "UPDATE {} SET publication = 'rejected', \
                 settings = settings OPERATOR(pg_catalog.||) $2 \
             WHERE id OPERATOR(pg_catalog.=) $1",
            schema.runs()
        );
        let decision = json!({ "rejected": { "by": by, "note": note } });
        Spi::run_with_args(&statement, &[run_id.into(), JsonB(decision).into()])?;
        announce(&name, Some(run_id), "rejected")?;
        let query =
            format!("SELECT r FROM {} AS r WHERE r.id OPERATOR(pg_catalog.=) $1", schema.runs());
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), Some(1), &[run_id.into()])?;
            RunRow::from_spi(client, rows)
        })
    })
}

/// The bank as a run would have it, but for the right to read its responses.
fn load(name: &str) -> Result<Bank, ExtensionError> {
    bank::load(name, bank::discover(name)?, Purpose::Publishing)
}

/// The items that are not to be published: which of the run's they are is asked only where the bank
/// has a column that says so.
fn pinned(bank: &Bank, run_id: i64) -> Result<HashSet<String>, ExtensionError> {
    if !items_table::can_pin(bank) {
        return Ok(HashSet::new());
    }
    let all = as_owner(|schema| Candidate::calibrated(schema, run_id))?;
    let texts: Vec<&str> = all.iter().map(String::as_str).collect();
    items_table::pinned(bank, &texts)
}

/// What the items table is to hold: what changed, and what is in force where it holds nothing, of
/// items that came to it after they had been published.
fn with_empty(
    schema: &Schema,
    bank: &str,
    mut changed: Vec<ItemValues>,
    empty: &[String],
) -> Result<Vec<ItemValues>, ExtensionError> {
    let mut missing = in_force::values(schema, bank, empty)?;
    let known: HashSet<&str> = changed.iter().map(|values| values.item.as_str()).collect();
    missing.retain(|values| !known.contains(values.item.as_str()));
    changed.append(&mut missing);
    Ok(changed)
}

fn mark_published(schema: &Schema, run_id: i64, items: i64) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {} SET publication = 'published', items_published = $2 \
         WHERE id OPERATOR(pg_catalog.=) $1",
        schema.runs()
    );
    Ok(Spi::run_with_args(&statement, &[run_id.into(), items.into()])?)
}

/// Tells whoever listens, when the caller's transaction is committed.
fn announce(bank: &str, run_id: Option<i64>, publication: &str) -> Result<(), ExtensionError> {
    let bank = notifications::shortened(bank);
    notifications::send(&json!({ "run_id": run_id, "bank": bank, "publication": publication }))
}

/// A row of irt_publications, for the caller, who may not read the table.
fn row(schema: &Schema, publication: i64) -> Result<PublicationRow, ExtensionError> {
    let query = format!(
        "SELECT p FROM {} AS p WHERE p.id OPERATOR(pg_catalog.=) $1",
        schema.relation("irt_publications")
    );
    Spi::connect_mut(|client| {
        let rows = client.update(query.as_str(), Some(1), &[publication.into()])?;
        PublicationRow::from_spi(client, rows)
    })
}
