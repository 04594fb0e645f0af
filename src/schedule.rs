//! Scheduling a bank's calibration with pg_cron.
//!
//! A bank has one job, named after it, in the database where it lives. pg_cron's
//! own tables are in one database of a server; where that is another one, or
//! pg_cron is not there at all, the error contains the statement that helps.
//! The caller's own rights hold: pg_cron runs a job as the role that made it.

mod connection;
mod job;
mod planned;
mod reach;
mod settings;
mod upcoming;

pub use planned::of_bank;
pub use settings::timezone;

use crate::bank;
use crate::error::ExtensionError;
use crate::postgres::catching::catch;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::privileges::{current_role, role_has_login, role_name};
use crate::postgres::raising::tell;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use job::Job;
use reach::{Wanted, allowed, within_reach};
use upcoming::{Clock, Expression};

/// How many moments the notice names.
const MOMENTS: usize = 3;

/// Creates or changes a bank's job; returns its id.
///
/// # Errors
/// 22004, 22023 for an unknown bank or a schedule that pg_cron does not understand, 55000 where
/// pg_cron is not within reach, 42501, 28000 where the job could not run.
pub fn schedule(schedule: Option<String>, bank: Option<String>) -> Result<i64, ExtensionError> {
    let schedule = schedule.ok_or(ExtensionError::NullArgument { argument: "schedule" })?;
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    bank::must_be_usable(&bank, bank::discover(&bank)?)?;
    let job = Job::of(&bank)?;
    may_run()?;
    within_reach(Wanted::Scheduled(&schedule, &job))?;
    let id = add(&job, &schedule)?;
    announce(&bank, &schedule)?;
    connection::warn()?;
    Ok(id)
}

/// Removes a bank's job; false when it has none that the caller can see.
///
/// # Errors
/// 22004, 55000 where pg_cron is not within reach, 42501.
pub fn unschedule(bank: Option<String>) -> Result<bool, ExtensionError> {
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let job = Job::of(&bank)?;
    within_reach(Wanted::Removed(&job))?;
    // A superuser sees everybody's, and removes them all.
    let removed: Option<i64> = Spi::get_one_with_args(
        "SELECT pg_catalog.count(*) FILTER (WHERE cron.unschedule(job.jobid)) \
         FROM (SELECT j.jobid FROM cron.job j \
               WHERE j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) $1 \
                 AND j.database OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text \
               OFFSET 0) AS job",
        &[job.name.into()],
    )?;
    Ok(removed.is_some_and(|count| count > 0))
}

fn add(job: &Job, schedule: &str) -> Result<i64, ExtensionError> {
    let arguments = [job.name.as_str().into(), schedule.into(), job.command.as_str().into()];
    let added =
        catch(|| Spi::get_one_with_args::<i64>("SELECT cron.schedule($1, $2, $3)", &arguments));
    match added {
        Ok(id) => id?.ok_or_else(|| ExtensionError::Internal("pg_cron gave no job id".to_owned())),
        Err(report) if report.message.starts_with("invalid schedule") => {
            Err(ExtensionError::InvalidArgument {
                argument: "schedule",
                found: format!("'{schedule}'"),
                expected: "minute, hour, day of month, month and day of week, such as '0 4 * * 0'",
            })
        }
        Err(report) => Err(ExtensionError::Database(report)),
    }
}

/// What would fail at 4 AM fails now: the job's role must be able to log in and to run.
fn may_run() -> Result<(), ExtensionError> {
    let role = current_role();
    if !role_has_login(role) {
        return Err(ExtensionError::RoleCannotLogIn { role: role_name(role) });
    }
    let function = format!("FUNCTION {}", Schema::find()?.relation("irt_run_calibration"));
    let may = reading::one::<bool>(
        "SELECT pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE')) \
         FROM pg_catalog.pg_proc p \
         JOIN pg_catalog.pg_extension e ON e.extnamespace OPERATOR(pg_catalog.=) p.pronamespace \
         WHERE e.extname OPERATOR(pg_catalog.=) 'irt_calibration' \
           AND p.proname OPERATOR(pg_catalog.=) 'irt_run_calibration'",
        &[],
    )?;
    allowed(may, "EXECUTE", &function)
}

/// Says when the job will run. A syntax that only pg_cron knows is not guessed at.
fn announce(bank: &str, schedule: &str) -> Result<(), ExtensionError> {
    let zone = timezone();
    let message = format!("bank \"{bank}\" will be calibrated at '{schedule}', {zone}");
    let mut report = ErrorReport::new(b"00000", message);
    if let Some(expression) = Expression::parse(schedule) {
        let now = reading::one::<i64>(
            "SELECT pg_catalog.floor(pg_catalog.date_part('epoch', \
                 pg_catalog.timezone($1, pg_catalog.now())))::pg_catalog.int8",
            &[zone.as_str().into()],
        )?;
        let moments: Vec<String> = expression
            .after(Clock::from_epoch(now.unwrap_or_default()), MOMENTS)
            .iter()
            .map(Clock::to_string)
            .collect();
        report = report.detail(match moments.is_empty() {
            true => "Such a day does not come in the next eight years.".to_owned(),
            false => format!("Next: {} ({zone}).", moments.join(", ")),
        });
    }
    tell(Level::Notice, &report);
    Ok(())
}
