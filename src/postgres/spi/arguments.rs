//! Arguments of a statement, with their text in the server's encoding.

use crate::postgres::encoding::{encode, encode_c, is_plain};
use crate::postgres::sql_types::text_elements;
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, Datum};
use std::ffi::{CStr, c_char, c_int};

/// Arguments with their text in the server's encoding.
pub(super) fn encoded<'a>(arguments: &[DatumWithOid<'a>]) -> Vec<DatumWithOid<'a>> {
    arguments.iter().map(encoded_argument).collect()
}

fn encoded_argument<'a>(argument: &DatumWithOid<'a>) -> DatumWithOid<'a> {
    let Some(datum) = argument.datum() else { return DatumWithOid::null_oid(argument.oid()) };
    let datum = datum.sans_lifetime();
    // SAFETY: pgrx made the datum of a value of this type, with text in UTF-8; what is made here
    // is of the same type, in the current memory context.
    unsafe {
        let encoded = match argument.oid() {
            _ if is_plain() => datum,
            pg_sys::TEXTOID => encoded_text(datum),
            pg_sys::TEXTARRAYOID => encoded_array(datum),
            pg_sys::JSONBOID => encoded_json(datum),
            _ => datum,
        };
        DatumWithOid::new(encoded, argument.oid())
    }
}

/// # Safety
/// `text` is a text whose bytes are UTF-8.
unsafe fn encoded_text(text: Datum) -> Datum {
    // SAFETY: promised by the caller; the copy has the given length.
    unsafe {
        let bytes = pgrx::varlena::varlena_to_byte_slice(text.cast_mut_ptr());
        let text = encode(std::str::from_utf8_unchecked(bytes));
        Datum::from(pg_sys::cstring_to_text_with_len(text.as_ptr().cast(), text.len() as c_int))
    }
}

/// # Safety
/// `array` is a text[] of one dimension or none, whose elements' bytes are UTF-8.
unsafe fn encoded_array(array: Datum) -> Datum {
    // SAFETY: promised by the caller.
    let elements = unsafe { text_elements(array) };
    let mut nulls: Vec<bool> = elements.iter().map(Option::is_none).collect();
    let mut encoded: Vec<Datum> = elements
        .into_iter()
        // SAFETY: promised by the caller.
        .map(|text| text.map_or(Datum::null(), |text| unsafe { encoded_text(text) }))
        .collect();
    let (mut length, mut lower) = (c_int::try_from(encoded.len()).unwrap_or(c_int::MAX), 1);
    // SAFETY: as many elements and nulls as are said; they are copied.
    unsafe {
        Datum::from(pg_sys::construct_md_array(
            encoded.as_mut_ptr(),
            nulls.as_mut_ptr(),
            1,
            &mut length,
            &mut lower,
            pg_sys::TEXTOID,
            -1,
            false,
            pg_sys::TYPALIGN_INT as c_char,
        ))
    }
}

/// # Safety
/// `json` is a jsonb whose text is UTF-8.
unsafe fn encoded_json(json: Datum) -> Datum {
    // SAFETY: promised by the caller; jsonb_out returns a terminated string, jsonb_in takes one.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::F_JSONB_OUT.into(), json);
        let text = encode_c(std::str::from_utf8_unchecked(CStr::from_ptr(text).to_bytes()));
        let input = text.as_ptr().cast_mut();
        pg_sys::OidInputFunctionCall(pg_sys::F_JSONB_IN.into(), input, pg_sys::JSONBOID, -1)
    }
}
