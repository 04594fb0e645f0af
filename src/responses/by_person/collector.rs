//! Persons as they come, counted and within the limit of memory.

use super::super::counts::Counts;
use super::super::groups::Groups;
use super::super::keys::Keys;
use super::super::limit::Passed;
use super::items::Items;
use super::layout::{Layout, Tally};
use super::statement::Statement;
use crate::bank::RowShape;
use crate::error::ExtensionError;
use crate::postgres::query::{Column, Sink};
use irt::PersonRows;
use pgrx::pg_sys::Datum;

/// Memory is looked at once in so many persons and responses: a person may have any number of these.
const BETWEEN_LOOKS: u64 = 1 << 15;

/// What was read.
pub struct Persons {
    /// The text of every item, by its number.
    pub labels: Vec<String>,
    /// The responses. Where persons are grouped, a person is a person in a group.
    pub rows: PersonRows,
    /// Of persons, or of persons in groups, by the groups.
    pub keys: Keys,
    /// The items, by the numbers that the responses have.
    pub items: Items,
    /// Where persons are grouped, who they are.
    pub groups: Option<Groups>,
}

impl Persons {
    /// Bytes held.
    pub fn allocated_bytes(&self) -> u64 {
        let labels: usize = self.labels.iter().map(|label| size_of::<String>() + label.len()).sum();
        let held = labels
            + self.rows.allocated_bytes()
            + self.keys.allocated_bytes()
            + self.items.allocated_bytes()
            + self.groups.as_ref().map_or(0, Groups::allocated_bytes);
        held as u64
    }

    /// Nobody comes any more.
    pub fn drop_indexes(&mut self) {
        self.keys.drop_index();
        self.groups.iter_mut().for_each(Groups::drop_index);
    }
}

/// Turns persons into numbers as they arrive.
pub struct Collector {
    layout: Layout,
    read: Option<(Keys, Option<Groups>)>,
    items: Items,
    rows: PersonRows,
    persons: u64,
    responses: Tally,
    /// After the moments that the statement names.
    after: [Tally; 2],
    /// True where this is not the way to read them.
    gave_up: bool,
    /// Bytes that are held beside.
    beside: u64,
    /// Persons and responses at the last look at memory.
    looked_at: u64,
    /// Set where there is no room: from there on responses are only counted.
    over: Option<Passed>,
}

impl Collector {
    /// Nobody yet; `beside` bytes are held already.
    pub fn new(statement: &Statement, beside: u64) -> Self {
        Self {
            layout: Layout::of(statement),
            read: None,
            items: Items::new(),
            rows: PersonRows::default(),
            persons: 0,
            responses: Tally::default(),
            after: [Tally::default(); 2],
            gave_up: false,
            beside,
            looked_at: 0,
            over: None,
        }
    }

    /// How many responses there were, and after the last run's moment and this one; `None` where rows
    /// have to be read.
    pub fn counts(&self) -> Option<Counts> {
        let [last, now] = self.after;
        (!self.gave_up).then_some(Counts {
            total: self.responses.all,
            after_last: last.all,
            ahead: now.all,
            correct: self.responses.correct,
            correct_after_last: last.correct,
            correct_ahead: now.correct,
        })
    }

    /// Everybody; `None` where rows have to be read.
    ///
    /// # Errors
    /// Too much memory, texts that are not UTF-8.
    pub fn finish(mut self) -> Result<Option<Persons>, ExtensionError> {
        if self.over.is_none() {
            self.look_at_memory();
        }
        let Some((keys, groups)) = self.read.filter(|_| !self.gave_up) else { return Ok(None) };
        if let Some(passed) = self.over {
            return Err(passed.error(self.responses.all.unsigned_abs(), RowShape::Person));
        }
        let labels = self.items.labels()?;
        Ok(Some(Persons { labels, rows: self.rows, keys, items: self.items, groups }))
    }

    fn look_at_memory(&mut self) {
        let Some((keys, groups)) = &self.read else { return };
        let held = keys.allocated_bytes()
            + groups.as_ref().map_or(0, Groups::allocated_bytes)
            + self.items.allocated_bytes()
            + self.rows.allocated_bytes();
        let held = held as u64 + self.beside;
        self.looked_at = self.seen();
        self.over = Passed::by(held, self.responses.all.unsigned_abs());
        if self.over.is_some() {
            self.rows = PersonRows::default();
        }
    }

    /// Persons and responses so far.
    fn seen(&self) -> u64 {
        self.persons + self.responses.all.unsigned_abs()
    }
}

impl Sink for Collector {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        self.layout.must_be_of(columns)?;
        let groups = self.layout.has_group.then(|| Groups::new(&columns[1])).transpose()?;
        self.read = Some((Keys::new(&columns[0], "persons")?, groups));
        Ok(())
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        let Some((keys, groups)) = &mut self.read else { return Ok(()) };
        // The statement leaves out persons that are NULL, unless what answers it does not.
        self.gave_up |= nulls[0] || self.layout.has_wrong_values(values);
        if self.gave_up {
            return Ok(());
        }
        // SAFETY: the caller promises a row of the statement.
        unsafe { self.layout.count(values, nulls, &mut self.after) };
        let (responses, rows, items) = (&mut self.responses, &mut self.rows, &mut self.items);
        if self.over.is_some() {
            // SAFETY: as above.
            return unsafe {
                self.layout.read(values, nulls, |_, correct, _| {
                    responses.add(correct);
                    Ok(())
                })
            };
        }
        // SAFETY: as above, and the person is not null.
        let person = unsafe {
            let person = keys.number(values[0])?;
            match (groups, self.layout.group(values, nulls)) {
                (Some(groups), Some(group)) => groups.number(person, group)?,
                _ => person,
            }
        };
        // Foreign partitions may hold what belongs into others: then a person comes twice.
        if u64::from(person) != self.persons {
            self.gave_up = true;
            return Ok(());
        }
        self.persons += 1;
        rows.begin_person()?;
        // SAFETY: as above.
        unsafe {
            self.layout.read(values, nulls, |key, correct, _| {
                responses.add(correct);
                Ok(rows.push(items.number(key)?, correct)?)
            })?;
        }
        if self.seen() - self.looked_at >= BETWEEN_LOOKS {
            self.look_at_memory();
        }
        Ok(())
    }
}
