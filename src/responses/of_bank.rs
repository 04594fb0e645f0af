//! The responses of a bank.

use super::{Loaded, Persons, load_in_two_passes, load_with};
use crate::bank::{Bank, Column};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::threads::Threads;
use irt::RepeatedResponses;

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
        let loaded = match &bank.answered_at {
            None => load_with(&query, repeated, persons)?,
            Some(time) => {
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
