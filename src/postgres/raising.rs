//! Raising Postgres errors, and reporting, with any SQLSTATE.
//!
//! pgrx knows a closed list of SQLSTATEs and turns every other into XX000. This
//! extension has codes of its own (IR001, IR002), so errors are raised here by
//! the server's own errstart … errfinish.

use crate::postgres::encoding::encode_message;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::sqlstate::pack;
use pgrx::PgLogLevel;
use pgrx::pg_sys;
use std::ffi::{CStr, CString, c_char, c_int};

/// Reports without ending the statement.
pub fn tell(level: Level, report: &ErrorReport) {
    let level = match level {
        Level::Debug => PgLogLevel::DEBUG1,
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
}
