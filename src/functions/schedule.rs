//! irt_schedule_calibration, irt_unschedule_calibration.

use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Text;
use crate::schedule;
use pgrx::prelude::*;

/// Lets pg_cron calibrate a bank; returns the job's id.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_schedule_calibration(
    schedule: default!(Option<Text>, "'0 4 * * 0'"),
    bank: default!(Option<Text>, "'default'"),
) -> i64 {
    or_raise(schedule::schedule(schedule.map(Into::into), bank.map(Into::into)))
}

/// Ends that; false when there was no job.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_unschedule_calibration(bank: default!(Option<Text>, "'default'")) -> bool {
    or_raise(schedule::unschedule(bank.map(Into::into)))
}
