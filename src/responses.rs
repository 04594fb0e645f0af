//! SQL → responses: what is read, left out, and refused.
//!
//! A row is one response: (person, item, correct), (person, item, correct, answered_at) or (person,
//! item, correct, answered_at, group). A row with a NULL person, item or correctness is not eligible
//! and left out. No ORDER BY: the numeric core groups, and faster.
//!
//! [`of_bank`] reads a bank's, [`load`] those of any query. A bank's may come one row a person
//! (`by_person`).

mod batch;
mod by_person;
mod collector;
pub mod conditions;
mod counts;
mod groups;
mod hash_index;
mod images;
mod keys;
mod labels;
mod limit;
pub mod of_bank;
mod recent;
mod small_keys;
mod times_of_repeats;
mod typed_keys;
mod values;

pub use counts::{Counter, Counts};
pub use keys::Keys;
pub use limit::check_memory;

use crate::bank::RowShape;
use crate::error::ExtensionError;
use crate::postgres::memory::Reserve;
use crate::postgres::query;
use crate::postgres::threads::{Threads, Unwatched};
use collector::{Collector, Rows};
use groups::Groups;
use irt::{
    GroupedResponses, IrtError, Monitor, PersonGroups, PersonRows, RepeatedResponses, ResponseRows,
};
use pgrx::datum::TimestampWithTimeZone;
use times_of_repeats::TimesOfRepeats;

/// Responses as they were read. What follows needs no database.
pub struct Loaded {
    stage: Stage,
    shape: RowShape,
    /// The text of every person's key, by his number; none unless they were asked for.
    persons: Vec<String>,
    /// Which group each person belongs to, where there are groups.
    groups: Option<PersonGroups>,
    /// How many persons belong to more than one group.
    in_several_groups: u64,
    /// Once more those after a moment, where one was given.
    later: Option<Box<Self>>,
}

/// Whether anybody wants to know who the persons are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persons {
    /// Their numbers are enough.
    #[default]
    Numbered,
    /// Their keys' texts are wanted.
    Named,
}

/// What is wanted beside the responses themselves.
#[derive(Default)]
pub struct Beside<'a> {
    /// Who the persons are.
    pub persons: Persons,
    /// How many responses there are: it is shown every one.
    pub counter: Option<&'a mut Counter>,
    /// After which moment responses are wanted by themselves, too. Which of their repeats counts is
    /// not decided by time.
    pub moment: Option<TimestampWithTimeZone>,
}

/// How far they are put together by person.
enum Stage {
    Rows { labels: Vec<String>, rows: ResponseRows, repeated: RepeatedResponses },
    ByPerson { labels: Vec<String>, rows: PersonRows, repeated: RepeatedResponses },
    Grouped(GroupedResponses),
}

impl Stage {
    /// Rows after a moment, if one was given: of the same items.
    fn later(
        rows: Option<ResponseRows>,
        labels: &[String],
        repeated: RepeatedResponses,
    ) -> Option<Self> {
        rows.map(|rows| Self::Rows { labels: labels.to_vec(), rows, repeated })
    }
}

impl Loaded {
    /// Texts of the items that occur.
    pub fn labels(&self) -> &[String] {
        match &self.stage {
            Stage::Rows { labels, .. } | Stage::ByPerson { labels, .. } => labels,
            Stage::Grouped(responses) => responses.labels(),
        }
    }

    /// Takes the persons' texts, by their numbers.
    pub fn take_persons(&mut self) -> Vec<String> {
        std::mem::take(&mut self.persons)
    }

    /// Takes the persons' groups, if there are any.
    pub fn take_groups(&mut self) -> Option<PersonGroups> {
        self.groups.take()
    }

    /// What a row was, when they were read.
    pub fn shape(&self) -> RowShape {
        self.shape
    }

    /// How many persons belong to more than one group: each counts once in each.
    pub fn in_several_groups(&self) -> u64 {
        self.in_several_groups
    }

    /// Takes those after the moment that was given. Persons and items have numbers of their own where
    /// they were read one row a person.
    pub fn take_later(&mut self) -> Option<Self> {
        self.later.take().map(|later| *later)
    }

    fn new(
        stage: Stage,
        persons: Vec<String>,
        groups: Option<&Groups>,
        later: Option<Stage>,
    ) -> Result<Self, ExtensionError> {
        let in_several_groups = groups.map_or(0, Groups::in_several);
        let later = match later {
            Some(later) => Some(Box::new(Self::new(later, Vec::new(), groups, None)?)),
            None => None,
        };
        let groups = groups.map(Groups::to_core).transpose()?;
        Ok(Self { stage, shape: RowShape::Response, persons, groups, in_several_groups, later })
    }

    /// The same for responses that were read one row a person; `later`: those after a moment.
    fn by_person(
        stage: Stage,
        groups: Option<&Groups>,
        later: Option<Self>,
    ) -> Result<Self, ExtensionError> {
        let later = later.map(Box::new);
        Ok(Self { shape: RowShape::Person, later, ..Self::new(stage, Vec::new(), groups, None)? })
    }

    /// Puts them together by person, where that was not done while reading.
    ///
    /// # Errors
    /// Those of [`GroupedResponses::new`].
    pub fn grouped(self, monitor: &dyn Monitor) -> Result<GroupedResponses, IrtError> {
        match self.stage {
            Stage::Rows { labels, rows, repeated } => {
                GroupedResponses::new(labels, rows, repeated, monitor)
            }
            Stage::ByPerson { labels, rows, repeated } => {
                GroupedResponses::of_persons(labels, rows, repeated, monitor)
            }
            Stage::Grouped(responses) => Ok(responses),
        }
    }
}

impl Persons {
    fn texts(self, keys: &Keys, groups: Option<&Groups>) -> Result<Vec<String>, ExtensionError> {
        match (self, groups) {
            (Self::Numbered, _) => Ok(Vec::new()),
            (Self::Named, None) => keys.texts(),
            (Self::Named, Some(groups)) => {
                let texts = keys.texts()?;
                let named = groups.persons().map(|person| Ok(texts[person as usize].clone()));
                labels::collect(groups.persons().count(), named)
            }
        }
    }
}

/// Reads the responses that `query` yields, as the current role, in the current snapshot.
///
/// A time in the fourth column decides between repeats; a fifth is the person's group.
///
/// # Errors
/// Columns or values that cannot be used; more memory than irt_calibration.max_memory.
pub fn load(query: &str, repeated: RepeatedResponses) -> Result<Loaded, ExtensionError> {
    load_with(query, repeated, Beside::default())
}

/// The same, with what is wanted `beside` the responses. A counter sees times, which then decide
/// nothing.
///
/// # Errors
/// As for [`load`], and persons' keys that are not UTF-8.
pub fn load_with(
    query: &str,
    repeated: RepeatedResponses,
    beside: Beside<'_>,
) -> Result<Loaded, ExtensionError> {
    let wanted = beside.persons;
    let Rows { labels, rows, keys: [of_persons, _], groups, later } = read(query, beside)?;
    let persons = wanted.texts(&of_persons, groups.as_ref())?;
    let later = Stage::later(later, &labels, repeated);
    Loaded::new(Stage::Rows { labels, rows, repeated }, persons, groups.as_ref(), later)
}

/// The same in two passes: of `query` no times are kept, and `timed_query`, the same rows with
/// their times, is read only if there are repeats. Times would double what a row takes.
///
/// Whether there are repeats shows when the rows are put together, so that is done in between, by
/// `threads`.
///
/// # Errors
/// As for [`load`].
pub fn load_in_two_passes(
    query: &str,
    timed_query: &str,
    repeated: RepeatedResponses,
    beside: Beside<'_>,
    threads: &mut Threads,
) -> Result<Loaded, ExtensionError> {
    let _reserve = Reserve::take()?;
    let wanted = beside.persons;
    let Rows { labels, rows, mut keys, mut groups, later } = read(query, beside)?;
    let persons = wanted.texts(&keys[0], groups.as_ref())?;
    let later = Stage::later(later, &labels, repeated);
    // Grouping takes half as much again as the rows: room for it.
    keys.iter_mut().for_each(Keys::drop_index);
    groups.iter_mut().for_each(Groups::drop_index);
    let responses = threads
        .run(&mut Unwatched, |monitor| GroupedResponses::new(labels, rows, repeated, monitor))??;
    if !responses.has_repeats() {
        return Loaded::new(Stage::Grouped(responses), persons, groups.as_ref(), later);
    }
    let mut second = TimesOfRepeats::new(responses, keys, groups)?;
    query::read(timed_query, &mut second)?;
    let (responses, groups) = second.finish();
    Loaded::new(Stage::Grouped(responses), persons, groups.as_ref(), later)
}

fn read(query: &str, beside: Beside<'_>) -> Result<Rows, ExtensionError> {
    let _reserve = Reserve::take()?;
    let moment = beside.moment.map(TimestampWithTimeZone::into_inner);
    let mut collector = Collector::new(beside.counter, moment);
    query::read(query, &mut collector)?;
    collector.finish()
}
