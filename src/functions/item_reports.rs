//! irt_item_verdicts, irt_readiness, irt_check_dimensions.

use crate::item_reports::readiness::{self, Question, ReadyDomain};
use crate::item_reports::verdicts::ItemReport;
use crate::item_reports::{dimensions, verdicts};
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{SqlName, Text};
use pgrx::prelude::*;

/// What is to be done about each item of a run.
#[pg_extern(stable, parallel_unsafe)]
fn irt_item_verdicts(
    bank: default!(Option<Text>, "'default'"),
    run_id: default!(Option<i64>, "NULL"),
) -> TableIterator<
    'static,
    (name!(item, Text), name!(verdict, String), name!(reasons, Vec<String>), name!(advice, String)),
> {
    let found = verdicts::of_run(bank.as_deref(), run_id);
    drop(bank);
    let row = |ItemReport { item, verdict, reasons, advice }: ItemReport| {
        (Text(item), verdict.as_str().to_owned(), reasons, advice)
    };
    TableIterator::new(or_raise(found).into_iter().map(row))
}

/// Whether a bank has enough items in force for adaptive tests.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_readiness(
    bank: default!(Option<Text>, "'default'"),
    by_column: default!(Option<SqlName>, "NULL"),
    max_se_difficulty: default!(Option<f64>, "0.5"),
    max_se_discrimination: default!(Option<f64>, "0.3"),
    min_items: default!(Option<i32>, "30"),
    min_items_per_band: default!(Option<i32>, "5"),
) -> TableIterator<
    'static,
    (
        name!(domain, Option<Text>),
        name!(items, i32),
        name!(ready_items, i32),
        name!(easy, i32),
        name!(medium, i32),
        name!(hard, i32),
        name!(is_ready, bool),
        name!(reason, String),
    ),
> {
    let answered = readiness::answer(&Question {
        bank: bank.as_deref(),
        by_column: by_column.as_ref().map(|SqlName(name)| name.as_str()),
        max_se_difficulty,
        max_se_discrimination,
        min_items,
        min_items_per_band,
    });
    drop((bank, by_column));
    let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    let row = move |(domain, is_ready, reason): ReadyDomain| {
        let (items, ready) = (count(domain.items), count(domain.ready()));
        let [easy, medium, hard] = domain.bands.map(count);
        (domain.name.map(Text), items, ready, easy, medium, hard, is_ready, reason)
    };
    TableIterator::new(or_raise(answered).into_iter().map(row))
}

/// Whether one ability is enough for all items of a bank.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_check_dimensions(
    bank: default!(Option<Text>, "'default'"),
    replicates: default!(Option<i32>, "100"),
    seed: default!(Option<i64>, "42"),
) -> TableIterator<
    'static,
    (
        name!(largest_share, Option<f64>),
        name!(mean_q3, Option<f64>),
        name!(pairs, i64),
        name!(replicates, i32),
        name!(p, Option<f64>),
        name!(verdict, Text),
    ),
> {
    let check = || dimensions::of_bank(bank.as_deref(), replicates, seed);
    let checked = catch_to_raise(check).unwrap_or_else(|report| Err(report.into()));
    drop(bank);
    let found = or_raise(checked);
    TableIterator::once((
        found.observed.largest_share,
        found.observed.mean_q3,
        found.observed.pairs.cast_signed(),
        found.replicates,
        found.p,
        Text(found.verdict),
    ))
}
