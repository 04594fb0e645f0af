//! What a run estimated, for every item: irt_item_parameters.

use crate::error::ExtensionError;
use crate::postgres::privileges::as_owner;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::{Calibration, ItemResult};
use std::collections::{BTreeMap, HashSet};

/// The flag of a published item that the items table lacks.
const NOT_IN_ITEMS: &str = "not_in_items";

const COLUMNS: &str = "item, difficulty, discrimination, se_difficulty, se_discrimination, \
    information_peak, responses_count, proportion_correct, point_biserial, status, flags, \
    covariance, difficulty_ci_low, difficulty_ci_high, discrimination_ci_low, \
    discrimination_ci_high";

/// Inserts what was estimated for every item, calibrated or skipped, beside what is in force.
/// `missing`: items that the items table lacks. `of_fit`: what else is remarked, by item.
///
/// # Errors
/// Only when SPI fails.
pub fn record(
    bank: &str,
    run_id: i64,
    calibration: &Calibration,
    missing: &HashSet<&str>,
    of_fit: &BTreeMap<&str, Vec<&'static str>>,
) -> Result<(), ExtensionError> {
    let all: Vec<&ItemResult> = calibration.items.iter().collect();
    let flags = |item: &ItemResult| {
        let mut flags: Vec<&str> = item.flags.iter().map(|flag| flag.as_str()).collect();
        for flag in of_fit.get(item.item.as_str()).into_iter().flatten() {
            if !flags.contains(flag) {
                flags.push(flag);
            }
        }
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
        bank.into(),
    ];
    as_owner(|schema| {
        Spi::run_with_args(&insert(schema)?, &arguments)?;
        Ok(())
    })
}

/// One value of every item: a column of the arrays that a statement unnests.
fn column<'a, T>(items: &[&'a ItemResult], value: impl Fn(&'a ItemResult) -> T) -> Vec<T> {
    items.iter().map(|item| value(item)).collect()
}

fn insert(schema: &Schema) -> Result<String, ExtensionError> {
    let values = COLUMNS
        .split(", ")
        .map(|name| match name {
            "flags" => "pg_catalog.string_to_array(x.flags, ',')".to_owned(),
            name => format!("x.{name}"),
        })
        .collect::<Vec<_>>()
        .join(", ");
    let arrays: Vec<String> = (1..=16).map(|n| format!("pg_catalog.unnest(${n})")).collect();
    Ok(format!(
        "INSERT INTO {} (run_id, {COLUMNS}, previous_difficulty, previous_discrimination) \
         SELECT $17, {values}, p.difficulty, p.discrimination \
         FROM ROWS FROM ({}) AS x ({COLUMNS}) LEFT JOIN {} \
             ON p.item OPERATOR(pg_catalog.=) x.item",
        schema.parameters(),
        arrays.join(", "),
        previous(schema)?,
    ))
}

/// What a run's estimates are compared with: what is in force in bank $18. Until ALTER EXTENSION
/// UPDATE the tables of an older version know only runs: there it is what the last one estimated.
fn previous(schema: &Schema) -> Result<String, ExtensionError> {
    if schema.has_publications()? {
        let in_force = schema.relation("irt_parameters_in_force");
        return Ok(format!(
            "(SELECT f.item, f.difficulty, f.discrimination FROM {in_force} AS f \
              WHERE f.bank OPERATOR(pg_catalog.=) $18) AS p"
        ));
    }
    Ok(format!(
        "(SELECT o.item, o.difficulty, o.discrimination FROM {} AS o \
          WHERE o.run_id OPERATOR(pg_catalog.=) (\
              SELECT pg_catalog.max(r.id) FROM {} AS r \
              WHERE r.bank OPERATOR(pg_catalog.=) $18 \
                AND r.status OPERATOR(pg_catalog.=) 'success' \
                AND (r.settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NULL \
                AND r.id OPERATOR(pg_catalog.<>) $17)) AS p",
        schema.parameters(),
        schema.runs()
    ))
}
