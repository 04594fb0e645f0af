//! Whose rights the work runs with.
//!
//! A run reads and publishes with its caller's rights. The extension's own
//! tables are read and written as their owner, here and nowhere else, through
//! no function that SQL can call. Functions in somebody's view or trigger must
//! never gain rights: a superuser's run takes those of the relation's owner,
//! and is refused where the relation leads to what somebody else owns ([`reach`]).
//!
//! Every switch is a guard: what it changed is put back on return and when an
//! ERROR unwinds, last change first.

mod reach;

use crate::error::ExtensionError;
use crate::postgres::encoding::decode_c;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use pgrx::pg_sys;
use std::ffi::{CStr, CString, c_int};

/// Runs `work` as the owner of the extension's tables, with a safe search_path.
///
/// # Errors
/// Those of `work`, or when the extension is not created in this database.
pub fn as_owner<T>(
    work: impl FnOnce(&Schema) -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    let schema = Schema::find()?;
    let _identity = Identity::switch(schema.owner(), pg_sys::SECURITY_LOCAL_USERID_CHANGE);
    let _settings = LocalSettings::with_safe_search_path();
    work(&schema)
}

/// Runs `work`, which uses `relation` by its qualified `name`, as the relation's owner when the
/// current role is a superuser, so that functions in views, policies and triggers gain nothing; as
/// the current role otherwise. Until the transaction ends nobody can drop, rename or replace it.
///
/// # Errors
/// Those of `work`; 42P01 when the name does not mean the relation any more; 42501 when a
/// superuser's work would reach what belongs to a third role.
pub fn as_relation_owner<T>(
    relation: pg_sys::Oid,
    name: &str,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    if is_superuser(current_role()) {
        return always_as_relation_owner(relation, name, work);
    }
    hold(relation, name)?;
    work()
}

/// The same as the relation's owner whoever calls: what a trigger does there has none of the
/// caller's rights. The caller must have made sure that the current role may do the work.
///
/// # Errors
/// As [`as_relation_owner`] for a superuser.
pub fn always_as_relation_owner<T>(
    relation: pg_sys::Oid,
    name: &str,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    let owner = hold(relation, name)?;
    reach::must_be_of(owner, relation)?;
    let flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    let _identity = Identity::switch(owner, flags);
    // What such a function SETs ends with the work.
    let _settings = LocalSettings::begin();
    work()
}

/// Locks a relation as a reader does, and makes sure that its name still means it: whoever owns
/// the schema may have put another in its place. Returns its owner.
fn hold(relation: pg_sys::Oid, name: &str) -> Result<pg_sys::Oid, ExtensionError> {
    // SAFETY: any OID can be locked; the lock ends with the transaction.
    unsafe { pg_sys::LockRelationOid(relation, pg_sys::AccessShareLock as pg_sys::LOCKMODE) };
    let named = reading::one::<pg_sys::Oid>(
        "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid",
        &[name.into()],
    )?;
    relation_owner(relation)
        .filter(|_| named == Some(relation))
        .ok_or_else(|| ExtensionError::Replaced { relation: name.to_owned() })
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

/// True for a superuser.
pub fn is_superuser(role: pg_sys::Oid) -> bool {
    // SAFETY: reads the role's catalog row.
    unsafe { pg_sys::superuser_arg(role) }
}

/// True when the current role has all rights of `role` without SET ROLE: pg_has_role's USAGE.
pub fn has_rights_of(role: pg_sys::Oid) -> bool {
    // SAFETY: reads the memberships in the catalog.
    unsafe { pg_sys::has_privs_of_role(current_role(), role) }
}

/// True when the current role may SET ROLE to `role`, which is what ALTER … OWNER TO asks for.
pub fn can_become(role: pg_sys::Oid) -> bool {
    // SAFETY: reads the memberships in the catalog.
    unsafe {
        #[cfg(any(feature = "pg16", feature = "pg17", feature = "pg18"))]
        return pg_sys::member_can_set_role(current_role(), role);
        #[cfg(not(any(feature = "pg16", feature = "pg17", feature = "pg18")))]
        return pg_sys::is_member_of_role(current_role(), role);
    }
}

/// The role of that name; `None`: there is none.
pub fn role_named(name: &str) -> Option<pg_sys::Oid> {
    let name = CString::new(name).ok()?;
    // SAFETY: looks a terminated name up, and raises nothing where it is missing.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
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

/// True for a role that may log in.
pub fn role_has_login(role: pg_sys::Oid) -> bool {
    // SAFETY: a syscache tuple of pg_authid has the form of FormData_pg_authid; it is released
    // before anything else can fail.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::AUTHOID as c_int,
            pg_sys::Datum::from(role),
        );
        if tuple.is_null() {
            return false;
        }
        let login = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_authid>()).rolcanlogin;
        pg_sys::ReleaseSysCache(tuple);
        login
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
