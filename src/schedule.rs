//! Scheduling a bank's calibration with pg_cron.
//!
//! A bank has one job, named after it, in the database where it lives. pg_cron's
//! own tables are in one database of a server; where that is another one, or
//! pg_cron is not there at all, the error contains the statement that helps.
//! The caller's own rights hold: pg_cron runs a job as the role that made it.

mod connection;
mod upcoming;

use crate::bank;
use crate::error::ExtensionError;
use crate::postgres::encoding::decode_c;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{current_role, role_has_login, role_name};
use crate::postgres::raising::{catch, tell};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::postgres::transactions::{Isolation, transaction};
use pgrx::pg_sys;
use pgrx::spi::{quote_identifier, quote_literal};
use std::ffi::CStr;
use upcoming::{Clock, Expression};

/// How many moments the notice names.
const MOMENTS: usize = 3;

/// A bank's job, as pg_cron is told of it.
struct Job {
    name: String,
    command: String,
}

impl Job {
    fn of(bank: &str) -> Result<Self, ExtensionError> {
        let name = format!("irt_calibration_{bank}");
        // pg_cron keeps it as a name, and a longer one would be cut to that of another bank.
        if name.len() >= pg_sys::NAMEDATALEN as usize {
            return Err(ExtensionError::InvalidArgument {
                argument: "bank",
                found: format!("{} bytes long", bank.len()),
                expected: "at most 47 bytes long to be scheduled",
            });
        }
        // The command is compared with what another session wrote.
        let settings = LocalSettings::begin();
        settings.pin_names();
        let function = Schema::find()?.relation("irt_run_calibration");
        let command =
            format!("SELECT run.status FROM {function}(bank => {}) AS run", quote_literal(bank));
        Ok(Self { name, command })
    }
}

/// What a caller wants of pg_cron: the hint is a statement that does it elsewhere.
enum Wanted<'a> {
    /// A job at this schedule.
    Scheduled(&'a str, &'a Job),
    /// A job to be gone.
    Removed(&'a Job),
}

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

fn allowed(may: Option<bool>, action: &str, object: &str) -> Result<(), ExtensionError> {
    if may == Some(true) {
        return Ok(());
    }
    Err(ExtensionError::NoPrivilege {
        role: quote_identifier(role_name(current_role())),
        action: action.to_owned(),
        relation: object.to_owned(),
    })
}

/// pg_cron is loaded, its tables are in this database, and the caller may use them.
fn within_reach(wanted: Wanted) -> Result<(), ExtensionError> {
    let Some(home) = setting(c"cron.database_name") else {
        return Err(unreachable_cron("pg_cron is not loaded", NOT_LOADED.to_owned()));
    };
    let (here, installed) = reading::two::<String, bool>(
        "SELECT pg_catalog.current_database()::pg_catalog.text, \
                EXISTS (SELECT FROM pg_catalog.pg_extension e \
                        WHERE e.extname OPERATOR(pg_catalog.=) 'pg_cron')",
        &[],
    )?;
    let here = here.unwrap_or_default();
    if installed != Some(true) {
        return Err(if home == here {
            let hint = "As a superuser: CREATE EXTENSION pg_cron;";
            unreachable_cron("pg_cron is not installed in this database", hint.to_owned())
        } else {
            let why = format!("pg_cron lives in database {}", quote_identifier(&home));
            unreachable_cron(why, elsewhere(&home, &here, wanted))
        });
    }
    let may = reading::one::<bool>(
        "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') FROM pg_catalog.pg_namespace n \
         WHERE n.nspname OPERATOR(pg_catalog.=) 'cron'",
        &[],
    )?;
    allowed(may, "USAGE", "SCHEMA cron")
}

const NOT_LOADED: &str = "Install pg_cron, set shared_preload_libraries = 'pg_cron' and \
    cron.database_name to this database, restart the server, and CREATE EXTENSION pg_cron; or let \
    any other cron call bin/run_irt_calibration.";

fn unreachable_cron(why: impl Into<String>, hint: String) -> ExtensionError {
    ExtensionError::NoCron { why: why.into(), hint }
}

/// The statements to execute where pg_cron lives. Job names are shared by all databases there.
fn elsewhere(home: &str, here: &str, wanted: Wanted) -> String {
    let home = quote_identifier(home);
    let [database, role] = [here, &role_name(current_role())].map(quote_literal);
    match wanted {
        Wanted::Scheduled(schedule, job) => {
            let name = format!("{}@{here}", job.name);
            let [name, schedule, command] = [&name, schedule, &job.command].map(quote_literal);
            format!(
                "In database {home}, as a superuser: CREATE EXTENSION IF NOT EXISTS pg_cron; \
                 SELECT cron.schedule_in_database({name}, {schedule}, {command}, {database}, {role});"
            )
        }
        Wanted::Removed(job) => format!(
            "In database {home}, as a superuser: SELECT cron.unschedule(jobid) FROM cron.job \
             WHERE database = {database} AND command = {};",
            quote_literal(&job.command)
        ),
    }
}

/// The schedule of a bank's job, where the current role can see it. For the worker: opens a
/// transaction of its own.
pub fn of_bank(bank: &str) -> Option<String> {
    let look = || {
        let job = Job::of(bank)?;
        within_reach(Wanted::Removed(&job))?;
        reading::one::<String>(
            "SELECT j.schedule FROM cron.job j \
             WHERE j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) $1 AND j.active \
               AND j.database OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text",
            &[job.name.into()],
        )
    };
    transaction(Isolation::ReadCommitted, look).ok().flatten()
}

/// The zone in which pg_cron reads schedules.
pub fn timezone() -> String {
    setting(c"cron.timezone").unwrap_or_else(|| "GMT".to_owned())
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

/// A setting of another library's; `None` where that is not loaded, or the setting is empty.
fn setting(name: &CStr) -> Option<String> {
    // SAFETY: a terminated name; the value is terminated and copied at once. What is hidden from
    // strangers is only pg_cron's database, which the hint has to name.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        Some(decode_c(CStr::from_ptr(value))).filter(|text| !text.is_empty())
    }
}
