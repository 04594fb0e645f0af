//! irt_parameters_in_force: what a bank's items are scored with now.
//!
//! In force at a moment, for an item, are its values of the newest publication up to then that
//! contains it and was not undone up to then. This is the copy of that for now. All functions here
//! are called as the tables' owner.

use super::item_values::ItemValues;
use super::publications;
use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};
use irt::linking::ItemErrors;
use irt::{IrtError, ItemParameters};
use std::collections::HashMap;

/// What a run is compared with: read in the snapshot in which its responses are read.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    /// The newest row of irt_publications then; `None`: nothing was ever published.
    pub newest: Option<i64>,
    /// True after a rollback that no decision of somebody's followed.
    pub rolled_back: bool,
    /// Persons of the run in force: the one that the newest publication that stands is of.
    pub persons_count: Option<i64>,
    /// Mean and standard deviation of their abilities, where it is known.
    pub population: Option<(f64, f64)>,
    /// Items by the text of their key.
    pub items: HashMap<String, ItemInForce>,
}

/// What an item is scored with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemInForce {
    /// Its parameters.
    pub parameters: ItemParameters,
    /// Their standard errors, where there are any.
    pub errors: Option<ItemErrors>,
    /// The responses that they were estimated from; `None`: another program's.
    pub responses_count: Option<i64>,
    /// The run that estimated them; `None`: another program.
    pub run_id: Option<i64>,
}

/// Reads what is in force in a bank; see [`catch_up`]. Tables of a version that knew no publications
/// have nothing in force.
///
/// # Errors
/// Only when SPI fails.
pub fn read(schema: &Schema, bank: &str) -> Result<InForce, ExtensionError> {
    if !schema.has_publications()? {
        return Ok(InForce::default());
    }
    let publications = schema.relation("irt_publications");
    let circumstances = format!(
        "SELECT pg_catalog.max(n.id), \
                COALESCE((SELECT d.undoes IS NOT NULL FROM {publications} AS d \
                     WHERE d.bank OPERATOR(pg_catalog.=) $1 \
                       AND d.kind OPERATOR(pg_catalog.<>) 'automatic' \
                     ORDER BY d.id DESC LIMIT 1), false), \
                (SELECT r.persons_count FROM {publications} AS p \
                 JOIN {runs} AS r ON r.id OPERATOR(pg_catalog.=) p.run_id \
                 WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {stands} \
                 ORDER BY p.id DESC LIMIT 1), \
                (SELECT r.population_mean FROM {publications} AS p \
                 JOIN {runs} AS r ON r.id OPERATOR(pg_catalog.=) p.run_id \
                 WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {stands} \
                 ORDER BY p.id DESC LIMIT 1), \
                (SELECT r.population_sd FROM {publications} AS p \
                 JOIN {runs} AS r ON r.id OPERATOR(pg_catalog.=) p.run_id \
                 WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {stands} \
                 ORDER BY p.id DESC LIMIT 1) \
         FROM {publications} AS n WHERE n.bank OPERATOR(pg_catalog.=) $1",
        runs = schema.runs(),
        stands = publications::stands(schema),
    );
    let items = format!(
        "SELECT f.item, f.discrimination, f.difficulty, f.se_discrimination, f.se_difficulty, \
                f.responses_count, f.run_id FROM {} AS f \
         WHERE f.bank OPERATOR(pg_catalog.=) $1",
        schema.relation("irt_parameters_in_force")
    );
    Spi::connect(|client| {
        let rows = client.select(circumstances.as_str(), Some(1), &[bank.into()])?;
        let row = rows.first();
        let mut found = InForce {
            newest: row.get(1)?,
            rolled_back: row.get(2)? == Some(true),
            persons_count: row.get(3)?,
            population: row.get(4)?.zip(row.get(5)?),
            items: HashMap::new(),
        };
        let rows = client.select(items.as_str(), None, &[bank.into()])?;
        let bytes = (rows.len() * size_of::<(String, ItemInForce)>()) as u64;
        let refused = |_| IrtError::OutOfMemory { what: "what is in force", bytes };
        found.items.try_reserve(rows.len()).map_err(refused)?;
        for row in rows {
            if let (Some(item), Some(a), Some(b)) = (row.get(1)?, row.get(2)?, row.get(3)?) {
                found.items.insert(item, read_item(ItemParameters::new(a, b), &row)?);
            }
        }
        Ok(found)
    })
}

fn read_item(parameters: ItemParameters, row: &Row) -> Result<ItemInForce, ExtensionError> {
    let errors = row.get(4)?.zip(row.get(5)?);
    Ok(ItemInForce {
        parameters,
        errors: errors
            .map(|(discrimination, difficulty)| ItemErrors { discrimination, difficulty }),
        responses_count: row.get(6)?,
        run_id: row.get(7)?,
    })
}

/// Makes publications of what an older version published, where a bank has none: its dump was
/// restored after the update. Whoever does it holds the bank's publishing lock until his transaction
/// ends, so this is no part of a run's long one; in READ COMMITTED it is done once.
///
/// # Errors
/// Only when SPI fails.
pub fn catch_up(schema: &Schema, bank: &str) -> Result<(), ExtensionError> {
    if !schema.has_publications()? {
        return Ok(());
    }
    let is_behind = format!(
        "SELECT EXISTS (SELECT FROM {} AS r WHERE r.bank OPERATOR(pg_catalog.=) $1 \
             AND r.status OPERATOR(pg_catalog.=) 'success' AND r.publication IS NULL \
             AND NOT COALESCE(r.settings OPERATOR(pg_catalog.?) 'adopted_from', false)) \
           AND NOT EXISTS (SELECT FROM {} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1)",
        schema.runs(),
        schema.relation("irt_publications")
    );
    if reading::one::<bool>(&is_behind, &[bank.into()])? == Some(true) {
        publications::lock(schema, bank)?;
        publications::catch_up_with_ids(schema)?;
        // It looks again itself: somebody may have been first.
        let statement = format!("SELECT {}($1)", schema.relation("irt_publish_older_successes"));
        Spi::run_with_args(&statement, &[bank.into()])?;
    }
    Ok(())
}

/// The columns that irt_parameters_in_force has of irt_item_parameters.
const VALUES: &str = "difficulty, discrimination, se_difficulty, se_discrimination, covariance, \
    information_peak, responses_count, run_id";

/// [`VALUES`] of what a publication [`contained`].
fn sources() -> String {
    format!("i.{}", VALUES.replace(", ", ", i."))
}

/// Publications p and the parameters i that they contain.
fn contained(schema: &Schema) -> String {
    format!(
        "{} AS p JOIN {} AS i ON i.run_id OPERATOR(pg_catalog.=) p.run_id \
             AND i.status OPERATOR(pg_catalog.=) 'calibrated' \
             AND (p.items IS NULL OR i.item OPERATOR(pg_catalog.=) ANY (p.items))",
        schema.relation("irt_publications"),
        schema.parameters()
    )
}

/// Puts a publication's values in force.
///
/// # Errors
/// Only when SPI fails.
pub fn put(schema: &Schema, publication: i64) -> Result<(), ExtensionError> {
    let changes: Vec<String> = ["publication_id"]
        .into_iter()
        .chain(VALUES.split(", "))
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let statement = format!(
        "INSERT INTO {} (bank, item, publication_id, {VALUES}) \
         SELECT p.bank, i.item, p.id, {} FROM {} WHERE p.id OPERATOR(pg_catalog.=) $1 \
         ON CONFLICT (bank, item) DO UPDATE SET {}",
        schema.relation("irt_parameters_in_force"),
        sources(),
        contained(schema),
        changes.join(", ")
    );
    Spi::run_with_args(&statement, &[publication.into()])?;
    remember_the_others(schema, publication)
}

/// Notes what is in force beside a publication, where that is no more than what it contains: who
/// asks for an earlier moment needs to look no further back.
fn remember_the_others(schema: &Schema, publication: i64) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {publications} AS p SET other_items = o.items, other_publications = o.publications \
         FROM (SELECT COALESCE(pg_catalog.array_agg(f.item ORDER BY f.item) FILTER (WHERE \
                          f.publication_id OPERATOR(pg_catalog.<>) $1), '{{}}'), \
                      COALESCE(pg_catalog.array_agg(f.publication_id ORDER BY f.item) FILTER (WHERE \
                          f.publication_id OPERATOR(pg_catalog.<>) $1), '{{}}'), \
                      pg_catalog.count(*) FILTER (WHERE f.publication_id OPERATOR(pg_catalog.=) $1) \
               FROM {in_force} AS f WHERE f.bank OPERATOR(pg_catalog.=) \
                   (SELECT q.bank FROM {publications} AS q WHERE q.id OPERATOR(pg_catalog.=) $1)) \
             AS o (items, publications, contained) \
         WHERE p.id OPERATOR(pg_catalog.=) $1 \
           AND pg_catalog.cardinality(o.items)::pg_catalog.int8 OPERATOR(pg_catalog.<=) o.contained",
        publications = schema.relation("irt_publications"),
        in_force = schema.relation("irt_parameters_in_force"),
    );
    Ok(Spi::run_with_args(&statement, &[publication.into()])?)
}

/// Takes the values of an undone publication out of force: each of its items gets those of the
/// newest publication before it that stands, or none. Returns what its items have now.
///
/// # Errors
/// Only when SPI fails.
pub fn withdraw(
    schema: &Schema,
    bank: &str,
    undone: i64,
) -> Result<Vec<ItemValues>, ExtensionError> {
    let in_force = schema.relation("irt_parameters_in_force");
    let delete = format!(
        "DELETE FROM {in_force} WHERE bank OPERATOR(pg_catalog.=) $1 \
           AND publication_id OPERATOR(pg_catalog.=) $2 RETURNING item"
    );
    let items: Vec<String> = Spi::connect_mut(|client| {
        let rows = client.update(delete.as_str(), None, &[bank.into(), undone.into()])?;
        let items = rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default()));
        items.collect::<Result<_, ExtensionError>>()
    })?;
    let restore = format!(
        "INSERT INTO {in_force} (bank, item, publication_id, {VALUES}) \
         SELECT DISTINCT ON (i.item) p.bank, i.item, p.id, {} FROM {} \
         WHERE p.bank OPERATOR(pg_catalog.=) $1 AND p.id OPERATOR(pg_catalog.<) $2 \
           AND i.item OPERATOR(pg_catalog.=) ANY ($3) AND {} ORDER BY i.item, p.id DESC",
        sources(),
        contained(schema),
        publications::stands(schema)
    );
    let named: Vec<&str> = items.iter().map(String::as_str).collect();
    Spi::run_with_args(&restore, &[bank.into(), undone.into(), named.clone().into()])?;
    values(schema, bank, &named)
}

/// What is in force for some items: what their rows of the items table are to hold.
///
/// # Errors
/// Only when SPI fails.
pub fn values(
    schema: &Schema,
    bank: &str,
    items: &[&str],
) -> Result<Vec<ItemValues>, ExtensionError> {
    let query = format!(
        "SELECT x.item, f.difficulty, f.discrimination, f.se_difficulty, f.se_discrimination, \
                f.information_peak, f.responses_count, r.completed_at \
         FROM ROWS FROM (pg_catalog.unnest($2)) AS x (item) \
         LEFT JOIN {} AS f ON f.bank OPERATOR(pg_catalog.=) $1 \
             AND f.item OPERATOR(pg_catalog.=) x.item \
         LEFT JOIN {} AS r ON r.id OPERATOR(pg_catalog.=) f.run_id",
        schema.relation("irt_parameters_in_force"),
        schema.runs()
    );
    Spi::connect_mut(|client| {
        let rows = client.update(query.as_str(), None, &[bank.into(), items.to_vec().into()])?;
        rows.into_iter().map(|row| read_values(&row)).collect()
    })
}

fn read_values(row: &Row) -> Result<ItemValues, ExtensionError> {
    Ok(ItemValues {
        item: row.get(1)?.unwrap_or_default(),
        difficulty: row.get(2)?,
        discrimination: row.get(3)?,
        se_difficulty: row.get(4)?,
        se_discrimination: row.get(5)?,
        information_peak: row.get(6)?,
        responses_count: row.get(7)?,
        calibrated_at: row.get(8)?,
    })
}
