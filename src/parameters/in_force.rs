//! irt_parameters_in_force: what a bank's items are scored with now.
//!
//! In force at a moment, for an item, are its values of the newest publication up to then that
//! contains it and was not undone up to then. This is the copy of that for now. All functions here
//! are called as the tables' owner.

use super::item_values::{self, ItemValues};
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
    let circumstances = format!(
        "SELECT (SELECT pg_catalog.max(n.id) FROM {publications} AS n \
                 WHERE n.bank OPERATOR(pg_catalog.=) $1), \
                {rolled_back}, r.persons_count, r.population_mean, r.population_sd \
         FROM (VALUES (1)) AS one LEFT JOIN ({run}) AS r ON true",
        publications = schema.relation("irt_publications"),
        rolled_back = publications::rolled_back(schema),
        run = publications::run_in_force(
            schema,
            "r.persons_count, r.population_mean, r.population_sd"
        ),
    );
    let items = format!(
        "SELECT f.item, f.discrimination, f.difficulty, f.se_discrimination, f.se_difficulty, \
                f.responses_count, f.run_id, \
                f.se_difficulty IS NULL AND EXISTS (SELECT FROM {} AS p \
                    WHERE p.run_id OPERATOR(pg_catalog.=) f.run_id \
                      AND p.item OPERATOR(pg_catalog.=) f.item \
                      AND 'imported' OPERATOR(pg_catalog.=) ANY (p.flags)) FROM {} AS f \
         WHERE f.bank OPERATOR(pg_catalog.=) $1",
        schema.parameters(),
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
    let is_import: Option<bool> = row.get(8)?;
    Ok(ItemInForce {
        parameters,
        errors: errors
            .map(|(discrimination, difficulty)| ItemErrors { discrimination, difficulty }),
        responses_count: row.get(6)?.filter(|_| is_import != Some(true)),
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
pub(super) const VALUES: &str = "difficulty, discrimination, se_difficulty, se_discrimination, \
    covariance, information_peak, responses_count, run_id";

/// [`VALUES`] of a table.
pub(super) fn values_of(table: &str) -> String {
    format!("{table}.{}", VALUES.replace(", ", &format!(", {table}.")))
}

/// What is in force for those of the items for which something is.
///
/// # Errors
/// Only when SPI fails.
pub fn values(
    schema: &Schema,
    bank: &str,
    items: &[String],
) -> Result<Vec<ItemValues>, ExtensionError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let query = format!(
        "SELECT {}, r.completed_at FROM ROWS FROM (pg_catalog.unnest($2)) AS x (item) \
         JOIN {} AS f ON f.bank OPERATOR(pg_catalog.=) $1 AND f.item OPERATOR(pg_catalog.=) x.item \
         JOIN {} AS r ON r.id OPERATOR(pg_catalog.=) f.run_id",
        item_values::columns_of("f"),
        schema.relation("irt_parameters_in_force"),
        schema.runs()
    );
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    Spi::connect_mut(|client| {
        let rows = client.update(query.as_str(), None, &[bank.into(), items.into()])?;
        rows.into_iter().map(|row| item_values::read(&row)).collect()
    })
}
