//! The responses of a bank.

use super::{Loaded, Persons, load_in_two_passes, load_with};
use crate::bank::Bank;
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
    let columns = [bank.person.quoted(), bank.item.quoted(), bank.correct.quoted()].join(", ");
    let query = format!("SELECT {columns} FROM {}", bank.responses.name);
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let loaded = match &bank.answered_at {
            None => load_with(&query, repeated, persons)?,
            Some(time) => {
                let columns = format!("{columns}, {}", time.quoted());
                let timed_query = format!("SELECT {columns} FROM {}", bank.responses.name);
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
