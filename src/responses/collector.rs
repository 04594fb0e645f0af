//! The rows of a query as numbers, counted and within the limit of memory.

use super::batch::{Batch, Waiting};
use super::counts::Counter;
use super::groups::Groups;
use super::keys::Keys;
use super::limit::{GROUPED_RESPONSE, Passed};
use super::recent::Recent;
use super::values::{Correctness, Time, WrongValues};
use crate::bank::RowShape;
use crate::error::ExtensionError;
use crate::postgres::query::{Column, Sink};
use irt::{IrtError, NO_TIME, ResponseRows};
use pgrx::pg_sys::Datum;

/// Where the time stands, if there is one.
pub const TIME: usize = 3;
/// Where the group stands, if there is one.
pub const GROUP: usize = 4;

/// Memory is looked at once in so many rows.
const ROWS_BETWEEN_LOOKS: u64 = 4096;

/// What was read.
pub struct Rows {
    /// The text of every item, by its number.
    pub labels: Vec<String>,
    /// The eligible rows.
    pub rows: ResponseRows,
    /// Of persons and of items.
    pub keys: [Keys; 2],
    /// Where persons are grouped, a person of the rows is a person in a group.
    pub groups: Option<Groups>,
    /// Once more those after a moment, where one was given.
    pub later: Option<ResponseRows>,
}

/// Turns rows into numbers as they arrive.
#[derive(Default)]
pub struct Collector<'a> {
    /// Takes note of every eligible row's time, which is not kept then.
    counter: Option<&'a mut Counter>,
    /// Rows with a time after this moment are kept once more.
    moment: Option<i64>,
    columns: Option<Columns>,
    eligible: u64,
    wrong: WrongValues,
    /// Set where there is no room: from there on rows are only counted.
    over: Option<Passed>,
    /// Why the fourth column is no time: the error, should it have a value.
    no_time: Option<ExtensionError>,
}

struct Columns {
    persons: Keys,
    items: Keys,
    correctness: Correctness,
    correct_column: String,
    /// Where there is a time, or what stands in its place.
    time: Option<Time>,
    groups: Option<Groups>,
    rows: ResponseRows,
    later: Option<ResponseRows>,
    batch: Batch,
    recent_items: Recent,
}

impl Columns {
    /// Takes note of a response.
    ///
    /// # Safety
    /// The keys are non-null values of their columns' types.
    unsafe fn push(
        &mut self,
        [person, item]: [Datum; 2],
        correct: bool,
        time: i64,
        is_later: bool,
        group: Option<Datum>,
    ) -> Result<(), IrtError> {
        // SAFETY: promised by the caller.
        let item = unsafe { self.number_of_item(item)? };
        let by_value = self.persons.are_by_value() && self.groups.is_none();
        if by_value {
            let row = Waiting { person, item, correct, time, is_later };
            if self.batch.add(row)? {
                self.batch.number(&mut self.persons, &mut self.rows, self.later.as_mut())?;
            }
            return Ok(());
        }
        // SAFETY: as above.
        let mut person = unsafe { self.persons.number(person)? };
        if let Some(groups) = &mut self.groups {
            // SAFETY: as above.
            person = unsafe { groups.number(person, group)? };
        }
        if let Some(later) = self.later.as_mut().filter(|_| is_later) {
            later.push(person, item, correct, time)?;
        }
        self.rows.push(person, item, correct, time)
    }

    /// # Safety
    /// `item` is a non-null value of the column's type.
    unsafe fn number_of_item(&mut self, item: Datum) -> Result<u32, IrtError> {
        if !self.items.are_by_value() {
            // SAFETY: promised by the caller.
            return unsafe { self.items.number(item) };
        }
        if let Some(number) = self.recent_items.number(item) {
            return Ok(number);
        }
        // SAFETY: as above.
        let number = unsafe { self.items.number(item)? };
        self.recent_items.remember(item, number);
        Ok(number)
    }

    fn allocated_bytes(&self) -> u64 {
        let held = self.persons.allocated_bytes()
            + self.items.allocated_bytes()
            + self.groups.as_ref().map_or(0, Groups::allocated_bytes)
            + self.rows.allocated_bytes()
            + self.later.as_ref().map_or(0, ResponseRows::allocated_bytes);
        let rows = self.rows.len() + self.later.as_ref().map_or(0, ResponseRows::len);
        held as u64 + rows as u64 * GROUPED_RESPONSE
    }
}

impl Sink for Collector<'_> {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        if !(3..=5).contains(&columns.len()) {
            return Err(ExtensionError::WrongColumnCount { found: columns.len() });
        }
        let groups = columns.get(GROUP).map(Groups::new).transpose()?;
        // Beside a group the time may be NULL of any type.
        let time = match columns.get(TIME).map(Time::of).transpose() {
            Err(error) if groups.is_some() => {
                self.no_time = Some(error);
                None
            }
            time => time?,
        };
        self.columns = Some(Columns {
            persons: Keys::new(&columns[0], "persons")?,
            items: Keys::new(&columns[1], "items")?,
            correctness: Correctness::of(&columns[2])?,
            correct_column: columns[2].name.clone(),
            time,
            groups,
            rows: ResponseRows::new(time.is_some() && self.counter.is_none()),
            later: self.moment.map(|_| ResponseRows::new(false)),
            batch: Batch::default(),
            recent_items: Recent::default(),
        });
        Ok(())
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        let Some(columns) = &mut self.columns else { return Ok(()) };
        if nulls[0] || nulls[1] || nulls[2] {
            return Ok(());
        }
        self.eligible += 1;
        // SAFETY: the caller promises values of the columns' types, and these are not null.
        let correct = unsafe { columns.correctness.read(values[2]) };
        let time = match columns.time {
            Some(time) if !nulls[TIME] => time.read(values[TIME]),
            _ => NO_TIME,
        };
        if let Some(counter) = &mut self.counter {
            counter.add(matches!(correct, Ok(true)), time);
        }
        let correct = match correct {
            Ok(correct) => correct,
            Err(text) => {
                self.wrong.add(text);
                return Ok(());
            }
        };
        if self.over.is_some() {
            return Ok(());
        }
        if let Some(error) = self.no_time.take_if(|_| !nulls[TIME]) {
            return Err(error);
        }
        let is_later = self.moment.is_some_and(|moment| time > moment);
        let group = values.get(GROUP).filter(|_| !nulls[GROUP]).copied();
        // SAFETY: as above.
        unsafe { columns.push([values[0], values[1]], correct, time, is_later, group)? };
        if self.eligible.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            self.look_at_memory();
        }
        Ok(())
    }
}

impl<'a> Collector<'a> {
    /// Nothing yet. Where there is a `counter`, it takes note of the rows' times, and they are not
    /// kept. Rows with a time after `moment` are kept once more.
    pub fn new(counter: Option<&'a mut Counter>, moment: Option<i64>) -> Self {
        Self { counter, moment, ..Self::default() }
    }

    fn look_at_memory(&mut self) {
        let Some(columns) = &mut self.columns else { return };
        self.over = Passed::by(columns.allocated_bytes(), self.eligible);
        if self.over.is_some() {
            columns.rows = ResponseRows::new(false);
            columns.later = None;
        }
    }

    /// What was read.
    ///
    /// # Errors
    /// Values of correctness that are neither 0 nor 1, too much memory, texts that are not UTF-8.
    pub fn finish(mut self) -> Result<Rows, ExtensionError> {
        if let Some(counter) = self.counter.take() {
            counter.complete();
        }
        let Some(mut columns) = self.columns else {
            return Err(ExtensionError::Internal("the query had no columns".to_owned()));
        };
        self.wrong.check(&columns.correct_column)?;
        if let Some(passed) = self.over {
            return Err(passed.error(self.eligible, RowShape::Response));
        }
        columns.batch.number(&mut columns.persons, &mut columns.rows, columns.later.as_mut())?;
        let labels = columns.items.texts()?;
        let Columns { persons, items, rows, later, groups, .. } = columns;
        let keys = [persons, items];
        Ok(Rows { labels, rows, keys, groups, later })
    }
}
