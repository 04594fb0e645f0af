//! Waiting for a worker, as a backend waits: on its latch, open to interrupts, with an eye on
//! its client.

use super::Message;
use super::channel::{CallerEnd, Received, decode};
use crate::error::ExtensionError;
use crate::report::{Level, tell};
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
pub fn until_the_start(mut end: CallerEnd) -> Result<i64, ExtensionError> {
    loop {
        match next(&mut end)? {
            Message::Started(run_id) => {
                end.release();
                return Ok(run_id);
            }
            Message::Failed(report) => return Err(ExtensionError::Database(report)),
            Message::Row(_) => return Err(ExtensionError::WorkerLost),
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
}

/// Waits until the run has ended and returns its row as JSON.
///
/// # Errors
/// What the run failed with.
pub fn until_the_end(mut end: CallerEnd) -> Result<String, ExtensionError> {
    loop {
        match next(&mut end)? {
            Message::Started(_) => {}
            Message::Row(row) => {
                end.release();
                return Ok(row);
            }
            Message::Failed(report) => {
                end.release();
                return Err(ExtensionError::Database(report));
            }
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
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
            let_it_finish(end);
        }
        check_for_interrupts!();
        if !client_is_there() {
            end.interrupt();
            return Err(ExtensionError::ClientLost);
        }
    }
}

/// Reads on until the worker has ended or the grace is over.
fn let_it_finish(end: &mut CallerEnd) {
    let deadline = Instant::now() + GRACE;
    loop {
        match end.receive() {
            Received::Message(bytes) => match decode(&bytes) {
                Ok(Message::Row(_) | Message::Failed(_)) | Err(_) => return,
                Ok(_) => continue,
            },
            Received::Gone => return,
            Received::Nothing => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        wait_on_latch(left.min(Duration::from_millis(10)));
    }
}

/// True when Postgres is about to raise an ERROR in this backend.
fn is_interrupted() -> bool {
    // SAFETY: flags that signal handlers set.
    unsafe {
        (&raw const pg_sys::QueryCancelPending).read_volatile() != 0
            || (&raw const pg_sys::ProcDiePending).read_volatile() != 0
    }
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
