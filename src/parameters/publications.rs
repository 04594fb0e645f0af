//! irt_publications: one row per publication or rollback, in the order in which they took effect.
//!
//! Whoever adds a row holds the bank's publishing lock until the end of the transaction. Each row
//! follows another, and no two the same: a transaction whose snapshot lacks the newest row is
//! refused by the server (40001).

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::sequences;
use crate::postgres::spi::Spi;

/// Why something is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A run published it.
    Automatic,
    /// Somebody approved a run that had been held, or not been asked to publish.
    Approved,
    /// An older run, or a rollback.
    Restored,
}

impl Kind {
    /// The word that is recorded.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Approved => "approved",
            Self::Restored => "restored",
        }
    }
}

/// A row to be added.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The bank.
    pub bank: &'a str,
    /// The run whose values are in force from now on; `None`: nothing is, after a rollback.
    pub run_id: Option<i64>,
    /// The role that decides.
    pub published_by: &'a str,
    /// Why.
    pub kind: Kind,
    /// Which of the run's calibrated items; `None`: all.
    pub items: Option<Vec<&'a str>>,
    /// What a rollback takes back.
    pub undoes: Option<i64>,
    /// How many items it contains; for a rollback, how many it takes back.
    pub items_count: i64,
    /// What somebody wants to be remembered.
    pub note: Option<&'a str>,
    /// Mean and standard deviation of the prior of scores.
    pub score_prior: (f64, f64),
}

/// What is in force beside a publication: items, and the publication that each is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    /// The items.
    pub items: Vec<String>,
    /// Their publications.
    pub publications: Vec<i64>,
}

/// Lets nobody else publish, roll back or reject in this bank until the transaction ends. Call it
/// as the tables' owner.
///
/// # Errors
/// Only when SPI fails; a lock_timeout ends the wait.
pub fn lock(schema: &Schema, bank: &str) -> Result<(), ExtensionError> {
    // Its class is the OID of irt_publications, which makes it another lock than that of a run.
    let statement = format!(
        "SELECT pg_catalog.pg_advisory_xact_lock(\
             {}::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8::pg_catalog.bit(32)\
             ::pg_catalog.int4, pg_catalog.hashtext($1))",
        pgrx::spi::quote_literal(schema.relation("irt_publications"))
    );
    Ok(Spi::run_with_args(&statement, &[bank.into()])?)
}

/// The newest row of a bank: what the state in force follows from. Call it under the [`lock`].
///
/// # Errors
/// Only when SPI fails.
pub fn newest(schema: &Schema, bank: &str) -> Result<Option<i64>, ExtensionError> {
    let statement = format!(
        "SELECT id FROM {} WHERE bank OPERATOR(pg_catalog.=) $1 ORDER BY id DESC LIMIT 1",
        schema.relation("irt_publications")
    );
    Spi::connect_mut(|client| {
        let rows = client.update(statement.as_str(), Some(1), &[bank.into()])?;
        rows.into_iter().next().map_or(Ok(None), |row| Ok(row.get(1)?))
    })
}

/// The condition that the row `p` of irt_publications is a publication that stands: no rollback, and
/// taken back by none.
pub fn stands(schema: &Schema) -> String {
    format!(
        "p.undoes IS NULL AND NOT EXISTS (SELECT FROM {} AS u \
             WHERE u.undoes OPERATOR(pg_catalog.=) p.id)",
        schema.relation("irt_publications")
    )
}

/// A query for columns of the run `r` in force in bank $1: the one that the newest publication that
/// stands is of.
pub fn run_in_force(schema: &Schema, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM {} AS p JOIN {} AS r ON r.id OPERATOR(pg_catalog.=) p.run_id \
         WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {} ORDER BY p.id DESC LIMIT 1",
        schema.relation("irt_publications"),
        schema.runs(),
        stands(schema)
    )
}

/// An expression: true when bank $1 was rolled back, and nobody decided anything since.
pub fn rolled_back(schema: &Schema) -> String {
    format!(
        "COALESCE((SELECT d.undoes IS NOT NULL FROM {} AS d \
             WHERE d.bank OPERATOR(pg_catalog.=) $1 \
               AND d.kind OPERATOR(pg_catalog.<>) 'automatic' ORDER BY d.id DESC LIMIT 1), false)",
        schema.relation("irt_publications")
    )
}

/// True when the newest publication that stands is of this run, with these items, and no rollback
/// waits for a decision: to publish it once more would change nothing. Call it under the [`lock`].
///
/// # Errors
/// Only when SPI fails.
pub fn is_in_force(
    schema: &Schema,
    bank: &str,
    run_id: i64,
    items: Option<&[&str]>,
) -> Result<bool, ExtensionError> {
    let statement = format!(
        "SELECT COALESCE((SELECT p.run_id OPERATOR(pg_catalog.=) $2 \
                             AND p.items IS NOT DISTINCT FROM $3 \
                          FROM {} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {} \
                          ORDER BY p.id DESC LIMIT 1), false) AND NOT {}",
        schema.relation("irt_publications"),
        stands(schema),
        rolled_back(schema)
    );
    let arguments = [bank.into(), run_id.into(), items.map(<[&str]>::to_vec).into()];
    Ok(Spi::get_one_with_args::<bool>(&statement, &arguments)? == Some(true))
}

/// The newest publication that stands, and its run; those before `before`, where that is given. Call
/// it under the [`lock`].
///
/// # Errors
/// Only when SPI fails.
pub fn newest_standing(
    schema: &Schema,
    bank: &str,
    before: Option<i64>,
) -> Result<Option<(i64, i64)>, ExtensionError> {
    let statement = format!(
        "SELECT p.id, p.run_id FROM {} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1 \
           AND ($2 IS NULL OR p.id OPERATOR(pg_catalog.<) $2) AND {} ORDER BY p.id DESC LIMIT 1",
        schema.relation("irt_publications"),
        stands(schema)
    );
    Spi::connect_mut(|client| {
        let rows = client.update(statement.as_str(), Some(1), &[bank.into(), before.into()])?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        Ok(row.get(1)?.zip(row.get(2)?))
    })
}

/// How many items a publication contains.
///
/// # Errors
/// Only when SPI fails.
pub fn items_count(schema: &Schema, publication: i64) -> Result<i64, ExtensionError> {
    let statement = format!(
        "SELECT items_count FROM {} WHERE id OPERATOR(pg_catalog.=) $1",
        schema.relation("irt_publications")
    );
    Ok(Spi::get_one_with_args::<i64>(&statement, &[publication.into()])?.unwrap_or_default())
}

/// Lets the next id be one that no row has.
///
/// # Errors
/// [`ExtensionError::Subscribed`] while the rows still come from elsewhere.
pub fn catch_up_with_ids(schema: &Schema) -> Result<(), ExtensionError> {
    let publications = schema.relation("irt_publications");
    if !sequences::is_behind(&publications)? {
        return Ok(());
    }
    // One at a time, whatever the bank: no bank has this name.
    lock(schema, "")?;
    sequences::catch_up(&publications)
}

/// Adds a row that follows `newest`, and holds from a later moment than every other row of the bank;
/// returns its id. `others`: what stays in force beside it, where that is to be noted. Call it as the tables' owner, under the [`lock`].
///
/// # Errors
/// 40001 where this transaction's snapshot is older than the newest row; those of
/// [`catch_up_with_ids`].
pub fn add(
    schema: &Schema,
    row: Row<'_>,
    newest: Option<i64>,
    others: Option<Others>,
) -> Result<i64, ExtensionError> {
    catch_up_with_ids(schema)?;
    let statement = format!(
        "INSERT INTO {publications} (bank, run_id, published_at, published_by, kind, items, \
             undoes, items_count, note, score_prior_mean, score_prior_sd, other_items, other_publications, \
             follows) \
         SELECT $1, $2, GREATEST(pg_catalog.clock_timestamp(), \
                    (SELECT p.published_at OPERATOR(pg_catalog.+) \
                            '1 microsecond'::pg_catalog.interval \
                     FROM {publications} AS p WHERE p.id OPERATOR(pg_catalog.=) $9)), \
                $3::pg_catalog.name, $4, $5, $6, $7, $8, $10, $11, $12, $13, COALESCE($9, 0) \
         ON CONFLICT (bank, follows) DO NOTHING RETURNING id",
        publications = schema.relation("irt_publications")
    );
    let (other_items, other_publications) =
        others.map(|others| (others.items, others.publications)).unzip();
    let arguments = [
        row.bank.into(),
        row.run_id.into(),
        row.published_by.into(),
        row.kind.as_str().into(),
        row.items.into(),
        row.undoes.into(),
        row.items_count.into(),
        row.note.into(),
        newest.into(),
        row.score_prior.0.into(),
        row.score_prior.1.into(),
        other_items.into(),
        other_publications.into(),
    ];
    let id = Spi::get_one_with_args::<i64>(&statement, &arguments)?;
    id.ok_or_else(|| ExtensionError::Internal("a publication has no row".to_owned()))
}
