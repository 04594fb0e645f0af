//! irt_validate_calibration, irt_item_history.

use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Text;
use crate::runs::history;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// How a bank's last estimates go together with its raw data.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_validate_calibration(
    bank: default!(Option<Text>, "'default'"),
) -> TableIterator<
    'static,
    (
        name!(correlation, Option<f64>),
        name!(rmse, Option<f64>),
        name!(items_count, i64),
        name!(mean_se_difficulty, Option<f64>),
        name!(mean_se_discrimination, Option<f64>),
        name!(interpretation, Text),
    ),
> {
    let found = or_raise(history::validate(bank.as_deref()));
    TableIterator::once((
        found.correlation,
        found.rmse,
        found.items_count,
        found.mean_se_difficulty,
        found.mean_se_discrimination,
        Text(found.interpretation),
    ))
}

/// What each run of a bank said of an item, the newest first.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_item_history(
    item: Option<Text>,
    bank: default!(Option<Text>, "'default'"),
) -> TableIterator<
    'static,
    (
        name!(run_id, i64),
        name!(completed_at, Option<TimestampWithTimeZone>),
        name!(status, String),
        name!(flags, Vec<String>),
        name!(difficulty, Option<f64>),
        name!(discrimination, Option<f64>),
        name!(se_difficulty, Option<f64>),
        name!(se_discrimination, Option<f64>),
        name!(difficulty_change, Option<f64>),
        name!(discrimination_change, Option<f64>),
        name!(responses_count, Option<i64>),
        name!(proportion_correct, Option<f64>),
        name!(point_biserial, Option<f64>),
    ),
> {
    TableIterator::new(or_raise(history::of_item(item.as_deref(), bank.as_deref())))
}
