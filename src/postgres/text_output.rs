//! Values as text: what a type prints, the same in every session.

use crate::error::ExtensionError;
use crate::postgres::encoding::decode;
use crate::postgres::local_settings::LocalSettings;
use pgrx::pg_sys::{self, Datum};
use std::ffi::CStr;

/// A value as its type prints it.
///
/// # Errors
/// Text that is not UTF-8.
///
/// # Safety
/// `datum` is a non-null value of the type.
pub unsafe fn text_of(type_oid: pg_sys::Oid, datum: Datum) -> Result<String, ExtensionError> {
    let mut function = pg_sys::InvalidOid;
    let mut is_varlena = false;
    // SAFETY: the output function of a type, called on a value of that type, returns a
    // palloc'ed, terminated string.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut is_varlena);
        let text = pg_sys::OidOutputFunctionCall(function, datum);
        let result = decode(CStr::from_ptr(text).to_bytes());
        pg_sys::pfree(text.cast());
        result
    }
}

/// Settings under which a value has the same text in every session.
pub fn pin_text_settings() -> LocalSettings {
    let settings = LocalSettings::begin();
    settings.set(c"extra_float_digits", c"1");
    settings.set(c"DateStyle", c"ISO, YMD");
    settings.set(c"IntervalStyle", c"postgres");
    settings.set(c"bytea_output", c"hex");
    settings.set(c"TimeZone", c"UTC");
    settings.set(c"lc_monetary", c"C");
    settings
}
