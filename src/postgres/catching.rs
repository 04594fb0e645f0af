//! Catching Postgres errors with any SQLSTATE.
//!
//! pgrx turns every SQLSTATE that it does not know into XX000. What other
//! people's triggers raise must keep its code, so while errors are being caught,
//! a context callback notes the code that Postgres is reporting.

use crate::postgres::error_report::ErrorReport;
use crate::postgres::memory::server_reserve;
use crate::postgres::sqlstate::unpack;
use pgrx::PgTryBuilder;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use std::ffi::{c_int, c_void};
use std::panic::AssertUnwindSafe;

unsafe extern "C-unwind" {
    fn geterrcode() -> c_int;
}

/// Runs `work`; a Postgres ERROR or a Rust panic in it becomes a [`ErrorReport`].
///
/// What Postgres had begun when it failed is still open: the caller must end
/// the (sub)transaction in which `work` ran by a rollback before it does
/// anything else.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, ErrorReport> {
    let watch = SqlstateWatch::start();
    let caught = PgTryBuilder::new(AssertUnwindSafe(|| Ok(work())))
        .catch_others(|error| Err(Box::new(error)))
        .execute();
    caught.map_err(|error| watch.describe(&error))
}

/// Runs `work`; an ERROR in it passes on as it is, but for two: one for lack of memory, which
/// lacks a hint, and one whose SQLSTATE pgrx would lose. Those become a [`ErrorReport`], to be raised
/// with nothing in between.
pub fn catch_to_raise<T>(work: impl FnOnce() -> T) -> Result<T, ErrorReport> {
    let watch = SqlstateWatch::start();
    let caught = PgTryBuilder::new(AssertUnwindSafe(|| Ok(work())))
        .catch_others(|error| Err(Box::new(error)))
        .execute();
    caught.map_err(|error| {
        let report = watch.describe(&error);
        let (CaughtError::PostgresError(known)
        | CaughtError::ErrorReport(known)
        | CaughtError::RustPanic { ereport: known, .. }) = &*error;
        let is_lost = report.sqlstate != unpack(known.sql_error_code() as c_int);
        if is_lost || &report.sqlstate == b"53200" { report } else { error.rethrow() }
    })
}

/// Notes the SQLSTATE of whatever Postgres reports while it lives.
struct SqlstateWatch {
    callback: *mut pg_sys::ErrorContextCallback,
    last: *mut c_int,
}

impl SqlstateWatch {
    fn start() -> Self {
        let last = Box::into_raw(Box::new(0));
        // SAFETY: the callback stack is the main thread's own; the new entry points to the
        // old top and lives on the heap until `drop` takes it off again.
        let callback = unsafe {
            Box::into_raw(Box::new(pg_sys::ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(note_sqlstate),
                arg: last.cast(),
            }))
        };
        // SAFETY: as above.
        unsafe { pg_sys::error_context_stack = callback };
        Self { callback, last }
    }

    fn describe(&self, error: &CaughtError) -> ErrorReport {
        let (CaughtError::PostgresError(report)
        | CaughtError::ErrorReport(report)
        | CaughtError::RustPanic { ereport: report, .. }) = error;
        ErrorReport {
            sqlstate: self.sqlstate(error, report),
            message: report.message().to_owned(),
            detail: report.detail().map(str::to_owned),
            hint: report.hint().map(str::to_owned),
            context: None,
        }
    }

    /// pgrx's code, unless that is the XX000 it gives to every code that it does not know.
    fn sqlstate(&self, error: &CaughtError, report: &ErrorReportWithLevel) -> [u8; 5] {
        let known = unpack(report.sql_error_code() as c_int);
        // SAFETY: `last` lives until `drop`.
        let noted = unsafe { *self.last };
        if known == *b"XX000" && matches!(error, CaughtError::PostgresError(_)) && noted != 0 {
            unpack(noted)
        } else {
            known
        }
    }
}

impl Drop for SqlstateWatch {
    fn drop(&mut self) {
        // SAFETY: both came from Box::into_raw in `start` and are freed once. Whatever was
        // pushed above our entry is gone by now: its functions have returned or unwound.
        unsafe {
            pg_sys::error_context_stack = (*self.callback).previous;
            drop(Box::from_raw(self.callback));
            drop(Box::from_raw(self.last));
        }
    }
}

/// Runs inside errfinish: may allocate nothing and raise nothing.
unsafe extern "C-unwind" fn note_sqlstate(last: *mut c_void) {
    // SAFETY: geterrcode is made for context callbacks.
    let code = unsafe { geterrcode() };
    // SAFETY: `last` is the watch's own cell.
    unsafe { *last.cast::<c_int>() = code };
    if unpack(code) == *b"53200" {
        server_reserve::give_back();
    }
}
