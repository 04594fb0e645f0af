//! Whether pg_cron can be used from this database, and the statements to execute where it lives.

use super::job::Job;
use super::settings::setting;
use crate::error::ExtensionError;
use crate::postgres::privileges::{current_role, role_name};
use crate::postgres::reading;
use pgrx::spi::{quote_identifier, quote_literal};

/// What a caller wants of pg_cron: the hint is a statement that does it elsewhere.
pub(super) enum Wanted<'a> {
    /// A job at this schedule.
    Scheduled(&'a str, &'a Job),
    /// A job to be gone.
    Removed(&'a Job),
}

/// Refuses what the current role lacks a right for.
///
/// # Errors
/// 42501.
pub(super) fn allowed(may: Option<bool>, action: &str, object: &str) -> Result<(), ExtensionError> {
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
///
/// # Errors
/// 55000, 42501.
pub(super) fn within_reach(wanted: Wanted) -> Result<(), ExtensionError> {
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
