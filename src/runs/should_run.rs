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
//!
//! | module | what it does |
//! |---|---|
//! | [`baseline`] | what a count is compared with, and the arithmetic |
//! | `counting` | counts them all, by SQL |
//! | [`look`] | whether there are enough, without counting them all |

pub mod baseline;
mod counting;
pub mod look;

use crate::bank::{Bank, DEFAULT_BANK, Purpose, discover, load, must_exist};
use crate::error::ExtensionError;
use baseline::{Baseline, ResponseCounts, last_run};
use pgrx::datum::TimestampWithTimeZone;

/// Counts a bank's responses with the current role's rights.
///
/// It sees what the statement's snapshot sees: in a REPEATABLE READ transaction, what a
/// later query of the same transaction loads.
///
/// # Errors
/// When the responses cannot be read.
pub fn count_responses(bank: &Bank, baseline: &Baseline) -> Result<ResponseCounts, ExtensionError> {
    counting::count(bank, baseline.since(), baseline.through())
        .map(|counts| baseline.compare(counts))
}

/// An index counts so many responses for those who ask how many are new, though fewer would be
/// enough: some milliseconds.
const TOLD: i32 = 10_000;

/// irt_should_run_calibration. Where an index on the time tells that it is true, it is not counted
/// how many are new beyond what the index shows.
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
    let min_new_responses = min_new_responses.unwrap_or(bank.settings.min_new_responses);
    let baseline = Baseline::read(&bank)?;
    if let Some(new) = look::by_index(&bank, &baseline, min_new_responses.max(TOLD))?
        && new >= i64::from(min_new_responses)
    {
        return Ok((true, new, baseline.last_calibration_at()));
    }
    let counts = count_responses(&bank, &baseline)?;
    let enough = counts.is_enough(min_new_responses);
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
