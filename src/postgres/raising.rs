//! Raising and catching Postgres errors with any SQLSTATE.
//!
//! pgrx knows a closed list of SQLSTATEs and turns every other into XX000, in
//! both directions. This extension has codes of its own (IR001, IR002), and
//! must hand on those of other people's triggers. So errors are raised here by
//! the server's own errstart … errfinish, and while errors are being caught, a
//! context callback notes the code that Postgres is reporting.

use crate::postgres::encoding::encode_message;
use crate::postgres::error_report::{ErrorReport, Level};
use pgrx::pg_sys;
use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::{PgLogLevel, PgTryBuilder};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::AssertUnwindSafe;

/// Reports without ending the statement.
pub fn tell(level: Level, report: &ErrorReport) {
    let level = match level {
        Level::Log => PgLogLevel::LOG,
        Level::Notice => PgLogLevel::NOTICE,
        Level::Warning => PgLogLevel::WARNING,
    };
    let fields = ErrorFields::of(report);
    // Below ERROR nothing jumps, so `fields` are dropped as usual afterwards.
    fields.send(level as c_int);
}

/// Ends the statement with an ERROR.
///
/// Postgres jumps from here to its handler without running Rust's destructors.
/// Call it where no value with a destructor is left on the stack below: as the
/// last act of a `#[pg_extern]` function (see [`or_raise`]), nowhere deeper.
pub fn raise(report: ErrorReport) -> ! {
    let fields = ErrorFields::of(&report).into_server_memory();
    drop(report);
    fields.send(PgLogLevel::ERROR as c_int);
    // errfinish does not return from an ERROR.
    std::process::abort()
}

/// Ends the session, or the worker, with a FATAL; the server's other processes go on.
///
/// Unwinds nothing and allocates nothing of Rust's: for the main thread, when there is no memory
/// for anything better.
pub fn end_process(sqlstate: &[u8; 5], message: &CStr, detail: &CStr) -> ! {
    let fields = ErrorFields {
        code: pack(sqlstate),
        message: message.as_ptr(),
        detail: Some(detail.as_ptr()),
        hint: None,
        context: None,
    };
    fields.send(PgLogLevel::FATAL as c_int);
    // errfinish does not return from a FATAL.
    std::process::abort()
}

/// Keeps Rust's backtraces out of errors. pgrx's own hook takes one wherever an ERROR of Postgres'
/// passes through Rust, if RUST_BACKTRACE is set, and shows it to the client as DETAIL. What is no
/// error but a defect, a panic with a text, goes to the server's log. Called when the library is
/// loaded.
pub fn hide_rust_frames() {
    drop(std::panic::take_hook());
    let to_the_log = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str().is_some() {
            to_the_log(info);
        }
    }));
}

/// The value, or the ERROR. For the end of a `#[pg_extern]` function.
pub fn or_raise<T, E>(result: Result<T, E>) -> T
where
    for<'e> &'e E: Into<ErrorReport>,
{
    match result {
        Ok(value) => value,
        Err(error) => {
            let report: ErrorReport = (&error).into();
            drop(error);
            raise(report)
        }
    }
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

/// The fields of Postgres' error report, ErrorData: the arguments of ereport().
struct ErrorFields<S> {
    code: c_int,
    message: S,
    detail: Option<S>,
    hint: Option<S>,
    context: Option<S>,
}

impl ErrorFields<CString> {
    fn of(report: &ErrorReport) -> Self {
        Self {
            code: pack(&report.sqlstate),
            message: encode_message(&report.message),
            detail: report.detail.as_deref().map(encode_message),
            hint: report.hint.as_deref().map(encode_message),
            context: report.context.as_deref().map(encode_message),
        }
    }

    /// Copies into memory that Postgres frees when it handles the error.
    fn into_server_memory(self) -> ErrorFields<*const c_char> {
        // SAFETY: pstrdup copies a terminated string into the current memory context.
        let copy = |s: &CStr| unsafe { pg_sys::pstrdup(s.as_ptr()) }.cast_const();
        ErrorFields {
            code: self.code,
            message: copy(&self.message),
            detail: self.detail.as_deref().map(copy),
            hint: self.hint.as_deref().map(copy),
            context: self.context.as_deref().map(copy),
        }
    }

    fn send(&self, level: c_int) {
        ErrorFields {
            code: self.code,
            message: self.message.as_ptr(),
            detail: self.detail.as_ref().map(|s| s.as_ptr()),
            hint: self.hint.as_ref().map(|s| s.as_ptr()),
            context: self.context.as_ref().map(|s| s.as_ptr()),
        }
        .send(level);
    }
}

impl ErrorFields<*const c_char> {
    fn send(&self, level: c_int) {
        // SAFETY: this is ereport() spelled out. The strings are terminated, and passed
        // through "%s", so nothing in them is read as a format. On an ERROR errfinish jumps
        // to Postgres' handler; this frame and `raise` own nothing that has a destructor.
        unsafe {
            if !errstart(level, std::ptr::null()) {
                return;
            }
            errcode(self.code);
            errmsg(c"%s".as_ptr(), self.message);
            if let Some(detail) = self.detail {
                errdetail(c"%s".as_ptr(), detail);
            }
            if let Some(hint) = self.hint {
                errhint(c"%s".as_ptr(), hint);
            }
            if let Some(context) = self.context {
                errcontext_msg(c"%s".as_ptr(), context);
            }
            errfinish(c"irt_calibration".as_ptr(), 0, c"report".as_ptr());
        }
    }
}

unsafe extern "C-unwind" {
    fn errstart(level: c_int, domain: *const c_char) -> bool;
    fn errcode(code: c_int) -> c_int;
    fn errmsg(format: *const c_char, ...) -> c_int;
    fn errdetail(format: *const c_char, ...) -> c_int;
    fn errhint(format: *const c_char, ...) -> c_int;
    fn errcontext_msg(format: *const c_char, ...) -> c_int;
    fn errfinish(file: *const c_char, line: c_int, function: *const c_char);
    fn geterrcode() -> c_int;
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
    // SAFETY: `last` is the watch's own cell; geterrcode is made for context callbacks.
    unsafe { *last.cast::<c_int>() = geterrcode() };
}

/// Five characters into six bits each, as MAKE_SQLSTATE does.
fn pack(sqlstate: &[u8; 5]) -> c_int {
    sqlstate.iter().rev().fold(0, |code, &byte| (code << 6) | (c_int::from(byte) - 0x30) & 0x3F)
}

/// The inverse of [`pack`].
fn unpack(code: c_int) -> [u8; 5] {
    std::array::from_fn(|i| ((code >> (6 * i)) & 0x3F) as u8 + b'0')
}
