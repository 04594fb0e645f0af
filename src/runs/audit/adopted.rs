//! Runs of others: rows that irt_adopt_runs brings.

use crate::error::ExtensionError;
use crate::postgres::privileges::as_owner;
use crate::postgres::sequences;
use crate::postgres::spi::Spi;
use crate::postgres::text_output::pin_text_settings;
use pgrx::datum::JsonB;
use serde_json::Value;

/// A run that somebody else carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptedRun {
    /// When it began, in seconds.
    pub began: f64,
    /// Its row: values of irt_calibration_runs by the names of their columns.
    pub row: Value,
}

/// What an adopted row has. A run of ours has more.
const COLUMNS: &str = "bank, status, triggered_by, started_at, completed_at, duration_seconds, \
    new_responses_count, persons_count, responses_count, repeats_dropped, items_calibrated, \
    items_skipped, mean_difficulty, mean_discrimination, log_likelihood, em_iterations, \
    bootstrap_iterations, bootstrap_failures, error_message, error_sqlstate, settings";

/// Inserts the runs that are not there yet; returns how many those are. A unique index tells: the
/// same source, job_id and started_at are the same run.
///
/// # Errors
/// Only when SPI fails.
pub fn adopt(runs: &[AdoptedRun]) -> Result<i64, ExtensionError> {
    let rows: Value = runs.iter().map(|run| run.row.clone()).collect();
    as_owner(|schema| {
        let _pinned = pin_text_settings();
        let runs = schema.runs();
        sequences::catch_up_if_behind(&schema.runs())?;
        let statement = format!(
            "INSERT INTO {runs} ({COLUMNS}) \
             SELECT {COLUMNS} FROM ROWS FROM (\
                 pg_catalog.jsonb_populate_recordset(NULL::{runs}, $1)) WITH ORDINALITY AS r \
             ORDER BY r.ordinality ON CONFLICT DO NOTHING"
        );
        let inserted = Spi::connect_mut(|client| {
            client.update(statement.as_str(), None, &[JsonB(rows).into()]).map(|rows| rows.len())
        })?;
        Ok(i64::try_from(inserted).unwrap_or(i64::MAX))
    })
}
