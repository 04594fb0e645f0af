//! `text`, `text[]` and `jsonb`, whatever the database's encoding.

use crate::postgres::encoding::{decode_c, decode_lossy, encode, encode_c};
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{FromDatum, IntoDatum, pg_sys};
use serde_json::Value;
use std::ffi::{CStr, c_char, c_int};
use std::ops::Deref;

/// A `text`, whatever the database's encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// A `text[]`, whatever the database's encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts(pub Vec<Option<String>>);

/// A `jsonb`, whatever the database's encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub Value);

impl FromDatum for Text {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the datum of a text is a varlena; detoasted it is readable until the end of the
        // current memory context.
        let bytes = unsafe {
            let plain = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
            pgrx::varlena::varlena_to_byte_slice(plain)
        };
        Some(Self(decode_lossy(bytes)))
    }
}

impl IntoDatum for Text {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let text = encode(&self.0);
        // SAFETY: copies that many bytes.
        let text =
            unsafe { pg_sys::cstring_to_text_with_len(text.as_ptr().cast(), text.len() as c_int) };
        Some(pg_sys::Datum::from(text))
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::TEXTOID
    }

    fn is_compatible_with(other: pg_sys::Oid) -> bool {
        String::is_compatible_with(other)
    }
}

impl FromDatum for Texts {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        type_oid: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller vouches for an array of texts.
        let texts = unsafe { text_elements(datum) }.into_iter().map(|text| {
            // SAFETY: as above.
            let text = unsafe { Text::from_polymorphic_datum(text?, false, type_oid) };
            text.map(Into::into)
        });
        Some(Self(texts.collect()))
    }
}

/// The elements of a text[], in their order.
///
/// # Safety
/// `array` is the datum of a text[].
pub unsafe fn text_elements(array: pg_sys::Datum) -> Vec<Option<pg_sys::Datum>> {
    let (mut elements, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: promised by the caller; as many elements and nulls come out as are said.
    unsafe {
        pg_sys::deconstruct_array(
            pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast(),
            pg_sys::TEXTOID,
            -1,
            false,
            pg_sys::TYPALIGN_INT as c_char,
            &mut elements,
            &mut nulls,
            &mut count,
        );
        (0..count as usize).map(|i| (!*nulls.add(i)).then(|| *elements.add(i))).collect()
    }
}

impl FromDatum for Json {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: jsonb_out takes a jsonb and returns a palloc'ed, terminated string.
        let text = unsafe {
            let text = pg_sys::OidOutputFunctionCall(pg_sys::F_JSONB_OUT.into(), datum);
            decode_c(CStr::from_ptr(text))
        };
        serde_json::from_str(&text).ok().map(Self)
    }
}

impl IntoDatum for Json {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let text = encode_c(&self.0.to_string());
        // SAFETY: jsonb_in takes a terminated string.
        Some(unsafe {
            let input = text.as_ptr().cast_mut();
            pg_sys::OidInputFunctionCall(pg_sys::F_JSONB_IN.into(), input, pg_sys::JSONBOID, -1)
        })
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::JSONBOID
    }
}

argument!(Text, "text");
argument!(Texts, "text[]");

// SAFETY: the datum is a text in memory that outlives the call.
unsafe impl BoxRet for Text {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        let text = self.into_datum().unwrap_or(pg_sys::Datum::null());
        // SAFETY: as above.
        unsafe { fcinfo.return_raw_datum(text) }
    }
}
