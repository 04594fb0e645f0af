//! irt_fit_2pl: the estimator alone.

use crate::bank::{BankSettings, StandardErrorMethod, check_quadrature_bound, parse_repeated};
use crate::error::ExtensionError;
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Text;
use irt::ItemResult;
use pgrx::prelude::*;

/// Calibrates the responses that a query yields, and returns what a run would record.
#[expect(clippy::too_many_arguments, clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(volatile, parallel_unsafe)]
fn irt_fit_2pl(
    query: Option<Text>,
    min_responses_per_item: default!(Option<i32>, 1),
    min_persons: default!(Option<i32>, 2),
    repeated_responses: default!(Option<Text>, "'first'"),
    quadrature_nodes: default!(Option<i32>, 61),
    quadrature_bound: default!(Option<f64>, 6),
    prior_log_discrimination_mean: default!(Option<f64>, 0),
    prior_log_discrimination_sd: default!(Option<f64>, 0.5),
    prior_difficulty_mean: default!(Option<f64>, 0),
    prior_difficulty_sd: default!(Option<f64>, 2),
    standard_errors: default!(Option<Text>, "'observed_information'"),
    bootstrap_iterations: default!(Option<i32>, 2000),
    seed: default!(Option<i64>, 42),
) -> TableIterator<
    'static,
    (
        name!(item, Text),
        name!(difficulty, Option<f64>),
        name!(discrimination, Option<f64>),
        name!(se_difficulty, Option<f64>),
        name!(se_discrimination, Option<f64>),
        name!(information_peak, Option<f64>),
        name!(responses_count, i64),
        name!(proportion_correct, Option<f64>),
        name!(point_biserial, Option<f64>),
        name!(status, String),
        name!(flags, Vec<String>),
    ),
> {
    let fit = || {
        let settings = BankSettings {
            min_new_responses: 0,
            min_responses_per_item: given("min_responses_per_item", min_responses_per_item)?,
            min_persons: given("min_persons", min_persons)?,
            repeated_responses: parse_repeated(&given("repeated_responses", repeated_responses)?)?,
            quadrature_nodes: given("quadrature_nodes", quadrature_nodes)?,
            quadrature_bound: {
                check_quadrature_bound(quadrature_bound)?;
                given("quadrature_bound", quadrature_bound)?
            },
            prior_log_discrimination_mean: given(
                "prior_log_discrimination_mean",
                prior_log_discrimination_mean,
            )?,
            prior_log_discrimination_sd: given(
                "prior_log_discrimination_sd",
                prior_log_discrimination_sd,
            )?,
            prior_difficulty_mean: given("prior_difficulty_mean", prior_difficulty_mean)?,
            prior_difficulty_sd: given("prior_difficulty_sd", prior_difficulty_sd)?,
            standard_errors: StandardErrorMethod::parse(&given(
                "standard_errors",
                standard_errors,
            )?)?,
            bootstrap_iterations: given("bootstrap_iterations", bootstrap_iterations)?,
            seed: given("seed", seed)?,
        };
        crate::fit::fit(&given("query", query)?, &settings)
    };
    let fitted = catch_to_raise(fit).unwrap_or_else(|report| Err(ExtensionError::Database(report)));
    TableIterator::new(or_raise(fitted).items.into_iter().map(row))
}

/// The argument, or the error that it must not be NULL.
fn given<T>(argument: &'static str, value: Option<T>) -> Result<T, ExtensionError> {
    value.ok_or(ExtensionError::NullArgument { argument })
}

type Row = (
    Text,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    i64,
    Option<f64>,
    Option<f64>,
    String,
    Vec<String>,
);

fn row(item: ItemResult) -> Row {
    (
        Text(item.item),
        item.difficulty,
        item.discrimination,
        item.se_difficulty,
        item.se_discrimination,
        item.information_peak,
        item.responses_count.cast_signed(),
        item.proportion_correct,
        item.point_biserial,
        item.status.as_str().to_owned(),
        item.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
    )
}
