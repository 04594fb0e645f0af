//! Counting all responses of a bank, by SQL.

use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::spi::Spi;
use crate::responses::Counts;
use crate::responses::of_bank::{is_after, is_eligible};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

/// Counts with the current role's rights: `last` is the last run's moment, `now` this one.
///
/// # Errors
/// When the responses cannot be read.
pub fn count(
    bank: &Bank,
    last: TimestampWithTimeZone,
    now: TimestampWithTimeZone,
) -> Result<Counts, ExtensionError> {
    let [after_last, ahead] = ["$1", "$2"].map(|moment| is_after(bank, moment));
    let correct = is_correct(bank);
    let query = format!(
        "SELECT pg_catalog.count(*), \
                pg_catalog.count(*) FILTER (WHERE {after_last}), \
                pg_catalog.count(*) FILTER (WHERE {ahead}), \
                pg_catalog.count(*) FILTER (WHERE {correct}), \
                pg_catalog.count(*) FILTER (WHERE {after_last} AND {correct}), \
                pg_catalog.count(*) FILTER (WHERE {ahead} AND {correct}) \
         FROM {} WHERE {}",
        bank.responses.name,
        is_eligible(bank),
    );
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        Spi::connect(|client| {
            // With a limit on rows, though there is but one, the server would start no parallel worker.
            let rows = client.select(query.as_str(), None, &[last.into(), now.into()])?;
            let row = rows.first();
            let count = |i| row.get::<i64>(i).map(Option::unwrap_or_default);
            Ok(Counts {
                total: count(1)?,
                after_last: count(2)?,
                ahead: count(3)?,
                correct: count(4)?,
                correct_after_last: count(5)?,
                correct_ahead: count(6)?,
            })
        })
    })
}

/// The condition that a response is correct. What is neither 0 nor 1 is refused by the run.
fn is_correct(bank: &Bank) -> String {
    let column = bank.correct.quoted();
    let type_name = match bank.correct.base_type {
        pg_sys::BOOLOID => return format!("{column}::pg_catalog.bool"),
        pg_sys::INT2OID => "int2",
        pg_sys::INT4OID => "int4",
        pg_sys::INT8OID => "int8",
        _ => "numeric",
    };
    format!("{column}::pg_catalog.{type_name} OPERATOR(pg_catalog.=) 1")
}
