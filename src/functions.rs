//! Every function that SQL can call: take the arguments, call the module, return or raise.
//!
//! None is STRICT: a NULL that makes no sense is an error, not a NULL. What a function owns
//! is moved into the call, because [`or_raise`] leaves without running destructors.

mod aggregates;
mod arguments;
mod fit;
mod history;
mod item_reports;
mod link;
mod publications;
mod report;
mod runs;
mod schedule;
mod scores;

use crate::bank::{self, Change};
use crate::error::ExtensionError;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{BankRow, RegClass, SqlName, Text};
use crate::runs::should_run;
use arguments::arguments;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// Creates or changes a bank and checks all of it at once. Its arguments: sql/functions.sql.
#[pg_extern(sql = false)]
fn irt_configure(call: pg_sys::FunctionCallInfo) -> BankRow {
    // SAFETY: the server called this function.
    let change = or_raise(unsafe { arguments::<Change>(call) });
    let configured = bank::configure(&change);
    drop(change);
    or_raise(configured)
}

/// Adds the irt_* columns that a table lacks, and names them.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_add_item_columns(items: Option<RegClass>) -> SetOfIterator<'static, SqlName> {
    let added = match items {
        Some(items) => bank::add_item_columns(items.0),
        None => Err(ExtensionError::NullArgument { argument: "items" }),
    };
    SetOfIterator::new(or_raise(added))
}

/// When the last successful full run of a bank started.
#[pg_extern(stable, parallel_unsafe)]
fn irt_last_successful_calibration(
    bank: default!(Option<Text>, "'default'"),
) -> Option<TimestampWithTimeZone> {
    or_raise(should_run::last_successful(bank.as_deref()))
}

/// How many responses are new since then, and whether that is enough.
#[pg_extern(stable, parallel_unsafe)]
fn irt_should_run_calibration(
    min_new_responses: default!(Option<i32>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> TableIterator<
    'static,
    (
        name!(should_run, bool),
        name!(new_responses_count, i64),
        name!(last_calibration_at, Option<TimestampWithTimeZone>),
    ),
> {
    TableIterator::once(or_raise(should_run::should_run(min_new_responses, bank.as_deref())))
}
