//! What a publication or a rollback changes in irt_parameters_in_force: the rows whose values do not
//! stay as they are, and no others.
//!
//! So a row's publication is the one that put its values in force, and every later one that stands
//! and contains the item has the same values. Which is the newest is said by irt_current_parameters.
//! All functions here are called as the tables' owner, under the bank's publishing lock: what only
//! reads is executed as what writes is, with a snapshot that is newer than the lock.

use super::in_force::{self, VALUES, values_of};
use super::item_values::{self, ItemValues};
use super::publications::{self, Others, Row};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::datum::DatumWithOid;
use std::collections::HashSet;

/// Adds a publication of a run, and puts it in force. Returns its id, and the values of the items
/// for which it has others than were in force.
///
/// # Errors
/// Those of [`publications::add`].
pub fn put(
    schema: &Schema,
    row: Row<'_>,
    run_id: i64,
    newest: Option<i64>,
) -> Result<(i64, Vec<ItemValues>), ExtensionError> {
    let settings = set_oriented();
    let changed = changed(schema, &row, run_id)?;
    let items: Vec<&str> = changed.iter().map(|values| values.item.as_str()).collect();
    let added = missing(schema, row.bank, &items)?;
    let others = others(schema, &row, run_id, added)?;
    // What is written is looked for by its keys, of which the server knows how many there are.
    drop(settings);
    let bank = row.bank;
    let publication = publications::add(schema, row, newest, others)?;
    write(schema, bank, run_id, publication, &items)?;
    Ok((publication, changed))
}

/// Joins sets as sets. The server may have no statistics yet of a new bank or run, takes it for one
/// row, and would go through all of it for each item.
fn set_oriented() -> LocalSettings {
    let settings = LocalSettings::begin();
    settings.set(c"enable_nestloop", c"off");
    // To compile the comparison takes longer than it saves.
    settings.set(c"jit", c"off");
    settings
}

/// The parameters i of run $2 that a publication contains: of all items, or of those in $3.
fn contained(schema: &Schema, row: &Row<'_>) -> String {
    let listed = match row.items {
        // Another program's parameters are contained where they are named.
        Some(_) => {
            "OPERATOR(pg_catalog.<>) 'skipped' AND EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest($3)) AS x (item) \
              WHERE x.item OPERATOR(pg_catalog.=) i.item)"
        }
        None => "OPERATOR(pg_catalog.=) 'calibrated'",
    };
    format!(
        "{} AS i WHERE i.run_id OPERATOR(pg_catalog.=) $2 AND i.status {listed}",
        schema.parameters()
    )
}

/// The parameters of [`contained`].
fn arguments<'a>(row: &Row<'a>, run_id: i64) -> Vec<DatumWithOid<'a>> {
    let mut arguments = vec![row.bank.into(), run_id.into()];
    arguments.extend(row.items.clone().map(DatumWithOid::from));
    arguments
}

/// Items for which a publication has other values than are in force, or the first.
///
/// Said as an anti-join on equal values: the server expects few rows of it, and looks for them on
/// several processes.
fn changed(schema: &Schema, row: &Row<'_>, run_id: i64) -> Result<Vec<ItemValues>, ExtensionError> {
    let in_force = schema.relation("irt_parameters_in_force");
    let statement = format!(
        "SELECT {shown}, (SELECT r.completed_at FROM {runs} AS r \
                          WHERE r.id OPERATOR(pg_catalog.=) $2) \
         FROM (SELECT i.* FROM {contained} AND NOT EXISTS (\
             SELECT FROM {in_force} AS f WHERE f.bank OPERATOR(pg_catalog.=) $1 \
               AND f.item OPERATOR(pg_catalog.=) i.item \
               AND ({compared}) IS NOT DISTINCT FROM ({beside}))) AS i",
        shown = item_values::columns_of("i"),
        runs = schema.runs(),
        contained = contained(schema, row),
        compared = COMPARED.map(|name| format!("f.{name}")).join(", "),
        beside = COMPARED.map(|name| format!("i.{name}")).join(", "),
    );
    Spi::connect_mut(|client| {
        let rows = client.update(statement.as_str(), None, &arguments(row, run_id))?;
        rows.into_iter().map(|row| item_values::read(&row)).collect()
    })
}

/// What a row is compared by.
const COMPARED: [&str; 7] = [
    "difficulty",
    "discrimination",
    "se_difficulty",
    "se_discrimination",
    "covariance",
    "information_peak",
    "responses_count",
];

/// How many of the items have nothing in force.
fn missing(schema: &Schema, bank: &str, items: &[&str]) -> Result<i64, ExtensionError> {
    let query = format!(
        "SELECT pg_catalog.count(*) FROM ROWS FROM (pg_catalog.unnest($2)) AS x (item) \
         WHERE NOT EXISTS (SELECT FROM {} AS f WHERE f.bank OPERATOR(pg_catalog.=) $1 \
                           AND f.item OPERATOR(pg_catalog.=) x.item)",
        schema.relation("irt_parameters_in_force")
    );
    let arguments = [bank.into(), items.to_vec().into()];
    Ok(Spi::get_one_with_args::<i64>(&query, &arguments)?.unwrap_or_default())
}

/// What stays in force beside a publication, where that is no more than what it contains: who asks
/// for an earlier moment needs to look no further back. `added`: how many items are new in force.
fn others(
    schema: &Schema,
    row: &Row<'_>,
    run_id: i64,
    added: i64,
) -> Result<Option<Others>, ExtensionError> {
    let before = in_force_count(schema, row.bank)?;
    let count = before.saturating_add(added).saturating_sub(row.items_count);
    if count <= 0 {
        return Ok(Some(Others::default()));
    }
    if count > row.items_count {
        return Ok(None);
    }
    let query = format!(
        "SELECT c.item, c.publication_id FROM {} AS c WHERE c.bank OPERATOR(pg_catalog.=) $1 \
           AND NOT EXISTS (SELECT FROM {} AND i.item OPERATOR(pg_catalog.=) c.item) \
         ORDER BY c.item",
        schema.relation("irt_current_parameters"),
        contained(schema, row)
    );
    Spi::connect_mut(|client| {
        let rows = client.update(query.as_str(), None, &arguments(row, run_id))?;
        let mut others = Others::default();
        for row in rows {
            others.items.push(row.get(1)?.unwrap_or_default());
            others.publications.push(row.get(2)?.unwrap_or_default());
        }
        Ok(Some(others))
    })
}

/// How many items of a bank are in force: what the newest publication that stands says, or a count.
fn in_force_count(schema: &Schema, bank: &str) -> Result<i64, ExtensionError> {
    let query = format!(
        "SELECT COALESCE((SELECT p.items_count OPERATOR(pg_catalog.+) \
                                 pg_catalog.cardinality(p.other_items)::pg_catalog.int8 \
                          FROM {} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1 AND {} \
                          ORDER BY p.id DESC LIMIT 1), \
                         (SELECT pg_catalog.count(*) FROM {} AS f \
                          WHERE f.bank OPERATOR(pg_catalog.=) $1))",
        schema.relation("irt_publications"),
        publications::stands(schema),
        schema.relation("irt_parameters_in_force")
    );
    Ok(Spi::get_one_with_args::<i64>(&query, &[bank.into()])?.unwrap_or_default())
}

/// Writes the rows that a publication changes.
fn write(
    schema: &Schema,
    bank: &str,
    run_id: i64,
    publication: i64,
    items: &[&str],
) -> Result<(), ExtensionError> {
    if items.is_empty() {
        return Ok(());
    }
    let changes: Vec<String> = ["publication_id"]
        .into_iter()
        .chain(VALUES.split(", "))
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let statement = format!(
        "INSERT INTO {} (bank, item, publication_id, {VALUES}) \
         SELECT $1, i.item, $3, {} FROM {} AS i, ROWS FROM (pg_catalog.unnest($4)) AS x (item) \
         WHERE i.run_id OPERATOR(pg_catalog.=) $2 AND i.item OPERATOR(pg_catalog.=) x.item \
         ON CONFLICT (bank, item) DO UPDATE SET {}",
        schema.relation("irt_parameters_in_force"),
        values_of("i"),
        schema.parameters(),
        changes.join(", ")
    );
    let arguments = [bank.into(), run_id.into(), publication.into(), items.to_vec().into()];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}

/// Takes the values of the newest publication that stands out of force: each item that has them gets
/// what was in force before, or nothing. Returns what these items have now.
///
/// # Errors
/// Only when SPI fails.
pub fn withdraw(
    schema: &Schema,
    bank: &str,
    undone: i64,
) -> Result<Vec<ItemValues>, ExtensionError> {
    let _settings = set_oriented();
    let remove = format!(
        "DELETE FROM {} WHERE bank OPERATOR(pg_catalog.=) $1 \
           AND publication_id OPERATOR(pg_catalog.=) $2 RETURNING item",
        schema.relation("irt_parameters_in_force")
    );
    let items: Vec<String> = Spi::connect_mut(|client| {
        let rows = client.update(remove.as_str(), None, &[bank.into(), undone.into()])?;
        let items = rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default()));
        items.collect::<Result<_, ExtensionError>>()
    })?;
    let named: Vec<&str> = items.iter().map(String::as_str).collect();
    Spi::run_with_args(&restore(schema), &[bank.into(), undone.into(), named.into()])?;
    let mut values = in_force::values(schema, bank, &items)?;
    let restored: HashSet<&str> = values.iter().map(|values| values.item.as_str()).collect();
    let gone: Vec<String> =
        items.iter().filter(|item| !restored.contains(item.as_str())).cloned().collect();
    values.extend(gone.into_iter().map(ItemValues::nothing));
    Ok(values)
}

/// Puts in force for the items $3 what was in force in bank $1 before the publication $2. Said as
/// irt_parameters_at says it, of these items only.
fn restore(schema: &Schema) -> String {
    format!(
        "WITH standing AS MATERIALIZED (\
             SELECT p.id, p.run_id, p.items, p.other_items, p.other_publications \
             FROM {publications} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1 \
               AND p.id OPERATOR(pg_catalog.<) $2 AND {stands}), \
         base AS MATERIALIZED (\
             SELECT COALESCE(pg_catalog.max(s.id), 0) AS id FROM standing AS s \
             WHERE s.other_items IS NOT NULL), \
         later AS (SELECT s.* FROM standing AS s, base AS b \
                   WHERE s.id OPERATOR(pg_catalog.>=) b.id), \
         wanted AS MATERIALIZED (\
             SELECT x.item FROM ROWS FROM (pg_catalog.unnest($3)) AS x (item)), \
         contained AS (\
             SELECT l.id, i.item FROM later AS l \
             JOIN {parameters} AS i ON i.run_id OPERATOR(pg_catalog.=) l.run_id \
             JOIN wanted AS w ON w.item OPERATOR(pg_catalog.=) i.item \
             WHERE l.items IS NULL AND i.status OPERATOR(pg_catalog.=) 'calibrated' \
             UNION ALL \
             SELECT l.id, w.item FROM later AS l, ROWS FROM (pg_catalog.unnest(l.items)) AS x (item), \
                 wanted AS w WHERE w.item OPERATOR(pg_catalog.=) x.item \
             UNION ALL \
             SELECT x.publication, w.item FROM standing AS s, base AS b, wanted AS w, \
                 ROWS FROM (pg_catalog.unnest(s.other_items), \
                     pg_catalog.unnest(s.other_publications)) AS x (item, publication) \
             WHERE s.id OPERATOR(pg_catalog.=) b.id AND w.item OPERATOR(pg_catalog.=) x.item), \
         newest AS (\
             SELECT c.item, pg_catalog.max(c.id) AS id FROM contained AS c GROUP BY c.item) \
         INSERT INTO {in_force} (bank, item, publication_id, {VALUES}) \
         SELECT $1, i.item, s.id, {values} FROM newest AS n \
         JOIN standing AS s ON s.id OPERATOR(pg_catalog.=) n.id \
         JOIN {parameters} AS i ON i.run_id OPERATOR(pg_catalog.=) s.run_id \
             AND i.item OPERATOR(pg_catalog.=) n.item",
        publications = schema.relation("irt_publications"),
        stands = publications::stands(schema),
        parameters = schema.parameters(),
        in_force = schema.relation("irt_parameters_in_force"),
        values = values_of("i"),
    )
}
