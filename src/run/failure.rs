//! When a run does not succeed: what is said, what is recorded, what may pass.

use super::{Caller, Request};
use crate::audit::{self, Facts, Status};
use crate::bank::Bank;
use crate::bank_lock::BankLock;
use crate::error::ExtensionError;
use crate::privileges::as_owner;
use crate::report::{Level, Report, tell};
use crate::spi::Spi;
use crate::worker::interrupts::{self, TimeLimit};
use crate::worker::transaction::{Isolation, transaction};
use serde_json::Value;
use std::time::Duration;

/// Why a run did not even get its row. Called by cron, a row says so too: nothing is silent.
pub fn refused(request: &Request, error: ExtensionError) -> Report {
    let report = Report::from(&error);
    if request.is_from_cron() && matches!(error, ExtensionError::AlreadyRunning { .. }) {
        let recorded = transaction(Isolation::ReadCommitted, || {
            audit::record_refusal(&request.bank, &request.triggered_by, &report)
        });
        warn_if_lost(recorded);
    }
    report
}

/// The error as the row and the caller get it. A cancel says what it came from.
pub fn explain(error: &ExtensionError, limit: &TimeLimit, caller: &dyn Caller) -> Report {
    let report = Report::from(error);
    if &report.sqlstate != b"57014" {
        return report;
    }
    if interrupts::is_terminated() {
        return Report::new(b"57P01", "the calibration was terminated by an administrator")
            .hint("The items are as they were. Run it again.");
    }
    if let Some(limit) = limit.passed() {
        return Report::new(
            b"57014",
            format!("the calibration was stopped after irt_calibration.timeout, {}", words(limit)),
        )
        .hint("Raise irt_calibration.timeout, or lower bootstrap_iterations.");
    }
    let why = if caller.is_gone() {
        "the calibration was canceled: its caller was canceled, timed out or disconnected"
    } else {
        "the calibration was canceled on request"
    };
    Report::new(b"57014", why).hint("The items are as they were. Run it again.")
}

fn words(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    if seconds >= 60.0 && seconds % 60.0 == 0.0 {
        format!("{} min", seconds / 60.0)
    } else {
        format!("{seconds} s")
    }
}

/// Ends the row of a failed run and logs it. The report goes back with the run's id in its context,
/// and the row with it, unless it could not be written.
pub fn record(
    run_id: i64,
    request: &Request,
    facts: &Facts,
    report: Report,
) -> (Report, Option<String>) {
    interrupts::follow_the_postmaster();
    interrupts::leave_transaction();
    let recorded =
        uncanceled(|| audit::end(run_id, Status::Failed, facts, Some(&report), audit::now()?));
    let row = match recorded {
        Ok(row) => {
            log_end(&row);
            Some(row)
        }
        Err(error) => {
            warn_if_lost(Err(error));
            None
        }
    };
    (report.context(format!("irt_calibration run {run_id} of bank \"{}\"", request.bank)), row)
}

/// Lets the next run begin. The row is committed: it is no ghost.
pub fn release(lock: &BankLock) {
    warn_if_lost(uncanceled(|| lock.release()));
}

/// A transaction that is tried again when a cancel hits it: the run is over, and what it was
/// aimed at has stopped.
fn uncanceled<T>(work: impl Fn() -> Result<T, ExtensionError>) -> Result<T, ExtensionError> {
    const TRIES: usize = 5;
    let mut outcome = Err(ExtensionError::Internal("nothing was tried".to_owned()));
    for _ in 0..TRIES {
        interrupts::forget_cancel();
        outcome = transaction(Isolation::ReadCommitted, &work);
        match &outcome {
            Err(error) if error.sqlstate() == *b"57014" => {}
            _ => break,
        }
    }
    outcome
}

fn warn_if_lost(outcome: Result<(), ExtensionError>) {
    if let Err(error) = outcome {
        // The next run will find the row still 'running' and say 'interrupted' in it.
        tell(Level::Warning, &Report::from(&error));
    }
}

/// One line in the server's log for every ended run.
pub fn log_end(row: &str) {
    let row: Value = serde_json::from_str(row).unwrap_or_default();
    let mut line = "irt_calibration:".to_owned();
    for (label, column) in [
        ("run", "id"),
        ("bank", "bank"),
        ("status", "status"),
        ("sqlstate", "error_sqlstate"),
        ("items_calibrated", "items_calibrated"),
        ("items_skipped", "items_skipped"),
        ("new_responses_count", "new_responses_count"),
        ("persons", "persons_count"),
        ("responses", "responses_count"),
        ("em_iterations", "em_iterations"),
        ("bootstrap_iterations", "bootstrap_iterations"),
        ("duration_seconds", "duration_seconds"),
    ] {
        match &row[column] {
            Value::Null => {}
            Value::String(text) => line.push_str(&format!(" {label}={text}")),
            other => line.push_str(&format!(" {label}={other}")),
        }
    }
    tell(Level::Log, &Report::new(b"00000", line));
}

/// True for what others' work caused and may be over soon: a lock not to be had, a deadlock, a
/// serialization failure.
pub fn may_pass(error: &ExtensionError) -> bool {
    matches!(error, ExtensionError::Database(report)
        if matches!(&report.sqlstate, b"55P03" | b"40P01" | b"40001"))
}

/// A lock that the waiting caller itself holds will not pass: it waits for us.
///
/// # Errors
/// `error`, with what to do, if that is so.
pub fn give_up_on_own_lock(
    request: &Request,
    bank: &Bank,
    error: ExtensionError,
) -> Result<(), ExtensionError> {
    let (Some(process), Some(items)) = (request.waiting_process, &bank.items) else {
        return Ok(());
    };
    let holds = transaction(Isolation::ReadCommitted, || {
        as_owner(|_schema| {
            Ok(Spi::get_one_with_args::<bool>(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l \
                 WHERE l.pid OPERATOR(pg_catalog.=) $1 \
                   AND l.relation OPERATOR(pg_catalog.=) $2 AND l.granted \
                   AND l.mode OPERATOR(pg_catalog.<>) 'AccessShareLock')",
                &[process.into(), items.relation.oid.into()],
            )?)
        })
    })?;
    if holds != Some(true) {
        return Ok(());
    }
    let report = Report::from(&error);
    Err(ExtensionError::Database(
        report
            .detail(format!(
                "The caller's own transaction holds a lock on {}.",
                items.relation.name
            ))
            .hint("Commit it first, or use irt_start_calibration, which does not wait."),
    ))
}
