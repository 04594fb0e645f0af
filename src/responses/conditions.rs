//! Conditions on a bank's responses, in SQL.

use crate::bank::{Bank, Column};
use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::text_output::pin_text_settings;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

/// The condition that a response is eligible.
pub fn is_eligible(bank: &Bank) -> String {
    [&bank.person, &bank.item, &bank.correct]
        .map(|column| format!("{} IS NOT NULL", column.quoted()))
        .join(" AND ")
}

/// The condition that a response is correct. One that is neither 0 nor 1 is not, and is refused by a
/// run.
pub fn is_correct(bank: &Bank) -> String {
    let correct = bank.correct.quoted();
    match bank.correct.base_type {
        pg_sys::BOOLOID => correct,
        _ => format!("({correct} OPERATOR(pg_catalog.=) 1)"),
    }
}

/// The condition that a response's time is finite and after `moment`, an SQL expression. Few times
/// are, and only these are asked whether they are finite.
pub fn is_after(bank: &Bank, moment: &str) -> String {
    if bank.answered_at.is_none() {
        // A parameter must occur, or its type would be unknown.
        return format!("{moment}::pg_catalog.timestamptz IS NULL");
    }
    let (time, moment) = moment_of_time(bank, moment);
    format!("{time} OPERATOR(pg_catalog.>) {moment} AND pg_catalog.isfinite({time})")
}

/// A response's time, and `moment`, an SQL expression, to compare it with. That is converted to the
/// column's type, as UTC, and not the column to the moment's: a date may lie beyond the range of
/// timestamps, and midnight UTC is after a moment exactly when its date is a later one.
pub fn moment_of_time(bank: &Bank, moment: &str) -> (String, String) {
    let utc = format!("pg_catalog.timezone('UTC', {moment}::pg_catalog.timestamptz)");
    let (type_name, moment) = match bank.answered_at.as_ref().map(|column| column.base_type) {
        Some(pg_sys::DATEOID) => ("date", format!("{utc}::pg_catalog.date")),
        Some(pg_sys::TIMESTAMPOID) => ("timestamp", utc),
        _ => ("timestamptz", format!("{moment}::pg_catalog.timestamptz")),
    };
    let column = bank.answered_at.as_ref().map_or_else(|| "NULL".to_owned(), Column::quoted);
    (format!("{column}::pg_catalog.{type_name}"), moment)
}

/// A moment in SQL, whatever the session's settings: what is sent to other servers has no parameters.
/// `None`: before all others.
///
/// # Errors
/// Only when SPI fails.
pub fn literal(moment: Option<TimestampWithTimeZone>) -> Result<String, ExtensionError> {
    let _pinned = pin_text_settings();
    let query = "SELECT pg_catalog.quote_literal(COALESCE($1, '-infinity')::pg_catalog.text) \
                        OPERATOR(pg_catalog.||) '::pg_catalog.timestamptz'";
    reading::one::<String>(query, &[moment.into()]).map(Option::unwrap_or_default)
}
