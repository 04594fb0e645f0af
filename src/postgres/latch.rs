//! Waiting as a backend waits: on its latch, open to interrupts, with an eye on its client.

use crate::error::ExtensionError;
use pgrx::prelude::*;
use std::ffi::c_long;
use std::time::Duration;

unsafe extern "C-unwind" {
    /// True while the client is connected.
    fn pq_check_connection() -> bool;
}

/// Waits for that long at most, open to interrupts.
///
/// # Errors
/// When the client is gone.
pub fn wait_for_client(longest: Duration) -> Result<(), ExtensionError> {
    if !longest.is_zero() {
        wait_on_latch(longest);
    }
    check_for_interrupts!();
    if client_is_there() { Ok(()) } else { Err(ExtensionError::ClientLost) }
}

/// True when this backend is about to end.
pub fn is_dying() -> bool {
    // SAFETY: a flag that signal handlers set.
    unsafe { (&raw const pg_sys::ProcDiePending).read_volatile() != 0 }
}

/// True when Postgres is about to raise an ERROR in this backend.
pub fn is_interrupted() -> bool {
    // SAFETY: flags that signal handlers set.
    is_dying() || unsafe { (&raw const pg_sys::QueryCancelPending).read_volatile() != 0 }
}

/// Waits until something happens to this process, for that long at most.
pub fn wait_on_latch(longest: Duration) {
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
