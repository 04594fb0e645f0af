//! Whose rights the work runs with, and under which settings.
//!
//! A run reads and publishes with its caller's rights. The extension's own
//! tables are read and written as their owner, here and nowhere else, through
//! no function that SQL can call. Functions in somebody's view or trigger must
//! never gain rights: a superuser's run takes those of the relation's owner.
//!
//! Every switch is a guard: what it changed is put back on return and when an
//! ERROR unwinds, last change first.

use crate::encoding::{decode_c, encode_c};
use crate::error::ExtensionError;
use crate::schema::Schema;
use pgrx::pg_sys;
use std::ffi::{CStr, CString, c_int};

/// The search_path under which nothing but the server's own objects is found.
const SAFE_SEARCH_PATH: &CStr = c"pg_catalog, pg_temp";

/// Runs `work` as the owner of the extension's tables, with a safe search_path.
///
/// # Errors
/// Those of `work`, or when the extension is not created in this database.
pub fn as_owner<T>(
    work: impl FnOnce(&Schema) -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    let schema = Schema::find()?;
    let _identity = Identity::switch(schema.owner(), pg_sys::SECURITY_LOCAL_USERID_CHANGE);
    let settings = LocalSettings::begin();
    settings.set(c"search_path", SAFE_SEARCH_PATH);
    work(&schema)
}

/// Runs `work` as the owner of `relation` when the current role is a superuser, so that
/// functions in views, policies and triggers gain nothing; as the current role otherwise.
///
/// # Errors
/// Those of `work`.
pub fn as_relation_owner<T>(
    relation: pg_sys::Oid,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    // SAFETY: reads the current role and its catalog row.
    let superuser = unsafe { pg_sys::superuser() };
    let owner = superuser.then(|| relation_owner(relation)).flatten();
    let _identity = owner.map(|owner| {
        let flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
        Identity::switch(owner, flags)
    });
    // What such a function SETs ends with the work.
    let _settings = owner.map(|_| LocalSettings::begin());
    work()
}

/// Raises 25006 in a read-only transaction and on a standby.
pub fn must_be_writable(command: &str) {
    if let Ok(command) = CString::new(command) {
        // SAFETY: reads the transaction's state; raises an ordinary ERROR.
        unsafe { pg_sys::PreventCommandIfReadOnly(command.as_ptr()) }
    }
}

/// The owner of a relation; `None` when it is gone.
pub fn relation_owner(relation: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: a syscache tuple of pg_class has the form of FormData_pg_class; it is released
    // before anything else can fail.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::RELOID as c_int,
            pg_sys::Datum::from(relation),
        );
        if tuple.is_null() {
            return None;
        }
        let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relowner;
        pg_sys::ReleaseSysCache(tuple);
        Some(owner)
    }
}

/// The role whose rights hold now.
pub fn current_role() -> pg_sys::Oid {
    // SAFETY: reads a variable of the main thread's.
    unsafe { pg_sys::GetUserId() }
}

/// A role's name.
pub fn role_name(role: pg_sys::Oid) -> String {
    // SAFETY: returns a palloc'ed, terminated name, or NULL as the role may be missing.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        if name.is_null() {
            return format!("role {}", role.to_u32());
        }
        decode_c(CStr::from_ptr(name))
    }
}

/// Another role's rights, until dropped.
#[must_use]
struct Identity {
    role: pg_sys::Oid,
    context: c_int,
}

impl Identity {
    fn switch(role: pg_sys::Oid, flags: u32) -> Self {
        let mut before = Self { role: pg_sys::InvalidOid, context: 0 };
        // SAFETY: this is how the server's own maintenance commands take another role's rights.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut before.role, &mut before.context);
            pg_sys::SetUserIdAndSecContext(role, before.context | flags as c_int);
        }
        before
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // SAFETY: puts back what `switch` found; raises nothing.
        unsafe { pg_sys::SetUserIdAndSecContext(self.role, self.context) }
    }
}

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
        // SAFETY: as the server's own RestrictSearchPath; both strings are terminated.
        unsafe {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
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
