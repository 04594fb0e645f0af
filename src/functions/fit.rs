//! irt_fit_2pl: the estimator alone.

use super::arguments::arguments;
use crate::bank::{BankSettings, Given, SETTINGS};
use crate::error::ExtensionError;
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Text;
use crate::scale::record::EVERYBODY;
use irt::{Calibration, GroupResult, ItemResult};
use pgrx::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// The arguments: the query, the anchors' query, and settings.
#[derive(Deserialize)]
struct Arguments {
    query: Option<String>,
    anchors: Option<String>,
    #[serde(flatten)]
    settings: Given,
}

/// Calibrates the responses that a query yields, and returns what a run would record. Its
/// arguments: sql/functions.sql.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(sql = false)]
fn irt_fit_2pl(
    call: pg_sys::FunctionCallInfo,
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
    // SAFETY: the server called this function.
    let fitted = unsafe { fitted(call) };
    TableIterator::new(or_raise(fitted).items.into_iter().map(row))
}

/// The groups of persons of the same fit. Its arguments: sql/functions.sql.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(sql = false)]
fn irt_fit_groups(
    call: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(group_name, Text),
        name!(persons_count, i64),
        name!(mean, f64),
        name!(sd, f64),
        name!(se_mean, Option<f64>),
        name!(se_sd, Option<f64>),
    ),
> {
    // SAFETY: the server called this function.
    let fitted = unsafe { fitted(call) };
    let row = |group: GroupResult| {
        (
            Text(group.name.unwrap_or_else(|| EVERYBODY.to_owned())),
            group.persons_count.cast_signed(),
            group.mean,
            group.sd,
            group.se_mean,
            group.se_sd,
        )
    };
    TableIterator::new(or_raise(fitted).groups.into_iter().map(row))
}

/// # Safety
/// `call` is that of a function with the arguments of irt_fit_2pl, as the server calls it.
unsafe fn fitted(call: pg_sys::FunctionCallInfo) -> Result<Calibration, ExtensionError> {
    // SAFETY: promised by the caller.
    let fit = || unsafe { arguments(call) }.and_then(fit);
    catch_to_raise(fit).unwrap_or_else(|report| Err(ExtensionError::Database(report)))
}

/// A setting that is NULL has no bank to fall back on.
fn fit(arguments: Arguments) -> Result<Calibration, ExtensionError> {
    let null = |name: &str| arguments.settings.get(name).is_some_and(Value::is_null);
    if let Some(setting) = SETTINGS.iter().find(|setting| null(setting.name)) {
        return Err(ExtensionError::NullArgument { argument: setting.name });
    }
    let settings = BankSettings::default().with(&arguments.settings)?;
    let query = arguments.query.ok_or(ExtensionError::NullArgument { argument: "query" })?;
    crate::fit::fit(&query, arguments.anchors.as_deref(), &settings.checked()?)
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
