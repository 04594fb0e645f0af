//! Every function that SQL can call: take the arguments, call the module, return or raise.
//!
//! None is STRICT: a NULL that makes no sense is an error, not a NULL. What a function owns
//! is moved into the call, because [`or_raise`] leaves without running destructors.

mod fit;
mod history;
mod publications;
mod runs;
mod schedule;

use crate::bank::{self, Change};
use crate::error::ExtensionError;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{BankRow, RegClass, SqlName, Text};
use crate::runs::should_run;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// Creates or changes a bank and checks all of it at once.
#[allow(clippy::too_many_arguments)]
#[pg_extern(name = "irt_configure", volatile, parallel_unsafe)]
fn irt_configure_0_3(
    bank: default!(Option<Text>, "'default'"),
    responses: default!(Option<RegClass>, "NULL"),
    person_column: default!(Option<SqlName>, "NULL"),
    item_column: default!(Option<SqlName>, "NULL"),
    correct_column: default!(Option<SqlName>, "NULL"),
    answered_at_column: default!(Option<SqlName>, "NULL"),
    items: default!(Option<RegClass>, "NULL"),
    item_key_column: default!(Option<SqlName>, "NULL"),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    min_persons: default!(Option<i32>, "NULL"),
    repeated_responses: default!(Option<Text>, "NULL"),
    quadrature_nodes: default!(Option<i32>, "NULL"),
    quadrature_bound: default!(Option<f64>, "NULL"),
    prior_log_discrimination_mean: default!(Option<f64>, "NULL"),
    prior_log_discrimination_sd: default!(Option<f64>, "NULL"),
    prior_difficulty_mean: default!(Option<f64>, "NULL"),
    prior_difficulty_sd: default!(Option<f64>, "NULL"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
    owner: default!(Option<SqlName>, "NULL"),
) -> BankRow {
    or_raise(bank::configure(Change {
        bank: bank.map(Into::into),
        responses,
        person_column,
        item_column,
        correct_column,
        answered_at_column,
        items,
        item_key_column,
        min_new_responses,
        min_responses_per_item,
        min_persons,
        repeated_responses: repeated_responses.map(Into::into),
        quadrature_nodes,
        quadrature_bound,
        prior_log_discrimination_mean,
        prior_log_discrimination_sd,
        prior_difficulty_mean,
        prior_difficulty_sd,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
        owner,
    }))
}

/// The one of 0.1.0 and 0.2.0, where banks had no owner.
#[allow(clippy::too_many_arguments)]
#[pg_extern(sql = false)]
fn irt_configure(
    bank: default!(Option<Text>, "'default'"),
    responses: default!(Option<RegClass>, "NULL"),
    person_column: default!(Option<SqlName>, "NULL"),
    item_column: default!(Option<SqlName>, "NULL"),
    correct_column: default!(Option<SqlName>, "NULL"),
    answered_at_column: default!(Option<SqlName>, "NULL"),
    items: default!(Option<RegClass>, "NULL"),
    item_key_column: default!(Option<SqlName>, "NULL"),
    min_new_responses: default!(Option<i32>, "NULL"),
    min_responses_per_item: default!(Option<i32>, "NULL"),
    min_persons: default!(Option<i32>, "NULL"),
    repeated_responses: default!(Option<Text>, "NULL"),
    quadrature_nodes: default!(Option<i32>, "NULL"),
    quadrature_bound: default!(Option<f64>, "NULL"),
    prior_log_discrimination_mean: default!(Option<f64>, "NULL"),
    prior_log_discrimination_sd: default!(Option<f64>, "NULL"),
    prior_difficulty_mean: default!(Option<f64>, "NULL"),
    prior_difficulty_sd: default!(Option<f64>, "NULL"),
    standard_errors: default!(Option<Text>, "NULL"),
    bootstrap_iterations: default!(Option<i32>, "NULL"),
    seed: default!(Option<i64>, "NULL"),
) -> BankRow {
    or_raise(bank::configure(Change {
        bank: bank.map(Into::into),
        responses,
        person_column,
        item_column,
        correct_column,
        answered_at_column,
        items,
        item_key_column,
        min_new_responses,
        min_responses_per_item,
        min_persons,
        repeated_responses: repeated_responses.map(Into::into),
        quadrature_nodes,
        quadrature_bound,
        prior_log_discrimination_mean,
        prior_log_discrimination_sd,
        prior_difficulty_mean,
        prior_difficulty_sd,
        standard_errors: standard_errors.map(Into::into),
        bootstrap_iterations,
        seed,
        owner: None,
    }))
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
