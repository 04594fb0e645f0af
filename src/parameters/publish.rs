//! Where estimates go: irt_item_parameters, and the items table's own columns.
//!
//! Called inside the one short transaction that ends a successful run. Rows of
//! the items table are locked in the order of their keys before any is changed,
//! so that two publishers wait for each other instead of deadlocking.

use crate::bank::{Bank, Items};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, as_relation_owner};
use crate::postgres::spi::Spi;
use irt::{Calibration, ItemResult};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;
use std::collections::HashSet;

/// The flag of a calibrated item that the items table lacks.
const NOT_IN_ITEMS: &str = "not_in_items";

/// What came of publishing, beyond what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Calibrated items that the items table lacks, by the bytes of their text.
    pub not_in_items: Vec<String>,
    /// Items that were asked for by name but have no parameters.
    pub not_calibrated: Vec<String>,
}

/// Writes parameters: to the items table as the current role, to irt_item_parameters as its owner.
///
/// `only`: the items to publish; all that were calibrated where `None`.
///
/// # Errors
/// Whatever Postgres says: a lock not to be had, a trigger's error, a right that is lacking.
pub fn publish(
    bank: &Bank,
    run_id: i64,
    calibration: &Calibration,
    only: Option<&[String]>,
    calibrated_at: TimestampWithTimeZone,
) -> Result<Published, ExtensionError> {
    let wanted: Option<HashSet<&str>> = only.map(|only| only.iter().map(String::as_str).collect());
    let chosen: Vec<&ItemResult> = calibration
        .calibrated()
        .filter(|item| wanted.as_ref().is_none_or(|wanted| wanted.contains(item.item.as_str())))
        .collect();
    let not_in_items = match &bank.items {
        Some(items) => as_relation_owner(items.relation.oid, &items.relation.name, || {
            defer_nothing()?;
            let _settings = LocalSettings::without_row_security();
            write_items(bank, items, &chosen, calibrated_at)
        })?,
        None => Vec::new(),
    };
    let missing: HashSet<&str> = not_in_items.iter().map(String::as_str).collect();
    record(bank, run_id, calibration, &missing)?;
    let calibrated: HashSet<&str> = chosen.iter().map(|item| item.item.as_str()).collect();
    let not_calibrated = only.into_iter().flatten();
    Ok(Published {
        not_calibrated: not_calibrated
            .filter(|item| !calibrated.contains(item.as_str()))
            .cloned()
            .collect(),
        not_in_items,
    })
}

/// Lets deferred triggers and constraints of a superuser's run act at once: at the commit the
/// superuser's rights are back, with which nobody's trigger may run.
fn defer_nothing() -> Result<(), ExtensionError> {
    // SAFETY: reads variables of this process.
    if unsafe { pg_sys::InSecurityRestrictedOperation() } {
        Spi::run("SET CONSTRAINTS ALL IMMEDIATE")?;
    }
    Ok(())
}

/// Updates the items table, every row or none; returns the items that it lacks.
fn write_items(
    bank: &Bank,
    items: &Items,
    chosen: &[&ItemResult],
    calibrated_at: TimestampWithTimeZone,
) -> Result<Vec<String>, ExtensionError> {
    let same = same_key(bank, items)?;
    let texts: Vec<&str> = chosen.iter().map(|item| item.item.as_str()).collect();
    let found = lock(items, &same, &texts)?;
    if !items.relation.is_still_itself()? {
        return Err(ExtensionError::RelationGone {
            bank: bank.name.clone(),
            role: "items",
            relation: items.relation.name.clone(),
        });
    }
    let updated = update(items, &same, chosen, calibrated_at)?;
    if updated < found.len() {
        // Half a set of parameters is worse than none: all is rolled back.
        return Err(ExtensionError::NotAllUpdated {
            relation: items.relation.name.clone(),
            updated,
            found: found.len(),
        });
    }
    let found: HashSet<&str> = found.iter().map(String::as_str).collect();
    Ok(texts.iter().filter(|text| !found.contains(**text)).map(|text| (*text).to_owned()).collect())
}

/// The condition that row `i` of the items table is the item with the text `x.item`.
///
/// Keys of one type are compared by its own equality; integers of different widths as integers;
/// anything else by its text, because a text of one type need not be a value of the other.
fn same_key(bank: &Bank, items: &Items) -> Result<String, ExtensionError> {
    let key = format!("i.{}", items.key.quoted());
    let is_integer = |oid| [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&oid);
    let (from, to) = (bank.item.base_type, items.key.base_type);
    if is_integer(from) && is_integer(to) {
        return Ok(format!("{key} OPERATOR(pg_catalog.=) x.item::pg_catalog.int8"));
    }
    if from != to {
        return Ok(format!("{key}::pg_catalog.text OPERATOR(pg_catalog.=) x.item"));
    }
    let equality = equality_of(to)?;
    let type_name = Spi::get_one_with_args::<String>(
        "SELECT pg_catalog.format('%I.%I', n.nspname, t.typname) FROM pg_catalog.pg_type t \
         JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace \
         WHERE t.oid OPERATOR(pg_catalog.=) $1",
        &[to.into()],
    )?;
    let type_name =
        type_name.ok_or_else(|| ExtensionError::Internal("a type is gone".to_owned()))?;
    Ok(format!("{key} {equality} x.item::{type_name}"))
}

/// A type's default equality, qualified. The same one that numbered the responses' items.
fn equality_of(type_oid: pg_sys::Oid) -> Result<String, ExtensionError> {
    // SAFETY: entries of the type cache live as long as the process.
    let operator =
        unsafe { (*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr };
    let found = Spi::get_one_with_args::<String>(
        "SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) \
         FROM pg_catalog.pg_operator o \
         JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace \
         WHERE o.oid OPERATOR(pg_catalog.=) $1",
        &[operator.into()],
    )?;
    found.ok_or_else(|| ExtensionError::Internal("an equality is gone".to_owned()))
}

/// Locks the items' rows in the order of their keys; returns the item of every row.
fn lock(items: &Items, same: &str, texts: &[&str]) -> Result<Vec<String>, ExtensionError> {
    let order = if is_sortable(items.key.base_type) {
        format!("ORDER BY i.{}", items.key.quoted())
    } else {
        String::new()
    };
    let statement = format!(
        "SELECT x.item FROM {} AS i, ROWS FROM (pg_catalog.unnest($1)) AS x (item) \
         WHERE {same} {order} FOR NO KEY UPDATE OF i",
        items.relation.name
    );
    Spi::connect_mut(|client| {
        let rows = client.update(statement.as_str(), None, &[texts.to_vec().into()])?;
        let found = rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default()));
        found.collect()
    })
}

fn is_sortable(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: entries of the type cache live as long as the process.
    let entry = unsafe { &*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_LT_OPR as i32) };
    entry.lt_opr != pg_sys::InvalidOid
}

/// Returns how many rows were updated.
fn update(
    items: &Items,
    same: &str,
    chosen: &[&ItemResult],
    calibrated_at: TimestampWithTimeZone,
) -> Result<usize, ExtensionError> {
    let changes: Vec<String> = items
        .published
        .iter()
        .map(|column| {
            let value = match column.name {
                "irt_calibrated_at" => "$8",
                "irt_difficulty" => "x.difficulty",
                "irt_discrimination" => "x.discrimination",
                "irt_se_difficulty" => "x.se_difficulty",
                "irt_se_discrimination" => "x.se_discrimination",
                "irt_information_peak" => "x.information_peak",
                _ => "x.responses_count",
            };
            format!("{} = {value}", column.name)
        })
        .collect();
    let statement = format!(
        "UPDATE {} AS i SET {} FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), \
             pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), \
             pg_catalog.unnest($6), pg_catalog.unnest($7)) AS x (item, difficulty, \
             discrimination, se_difficulty, se_discrimination, information_peak, responses_count) \
         WHERE {same} AND $8::pg_catalog.timestamptz IS NOT NULL",
        items.relation.name,
        changes.join(", ")
    );
    let arguments = [
        column(chosen, |item| item.item.as_str()).into(),
        column(chosen, |item| item.difficulty).into(),
        column(chosen, |item| item.discrimination).into(),
        column(chosen, |item| item.se_difficulty).into(),
        column(chosen, |item| item.se_discrimination).into(),
        column(chosen, |item| item.information_peak).into(),
        column(chosen, |item| item.responses_count.cast_signed()).into(),
        calibrated_at.into(),
    ];
    Ok(Spi::connect_mut(|client| {
        client.update(statement.as_str(), None, &arguments).map(|rows| rows.len())
    })?)
}

/// One value of every item: a column of the arrays that a statement unnests.
fn column<'a, T>(items: &[&'a ItemResult], value: impl Fn(&'a ItemResult) -> T) -> Vec<T> {
    items.iter().map(|item| value(item)).collect()
}

/// Inserts what was estimated for every item, calibrated or skipped, beside what the bank's
/// previous success had.
fn record(
    bank: &Bank,
    run_id: i64,
    calibration: &Calibration,
    missing: &HashSet<&str>,
) -> Result<(), ExtensionError> {
    let all: Vec<&ItemResult> = calibration.items.iter().collect();
    let flags = |item: &ItemResult| {
        let mut flags: Vec<&str> = item.flags.iter().map(|flag| flag.as_str()).collect();
        flags.extend(missing.contains(item.item.as_str()).then_some(NOT_IN_ITEMS));
        flags.join(",")
    };
    let arguments = [
        column(&all, |item| item.item.as_str()).into(),
        column(&all, |item| item.difficulty).into(),
        column(&all, |item| item.discrimination).into(),
        column(&all, |item| item.se_difficulty).into(),
        column(&all, |item| item.se_discrimination).into(),
        column(&all, |item| item.information_peak).into(),
        column(&all, |item| item.responses_count.cast_signed()).into(),
        column(&all, |item| item.proportion_correct).into(),
        column(&all, |item| item.point_biserial).into(),
        column(&all, |item| item.status.as_str()).into(),
        column(&all, flags).into(),
        column(&all, |item| item.covariance).into(),
        column(&all, |item| item.difficulty_interval.map(|i| i.0)).into(),
        column(&all, |item| item.difficulty_interval.map(|i| i.1)).into(),
        column(&all, |item| item.discrimination_interval.map(|i| i.0)).into(),
        column(&all, |item| item.discrimination_interval.map(|i| i.1)).into(),
        run_id.into(),
        bank.name.as_str().into(),
    ];
    as_owner(|schema| {
        Spi::run_with_args(&insert(&schema.parameters(), &schema.runs()), &arguments)?;
        Ok(())
    })
}

fn insert(parameters: &str, runs: &str) -> String {
    let columns = "item, difficulty, discrimination, se_difficulty, se_discrimination, \
        information_peak, responses_count, proportion_correct, point_biserial, status, flags, \
        covariance, difficulty_ci_low, difficulty_ci_high, discrimination_ci_low, \
        discrimination_ci_high";
    let values = columns
        .split(", ")
        .map(|name| match name {
            "flags" => "pg_catalog.string_to_array(x.flags, ',')".to_owned(),
            name => format!("x.{name}"),
        })
        .collect::<Vec<_>>()
        .join(", ");
    let arrays: Vec<String> = (1..=16).map(|n| format!("pg_catalog.unnest(${n})")).collect();
    format!(
        "INSERT INTO {parameters} (run_id, {columns}, previous_difficulty, \
             previous_discrimination) \
         SELECT $17, {values}, p.difficulty, p.discrimination \
         FROM ROWS FROM ({}) AS x ({columns}) \
         LEFT JOIN {parameters} AS p ON p.item OPERATOR(pg_catalog.=) x.item \
             AND p.run_id OPERATOR(pg_catalog.=) (\
                 SELECT pg_catalog.max(r.id) FROM {runs} AS r \
                 WHERE r.bank OPERATOR(pg_catalog.=) $18 \
                   AND r.status OPERATOR(pg_catalog.=) 'success' \
                   AND (r.settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NULL \
                   AND r.id OPERATOR(pg_catalog.<>) $17)",
        arrays.join(", ")
    )
}
