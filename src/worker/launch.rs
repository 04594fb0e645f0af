//! Starting a worker: what must hold, and what it is told.

use super::channel::{CallerEnd, encode};
use super::unbegun;
use crate::bank::lock::must_be_free;
use crate::bank::{Overrides, discover, must_exist, must_fit};
use crate::error::ExtensionError;
use crate::postgres::latch::wait_for_client;
use crate::postgres::privileges::{current_role, role_has_login, role_name};
use crate::postgres::read_only::{is_standby, must_be_writable};
use crate::postgres::session::{application_name, process, setting, worker_type};
use crate::runs::request::Request;
use crate::server_settings;
use pgrx::pg_sys;
use std::ffi::{CStr, c_char, c_int};
use std::time::{Duration, Instant};

/// What one of the two functions was called with.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    /// Run whether or not there are enough new responses.
    pub force: Option<bool>,
    /// What replaces the bank's settings.
    pub overrides: Overrides,
    /// Limits what is published.
    pub item_ids: Option<Vec<Option<String>>>,
    /// The bank's name.
    pub bank: Option<String>,
}

/// Whether the caller stays until the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// irt_run_calibration.
    UntilTheEnd,
    /// irt_start_calibration.
    UntilTheStart,
}

impl Stay {
    /// The function that was called.
    fn function(self) -> &'static str {
        match self {
            Self::UntilTheEnd => "irt_run_calibration()",
            Self::UntilTheStart => "irt_start_calibration()",
        }
    }
}

/// Settings of the caller's session that its worker is given, by name. Threads and memory are
/// handed over as they come out, because their defaults depend on other settings.
const HANDED_OVER: [&CStr; 8] = [
    c"synchronous_commit",
    c"irt_calibration.sentry_dsn",
    c"irt_calibration.environment",
    c"irt_calibration.traces_sample_rate",
    c"irt_calibration.sentry_monitor",
    c"irt_calibration.timeout",
    c"irt_calibration.lock_timeout",
    c"irt_calibration.nice",
];

/// A run whose worker was asked for.
pub struct Launched {
    /// The line to it.
    pub end: CallerEnd,
    /// The bank's name.
    pub bank: String,
    /// 'cron', 'api' or 'manual'.
    pub triggered_by: &'static str,
}

/// Starts a worker for a run, as the current role. Waits until one is free.
///
/// # Errors
/// 22004 for no bank, 22023 for one whose name is too long, 25006 on a standby and in a read-only
/// transaction (of which the worker would know nothing), 28000 for a role that may not log in, 53400 where no
/// worker gets free.
pub fn launch(arguments: Arguments, stay: Stay) -> Result<Launched, ExtensionError> {
    let bank = arguments.bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    if is_standby() {
        return Err(ExtensionError::Standby);
    }
    must_be_writable(stay.function());
    if must_fit(&bank).is_err() {
        must_exist(&bank)?;
    }
    role_may_log_in()?;
    let triggered_by = triggered_by(stay);
    if triggered_by != "cron" {
        // Cron's refusals are recorded, which takes a worker.
        must_be_free(&bank)?;
    }
    let request = Request {
        discovered: discover(&bank)?,
        bank: bank.clone(),
        force: arguments.force,
        overrides: arguments.overrides,
        item_ids: arguments.item_ids,
        triggered_by: triggered_by.to_owned(),
        waiting_process: (stay == Stay::UntilTheEnd).then(process),
        settings: effective_settings(),
    };
    let end = CallerEnd::create(&encode(&request)?);
    let worker = match register_patiently(end.handle()) {
        Ok(worker) => worker,
        Err(error) => {
            unbegun::record_at_exit(&bank, triggered_by, &error);
            return Err(error);
        }
    };
    end.watch(worker);
    Ok(Launched { end, bank, triggered_by })
}

/// Before Postgres 17 a worker cannot connect as a role that may not log in.
fn role_may_log_in() -> Result<(), ExtensionError> {
    if cfg!(any(feature = "pg17", feature = "pg18")) || role_has_login(current_role()) {
        return Ok(());
    }
    Err(ExtensionError::RoleCannotLogIn { role: role_name(current_role()) })
}

/// Who asked: pg_cron in either of its modes, the runner for other crons, an application that
/// does not wait, or a person.
fn triggered_by(stay: Stay) -> &'static str {
    const CRONS: [&str; 2] = ["pg_cron", "run_irt_calibration"];
    let application = application_name();
    if CRONS.iter().any(|cron| application.contains(cron)) || worker_type().contains("pg_cron") {
        "cron"
    } else if stay == Stay::UntilTheStart {
        "api"
    } else {
        "manual"
    }
}

fn effective_settings() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = HANDED_OVER
        .iter()
        .filter_map(|name| {
            let value = setting(name);
            value.map(|value| (name.to_string_lossy().into_owned(), value))
        })
        .collect();
    all.push((
        "irt_calibration.max_threads".to_owned(),
        server_settings::max_threads().to_string(),
    ));
    let megabytes = server_settings::max_memory() >> 20;
    all.push(("irt_calibration.max_memory".to_owned(), format!("{megabytes}MB")));
    all
}

/// Asks again and again while all workers are busy, open to interrupts and with an eye on the
/// client.
fn register_patiently(segment: u32) -> Result<*mut pg_sys::BackgroundWorkerHandle, ExtensionError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let patience = server_settings::worker_timeout();
    let deadline = Instant::now() + patience;
    loop {
        if let Some(worker) = register(segment) {
            return Ok(worker);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // SAFETY: an int of the server's.
            let most = unsafe { pg_sys::max_worker_processes };
            return Err(ExtensionError::NoWorkerFree { most, waited: patience });
        }
        wait_for_client(left.min(PAUSE))?;
    }
}

/// Asks the postmaster for a worker; `None`: all are busy.
fn register(segment: u32) -> Option<*mut pg_sys::BackgroundWorkerHandle> {
    let mut worker = pg_sys::BackgroundWorker {
        bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION)
            as c_int,
        bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
        bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
        bgw_main_arg: pg_sys::Datum::from(segment),
        bgw_notify_pid: process(),
        ..Default::default()
    };
    write(&mut worker.bgw_name, "irt_calibration");
    write(&mut worker.bgw_type, "irt_calibration");
    write(&mut worker.bgw_library_name, "$libdir/irt_calibration");
    write(&mut worker.bgw_function_name, "irt_calibration_worker_main");
    let mut handle = std::ptr::null_mut();
    // SAFETY: the structure is complete, and Postgres copies it.
    let registered = unsafe { pg_sys::RegisterDynamicBackgroundWorker(&mut worker, &mut handle) };
    registered.then_some(handle)
}

/// Writes ASCII text that fits, with a terminator.
fn write(place: &mut [c_char], text: &str) {
    for (cell, byte) in place.iter_mut().zip(text.bytes().chain(std::iter::once(0))) {
        *cell = byte as c_char;
    }
}
