//! What a run's row and irt_run_groups say of its scale.

use super::placing::Placed;
use crate::error::ExtensionError;
use crate::parameters::decide::NOT_LINKED;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::datum::JsonB;
use serde_json::{Map, Value};

/// The one group of a bank without group_column.
const EVERYBODY: &str = "(all)";

/// Records scale, population, link and groups of a successful run. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record(schema: &Schema, run_id: i64, placed: &Placed) -> Result<(), ExtensionError> {
    // The tables of an older version lack all of it.
    if !schema.has_column("irt_calibration_runs", "scale")? {
        return Ok(());
    }
    let (population, link) = (placed.population(), placed.link);
    let errors = link.and_then(|found| found.errors);
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let statement = format!(
        "UPDATE {} SET scale = $2, population_mean = $3, population_sd = $4, link_slope = $5, \
             link_intercept = $6, se_link_slope = $7, se_link_intercept = $8, common_items = $9, \
             drifted_items = $10 WHERE id OPERATOR(pg_catalog.=) $1",
        schema.runs()
    );
    let arguments = [
        run_id.into(),
        placed.scale.as_str().into(),
        population.map(|(mean, _)| mean).into(),
        population.map(|(_, sd)| sd).into(),
        link.map(|found| found.link.slope).into(),
        link.map(|found| found.link.intercept).into(),
        errors.map(|errors| errors.slope).into(),
        errors.map(|errors| errors.intercept).into(),
        link.map(|found| count(found.common_items)).into(),
        link.map(|found| count(found.drifted_items)).into(),
    ];
    Spi::run_with_args(&statement, &arguments)?;
    record_remarks(schema, run_id, placed)?;
    match population {
        Some(population) => record_groups(schema, run_id, placed, population),
        None => Ok(()),
    }
}

/// Adds to the settings what else there is to say: that values were imported, or why there is no
/// link.
fn record_remarks(schema: &Schema, run_id: i64, placed: &Placed) -> Result<(), ExtensionError> {
    let mut remarks = Map::new();
    if placed.imported > 0 {
        remarks.insert("imported_items".to_owned(), placed.imported.into());
    }
    if let Some(reason) = &placed.refused {
        remarks.insert(NOT_LINKED.to_owned(), reason.to_string().into());
    }
    if remarks.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "UPDATE {} SET settings = settings OPERATOR(pg_catalog.||) $2 \
         WHERE id OPERATOR(pg_catalog.=) $1",
        schema.runs()
    );
    let remarks = JsonB(Value::Object(remarks));
    Ok(Spi::run_with_args(&statement, &[run_id.into(), remarks.into()])?)
}

fn record_groups(
    schema: &Schema,
    run_id: i64,
    placed: &Placed,
    (mean, sd): (f64, f64),
) -> Result<(), ExtensionError> {
    let statement = format!(
        "INSERT INTO {} (run_id, group_name, persons_count, mean, sd, log_likelihood) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        schema.relation("irt_run_groups")
    );
    let calibration = &placed.calibration;
    let arguments = [
        run_id.into(),
        EVERYBODY.into(),
        calibration.persons_count.cast_signed().into(),
        mean.into(),
        sd.into(),
        calibration.log_likelihood.into(),
    ];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}
