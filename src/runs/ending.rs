//! The end of a run, on record and in the log: nothing is silent, and no cancel gets in between.

use super::audit::{self, EndedRun, Facts, Status};
use super::request::Request;
use crate::bank::lock::BankLock;
use crate::error::ExtensionError;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::interrupts;
use crate::postgres::raising::tell;
use crate::postgres::transactions::{self, Isolation, transaction};
use serde_json::Value;

/// Records that cron's call was refused, because another run has the bank.
pub fn record_refusal(request: &Request, report: &ErrorReport) {
    let Request { bank, triggered_by, .. } = request;
    warn_if_lost(transaction(Isolation::ReadCommitted, || {
        audit::record_refusal(bank, triggered_by, Status::Skipped, report)
    }));
}

/// Ends the row of a failed run and logs it. The report goes back with the run's id in its context,
/// and the row with it, unless it could not be written.
pub fn record(
    run_id: i64,
    request: &Request,
    facts: &Facts,
    report: ErrorReport,
) -> (ErrorReport, Option<EndedRun>) {
    let end = || audit::end(run_id, Status::Failed, facts, Some(&report), audit::now()?);
    let and_tell = || {
        let row = end()?;
        audit::announce(&row)?;
        Ok(row)
    };
    let recorded = uncanceled(and_tell).or_else(|error| match &error.sqlstate() {
        // Notifications are committed one after another: one may wait for a standby, and so would
        // this row.
        b"55P03" => uncanceled(end),
        _ => Err(error),
    });
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

/// Ends the row of a run whose process ends next, from the midst of it: without what was found out.
pub fn record_at_once(run_id: i64, error: &ExtensionError) {
    transactions::abort();
    let (facts, report) = (Facts::default(), ErrorReport::from(error));
    let recorded =
        uncanceled(|| audit::end(run_id, Status::Failed, &facts, Some(&report), audit::now()?));
    warn_if_lost(recorded.map(|row| log_end(&row)));
}

/// Lets the next run begin. The row has ended and is committed.
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
        say(Level::Warning, &ErrorReport::from(&error));
    }
}

/// One line in the server's log for every ended run.
pub fn log_end(run: &EndedRun) {
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
        // New ones come last: somebody may look for the beginning.
        ("publication", "publication"),
        ("items_published", "items_published"),
        ("scale", "scale"),
        ("link_slope", "link_slope"),
        ("link_intercept", "link_intercept"),
        ("drifted_items", "drifted_items"),
    ] {
        match run.column(column) {
            Value::Null => {}
            Value::String(text) => line.push_str(&format!(" {label}={text}")),
            other => line.push_str(&format!(" {label}={other}")),
        }
    }
    say(Level::Log, &ErrorReport::new(b"00000", line));
}

/// Reports what is decided already: a cancel that is pending must not end this process over it.
pub fn say(level: Level, report: &ErrorReport) {
    let _held = interrupts::InterruptsHeld::begin();
    tell(level, report);
}
