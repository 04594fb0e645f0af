//! The responses of a bank.

use super::{Beside, Counter, Loaded, Persons, by_person, load_in_two_passes, load_with};
use crate::bank::{Bank, Column, RowShape};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::threads::Threads;
use irt::RepeatedResponses;
use pgrx::datum::TimestampWithTimeZone;

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
    mut beside: Beside<'_>,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    let time = bank.answered_at.as_ref();
    let query = select(bank, time.filter(|_| beside.counter.is_some()));
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let by_person = match (bank.shape, beside.persons) {
            (RowShape::Person, Persons::Numbered) => {
                by_person::read(bank, repeated, &mut beside, threads)?
            }
            _ => None,
        };
        let loaded = match (by_person, time) {
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
