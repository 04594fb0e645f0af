//! irt_fit_2pl, irt_fit_groups, irt_fit_items: the estimator alone.

use super::arguments::arguments;
use crate::bank::{BankSettings, CheckedSettings, Given, SETTINGS};
use crate::error::ExtensionError;
use crate::item_reports::fit_of_query::{FittedItem, fit_items};
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

/// How each item of the same fit fits. Its arguments: sql/functions.sql.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(sql = false)]
fn irt_fit_items(
    call: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(item, Text),
        name!(responses_count, i64),
        name!(rmsd, Option<f64>),
        name!(mean_deviation, Option<f64>),
        name!(infit, Option<f64>),
        name!(outfit, Option<f64>),
        name!(z_infit, Option<f64>),
        name!(z_outfit, Option<f64>),
        name!(s_x2, Option<f64>),
        name!(s_x2_df, Option<i32>),
        name!(s_x2_p, Option<f64>),
        name!(guessing_z, Option<f64>),
        name!(flags, Vec<String>),
    ),
> {
    let fit = |query: &str, _: Option<&str>, settings: &CheckedSettings| fit_items(query, settings);
    // SAFETY: the server called this function.
    let fitted = unsafe { with_arguments(call, fit) };
    TableIterator::new(or_raise(fitted).into_iter().map(fit_row))
}

/// # Safety
/// `call` is that of a function with the arguments of irt_fit_2pl, as the server calls it.
unsafe fn fitted(call: pg_sys::FunctionCallInfo) -> Result<Calibration, ExtensionError> {
    // SAFETY: promised by the caller.
    unsafe { with_arguments(call, crate::fit::fit) }
}

/// Calls `fit` with the query, the anchors' query, and settings.
///
/// # Safety
/// `call` is that of a function whose arguments are those of irt_fit_2pl or some of them, as the
/// server calls it.
unsafe fn with_arguments<T>(
    call: pg_sys::FunctionCallInfo,
    fit: impl FnOnce(&str, Option<&str>, &CheckedSettings) -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    let with = |arguments: Arguments| {
        let settings = settings(&arguments.settings)?;
        let query = arguments.query.ok_or(ExtensionError::NullArgument { argument: "query" })?;
        fit(&query, arguments.anchors.as_deref(), &settings)
    };
    // SAFETY: promised by the caller.
    let fitted = || unsafe { arguments(call) }.and_then(with);
    catch_to_raise(fitted).unwrap_or_else(|report| Err(ExtensionError::Database(report)))
}

/// A setting that is NULL has no bank to fall back on.
fn settings(given: &Given) -> Result<CheckedSettings, ExtensionError> {
    let null = |name: &str| given.get(name).is_some_and(Value::is_null);
    if let Some(setting) = SETTINGS.iter().find(|setting| null(setting.name)) {
        return Err(ExtensionError::NullArgument { argument: setting.name });
    }
    BankSettings::default().with(given)?.checked()
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

type FitRow = (
    Text,
    i64,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<i32>,
    Option<f64>,
    Option<f64>,
    Vec<String>,
);

fn fit_row((item, fit): FittedItem) -> FitRow {
    let fit = fit.as_ref();
    let residuals = fit.map(|fit| fit.mean_squares);
    let s_x2 = fit.and_then(|fit| fit.s_x2);
    let flags = item.flags.iter().map(|flag| flag.as_str());
    let fit_flags = fit.into_iter().flat_map(|fit| &fit.flags).map(|flag| flag.as_str());
    (
        Text(item.item),
        item.responses_count.cast_signed(),
        fit.map(|fit| fit.deviation.rmsd),
        fit.map(|fit| fit.deviation.mean_deviation),
        residuals.map(|residuals| residuals.infit),
        residuals.map(|residuals| residuals.outfit),
        residuals.and_then(|residuals| residuals.z_infit),
        residuals.and_then(|residuals| residuals.z_outfit),
        s_x2.map(|s_x2| s_x2.statistic),
        s_x2.map(|s_x2| s_x2.df.cast_signed()),
        s_x2.map(|s_x2| s_x2.p),
        fit.and_then(|fit| fit.guessing_z),
        flags.chain(fit_flags).map(str::to_owned).collect(),
    )
}
