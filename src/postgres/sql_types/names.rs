//! `name`, and `regclass` by its OID.

use crate::postgres::encoding::{decode_c, encode};
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{FromDatum, pg_sys};
use std::ffi::{CStr, c_char};

/// A `name`: an identifier as it is stored, unquoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlName(pub String);

/// A `regclass` by its OID. Unlike pgrx's `PgRelation` it opens and locks nothing, and knows '-'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegClass(pub pg_sys::Oid);

impl RegClass {
    /// True for '-', which unsets a relation.
    pub fn is_unset(self) -> bool {
        self.0 == pg_sys::InvalidOid
    }
}

impl FromDatum for SqlName {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the datum of a name points to NAMEDATALEN bytes with a terminator among them.
        let name = unsafe { CStr::from_ptr(datum.cast_mut_ptr::<c_char>()) };
        Some(Self(decode_c(name)))
    }
}

impl FromDatum for RegClass {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        type_oid: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: a regclass has the representation of an oid.
        unsafe { pg_sys::Oid::from_polymorphic_datum(datum, is_null, type_oid) }.map(Self)
    }
}

argument!(SqlName, "name");
argument!(RegClass, "regclass");

// SAFETY: the datum points to a zero-filled NameData in the function's memory.
unsafe impl BoxRet for SqlName {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        let length = pg_sys::NAMEDATALEN as usize;
        let encoded = encode(&self.0);
        // SAFETY: palloc0 gives `length` zeroed bytes; fewer are overwritten, so a terminator
        // is left.
        unsafe {
            let name = pg_sys::palloc0(length).cast::<u8>();
            let bytes: &[u8] = &encoded;
            name.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(length - 1));
            fcinfo.return_raw_datum(pg_sys::Datum::from(name))
        }
    }
}
