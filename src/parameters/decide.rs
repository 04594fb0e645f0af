//! What people decide: irt_publish, irt_rollback, irt_reject.
//!
//! They work in the caller's transaction, under the bank's publishing lock, which a run takes only
//! for the moment in which it ends. The items table is written with the current role's rights, as
//! a run writes it.

use super::publications::{self, Kind, Row};
use super::{forget, in_force, items_table};
use crate::bank::{self, Bank};
use crate::error::{DecisionError, ExtensionError};
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::read_only::must_be_writable;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row as Cells, Spi};
use crate::postgres::sql_types::{PublicationRow, RunRow};
use pgrx::datum::JsonB;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A run that somebody decides about.
#[derive(Debug)]
struct Candidate {
    run_id: i64,
    bank: String,
    publication: Option<String>,
    compared_with: Option<i64>,
    /// The items that the run was limited to.
    only: Option<HashSet<String>>,
}

impl Candidate {
    /// The bank of a run, which does not change: it is needed to take the lock.
    fn bank_of(schema: &Schema, run_id: i64) -> Result<String, ExtensionError> {
        let query =
            format!("SELECT bank FROM {} WHERE id OPERATOR(pg_catalog.=) $1", schema.runs());
        let bank = reading::one::<String>(&query, &[run_id.into()])?;
        bank.ok_or_else(|| DecisionError::NoSuchRun { run_id }.into())
    }

    /// Reads a successful run and locks its row: no two people decide about it at once.
    fn find(schema: &Schema, run_id: i64) -> Result<Self, ExtensionError> {
        let query = format!(
            "SELECT bank, status, publication, compared_with, settings FROM {} \
             WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
            schema.runs()
        );
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), Some(1), &[run_id.into()])?;
            let row = rows.into_iter().next().ok_or(DecisionError::NoSuchRun { run_id })?;
            Self::read(run_id, &row)
        })
    }

    fn read(run_id: i64, row: &Cells) -> Result<Self, ExtensionError> {
        let status: String = row.get(2)?.unwrap_or_default();
        let settings = row.get::<JsonB>(5)?.map_or(Value::Null, |settings| settings.0);
        if status != "success" {
            return Err(DecisionError::NoSuccess { run_id, status }.into());
        }
        if settings.get("adopted_from").is_some() {
            return Err(DecisionError::Adopted { run_id }.into());
        }
        let only = settings.get("item_ids").and_then(Value::as_array).map(|items| {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        });
        Ok(Self {
            run_id,
            bank: row.get(1)?.unwrap_or_default(),
            publication: row.get(3)?,
            compared_with: row.get(4)?,
            only,
        })
    }

    /// As what it may be published, if it may; `newest` is the newest row under the lock.
    fn kind(&self, newest: Option<i64>) -> Result<Kind, ExtensionError> {
        let (run_id, bank) = (self.run_id, self.bank.clone());
        match self.publication.as_deref() {
            Some("published") => Ok(Kind::Restored),
            Some("rejected") => Err(DecisionError::Rejected { run_id, bank }.into()),
            Some(_) if self.compared_with == newest => Ok(Kind::Approved),
            Some(_) => Err(DecisionError::Outdated { run_id, bank }.into()),
            None => Err(DecisionError::NeverConcluded { run_id, bank }.into()),
        }
    }

    /// The calibrated items that it contains, and whether they are all.
    fn items(&self, schema: &Schema) -> Result<(Vec<String>, bool), ExtensionError> {
        let query = format!(
            "SELECT item FROM {} WHERE run_id OPERATOR(pg_catalog.=) $1 \
             AND status OPERATOR(pg_catalog.=) 'calibrated' ORDER BY item",
            schema.parameters()
        );
        let all: Vec<String> = Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[self.run_id.into()])?;
            let items = rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default()));
            items.collect::<Result<_, ExtensionError>>()
        })?;
        let count = all.len();
        let wanted = |item: &String| self.only.as_ref().is_none_or(|only| only.contains(item));
        let items: Vec<String> = all.into_iter().filter(wanted).collect();
        let whole = items.len() == count;
        Ok((items, whole))
    }
}

/// irt_publish: puts a successful run in force.
///
/// # Errors
/// 22004, 22023 for no such run, 55000 for one that cannot be published, 40001, 42501, and those
/// of loading a bank and of writing the items table.
pub fn publish(run_id: Option<i64>, note: Option<&str>) -> Result<PublicationRow, ExtensionError> {
    must_be_writable("irt_publish()");
    let run_id = run_id.ok_or(ExtensionError::NullArgument { argument: "run_id" })?;
    let bank = load(&as_owner(|schema| Candidate::bank_of(schema, run_id))?)?;
    let published_by = role_name(current_role());
    let (publication, values) = as_owner(|schema| {
        publications::lock(schema, &bank.name)?;
        in_force::catch_up(schema, &bank.name)?;
        let newest = publications::newest(schema, &bank.name)?;
        let run = Candidate::find(schema, run_id)?;
        let kind = run.kind(newest)?;
        let (items, whole) = run.items(schema)?;
        if items.is_empty() {
            return Err(DecisionError::NoParameters { run_id, bank: run.bank }.into());
        }
        let named: Vec<&str> = items.iter().map(String::as_str).collect();
        let row = Row {
            bank: &bank.name,
            run_id: Some(run_id),
            published_by: &published_by,
            kind,
            items: (!whole).then(|| named.clone()),
            undoes: None,
            items_count: count(&named),
            note,
        };
        let (publication, _) = publications::add(schema, row, newest)?;
        in_force::put(schema, publication)?;
        mark_published(schema, run_id, count(&named))?;
        announce(&bank.name, Some(run_id), kind.as_str())?;
        Ok((publication, in_force::values(schema, &bank.name, &named)?))
    })?;
    items_table::write(&bank, &values)?;
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
    let published_by = role_name(current_role());
    let (publication, values) = as_owner(|schema| {
        publications::lock(schema, name)?;
        in_force::catch_up(schema, name)?;
        let newest = publications::newest(schema, name)?;
        let undone = publications::newest_standing(schema, name)?
            .ok_or_else(|| DecisionError::NothingToUndo { bank: name.to_owned() })?;
        if forget::is_forgotten_before(schema, name, undone)? {
            return Err(DecisionError::Forgotten { bank: name.to_owned() }.into());
        }
        let values = in_force::withdraw(schema, name, undone)?;
        let row = Row {
            bank: name,
            run_id: run_before(schema, name, undone)?,
            published_by: &published_by,
            kind: Kind::Restored,
            items: Some(Vec::new()),
            undoes: Some(undone),
            items_count: count(&values),
            note,
        };
        let (publication, _) = publications::add(schema, row, newest)?;
        announce(name, None, "rolled back")?;
        Ok((publication, values))
    })?;
    items_table::write(&bank, &values)?;
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

/// The bank as a run would have it: relations, columns, rights, and whose it is.
fn load(name: &str) -> Result<Bank, ExtensionError> {
    bank::load_for_run(name, bank::discover(name)?)
}

/// The run whose values are in force again when `undone` is: that of the newest publication before
/// it that stands.
fn run_before(schema: &Schema, bank: &str, undone: i64) -> Result<Option<i64>, ExtensionError> {
    let query = format!(
        "SELECT p.run_id FROM {publications} AS p \
         WHERE p.bank OPERATOR(pg_catalog.=) $1 AND p.id OPERATOR(pg_catalog.<) $2 \
           AND p.undoes IS NULL AND NOT EXISTS (SELECT FROM {publications} AS u \
               WHERE u.undoes OPERATOR(pg_catalog.=) p.id) \
         ORDER BY p.id DESC LIMIT 1",
        publications = schema.relation("irt_publications")
    );
    Spi::connect_mut(|client| {
        let rows = client.update(query.as_str(), Some(1), &[bank.into(), undone.into()])?;
        rows.into_iter().next().map_or(Ok(None), |row| Ok(row.get(1)?))
    })
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
    const MOST_OF_A_NAME: usize = 1000;
    let bank: String = bank.chars().take(MOST_OF_A_NAME).collect();
    let payload = json!({ "run_id": run_id, "bank": bank, "publication": publication });
    let statement = "SELECT pg_catalog.pg_notify('irt_calibration', $1)";
    Ok(Spi::run_with_args(statement, &[payload.to_string().into()])?)
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

fn count<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
