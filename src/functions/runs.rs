//! irt_run_calibration, irt_start_calibration, irt_cancel_calibration, irt_adopt_runs.

use crate::bank::Overrides;
use crate::error::ExtensionError;
use crate::postgres::cancels;
use crate::postgres::raising::or_raise;
use crate::postgres::read_only::may_write;
use crate::postgres::sql_types::{ItemKeys, RegClass, RunRow, Text, Texts};
use crate::runs::adopt;
use crate::runs::audit;
use crate::worker::launch::{Arguments, Stay, launch};
use crate::worker::wait::{until_the_end, until_the_start};
use pgrx::prelude::*;

/// Calibrates a bank and publishes its parameters; returns the run's row.
#[expect(clippy::too_many_arguments, reason = "the signature is SQL's")]
#[pg_extern(name = "irt_run_calibration", volatile, parallel_unsafe)]
fn irt_run_calibration_0_3(
    force: default!(Option<bool>, false),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    item_ids: default!(Option<ItemKeys>, "NULL::text[]"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> RunRow {
    let overrides = Overrides {
        min_new_responses,
        min_responses_per_item,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
    };
    or_raise(texts(item_ids).and_then(|item_ids| {
        run(Arguments { force, overrides, item_ids, bank: bank.map(Into::into) })
    }))
}

/// The same without waiting: returns the run's id as soon as its row is committed.
#[expect(clippy::too_many_arguments, reason = "the signature is SQL's")]
#[pg_extern(name = "irt_start_calibration", volatile, parallel_unsafe)]
fn irt_start_calibration_0_3(
    force: default!(Option<bool>, false),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    item_ids: default!(Option<ItemKeys>, "NULL::text[]"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> i64 {
    let overrides = Overrides {
        min_new_responses,
        min_responses_per_item,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
    };
    or_raise(texts(item_ids).and_then(|item_ids| {
        start(Arguments { force, overrides, item_ids, bank: bank.map(Into::into) })
    }))
}

/// The one of 0.1.0 and 0.2.0, whose item_ids is text[].
#[expect(clippy::too_many_arguments, reason = "the signature is SQL's")]
#[pg_extern(sql = false)]
fn irt_run_calibration(
    force: default!(Option<bool>, false),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    item_ids: default!(Option<Texts>, "NULL"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> RunRow {
    let overrides = Overrides {
        min_new_responses,
        min_responses_per_item,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
    };
    or_raise(run(Arguments {
        force,
        overrides,
        item_ids: item_ids.map(|ids| ids.0),
        bank: bank.map(Into::into),
    }))
}

/// The one of 0.1.0 and 0.2.0, whose item_ids is text[].
#[expect(clippy::too_many_arguments, reason = "the signature is SQL's")]
#[pg_extern(sql = false)]
fn irt_start_calibration(
    force: default!(Option<bool>, false),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    item_ids: default!(Option<Texts>, "NULL"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> i64 {
    let overrides = Overrides {
        min_new_responses,
        min_responses_per_item,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
    };
    or_raise(start(Arguments {
        force,
        overrides,
        item_ids: item_ids.map(|ids| ids.0),
        bank: bank.map(Into::into),
    }))
}

/// The keys of the items that a run is limited to, as text.
fn texts(item_ids: Option<ItemKeys>) -> Result<Option<Vec<Option<String>>>, ExtensionError> {
    item_ids.map(ItemKeys::texts).transpose()
}

fn run(arguments: Arguments) -> Result<RunRow, ExtensionError> {
    let row = until_the_end(launch(arguments, Stay::UntilTheEnd)?)?;
    audit::row_from_json(&row)
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
