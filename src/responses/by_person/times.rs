//! The times of repeats.

use super::super::groups::Groups;
use super::super::keys::Keys;
use super::items::Items;
use super::layout::Layout;
use super::statement::Statement;
use crate::error::ExtensionError;
use crate::postgres::query::{Column, Sink};
use irt::GroupedResponses;
use pgrx::pg_sys::Datum;

/// The second look at persons that were read before: in the same snapshot, or, on several servers
/// with transactions of their own, in a later one. Whoever was not there then, counts for nothing.
pub struct TimesOfRepeats {
    layout: Layout,
    /// Of persons, as numbered the first time.
    keys: Keys,
    items: Items,
    groups: Option<Groups>,
    responses: GroupedResponses,
}

impl TimesOfRepeats {
    /// For responses with repeats whose persons and items were numbered by these.
    ///
    /// # Errors
    /// [`irt::IrtError::OutOfMemory`].
    pub fn new(
        statement: &Statement,
        responses: GroupedResponses,
        mut keys: Keys,
        items: Items,
        mut groups: Option<Groups>,
    ) -> Result<Self, ExtensionError> {
        keys.rebuild_index()?;
        groups.iter_mut().try_for_each(Groups::rebuild_index)?;
        Ok(Self { layout: Layout::of(statement), keys, items, groups, responses })
    }

    /// The responses, which know the times now, and the groups.
    pub fn finish(self) -> (GroupedResponses, Option<Groups>) {
        (self.responses, self.groups)
    }
}

impl Sink for TimesOfRepeats {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        self.layout.must_be_of(columns)
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        if nulls[0] {
            return Ok(());
        }
        // SAFETY: the caller promises a row of the statement, and the person is not null.
        let person = unsafe {
            let person = self.keys.number(values[0])?;
            match (&mut self.groups, self.layout.group(values, nulls)) {
                (Some(groups), Some(group)) => groups.number(person, group)?,
                _ => person,
            }
        };
        let (items, responses) = (&mut self.items, &mut self.responses);
        // SAFETY: as above.
        unsafe {
            self.layout.read(values, nulls, |key, correct, time| {
                responses.observe(person, items.number(key)?, correct, time);
                Ok(())
            })
        }
    }
}
