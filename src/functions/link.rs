//! irt_link: how two sets of items are put on one scale.

use crate::error::ExtensionError;
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Text;
use crate::scale::link;
use pgrx::prelude::*;

/// The link that puts the items of a query on the scale of another's.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(volatile, parallel_unsafe)]
fn irt_link(
    items: Option<Text>,
    onto: Option<Text>,
    method: default!(Option<Text>, "'stocking_lord'"),
) -> TableIterator<
    'static,
    (
        name!(slope, f64),
        name!(intercept, f64),
        name!(se_slope, Option<f64>),
        name!(se_intercept, Option<f64>),
        name!(common_items, i32),
        name!(drifted, Vec<String>),
    ),
> {
    let linked = || link(items.as_deref(), onto.as_deref(), method.as_deref());
    let linked =
        catch_to_raise(linked).unwrap_or_else(|report| Err(ExtensionError::Database(report)));
    drop((items, onto, method));
    let linked = or_raise(linked);
    let common_items = i32::try_from(linked.common_items).unwrap_or(i32::MAX);
    // Of two queries no joint covariance is known.
    let (se_slope, se_intercept) = (None, None);
    TableIterator::once((
        linked.slope,
        linked.intercept,
        se_slope,
        se_intercept,
        common_items,
        linked.drifted,
    ))
}
