//! Rows whose persons are not numbered yet.
//!
//! Where a person's number is known, it is somewhere in megabytes of memory. One
//! row after the other would wait for it, with the executor's work in between;
//! numbered together, a batch waits once, because the processor looks ahead.

use super::keys::Keys;
use irt::{IrtError, ResponseRows};
use pgrx::pg_sys::Datum;

/// Few enough to stay in the nearest cache.
const ROWS: usize = 64;

/// One row: all of it but its person's number.
#[derive(Clone, Copy)]
pub struct Waiting {
    /// The person's key, in the datum itself.
    pub person: Datum,
    /// The item's number.
    pub item: u32,
    /// Whether the response is correct.
    pub correct: bool,
    /// As the numeric core wants it.
    pub time: i64,
    /// Whether it is kept once more.
    pub is_later: bool,
}

/// Rows in the order in which they arrived.
#[derive(Default)]
pub struct Batch(Vec<Waiting>);

impl Batch {
    /// Adds a row; true when it is time to number them.
    pub fn add(&mut self, row: Waiting) -> Result<bool, IrtError> {
        super::hash_index::make_room(&mut self.0, 1)?;
        self.0.push(row);
        Ok(self.0.len() >= ROWS)
    }

    /// Numbers the persons and hands the rows on.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    pub fn number(
        &mut self,
        persons: &mut Keys,
        rows: &mut ResponseRows,
        mut later: Option<&mut ResponseRows>,
    ) -> Result<(), IrtError> {
        // A person's responses tend to lie together.
        let mut last = None;
        for row in self.0.drain(..) {
            let person = match last {
                Some((key, number)) if key == row.person => number,
                // SAFETY: a non-null value of the column's type, stored in the datum itself.
                _ => unsafe { persons.number(row.person)? },
            };
            last = Some((row.person, person));
            rows.push(person, row.item, row.correct, row.time)?;
            if let Some(later) = later.as_mut().filter(|_| row.is_later) {
                later.push(person, row.item, row.correct, row.time)?;
            }
        }
        Ok(())
    }
}
