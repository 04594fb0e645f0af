//! The background worker that carries a run out, and how its caller waits for it.
//!
//! The worker connects to the caller's database as the caller's effective role.
//! The caller hands over what cannot be inherited ([`Request`]) and waits on its
//! latch, open to interrupts and with an eye on its client. See [`channel`] for
//! what happens when either side is gone.

pub mod channel;
pub mod launch;
mod message;
pub mod unbegun;
pub mod wait;

use crate::postgres::catching::catch;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::interrupts;
use crate::postgres::memory;
use crate::postgres::raising::tell;
use crate::runs::life;
use crate::runs::outcome::{Caller, Outcome};
use crate::runs::request::Request;
use crate::sentry::Reporting;
use channel::{WorkerEnd, decode, encode};
use message::Message;
use pgrx::{pg_guard, pg_sys};
use std::ffi::{CStr, CString};

/// Settings that a worker must not take from its role's defaults.
const OWN_SETTINGS: [(&CStr, &CStr); 5] = [
    (c"application_name", c"irt_calibration"),
    (c"row_security", c"off"),
    (c"default_transaction_isolation", c"read committed"),
    (c"default_transaction_read_only", c"off"),
    (c"default_transaction_deferrable", c"off"),
];

/// The main function of the worker, found by its name in the library.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn irt_calibration_worker_main(argument: pg_sys::Datum) {
    interrupts::install();
    memory::reuse_freed();
    let Some(end) = WorkerEnd::open(argument.value() as u32) else { return };
    if let Err(report) = catch(|| connect(&end)) {
        // The caller would know no more than that its worker is gone.
        tell(Level::Log, &report);
        return CallerQueue(&end).answer(&Outcome::Failed(report));
    }
    match decode::<Request>(end.request()) {
        Ok(request) => {
            take_settings(&request);
            let reporting = Reporting::begin(&request);
            let (outcome, trace) = life::carry_out(&request, &mut CallerQueue(&end));
            CallerQueue(&end).answer(&outcome);
            if let Some(reporting) = reporting {
                reporting.finish(&request, &outcome, &trace);
            }
        }
        Err(error) => CallerQueue(&end).answer(&Outcome::Failed(ErrorReport::from(&error))),
    }
}

/// Connects as the caller's effective role, which need not be allowed to log in where the
/// server can be told so.
fn connect(end: &WorkerEnd) {
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    const FLAGS: u32 = pg_sys::BGWORKER_BYPASS_ROLELOGINCHECK;
    #[cfg(not(any(feature = "pg17", feature = "pg18")))]
    const FLAGS: u32 = 0;
    let (database, role) = end.database_and_role();
    // SAFETY: called once, in a worker that was registered with a database connection.
    unsafe { pg_sys::BackgroundWorkerInitializeConnectionByOid(database, role, FLAGS) };
}

fn take_settings(request: &Request) {
    for (name, value) in OWN_SETTINGS {
        set(name, value);
    }
    for (name, value) in &request.settings {
        if let (Ok(name), Ok(value)) = (CString::new(name.as_str()), CString::new(value.as_str())) {
            set(&name, &value);
        }
    }
    let lock_timeout = crate::server_settings::lock_timeout().map_or(0, |limit| limit.as_millis());
    if let Ok(value) = CString::new(lock_timeout.to_string()) {
        set(c"lock_timeout", &value);
    }
}

/// Sets for the life of the worker, with the rights of the session that the value comes from.
fn set(name: &CStr, value: &CStr) {
    // SAFETY: both strings are terminated; Postgres copies them.
    unsafe {
        pg_sys::SetConfigOption(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
        );
    }
}

/// The caller, at the other end of the queue.
struct CallerQueue<'a>(&'a WorkerEnd);

impl CallerQueue<'_> {
    fn answer(&self, outcome: &Outcome) {
        self.send(&match outcome {
            Outcome::Row(row) => Message::Row(row.clone()),
            Outcome::Failed(report) => Message::Failed(report.clone()),
        });
    }

    fn send(&self, message: &Message) {
        match encode(message) {
            Ok(bytes) => self.0.send(&bytes),
            Err(error) => tell(Level::Warning, &ErrorReport::from(&error)),
        }
    }
}

impl Caller for CallerQueue<'_> {
    fn started(&mut self, run_id: i64) {
        self.send(&Message::Started(run_id));
    }

    fn report(&mut self, level: Level, report: &ErrorReport) {
        match level {
            Level::Warning => self.send(&Message::Warning(report.clone())),
            Level::Notice => self.send(&Message::Notice(report.clone())),
            Level::Log | Level::Debug => {}
        }
    }

    fn ended(&mut self) {
        self.0.outlive_caller();
    }

    fn is_gone(&self) -> bool {
        self.0.is_abandoned()
    }
}
