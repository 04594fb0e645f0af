//! SQL → responses: what is read, counted, and refused.
//!
//! A row is one response: (person, item, correct) or (person, item, correct,
//! answered_at). A row with a NULL person, item or correctness is not eligible
//! and only counted. No ORDER BY: the numeric core groups, and faster.

mod batch;
mod hash_index;
mod images;
mod keys;
mod labels;
pub mod of_bank;
mod query;
mod small_keys;
mod typed_keys;
mod values;

use crate::error::ExtensionError;
use crate::postgres::memory::Reserve;
use crate::postgres::threads::{self, Unwatched};
use crate::server_settings;
use batch::{Batch, Waiting};
use irt::{GroupedResponses, IrtError, NO_TIME, RepeatedResponses, ResponseRows};
use keys::Keys;
use pgrx::pg_sys::Datum;
use query::{Column, Sink};
use values::{Correctness, Time, WrongValues};

/// Responses as they were read, put together by person. What follows needs no database.
#[derive(Debug)]
pub struct Loaded {
    /// The eligible ones.
    pub responses: GroupedResponses,
    /// Rows in which person, item or correctness is NULL.
    pub not_eligible: u64,
}

/// Reads the responses that `query` yields, as the current role, in the current snapshot.
///
/// A time in the fourth column decides between repeats.
///
/// # Errors
/// Columns or values that cannot be used; more memory than irt_calibration.max_memory.
pub fn load(query: &str, repeated: RepeatedResponses) -> Result<Loaded, ExtensionError> {
    let (loaded, _) = load_keyed(query, repeated)?;
    Ok(loaded)
}

/// The same in two passes: `query` yields no time, and `timed_query`, the same rows with
/// their times, is read only if there are repeats. Times would double what a row takes.
///
/// # Errors
/// As for [`load`].
pub fn load_in_two_passes(
    query: &str,
    timed_query: &str,
    repeated: RepeatedResponses,
) -> Result<Loaded, ExtensionError> {
    let _reserve = Reserve::take()?;
    let (loaded, mut keys) = load_keyed(query, repeated)?;
    if !loaded.responses.has_repeats() {
        return Ok(loaded);
    }
    for column in &mut keys {
        column.wake()?;
    }
    let mut second = TimesOfRepeats { keys, time: None, correctness: None, loaded };
    query::read(timed_query, &mut second)?;
    Ok(second.loaded)
}

/// The responses, and their keys at rest.
fn load_keyed(
    query: &str,
    repeated: RepeatedResponses,
) -> Result<(Loaded, [Keys; 2]), ExtensionError> {
    let _reserve = Reserve::take()?;
    let mut collector = Collector::default();
    query::read(query, &mut collector)?;
    collector.finish(repeated)
}

/// Refuses to begin what irt_calibration.max_memory will not let end.
///
/// # Errors
/// [`ExtensionError::TooMuchMemory`].
pub fn check_memory(responses: u64) -> Result<(), ExtensionError> {
    let needed = responses.saturating_mul(ROW + GROUPED_RESPONSE);
    let limit = server_settings::max_memory();
    if needed > limit {
        return Err(ExtensionError::TooMuchMemory { needed, limit, responses });
    }
    Ok(())
}

/// Bytes of a row without its time: person, item and correctness.
const ROW: u64 = 8;
/// Bytes of a response among its person's, which are there before the rows are given back.
const GROUPED_RESPONSE: u64 = 4;

/// Memory is looked at once in so many rows.
const ROWS_BETWEEN_LOOKS: u64 = 4096;

/// Turns rows into numbers as they arrive.
#[derive(Default)]
struct Collector {
    columns: Option<Columns>,
    not_eligible: u64,
    eligible: u64,
    wrong: WrongValues,
    /// What was held when the limit was passed, and for how many responses: from there on
    /// rows are only counted, to be able to say how much all of them need.
    over: Option<(u64, u64)>,
}

struct Columns {
    persons: Keys,
    items: Keys,
    correctness: Correctness,
    correct_column: String,
    time: Option<Time>,
    rows: ResponseRows,
    batch: Batch,
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
    ) -> Result<(), IrtError> {
        // SAFETY: promised by the caller.
        let item = unsafe { self.items.number(item)? };
        if !self.persons.are_by_value() {
            // SAFETY: as above.
            let person = unsafe { self.persons.number(person)? };
            return self.rows.push(person, item, correct, time);
        }
        if self.batch.add(Waiting { person, item, correct, time })? {
            self.batch.number(&mut self.persons, &mut self.rows)?;
        }
        Ok(())
    }

    fn allocated_bytes(&self) -> u64 {
        let held = self.persons.allocated_bytes()
            + self.items.allocated_bytes()
            + self.rows.allocated_bytes();
        held as u64 + self.rows.len() as u64 * GROUPED_RESPONSE
    }
}

impl Sink for Collector {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        if !(3..=4).contains(&columns.len()) {
            return Err(ExtensionError::WrongColumnCount { found: columns.len() });
        }
        let time = columns.get(3).map(Time::of).transpose()?;
        self.columns = Some(Columns {
            persons: Keys::new(&columns[0], "persons")?,
            items: Keys::new(&columns[1], "items")?,
            correctness: Correctness::of(&columns[2])?,
            correct_column: columns[2].name.clone(),
            time,
            rows: ResponseRows::new(time.is_some()),
            batch: Batch::default(),
        });
        Ok(())
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        let Some(columns) = &mut self.columns else { return Ok(()) };
        if nulls[0] || nulls[1] || nulls[2] {
            self.not_eligible += 1;
            return Ok(());
        }
        self.eligible += 1;
        // SAFETY: the caller promises values of the columns' types, and these are not null.
        let correct = match unsafe { columns.correctness.read(values[2]) } {
            Ok(correct) => correct,
            Err(text) => {
                self.wrong.add(text);
                return Ok(());
            }
        };
        if self.over.is_some() {
            return Ok(());
        }
        let time = match columns.time {
            Some(time) if !nulls[3] => time.read(values[3]),
            _ => NO_TIME,
        };
        // SAFETY: as above.
        unsafe { columns.push([values[0], values[1]], correct, time)? };
        if self.eligible.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            self.look_at_memory();
        }
        Ok(())
    }
}

impl Collector {
    fn look_at_memory(&mut self) {
        let Some(columns) = &mut self.columns else { return };
        let held = columns.allocated_bytes();
        if held > server_settings::max_memory() {
            self.over = Some((held, self.eligible));
            columns.rows = ResponseRows::new(columns.time.is_some());
        }
    }

    fn finish(self, repeated: RepeatedResponses) -> Result<(Loaded, [Keys; 2]), ExtensionError> {
        let Some(mut columns) = self.columns else {
            return Err(ExtensionError::Internal("the query had no columns".to_owned()));
        };
        self.wrong.check(&columns.correct_column)?;
        if let Some((held, responses)) = self.over {
            let share = self.eligible as f64 / responses as f64;
            return Err(ExtensionError::TooMuchMemory {
                needed: (held as f64 * share) as u64,
                limit: server_settings::max_memory(),
                responses: self.eligible,
            });
        }
        columns.batch.number(&mut columns.persons, &mut columns.rows)?;
        let (labels, rows) = (columns.items.texts()?, columns.rows);
        // Grouping takes half as much again as the rows: room for it.
        let mut keys = [columns.persons, columns.items];
        keys.iter_mut().for_each(Keys::rest);
        let responses = threads::run(&mut Unwatched, |monitor| {
            GroupedResponses::new(labels, rows, repeated, monitor)
        })??;
        let loaded = Loaded { responses, not_eligible: self.not_eligible };
        Ok((loaded, keys))
    }
}

/// The second look at rows that were read before, in the same snapshot.
struct TimesOfRepeats {
    /// Of persons and of items, as numbered the first time.
    keys: [Keys; 2],
    correctness: Option<Correctness>,
    time: Option<Time>,
    loaded: Loaded,
}

impl Sink for TimesOfRepeats {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        if columns.len() != 4 {
            return Err(ExtensionError::WrongColumnCount { found: columns.len() });
        }
        self.correctness = Some(Correctness::of(&columns[2])?);
        self.time = Some(Time::of(&columns[3])?);
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
        // Wrong values were refused the first time.
        if let Ok(correct) = correct {
            let time = if nulls[3] { NO_TIME } else { time.read(values[3]) };
            self.loaded.responses.observe(person, item, correct, time);
        }
        Ok(())
    }
}
