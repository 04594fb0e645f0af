//! irt_publish, irt_rollback, irt_reject, irt_compare_runs, irt_set_check, irt_drop_bank,
//! irt_forget_runs.

use crate::parameters::{compare, decide, forget, thresholds};
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{PublicationRow, RunRow, Text, ThresholdRow};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// Puts a successful run in force: approves a held one, or restores an older one.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_publish(run_id: Option<i64>, note: default!(Option<Text>, "NULL")) -> PublicationRow {
    or_raise(decide::publish(run_id, note.as_deref()))
}

/// Undoes the newest publication of a bank that is not undone.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_rollback(
    bank: default!(Option<Text>, "'default'"),
    note: default!(Option<Text>, "NULL"),
) -> PublicationRow {
    or_raise(decide::rollback(bank.as_deref(), note.as_deref()))
}

/// Says that a held run will not be published.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_reject(run_id: Option<i64>, note: default!(Option<Text>, "NULL")) -> RunRow {
    or_raise(decide::reject(run_id, note.as_deref()))
}

/// A run's parameters beside those of another, or those in force.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_compare_runs(
    run_id: Option<i64>,
    with_run_id: default!(Option<i64>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(item, Text),
        name!(difficulty, Option<f64>),
        name!(discrimination, Option<f64>),
        name!(se_difficulty, Option<f64>),
        name!(se_discrimination, Option<f64>),
        name!(with_difficulty, Option<f64>),
        name!(with_discrimination, Option<f64>),
        name!(difficulty_change, Option<f64>),
        name!(discrimination_change, Option<f64>),
        name!(curve_distance, Option<f64>),
        name!(drifted, Option<bool>),
    ),
> {
    TableIterator::new(or_raise(compare::runs(run_id, with_run_id)))
}

/// Replaces a check's thresholds for a bank.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_set_check(
    check_name: Option<Text>,
    warn_above: Option<f64>,
    hold_above: Option<f64>,
    bank: default!(Option<Text>, "'default'"),
) -> ThresholdRow {
    or_raise(thresholds::set(check_name.as_deref(), warn_above, hold_above, bank.as_deref()))
}

/// Removes a bank: its configuration, history and parameters.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_drop_bank(bank: Option<Text>) {
    or_raise(forget::bank(bank.as_deref()))
}

/// Removes old runs that no past score needs; returns how many.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_forget_runs(bank: Option<Text>, before: Option<TimestampWithTimeZone>) -> i64 {
    or_raise(forget::runs(bank.as_deref(), before))
}
