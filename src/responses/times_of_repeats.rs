//! The times of repeats.

use super::collector::{GROUP, TIME};
use super::groups::Groups;
use super::keys::Keys;
use super::values::{Correctness, Time};
use crate::error::ExtensionError;
use crate::postgres::query::{Column, Sink};
use irt::{GroupedResponses, NO_TIME};
use pgrx::pg_sys::Datum;

/// The second look at rows that were read before, in the same snapshot.
pub struct TimesOfRepeats {
    /// Of persons and of items, as numbered the first time.
    keys: [Keys; 2],
    groups: Option<Groups>,
    correctness: Option<Correctness>,
    time: Option<Time>,
    responses: GroupedResponses,
}

impl TimesOfRepeats {
    /// For responses with repeats whose rows were numbered by `keys`.
    ///
    /// # Errors
    /// [`irt::IrtError::OutOfMemory`].
    pub fn new(
        responses: GroupedResponses,
        mut keys: [Keys; 2],
        mut groups: Option<Groups>,
    ) -> Result<Self, ExtensionError> {
        keys.iter_mut().try_for_each(Keys::rebuild_index)?;
        groups.iter_mut().try_for_each(Groups::rebuild_index)?;
        Ok(Self { keys, groups, correctness: None, time: None, responses })
    }

    /// The responses, which know the times now, and the groups.
    pub fn finish(self) -> (GroupedResponses, Option<Groups>) {
        (self.responses, self.groups)
    }
}

impl Sink for TimesOfRepeats {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        if columns.len() != if self.groups.is_some() { GROUP + 1 } else { TIME + 1 } {
            return Err(ExtensionError::WrongColumnCount { found: columns.len() });
        }
        self.correctness = Some(Correctness::of(&columns[2])?);
        self.time = Some(Time::of(&columns[TIME])?);
        Ok(())
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        let (Some(correctness), Some(time)) = (self.correctness, self.time) else { return Ok(()) };
        if nulls[0] || nulls[1] || nulls[2] {
            return Ok(());
        }
        let [persons, items] = &mut self.keys;
        // SAFETY: the caller promises values of the columns' types, and these are not null.
        let (person, item, correct) = unsafe {
            (persons.number(values[0])?, items.number(values[1])?, correctness.read(values[2]))
        };
        let person = match &mut self.groups {
            // SAFETY: as above.
            Some(groups) => unsafe {
                groups.number(person, (!nulls[GROUP]).then(|| values[GROUP]))?
            },
            None => person,
        };
        // Wrong values were refused the first time.
        if let Ok(correct) = correct {
            let time = if nulls[TIME] { NO_TIME } else { time.read(values[TIME]) };
            self.responses.observe(person, item, correct, time);
        }
        Ok(())
    }
}
