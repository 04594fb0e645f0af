//! How many responses are new, and whether that is enough for a run.
//!
//! A clock alone misses responses: those that commit during a run, those that
//! a view lets through later, and those whose correctness was changed. So a
//! successful full run leaves a moment and three counts behind: how many
//! eligible responses its snapshot held with a time up to that moment (or
//! none) that were correct, how many that were incorrect, and how many had a
//! later time. New is what any of the three has grown by.
//!
//! That is a lower bound: a response that is now in one of the three and was
//! not in it then has arrived, or was changed, and it is in no other, so none
//! is counted twice. And no counts allow a higher one. They cannot see what
//! was deleted, so a deletion hides an arrival of the same correctness, and
//! changes from right to wrong hide as many from wrong to right.
//!
//! A time in the future is new once; NULL and infinite times count as none;
//! without a time column, new is growth.

use crate::bank::{Bank, DEFAULT_BANK, Purpose, discover, load, must_exist};
use crate::error::ExtensionError;
use crate::parameters::last_success;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{as_owner, as_relation_owner};
use crate::postgres::reading;
use crate::postgres::spi::Spi;
use crate::responses::of_bank::is_after;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// What the last successful full run of a bank left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct LastRun {
    /// When it started.
    pub started_at: TimestampWithTimeZone,
    through: TimestampWithTimeZone,
    /// `None`: nobody counted, because it was no run of ours.
    seen_count: Option<i64>,
    /// The correct ones among them; `None`: nobody counted, because it was a run of 0.2.0 or older.
    correct_count: Option<i64>,
    ahead_count: i64,
}

/// How many eligible responses there are, counted in one snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    /// All of them.
    total: i64,
    /// With a time after the last run's moment.
    after_last: i64,
    /// With a time after this moment: in the future.
    ahead: i64,
    /// The correct ones of each of these.
    correct: i64,
    correct_after_last: i64,
    correct_ahead: i64,
}

/// What a decision rests on, and what a run that follows it must store.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseCounts {
    /// Responses that the last successful full run did not see: irt_calibration_runs'
    /// new_responses_count.
    pub new_responses: i64,
    /// Eligible responses with a time up to `through`, or none: responses_seen_count.
    pub seen_count: i64,
    /// The correct ones among them: responses_correct_count.
    pub correct_count: i64,
    /// Eligible responses with a later time: responses_ahead_count.
    pub ahead_count: i64,
    /// The moment of the count: responses_through.
    pub through: TimestampWithTimeZone,
    /// When the last successful full run started; `None`: never.
    pub last_calibration_at: Option<TimestampWithTimeZone>,
}

impl ResponseCounts {
    /// True when there are at least `min_new_responses` new responses.
    pub fn is_enough(&self, min_new_responses: i32) -> bool {
        self.new_responses >= i64::from(min_new_responses)
    }
}

/// The decision's arithmetic: no clock, no database.
///
/// An adopted run left a moment but no count. What has a time up to that moment counts as seen;
/// without times (`timed` is false) nothing is known to be, and all is new. Where nobody counted
/// the correct ones, the correct and the incorrect are one count.
fn new_responses(counts: Counts, last: Option<&LastRun>, timed: bool) -> i64 {
    let Some(last) = last else { return counts.total };
    let up_to_last = counts.total - counts.after_last;
    let seen = last.seen_count.unwrap_or(if timed { up_to_last } else { 0 });
    let growth = up_to_last - seen;
    let changed_or_late = match last.correct_count {
        Some(correct_then) => {
            let growth_of_correct = counts.correct - counts.correct_after_last - correct_then;
            growth_of_correct.max(0) + (growth - growth_of_correct).max(0)
        }
        None => growth.max(0),
    };
    (counts.after_last - last.ahead_count).max(0) + changed_or_late
}

/// Counts a bank's new responses with the current role's rights.
///
/// It sees what the statement's snapshot sees: in a REPEATABLE READ transaction, what a
/// later query of the same transaction loads.
///
/// # Errors
/// When the responses cannot be read.
pub fn count_responses(bank: &Bank) -> Result<ResponseCounts, ExtensionError> {
    let last = last_run(&bank.name)?;
    let _settings = LocalSettings::without_row_security();
    let through =
        reading::one::<TimestampWithTimeZone>("SELECT pg_catalog.clock_timestamp()", &[])?
            .ok_or_else(|| ExtensionError::Internal("the clock is NULL".to_owned()))?;
    let since = last.as_ref().map_or(through, |last| last.through);
    let counts = as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        count(bank, since, through)
    })?;
    Ok(ResponseCounts {
        new_responses: new_responses(counts, last.as_ref(), bank.answered_at.is_some()),
        seen_count: counts.total - counts.ahead,
        correct_count: counts.correct - counts.correct_ahead,
        ahead_count: counts.ahead,
        through,
        last_calibration_at: last.map(|last| last.started_at),
    })
}

fn count(
    bank: &Bank,
    since: TimestampWithTimeZone,
    through: TimestampWithTimeZone,
) -> Result<Counts, ExtensionError> {
    let [after_last, ahead] = ["$1", "$2"].map(|moment| is_after(bank, moment));
    let correct = is_correct(bank);
    let query = format!(
        "SELECT pg_catalog.count(*), \
                pg_catalog.count(*) FILTER (WHERE {after_last}), \
                pg_catalog.count(*) FILTER (WHERE {ahead}), \
                pg_catalog.count(*) FILTER (WHERE {correct}), \
                pg_catalog.count(*) FILTER (WHERE {after_last} AND {correct}), \
                pg_catalog.count(*) FILTER (WHERE {ahead} AND {correct}) \
         FROM {} WHERE {} IS NOT NULL AND {} IS NOT NULL AND {} IS NOT NULL",
        bank.responses.name,
        bank.person.quoted(),
        bank.item.quoted(),
        bank.correct.quoted(),
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), Some(1), &[since.into(), through.into()])?;
        let row = rows.first();
        let count = |i| row.get::<i64>(i).map(Option::unwrap_or_default);
        Ok(Counts {
            total: count(1)?,
            after_last: count(2)?,
            ahead: count(3)?,
            correct: count(4)?,
            correct_after_last: count(5)?,
            correct_ahead: count(6)?,
        })
    })
}

/// The condition that a response is correct. What is neither 0 nor 1 is refused by the run.
fn is_correct(bank: &Bank) -> String {
    let column = bank.correct.quoted();
    let type_name = match bank.correct.base_type {
        pg_sys::BOOLOID => return format!("{column}::pg_catalog.bool"),
        pg_sys::INT2OID => "int2",
        pg_sys::INT4OID => "int4",
        pg_sys::INT8OID => "int8",
        _ => "numeric",
    };
    format!("{column}::pg_catalog.{type_name} OPERATOR(pg_catalog.=) 1")
}

/// What the last success of a bank left behind.
///
/// # Errors
/// Only when SPI fails.
pub fn last_run(bank: &str) -> Result<Option<LastRun>, ExtensionError> {
    as_owner(|schema| {
        let query = format!(
            "SELECT r.started_at, COALESCE(r.responses_through, r.started_at), \
                    r.responses_seen_count, COALESCE(r.responses_ahead_count, 0), {} \
             FROM {} AS r WHERE r.id OPERATOR(pg_catalog.=) ({})",
            match schema.has_column("irt_calibration_runs", "responses_correct_count")? {
                true => "r.responses_correct_count",
                false => "NULL::pg_catalog.int8",
            },
            schema.runs(),
            last_success::query(schema)?
        );
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), Some(1), &[bank.into()])?;
            let Some(row) = rows.into_iter().next() else { return Ok(None) };
            let (Some(started_at), Some(through)) = (row.get(1)?, row.get(2)?) else {
                return Ok(None);
            };
            Ok(Some(LastRun {
                started_at,
                through,
                seen_count: row.get(3)?,
                ahead_count: row.get(4)?.unwrap_or(0),
                correct_count: row.get(5)?,
            }))
        })
    })
}

/// irt_should_run_calibration.
///
/// # Errors
/// 22004, 22023, and those of loading a bank.
pub fn should_run(
    min_new_responses: Option<i32>,
    bank: Option<&str>,
) -> Result<(bool, i64, Option<TimestampWithTimeZone>), ExtensionError> {
    let name = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    if let Some(found) = min_new_responses.filter(|&min| min < 0) {
        return Err(ExtensionError::InvalidArgument {
            argument: "min_new_responses",
            found: found.to_string(),
            expected: "0 or more",
        });
    }
    let bank = load(name, discover(name)?, Purpose::Reading)?;
    let counts = count_responses(&bank)?;
    let enough = counts.is_enough(min_new_responses.unwrap_or(bank.settings.min_new_responses));
    Ok((enough, counts.new_responses, counts.last_calibration_at))
}

/// irt_last_successful_calibration.
///
/// # Errors
/// 22004 and 22023.
pub fn last_successful(
    bank: Option<&str>,
) -> Result<Option<TimestampWithTimeZone>, ExtensionError> {
    let name = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    if name != DEFAULT_BANK {
        must_exist(name)?;
    }
    Ok(last_run(name)?.map(|last| last.started_at))
}
