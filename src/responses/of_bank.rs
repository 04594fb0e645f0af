//! The responses of a bank.

use super::{Beside, Counter, Loaded, Persons, by_person, load_in_two_passes, load_with};
use crate::bank::{Bank, Column, RowShape};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::reading;
use crate::postgres::text_output::pin_text_settings;
use crate::postgres::threads::Threads;
use irt::RepeatedResponses;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

/// Reads a bank's responses with the current role's rights, or with the owner's for a superuser. A
/// bank with times may need `threads`, see [`load_in_two_passes`].
///
/// # Errors
/// As for [`super::load`]; 42P01, 42501.
pub fn read(
    bank: &Bank,
    repeated: RepeatedResponses,
    persons: Persons,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    read_with(bank, repeated, Beside { persons, ..Beside::default() }, threads)
}

/// The same, and counts them on the way; those after `moment` are kept once more. Where that fails,
/// `counter` may be complete all the same.
///
/// # Errors
/// As for [`read`].
pub fn read_and_count(
    bank: &Bank,
    repeated: RepeatedResponses,
    counter: &mut Counter,
    moment: Option<TimestampWithTimeZone>,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    let beside = Beside { counter: Some(counter), moment, ..Beside::default() };
    read_with(bank, repeated, beside, threads)
}

fn read_with(
    bank: &Bank,
    repeated: RepeatedResponses,
    beside: Beside<'_>,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    let time = bank.answered_at.as_ref();
    let query = select(bank, time.filter(|_| beside.counter.is_some()));
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let loaded = match (read_by_person(bank, repeated, &beside, threads)?, time) {
            (Some(loaded), _) => loaded,
            (None, None) => load_with(&query, repeated, beside)?,
            (None, Some(_)) => {
                let timed_query = select(bank, time);
                load_in_two_passes(&query, &timed_query, repeated, beside, threads)?
            }
        };
        if !bank.responses.is_still_itself()? {
            return Err(ExtensionError::RelationGone {
                bank: bank.name.clone(),
                role: "responses",
                relation: bank.responses.name.clone(),
            });
        }
        Ok(loaded)
    })
}

/// One row a person, where the bank is read so and nobody is to be named. No response is counted.
fn read_by_person(
    bank: &Bank,
    repeated: RepeatedResponses,
    beside: &Beside<'_>,
    threads: &mut Threads,
) -> Result<Option<Loaded>, ExtensionError> {
    if bank.shape != RowShape::Person || beside.persons != Persons::Numbered {
        return Ok(None);
    }
    let Some(mut loaded) = by_person::read(bank, None, repeated, Some(threads))? else {
        return Ok(None);
    };
    if let Some(moment) = beside.moment {
        let later = is_after(bank, &literal(moment)?);
        loaded.later = match by_person::read(bank, Some(&later), repeated, None)? {
            Some(later) => Some(Box::new(later)),
            None => return Ok(None),
        };
    }
    Ok(Some(loaded))
}

/// A moment as SQL has it.
fn literal(moment: TimestampWithTimeZone) -> Result<String, ExtensionError> {
    let _pinned = pin_text_settings();
    let text = reading::one(
        "SELECT pg_catalog.quote_literal($1::pg_catalog.timestamptz::pg_catalog.text)",
        &[moment.into()],
    )?;
    text.ok_or_else(|| ExtensionError::Internal("a moment without a text".to_owned()))
}

/// The condition that a response is eligible.
pub fn is_eligible(bank: &Bank) -> String {
    [&bank.person, &bank.item, &bank.correct]
        .map(|column| format!("{} IS NOT NULL", column.quoted()))
        .join(" AND ")
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

/// The query that yields a bank's responses, with their times or without.
fn select(bank: &Bank, time: Option<&Column>) -> String {
    let mut columns = vec![bank.person.quoted(), bank.item.quoted(), bank.correct.quoted()];
    match (time, &bank.group) {
        (Some(time), _) => columns.push(time.quoted()),
        (None, Some(_)) => columns.push("NULL".to_owned()),
        (None, None) => {}
    }
    columns.extend(bank.group.as_ref().map(Column::quoted));
    format!("SELECT {} FROM {}", columns.join(", "), bank.responses.name)
}
