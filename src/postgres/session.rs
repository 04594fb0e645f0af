//! What this process is to the server, as pg_stat_activity shows it, and the settings in force in it.

use crate::postgres::encoding::{decode_c, encode_message};
use pgrx::pg_sys;
use std::ffi::CStr;

/// Its process id.
pub fn process() -> i32 {
    // SAFETY: a variable of this process.
    unsafe { pg_sys::MyProcPid }
}

/// The value of a setting, even of one that the current role may not see; `None`: there is none of
/// that name.
pub fn setting(name: &CStr) -> Option<String> {
    // SAFETY: a terminated name; the value is terminated and copied at once, or null.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        (!value.is_null()).then(|| decode_c(CStr::from_ptr(value)))
    }
}

/// Its application_name.
pub fn application_name() -> String {
    // SAFETY: a terminated string of this process, or null.
    unsafe {
        let name = pg_sys::application_name;
        if name.is_null() { String::new() } else { decode_c(CStr::from_ptr(name)) }
    }
}

/// The type of the background worker that we are in; empty in a client's backend.
pub fn worker_type() -> String {
    // SAFETY: null outside of a background worker; the type is a terminated string.
    unsafe {
        let entry = pg_sys::MyBgworkerEntry;
        if entry.is_null() {
            return String::new();
        }
        CStr::from_ptr((&raw const (*entry).bgw_type).cast()).to_string_lossy().into()
    }
}

/// Shows a line in pg_stat_activity.
pub fn show_activity(line: &str) {
    let line = encode_message(line);
    // SAFETY: Postgres copies the string into shared memory.
    unsafe {
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, line.as_ptr());
    }
}
