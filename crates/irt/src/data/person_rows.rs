//! Responses as they are read, person by person.

use super::response::Response;
use crate::error::IrtError;
use crate::memory::push;

/// For messages.
const WHAT: &str = "loading responses";

/// Responses as they are read where all of a person's come together: four bytes each.
///
/// Persons are numbered in the order in which they come. Items are numbered densely from 0 in any
/// order.
#[derive(Debug, Clone, Default)]
pub struct PersonRows {
    /// Where each person's responses start.
    pub(super) starts: Vec<u32>,
    pub(super) responses: Vec<Response>,
}

impl PersonRows {
    /// Begins the next person, who has no responses yet; returns the number.
    ///
    /// # Errors
    /// [`IrtError::TooMany`] persons or responses, [`IrtError::OutOfMemory`].
    pub fn begin_person(&mut self) -> Result<u32, IrtError> {
        let person = within_limit("persons", self.starts.len())?;
        let start = within_limit("responses", self.responses.len())?;
        push(&mut self.starts, start, WHAT)?;
        Ok(person)
    }

    /// Adds a response of the person who was begun last; without one it counts for nobody. `item` < 2³¹.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`] when the collection cannot grow.
    #[inline]
    pub fn push(&mut self, item: u32, correct: bool) -> Result<(), IrtError> {
        push(&mut self.responses, Response::new(item, correct), WHAT)
    }

    /// How many responses there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.responses.len()
    }

    /// True before the first response.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.responses.is_empty()
    }

    /// Bytes held. Spare capacity takes none before it is written to.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        4 * (self.starts.len() + self.responses.len())
    }

    /// Where each person's responses start, and the end.
    pub(super) fn offsets(&mut self) -> Result<Vec<u32>, IrtError> {
        let end = within_limit("responses", self.responses.len())?;
        let mut offsets = std::mem::take(&mut self.starts);
        push(&mut offsets, end, WHAT)?;
        Ok(offsets)
    }
}

fn within_limit(what: &'static str, count: usize) -> Result<u32, IrtError> {
    let (found, limit) = (count as u64, u64::from(u32::MAX));
    u32::try_from(count).map_err(|_| IrtError::TooMany { what, found, limit })
}
