//! irt_calibration_runs: the audit trail. Nothing else writes it.
//!
//! Everything here runs as the owner of the tables, in transactions of the
//! worker's own, so that neither the caller's rollback nor the caller's rights
//! reach it.

mod adopted;
mod ended;
pub mod orphans;

pub use adopted::{AdoptedRun, adopt};
pub use ended::EndedRun;

use crate::error::ExtensionError;
use crate::postgres::error_report::ErrorReport;
use crate::postgres::notifications;
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::sequences;
use crate::postgres::spi::Spi;
use crate::postgres::text_output::pin_text_settings;
use crate::runs::should_run::baseline::ResponseCounts;
use irt::Calibration;
use pgrx::datum::{JsonB, TimestampWithTimeZone};
use pgrx::pg_sys;
use serde_json::{Map, Value};

/// The status of an ended run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Parameters were estimated; whether they were published, `publication` says.
    Success,
    /// An error ended it; nothing was published.
    Failed,
    /// There was no reason to run.
    Skipped,
}

impl Status {
    /// The word that is recorded.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What is known about a run so far. A failed run records as much as it got to know.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// New and seen responses, and the moment of the count.
    pub counts: Option<ResponseCounts>,
    /// Rows dropped as repeats.
    pub repeats_dropped: Option<u64>,
    /// The estimates' summary.
    pub fitted: Option<Summary>,
}

/// A calibration in the numbers of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Persons that entered the fit.
    pub persons_count: u64,
    /// Responses that entered the fit.
    pub responses_count: u64,
    /// Items with parameters.
    pub items_calibrated: usize,
    /// Items without.
    pub items_skipped: usize,
    /// Mean of the calibrated items' b.
    pub mean_difficulty: Option<f64>,
    /// Mean of the calibrated items' a.
    pub mean_discrimination: Option<f64>,
    /// Without priors.
    pub log_likelihood: f64,
    /// E-steps of the whole search, of its EM and its Newton stages alike.
    pub em_iterations: u32,
    /// Replicates kept; `None` where none were asked for.
    pub bootstrap_iterations: Option<u32>,
    /// Replicates that did not converge.
    pub bootstrap_failures: Option<u32>,
}

impl Summary {
    /// Sums up; `bootstrapped`: replicates were asked for.
    pub fn of(calibration: &Calibration, bootstrapped: bool) -> Self {
        let items_calibrated = calibration.calibrated().count();
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            (items_calibrated > 0).then(|| values.sum::<f64>() / items_calibrated as f64)
        };
        Self {
            persons_count: calibration.persons_count,
            responses_count: calibration.responses_count,
            items_calibrated,
            items_skipped: calibration.items.len() - calibration.with_parameters().count(),
            mean_difficulty: mean(&mut calibration.calibrated().filter_map(|i| i.difficulty)),
            mean_discrimination: mean(
                &mut calibration.calibrated().filter_map(|i| i.discrimination),
            ),
            log_likelihood: calibration.log_likelihood,
            em_iterations: calibration.em_iterations,
            bootstrap_iterations: bootstrapped.then_some(calibration.bootstrap_iterations),
            bootstrap_failures: bootstrapped.then_some(calibration.bootstrap_failures),
        }
    }
}

/// Inserts the 'running' row of a run with the current role's rights; returns its id.
///
/// # Errors
/// Only when SPI fails.
pub fn begin(bank: &str, triggered_by: &str) -> Result<i64, ExtensionError> {
    let run_by = role_name(current_role());
    as_owner(|schema| {
        let runs = schema.runs();
        sequences::catch_up_if_behind(&runs)?;
        let mut arguments = vec![bank.into(), triggered_by.into()];
        // The table of an older version lacks the column.
        let statement = if schema.has_column("irt_calibration_runs", "run_by")? {
            arguments.push(run_by.into());
            format!(
                "INSERT INTO {runs} (bank, triggered_by, run_by, status) \
                 VALUES ($1, $2, $3::pg_catalog.name, 'running') RETURNING id"
            )
        } else {
            format!(
                "INSERT INTO {runs} (bank, triggered_by, status) \
                 VALUES ($1, $2, 'running') RETURNING id"
            )
        };
        Spi::get_one_with_args(&statement, &arguments)?
            .ok_or_else(|| ExtensionError::Internal("a run has no id".to_owned()))
    })
}

/// Records that a run from cron did not even begin, and tells whoever listens: nothing is silent.
///
/// # Errors
/// Only when SPI fails.
pub fn record_refusal(
    bank: &str,
    triggered_by: &str,
    status: Status,
    report: &ErrorReport,
) -> Result<(), ExtensionError> {
    let id = begin(bank, triggered_by)?;
    announce(&end(id, status, &Facts::default(), Some(report), now()?)?)
}

/// The same where nothing can interrupt: tells nobody, because a notification may have to wait for
/// another's commit. Returns the row.
///
/// # Errors
/// 55P03 when somebody has locked the table; when SPI fails.
pub fn record_without_waiting(
    bank: &str,
    triggered_by: &str,
    status: Status,
    report: &ErrorReport,
) -> Result<EndedRun, ExtensionError> {
    as_owner(|schema| {
        // SAFETY: a transaction is open, which releases the lock at its end.
        let locked = unsafe {
            pg_sys::ConditionalLockRelationOid(
                schema.lock_class(),
                pg_sys::RowExclusiveLock as pg_sys::LOCKMODE,
            )
        };
        if locked { Ok(()) } else { Err(ExtensionError::HistoryLocked { bank: bank.to_owned() }) }
    })?;
    let id = begin(bank, triggered_by)?;
    end(id, status, &Facts::default(), Some(report), now()?)
}

/// Records all settings in force.
///
/// # Errors
/// Only when SPI fails.
pub fn record_settings(run_id: i64, settings: &Value) -> Result<(), ExtensionError> {
    as_owner(|schema| {
        let statement = format!(
            "UPDATE {} SET settings = $2 WHERE id OPERATOR(pg_catalog.=) $1",
            schema.runs()
        );
        Spi::run_with_args(&statement, &[run_id.into(), JsonB(settings.clone()).into()])?;
        Ok(())
    })
}

/// Adds to the settings what a success has to say beside them.
///
/// # Errors
/// Only when SPI fails.
pub fn add_remarks(run_id: i64, remarks: Map<String, Value>) -> Result<(), ExtensionError> {
    as_owner(|schema| {
        let statement = format!(
            "UPDATE {} SET settings = settings OPERATOR(pg_catalog.||) $2 \
             WHERE id OPERATOR(pg_catalog.=) $1",
            schema.runs()
        );
        let remarks = JsonB(Value::Object(remarks));
        Ok(Spi::run_with_args(&statement, &[run_id.into(), remarks.into()])?)
    })
}

/// The server's clock.
///
/// # Errors
/// Only when SPI fails.
pub fn now() -> Result<TimestampWithTimeZone, ExtensionError> {
    Spi::get_one("SELECT pg_catalog.clock_timestamp()")?
        .ok_or_else(|| ExtensionError::Internal("the clock is NULL".to_owned()))
}

/// Ends a run's row and removes it from the progress. Returns the row.
///
/// # Errors
/// Only when SPI fails.
pub fn end(
    run_id: i64,
    status: Status,
    facts: &Facts,
    error: Option<&ErrorReport>,
    ended_at: TimestampWithTimeZone,
) -> Result<EndedRun, ExtensionError> {
    let counts = facts.counts.as_ref();
    let fitted = facts.fitted.as_ref();
    let count = |count: u64| count.cast_signed();
    let arguments = [
        run_id.into(),
        status.as_str().into(),
        ended_at.into(),
        counts.map(|counts| counts.through).into(),
        counts.map(|counts| counts.new_responses).into(),
        counts.map(|counts| counts.seen_count).into(),
        counts.map(|counts| counts.ahead_count).into(),
        fitted.map(|f| count(f.persons_count)).into(),
        fitted.map(|f| count(f.responses_count)).into(),
        facts.repeats_dropped.map(count).into(),
        fitted.map(|f| f.items_calibrated as i32).into(),
        fitted.map(|f| f.items_skipped as i32).into(),
        fitted.and_then(|f| f.mean_difficulty).into(),
        fitted.and_then(|f| f.mean_discrimination).into(),
        fitted.map(|f| f.log_likelihood).into(),
        fitted.map(|f| f.em_iterations.cast_signed()).into(),
        fitted.and_then(|f| f.bootstrap_iterations).map(u32::cast_signed).into(),
        fitted.and_then(|f| f.bootstrap_failures).map(u32::cast_signed).into(),
        error.map(|report| report.message.as_str()).into(),
        error.map(|report| report.sqlstate_str().to_owned()).into(),
        counts.map(|counts| counts.correct_count).into(),
    ];
    as_owner(|schema| {
        let _pinned = pin_text_settings();
        let statement =
            format!("DELETE FROM {} WHERE run_id OPERATOR(pg_catalog.=) $1", schema.running());
        Spi::run_with_args(&statement, &[run_id.into()])?;
        let row: Option<JsonB> = Spi::get_one_with_args(&update(schema)?, &arguments)?;
        row.map(|row| EndedRun::new(row.0)).ok_or(ExtensionError::RunGone { run_id })
    })
}

fn update(schema: &Schema) -> Result<String, ExtensionError> {
    let correct = if schema.has_column("irt_calibration_runs", "responses_correct_count")? {
        ", responses_correct_count = $21"
    } else {
        ""
    };
    Ok(format!(
        "UPDATE {} AS r SET status = $2, completed_at = $3, \
             duration_seconds = pg_catalog.date_part('epoch', \
                 $3 OPERATOR(pg_catalog.-) r.started_at), \
             responses_through = $4, new_responses_count = $5, responses_seen_count = $6, \
             responses_ahead_count = $7, persons_count = $8, responses_count = $9, \
             repeats_dropped = $10, items_calibrated = $11, items_skipped = $12, \
             mean_difficulty = $13, mean_discrimination = $14, log_likelihood = $15, \
             em_iterations = $16, bootstrap_iterations = $17, bootstrap_failures = $18, \
             error_message = $19, error_sqlstate = $20{correct} \
         WHERE r.id OPERATOR(pg_catalog.=) $1 \
         RETURNING pg_catalog.to_jsonb(r)",
        schema.runs()
    ))
}

/// Tells whoever listens how a run has ended, when this transaction is committed.
///
/// # Errors
/// Only when SPI fails.
pub fn announce(run: &EndedRun) -> Result<(), ExtensionError> {
    let payload = serde_json::json!({
        "run_id": run.column("id"),
        "bank": notifications::shortened(run.bank()),
        "status": run.column("status"),
        "publication": run.column("publication"),
        "items_calibrated": run.column("items_calibrated"),
        "items_published": run.column("items_published"),
        "error_sqlstate": run.column("error_sqlstate"),
        "link_slope": run.column("link_slope"),
        "link_intercept": run.column("link_intercept"),
        "drifted_items": run.column("drifted_items"),
    });
    notifications::send(&payload)
}

/// The process that carries a run out, if it is running.
///
/// # Errors
/// Only when SPI fails.
pub fn process_of(run_id: i64) -> Result<Option<i32>, ExtensionError> {
    as_owner(|schema| {
        let query = format!(
            "SELECT pid FROM {} WHERE run_id OPERATOR(pg_catalog.=) $1",
            schema.relation("irt_calibration_progress")
        );
        reading::one(&query, &[run_id.into()])
    })
}
