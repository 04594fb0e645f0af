//! Waiting for a worker, as a backend waits: on its latch, open to interrupts, with an eye on
//! its client.

use super::Message;
use super::channel::{CallerEnd, Received, decode};
use super::launch::Launched;
use super::unbegun;
use crate::error::ExtensionError;
use crate::postgres::error_report::Level;
use crate::postgres::interrupts::take_cancel;
use crate::postgres::raising::tell;
use crate::runs::audit::EndedRun;
use pgrx::prelude::*;
use std::ffi::c_long;
use std::time::{Duration, Instant};

/// How often the client is looked after.
const LOOK_AT_CLIENT: Duration = Duration::from_millis(50);

/// How long an interrupted caller stays to let its worker end the run's row: the next run of
/// the same session finds the bank free then. Less than the 100 ms that a cancel may take.
const GRACE: Duration = Duration::from_millis(70);

unsafe extern "C-unwind" {
    /// True while the client is connected.
    fn pq_check_connection() -> bool;
}

/// Waits until the run's row is committed and returns its id; the worker goes on alone.
///
/// # Errors
/// Why the run did not start.
pub fn until_the_start(mut run: Launched) -> Result<i64, ExtensionError> {
    loop {
        match next(&mut run.end).map_err(|error| unbegun_by(&run, error))? {
            Message::Started(run_id) => {
                run.end.release();
                return Ok(run_id);
            }
            Message::Failed(report) => return Err(ExtensionError::Database(report)),
            Message::Row(_) => return Err(ExtensionError::WorkerLost),
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
}

/// Waits until the run has ended and returns its row.
///
/// # Errors
/// What the run failed with.
pub fn until_the_end(mut run: Launched) -> Result<EndedRun, ExtensionError> {
    let mut begun = false;
    loop {
        let message = next(&mut run.end);
        match message.map_err(|error| if begun { error } else { unbegun_by(&run, error) })? {
            Message::Started(_) => begun = true,
            Message::Row(row) => {
                run.end.release();
                return Ok(row);
            }
            Message::Failed(report) => {
                run.end.release();
                return Err(ExtensionError::Database(report));
            }
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
}

/// A worker that was lost before it said that its row is there has left none.
fn unbegun_by(run: &Launched, error: ExtensionError) -> ExtensionError {
    if error == ExtensionError::WorkerLost {
        unbegun::owe_row(&run.bank, run.triggered_by, &error);
    }
    error
}

/// The next message. Raises an ERROR when this backend is interrupted; that ends the worker too.
fn next(end: &mut CallerEnd) -> Result<Message, ExtensionError> {
    loop {
        match end.receive() {
            Received::Message(bytes) => return decode(&bytes),
            Received::Gone => return Err(ExtensionError::WorkerLost),
            Received::Nothing => {}
        }
        wait_on_latch(LOOK_AT_CLIENT);
        if is_interrupted() {
            end.interrupt();
            if let (Some(error), false) = (let_it_finish(end), is_dying()) {
                take_cancel();
                return Err(error);
            }
        }
        doze(Duration::ZERO).inspect_err(|_| end.interrupt())?;
    }
}

/// Waits, open to interrupts.
///
/// # Errors
/// When the client is gone.
pub fn doze(longest: Duration) -> Result<(), ExtensionError> {
    if !longest.is_zero() {
        wait_on_latch(longest);
    }
    check_for_interrupts!();
    if client_is_there() { Ok(()) } else { Err(ExtensionError::ClientLost) }
}

/// Reads on until the worker has ended or the grace is over. The error: the run had published.
fn let_it_finish(end: &mut CallerEnd) -> Option<ExtensionError> {
    let deadline = Instant::now() + GRACE;
    loop {
        match end.receive() {
            Received::Message(bytes) => match decode(&bytes) {
                Ok(Message::Row(row)) => return published(&row),
                Ok(Message::Failed(_)) | Err(_) => return None,
                Ok(_) => continue,
            },
            Received::Gone => return None,
            Received::Nothing => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        wait_on_latch(left.min(Duration::from_millis(10)));
    }
}

/// What a caller that is canceled must hear of a run that had published.
fn published(run: &EndedRun) -> Option<ExtensionError> {
    let (run_id, bank) = (run.id()?, run.bank().to_owned());
    run.is_success().then_some(ExtensionError::CanceledTooLate { run_id, bank })
}

/// True when this backend is about to end.
fn is_dying() -> bool {
    // SAFETY: a flag that signal handlers set.
    unsafe { (&raw const pg_sys::ProcDiePending).read_volatile() != 0 }
}

/// True when Postgres is about to raise an ERROR in this backend.
fn is_interrupted() -> bool {
    // SAFETY: flags that signal handlers set.
    is_dying() || unsafe { (&raw const pg_sys::QueryCancelPending).read_volatile() != 0 }
}

fn wait_on_latch(longest: Duration) {
    let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
    let milliseconds = longest.as_millis().max(1) as c_long;
    // SAFETY: the latch of this process.
    unsafe {
        pg_sys::WaitLatch(pg_sys::MyLatch, events as i32, milliseconds, pg_sys::PG_WAIT_EXTENSION);
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}

/// A backend without a client (pg_cron's, for example) has nobody to lose.
fn client_is_there() -> bool {
    // SAFETY: with a client there is a socket to look at; the function reads nothing from it.
    unsafe { pg_sys::MyProcPort.is_null() || pq_check_connection() }
}
