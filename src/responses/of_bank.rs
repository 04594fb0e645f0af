//! The responses of a bank.

use super::{Loaded, Persons, by_person, load_in_two_passes, load_with};
use crate::bank::{Bank, Column, RowShape};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::threads::Threads;
use irt::RepeatedResponses;
use pgrx::pg_sys;

/// Reads a bank's responses with the current role's rights, or with the owner's for a superuser. A
/// bank with times may need `threads`, see [`load_in_two_passes`].
///
/// # Errors
/// As for [`load`]; 42P01, 42501.
pub fn read(
    bank: &Bank,
    repeated: RepeatedResponses,
    persons: Persons,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    let query = select(bank, None);
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let by_person = match (bank.shape, persons) {
            (RowShape::Person, Persons::Numbered) => {
                by_person::read(bank, None, repeated, Some(threads))?
            }
            _ => None,
        };
        let loaded = match (by_person, &bank.answered_at) {
            (Some(loaded), _) => loaded,
            (None, None) => load_with(&query, repeated, persons)?,
            (None, Some(time)) => {
                let timed_query = select(bank, Some(time));
                load_in_two_passes(&query, &timed_query, repeated, persons, threads)?
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

/// Reads the responses of a bank that came after a moment, with the current role's rights as
/// [`read`]; `moment` is an SQL expression. Which of repeats counts is not decided by time.
///
/// # Errors
/// As for [`read`].
pub fn read_since(
    bank: &Bank,
    moment: &str,
    repeated: RepeatedResponses,
) -> Result<Loaded, ExtensionError> {
    let condition = is_after(bank, moment);
    let query = format!("{} WHERE {condition}", select(bank, None));
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let by_person = match bank.shape {
            RowShape::Person => by_person::read(bank, Some(&condition), repeated, None)?,
            RowShape::Response => None,
        };
        match by_person {
            Some(loaded) => Ok(loaded),
            None => load_with(&query, repeated, Persons::Numbered),
        }
    })
}

/// The condition that a response's time is finite and after `moment`, an SQL expression. It is
/// converted to the column's type, as UTC, and not the column to the moment's: a date may lie beyond
/// the range of timestamps, and midnight UTC is after a moment exactly when its date is a later one.
/// Few times are, and only these are asked whether they are finite.
pub fn is_after(bank: &Bank, moment: &str) -> String {
    let Some(column) = &bank.answered_at else {
        // A parameter must occur, or its type would be unknown.
        return format!("{moment}::pg_catalog.timestamptz IS NULL");
    };
    let utc = format!("pg_catalog.timezone('UTC', {moment}::pg_catalog.timestamptz)");
    let (type_name, moment) = match column.base_type {
        pg_sys::DATEOID => ("date", format!("{utc}::pg_catalog.date")),
        pg_sys::TIMESTAMPOID => ("timestamp", utc),
        _ => ("timestamptz", format!("{moment}::pg_catalog.timestamptz")),
    };
    let time = format!("{}::pg_catalog.{type_name}", column.quoted());
    format!("{time} OPERATOR(pg_catalog.>) {moment} AND pg_catalog.isfinite({time})")
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
