//! Responses that are read one row a person: made where the rows are, 4 bytes a response on the way.
//!
//! The statement that is sent groups by the person, and by the group where there is one. Postgres
//! carries that out partition by partition where a table is partitioned by the person, postgres_fdw
//! sends it to the foreign server, and Citus to the workers. It must be the statement itself, and
//! made of what postgres_fdw sends: no view, no common table expression, no join with a list of the
//! items, no CASE, no COALESCE. So responses say themselves which item they are of, and no list of
//! items has to be there before: one that appears meanwhile comes with its responses.
//!
//! | module | what it does |
//! |---|---|
//! | `statement` | the SQL: the only place where it is made |
//! | `layout` | where its columns stand |
//! | `part` | what one of them holds of a person's responses |
//! | `items` | numbers items |
//! | `collector` | persons as they come |
//! | `times` | the times of persons who answered an item more than once |

mod collector;
mod items;
mod layout;
mod part;
mod statement;
mod times;

use super::conditions::{is_after, literal};
use super::groups::Groups;
use super::keys::Keys;
use super::{Beside, Loaded, Stage};
use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::memory::Reserve;
use crate::postgres::query;
use crate::postgres::raising::tell;
use crate::postgres::threads::{Threads, Unwatched};
use collector::{Collector, Persons};
use irt::{GroupedResponses, RepeatedResponses};
use pgrx::datum::TimestampWithTimeZone;
use statement::Statement;
use times::TimesOfRepeats;

/// So many persons are asked for by their keys. Of more, the times are read of everybody: a list of
/// keys goes to every partition …
const MOST_KEYS: usize = 10_000;
/// … or where the keys are longer than this, in bytes.
const MOST_BYTES_OF_KEYS: usize = 1 << 20;

/// Reads a bank's responses, in the current snapshot, with the current role's rights, and what is wanted
/// `beside` them; persons are not named. Where a time decides between repeats, the times of those who
/// have any are read too, and the responses put together by `threads` before.
///
/// `None`: rows have to be read, and nothing was counted. A person is in two partitions, which only
/// foreign ones allow, or a correctness is neither 0 nor 1: then row by row it is said which.
///
/// # Errors
/// Columns that cannot be used; more memory than irt_calibration.max_memory.
pub fn read(
    bank: &Bank,
    repeated: RepeatedResponses,
    beside: &mut Beside<'_>,
    threads: &mut Threads,
) -> Result<Option<Loaded>, ExtensionError> {
    let settings = LocalSettings::begin();
    settings.set(c"enable_partitionwise_aggregate", c"on");
    let _reserve = Reserve::take()?;
    let mut statement = Statement::new(bank, None);
    if let Some(counter) = &beside.counter {
        let [last, now] = counter.moments();
        statement = statement.counting_after(&[literal(Some(last))?, literal(Some(now))?]);
    }
    let mut collector = Collector::new(&statement, 0);
    send(&statement, &mut collector)?;
    if let (Some(counter), Some(counts)) = (&mut beside.counter, collector.counts()) {
        counter.take(counts);
    }
    let Some(mut persons) = collector.finish()? else { return Ok(None) };
    persons.drop_indexes();
    let later = match beside.moment {
        None => None,
        Some(moment) => match read_since(bank, moment, repeated, persons.allocated_bytes())? {
            None => {
                // On other servers, between the two statements.
                beside.counter.iter_mut().for_each(|counter| counter.forget());
                return Ok(None);
            }
            later => later,
        },
    };
    let Persons { labels, rows, keys, items, groups } = persons;
    let Some(timed) = statement.timed() else {
        let stage = Stage::ByPerson { labels, rows, repeated };
        return Loaded::by_person(stage, groups.as_ref(), later).map(Some);
    };
    let responses = threads.run(&mut Unwatched, |monitor| {
        GroupedResponses::of_persons(labels, rows, repeated, monitor)
    })??;
    if !responses.has_repeats() {
        return Loaded::by_person(Stage::Grouped(responses), groups.as_ref(), later).map(Some);
    }
    let timed = timed.of(&texts_of_persons_with_repeats(&responses, &keys, groups.as_ref()));
    let mut times = TimesOfRepeats::new(&timed, responses, keys, items, groups)?;
    send(&timed, &mut times)?;
    let (responses, groups) = times.finish();
    Loaded::by_person(Stage::Grouped(responses), groups.as_ref(), later).map(Some)
}

/// Those after a moment by themselves, while so many bytes are `held`. Which of their repeats counts is
/// not decided by time.
fn read_since(
    bank: &Bank,
    moment: TimestampWithTimeZone,
    repeated: RepeatedResponses,
    held: u64,
) -> Result<Option<Loaded>, ExtensionError> {
    let statement = Statement::new(bank, Some(&is_after(bank, &literal(Some(moment))?)));
    let mut collector = Collector::new(&statement, held);
    send(&statement, &mut collector)?;
    let Some(Persons { labels, rows, groups, .. }) = collector.finish()? else { return Ok(None) };
    let stage = Stage::ByPerson { labels, rows, repeated };
    Loaded::by_person(stage, groups.as_ref(), None).map(Some)
}

fn send<S: query::Sink>(statement: &Statement, sink: &mut S) -> Result<(), ExtensionError> {
    let shown = format!("irt_calibration reads: {}", statement.shown());
    tell(Level::Debug, &ErrorReport::new(b"00000", shown));
    query::read(&statement.sql(), sink)
}

/// The keys' texts; none where there are too many persons to name, or too much text, or one has a
/// key that is no text.
fn texts_of_persons_with_repeats(
    responses: &GroupedResponses,
    keys: &Keys,
    groups: Option<&Groups>,
) -> Vec<String> {
    let numbers: Vec<u32> = responses.persons_with_repeats().take(MOST_KEYS + 1).collect();
    if numbers.len() > MOST_KEYS {
        return Vec::new();
    }
    let person = |number: u32| groups.map_or(number, |groups| groups.person(number));
    let texts = numbers.into_iter().map(|number| keys.text(person(number)));
    let texts: Vec<String> = texts.collect::<Result<_, _>>().unwrap_or_default();
    let bytes: usize = texts.iter().map(String::len).sum();
    if bytes > MOST_BYTES_OF_KEYS { Vec::new() } else { texts }
}
