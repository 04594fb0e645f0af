//! Settings of the session that hold for one piece of work.

use crate::postgres::encoding::encode_c;
use pgrx::pg_sys;
use std::ffi::{CStr, c_int};

/// The search_path under which nothing but the server's own objects is found. Functions in
/// sql/bootstrap.sql state the same.
const SAFE_SEARCH_PATH: &CStr = c"pg_catalog, pg_temp";

/// Settings that last until dropped.
#[must_use]
pub struct LocalSettings {
    level: c_int,
}

impl LocalSettings {
    /// Opens a nest level, as a function with a SET clause does.
    pub fn begin() -> Self {
        // SAFETY: counts up; `drop` closes the level, and so does the end of the transaction.
        Self { level: unsafe { pg_sys::NewGUCNestLevel() } }
    }

    /// Opens a level in which nothing but the server's own objects is found by an unqualified name.
    pub fn with_safe_search_path() -> Self {
        let settings = Self::begin();
        settings.set(c"search_path", SAFE_SEARCH_PATH);
        settings
    }

    /// Opens a level in which row security never filters silently: a policy that would hide
    /// rows is an error.
    pub fn without_row_security() -> Self {
        let settings = Self::begin();
        settings.set(c"row_security", c"off");
        settings
    }

    /// Makes names come out the same in every session: qualified, unless they are the server's own,
    /// and quoted where they must be, not everywhere, as quote_all_identifiers would have it.
    pub fn pin_names(&self) {
        self.set(c"search_path", SAFE_SEARCH_PATH);
        self.set(c"quote_all_identifiers", c"off");
    }

    /// Sets one setting for the time of this level.
    pub fn set(&self, name: &CStr, value: &CStr) {
        set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
    }

    /// As [`Self::set`], with a value that was computed.
    pub fn set_to(&self, name: &CStr, value: &str) {
        self.set(name, &encode_c(value));
    }
}

impl Drop for LocalSettings {
    fn drop(&mut self) {
        // SAFETY: restores what was in force when the level was opened.
        unsafe { pg_sys::AtEOXact_GUC(false, self.level) }
    }
}

/// SET LOCAL. Call it in a transaction.
pub fn set_until_commit(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_LOCAL);
}

fn set(name: &CStr, value: &CStr, action: pg_sys::GucAction::Type) {
    // SAFETY: as the server's own RestrictSearchPath and SET LOCAL; both strings are terminated,
    // and Postgres copies them.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            action,
            true,
            0,
            false,
        );
    }
}
