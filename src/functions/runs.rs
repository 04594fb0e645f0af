//! irt_run_calibration, irt_start_calibration, irt_cancel_calibration, irt_adopt_runs.

use super::arguments::arguments;
use crate::error::ExtensionError;
use crate::postgres::cancels;
use crate::postgres::raising::or_raise;
use crate::postgres::read_only::may_write;
use crate::postgres::sql_types::{RegClass, RunRow};
use crate::runs::adopt;
use crate::runs::audit;
use crate::runs::request::Arguments;
use crate::worker::launch::{Stay, launch};
use crate::worker::wait::{until_the_end, until_the_start};
use pgrx::prelude::*;

/// Calibrates a bank and publishes its parameters; returns the run's row. Its arguments:
/// sql/functions.sql.
#[pg_extern(sql = false)]
fn irt_run_calibration(call: pg_sys::FunctionCallInfo) -> RunRow {
    // SAFETY: the server called this function.
    or_raise(unsafe { arguments(call) }.and_then(run))
}

/// The same without waiting: returns the run's id as soon as its row is committed.
#[pg_extern(sql = false)]
fn irt_start_calibration(call: pg_sys::FunctionCallInfo) -> i64 {
    // SAFETY: the server called this function.
    or_raise(unsafe { arguments(call) }.and_then(start))
}

fn run(arguments: Arguments) -> Result<RunRow, ExtensionError> {
    until_the_end(launch(arguments, Stay::UntilTheEnd)?)?.into_composite()
}

fn start(arguments: Arguments) -> Result<i64, ExtensionError> {
    launch(arguments, Stay::UntilTheStart).and_then(until_the_start)
}

/// Stops a running calibration; false when there is none with that id.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_cancel_calibration(run_id: Option<i64>) -> bool {
    or_raise(cancel(run_id))
}

fn cancel(run_id: Option<i64>) -> Result<bool, ExtensionError> {
    let run_id = run_id.ok_or(ExtensionError::NullArgument { argument: "run_id" })?;
    match audit::process_of(run_id)? {
        // The process holds the run's lock at this moment, so it is our worker.
        Some(process) => Ok(cancels::send(process)),
        None => {
            // Its row may say 'running' all the same, as on a standby that was promoted.
            if may_write() {
                audit::orphans::fail_orphaned_runs(None)?;
            }
            Ok(false)
        }
    }
}

/// Copies an application's own history; returns how many of its rows are new.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_adopt_runs(source: Option<RegClass>) -> i64 {
    or_raise(adopt::adopt(source))
}
