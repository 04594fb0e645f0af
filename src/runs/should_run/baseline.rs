//! What a count of responses is compared with: what the last success of a bank left behind.

use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::parameters::last_success;
use crate::postgres::privileges::as_owner;
use crate::postgres::reading;
use crate::postgres::spi::Spi;
use crate::responses::{Counter, Counts};
use pgrx::datum::TimestampWithTimeZone;

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

/// What a count of responses is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    last: Option<LastRun>,
    /// This moment.
    through: TimestampWithTimeZone,
    /// Whether responses have times.
    timed: bool,
}

impl Baseline {
    /// Reads what a bank's last success left behind, and the clock.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn read(bank: &Bank) -> Result<Self, ExtensionError> {
        let last = last_run(&bank.name)?;
        let through =
            reading::one::<TimestampWithTimeZone>("SELECT pg_catalog.clock_timestamp()", &[])?
                .ok_or_else(|| ExtensionError::Internal("the clock is NULL".to_owned()))?;
        Ok(Self { last, through, timed: bank.answered_at.is_some() })
    }

    /// What counts while responses are read, in the snapshot in which this was read.
    pub fn counter(&self) -> Counter {
        Counter::new(self.since(), self.through)
    }

    /// What the counts of a snapshot say.
    pub fn compare(&self, counts: Counts) -> ResponseCounts {
        let last = self.last.as_ref();
        ResponseCounts {
            new_responses: new_responses(counts, last, self.timed),
            seen_count: counts.total - counts.ahead,
            correct_count: counts.correct - counts.correct_ahead,
            ahead_count: counts.ahead,
            through: self.through,
            last_calibration_at: self.last_calibration_at(),
        }
    }

    /// The moment after which responses are new: the last run's, or this one where there was none.
    pub fn since(&self) -> TimestampWithTimeZone {
        self.last.as_ref().map_or(self.through, |last| last.through)
    }

    /// The moment of the count.
    pub fn through(&self) -> TimestampWithTimeZone {
        self.through
    }

    /// The last run's moment; `None`: there was none.
    pub fn last_through(&self) -> Option<TimestampWithTimeZone> {
        self.last.as_ref().map(|last| last.through)
    }

    /// How many responses the last run saw with a time after its moment.
    pub fn seen_ahead(&self) -> i64 {
        self.last.as_ref().map_or(0, |last| last.ahead_count)
    }

    /// When the last run started; `None`: there was none.
    pub fn last_calibration_at(&self) -> Option<TimestampWithTimeZone> {
        self.last.as_ref().map(|last| last.started_at)
    }
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
