//! What a run's row and irt_run_groups say of its scale.

use super::covariances;
use super::placing::Placed;
use crate::error::ExtensionError;
use crate::parameters::remarks::{IMPORTED_ITEMS, NOT_LINKED};
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::GroupResult;
use irt::scoring::ScoreComparison;
use serde_json::{Map, Value};

/// The one group of persons that are not grouped.
pub const EVERYBODY: &str = "(all)";

/// The key in a run's settings that says which group was N(0, 1).
pub const REFERENCE_GROUP: &str = "reference_group_used";

/// Records scale, population, link, groups and covariances of a successful run. Call it as the
/// tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record(schema: &Schema, run_id: i64, placed: &Placed) -> Result<(), ExtensionError> {
    // The tables of an older version lack all of it.
    if !schema.has_column("irt_calibration_runs", "scale")? {
        return Ok(());
    }
    record_link(schema, run_id, placed)?;
    // What is on no scale has no groups on it.
    if placed.refused.is_some() {
        return Ok(());
    }
    if let Some(joint) = &placed.calibration.joint_covariance {
        covariances::record(schema, run_id, joint)?;
    }
    record_groups(schema, run_id, &placed.calibration.groups)
}

fn record_link(schema: &Schema, run_id: i64, placed: &Placed) -> Result<(), ExtensionError> {
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
    Ok(Spi::run_with_args(&statement, &arguments)?)
}

/// What else there is to say of the scale, for the run's settings: which group was the reference,
/// that values were imported, that persons belong to several groups, or why there is no link.
pub fn remarks(placed: &Placed, in_several_groups: u64) -> Map<String, Value> {
    let mut remarks = Map::new();
    let reference = placed.calibration.groups.iter().find(|group| group.is_reference);
    if let Some(name) = reference.and_then(|group| group.name.as_deref()) {
        remarks.insert(REFERENCE_GROUP.to_owned(), name.into());
    }
    if in_several_groups > 0 {
        remarks.insert("persons_in_several_groups".to_owned(), in_several_groups.into());
    }
    if placed.imported > 0 {
        remarks.insert(IMPORTED_ITEMS.to_owned(), placed.imported.into());
    }
    if let Some(reason) = &placed.refused {
        remarks.insert(NOT_LINKED.to_owned(), reason.to_string().into());
    }
    remarks
}

fn record_groups(
    schema: &Schema,
    run_id: i64,
    groups: &[GroupResult],
) -> Result<(), ExtensionError> {
    let statement = format!(
        "INSERT INTO {} (run_id, group_name, persons_count, mean, sd, se_mean, se_sd, \
             log_likelihood) \
         SELECT $1, x.* FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), \
             pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), \
             pg_catalog.unnest($7), pg_catalog.unnest($8)) AS x",
        schema.relation("irt_run_groups")
    );
    let numbers = |value: fn(&GroupResult) -> Option<f64>| -> Vec<Option<f64>> {
        groups.iter().map(value).collect()
    };
    let names: Vec<&str> =
        groups.iter().map(|group| group.name.as_deref().unwrap_or(EVERYBODY)).collect();
    let persons: Vec<i64> = groups.iter().map(|group| group.persons_count.cast_signed()).collect();
    let arguments = [
        run_id.into(),
        names.into(),
        persons.into(),
        numbers(|group| Some(group.mean)).into(),
        numbers(|group| Some(group.sd)).into(),
        numbers(|group| group.se_mean).into(),
        numbers(|group| group.se_sd).into(),
        numbers(|group| Some(group.log_likelihood)).into(),
    ];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}

/// Records what new parameters do to the scores of each group. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record_scores(
    schema: &Schema,
    run_id: i64,
    groups: &[Option<String>],
    scores: &ScoreComparison,
) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {} SET score_before_counts = $3, score_after_counts = $4, \
             score_change_counts = $5, score_change_mean = $6, score_change_max = $7, \
             share_changed_by_more_than_one_se = $8 \
         WHERE run_id OPERATOR(pg_catalog.=) $1 AND group_name OPERATOR(pg_catalog.=) $2",
        schema.relation("irt_run_groups")
    );
    let counts = |counts: &[u64]| -> Vec<i32> {
        counts.iter().map(|count| i32::try_from(*count).unwrap_or(i32::MAX)).collect()
    };
    for (name, found) in groups.iter().zip(&scores.groups) {
        let arguments = [
            run_id.into(),
            name.as_deref().unwrap_or(EVERYBODY).into(),
            counts(&found.before.0).into(),
            counts(&found.after.0).into(),
            counts(&found.change).into(),
            found.mean.into(),
            found.largest.into(),
            found.share_beyond_one_se.into(),
        ];
        Spi::run_with_args(&statement, &arguments)?;
    }
    Ok(())
}
