//! Where the columns of the statement stand, and what is in them.

use super::super::keys::with_bytes;
use super::part::{Columns, Key, Part};
use super::statement::Statement;
use crate::error::ExtensionError;
use crate::postgres::query::Column;
use pgrx::pg_sys::Datum;

/// How many responses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// All of them.
    pub all: i64,
    /// The correct ones.
    pub correct: i64,
}

impl Tally {
    /// One more.
    pub fn add(&mut self, correct: bool) {
        self.all += 1;
        self.correct += i64::from(correct);
    }
}

/// Where the columns of a statement stand.
#[derive(Debug, Clone)]
pub struct Layout {
    /// How many there are.
    count: usize,
    /// True where the second one is the group.
    pub has_group: bool,
    counts_wrong_values: bool,
    /// Each with the place of its first column.
    parts: Vec<(usize, Part)>,
    /// How many columns of what came after a moment there are, at the end.
    moments: usize,
}

impl Layout {
    /// That of a statement.
    pub fn of(statement: &Statement) -> Self {
        let (has_group, counts_wrong_values) =
            (statement.has_group(), statement.counts_wrong_values());
        let mut count = 1 + usize::from(has_group) + usize::from(counts_wrong_values);
        let mut parts = Vec::new();
        for part in statement.parts() {
            parts.push((count, *part));
            count += part.columns();
        }
        let moments = statement.moments();
        Self { count: count + moments, has_group, counts_wrong_values, parts, moments }
    }

    /// Refuses another number of columns.
    ///
    /// # Errors
    /// [`ExtensionError::Internal`].
    pub fn must_be_of(&self, columns: &[Column]) -> Result<(), ExtensionError> {
        if columns.len() == self.count {
            return Ok(());
        }
        Err(ExtensionError::Internal(format!("{} columns of {}", columns.len(), self.count)))
    }

    /// The group's column among the values of a row; `None` inside: NULL.
    pub fn group(&self, values: &[Datum], nulls: &[bool]) -> Option<Option<Datum>> {
        self.has_group.then(|| (!nulls[1]).then_some(values[1]))
    }

    /// True where one of the person's responses is neither correct nor incorrect.
    pub fn has_wrong_values(&self, values: &[Datum]) -> bool {
        let place = 1 + usize::from(self.has_group);
        self.counts_wrong_values && values[place].value() != 0
    }

    /// Counts what came after each moment.
    ///
    /// # Safety
    /// `values` are a row of the statement.
    pub unsafe fn count(&self, values: &[Datum], nulls: &[bool], after: &mut [Tally; 2]) {
        let places = self.count - self.moments..self.count;
        for (place, tally) in places.zip(after).filter(|(place, _)| !nulls[*place]) {
            // SAFETY: these columns are of type bytea, and this one is not null.
            unsafe {
                with_bytes(values[place], |all| all.iter().for_each(|byte| tally.add(*byte == 1)));
            }
        }
    }

    /// Calls `each` with every response of a row.
    ///
    /// # Errors
    /// Those of [`Part::read`].
    ///
    /// # Safety
    /// `values` are a row of the statement.
    pub unsafe fn read(
        &self,
        values: &[Datum],
        nulls: &[bool],
        mut each: impl FnMut(Key<'_>, bool, i64) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        for (place, part) in self.parts.iter().filter(|(place, _)| !nulls[*place]) {
            // SAFETY: the statement's parts are of type bytea or text, and this one is not null.
            unsafe {
                with_bytes(values[*place], |keys| match part.time.map(|_| place + 1) {
                    Some(beside) if !nulls[beside] => with_bytes(values[beside], |times| {
                        part.read(Columns { keys, times: Some(times) }, &mut each)
                    }),
                    _ => part.read(Columns { keys, times: None }, &mut each),
                })?;
            }
        }
        Ok(())
    }
}
