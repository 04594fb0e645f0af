//! SQL types that pgrx does not know, or knows in databases in UTF-8 only: text, jsonb, name,
//! regclass by OID, arrays of any type, and our row types.

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::nullable::Nullable;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, IntoDatum, pg_sys};
use serde_json::Value;
use std::ffi::{CStr, c_char, c_int};
use std::ops::Deref;

use crate::error::ExtensionError;
use crate::postgres::encoding::{decode_c, decode_lossy, encode, encode_c};
use crate::postgres::spi::{Client, Rows};
use crate::responses::{pin_text_settings, text_of};

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

/// A `jsonb`, whatever the database's encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub Value);

/// A `name`: an identifier as it is stored, unquoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlName(pub String);

/// A `regclass` by its OID. Unlike pgrx's `PgRelation` it opens and locks nothing, and knows '-'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegClass(pub pg_sys::Oid);

/// An array of any type: the keys of items, as a caller has them.
#[derive(Debug, Clone, Copy)]
pub struct ItemKeys(pg_sys::Datum);

impl ItemKeys {
    /// Every element as the text that its type prints, in the form in which keys are recorded.
    ///
    /// # Errors
    /// 22021 for a text that is not UTF-8.
    pub fn texts(self) -> Result<Vec<Option<String>>, ExtensionError> {
        let _pinned = pin_text_settings();
        // SAFETY: the datum is an array; detoasted, its header says what its elements are.
        // deconstruct_array returns as many values and nulls as it counts.
        unsafe {
            let array = pg_sys::pg_detoast_datum(self.0.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let element = (*array).elemtype;
            let (mut length, mut by_value, mut align) = (0, false, 0);
            pg_sys::get_typlenbyvalalign(element, &mut length, &mut by_value, &mut align);
            let (mut values, mut nulls, mut count) =
                (std::ptr::null_mut(), std::ptr::null_mut(), 0);
            pg_sys::deconstruct_array(
                array,
                element,
                i32::from(length),
                by_value,
                align,
                &mut values,
                &mut nulls,
                &mut count,
            );
            (0..count as usize)
                .map(|i| {
                    let null = *nulls.add(i);
                    (!null).then(|| text_of(element, *values.add(i))).transpose()
                })
                .collect()
        }
    }
}

/// A row of irt_item_banks, ready to be returned.
#[derive(Debug, Clone, Copy)]
pub struct BankRow(pg_sys::Datum);

/// A row of irt_calibration_runs, ready to be returned.
#[derive(Debug, Clone, Copy)]
pub struct RunRow(pg_sys::Datum);

impl BankRow {
    /// The first column of the first row, which must be a whole row of irt_item_banks.
    ///
    /// # Errors
    /// When there is no row, or it is NULL.
    pub fn from_spi<C>(client: &Client<C>, rows: Rows) -> Result<Self, ExtensionError> {
        whole_row(client, rows).map(Self)
    }
}

impl RunRow {
    /// The first column of the first row, which must be a whole row of irt_calibration_runs.
    ///
    /// # Errors
    /// When there is no row, or it is NULL.
    pub fn from_spi<C>(client: &Client<C>, rows: Rows) -> Result<Self, ExtensionError> {
        whole_row(client, rows).map(Self)
    }
}

/// Copies a row out of SPI's memory into that of the function which opened SPI. The client
/// is the proof that SPI is still open.
fn whole_row<C>(_client: &Client<C>, rows: Rows) -> Result<pg_sys::Datum, ExtensionError> {
    let datum = rows.first().get_datum(1)?;
    let datum = datum.ok_or_else(|| ExtensionError::Internal("a row is missing".to_owned()))?;
    // SAFETY: SPI is open, the datum is a row (by reference, variable length) in its memory.
    Ok(unsafe { pg_sys::SPI_datumTransfer(datum, false, -1) })
}

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

impl FromDatum for ItemKeys {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        (!is_null).then_some(Self(datum))
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

macro_rules! argument {
    ($type:ty, $sql:literal) => {
        // SAFETY: reads the argument as FromDatum of the same SQL type does.
        unsafe impl<'fcx> ArgAbi<'fcx> for $type {
            unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
                // SAFETY: the caller vouches for the type, and that it is not NULL.
                unsafe { arg.unbox_arg_using_from_datum() }
                    .unwrap_or_else(|| unreachable!("none of our functions has such an argument"))
            }

            unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
                // SAFETY: the caller vouches for the type.
                unsafe { arg.unbox_arg_using_from_datum() }.into()
            }
        }
        translatable!($type, $sql);
    };
}

macro_rules! translatable {
    ($type:ty, $sql:literal) => {
        // SAFETY: the SQL type named here is the one whose datums the type reads or makes.
        unsafe impl SqlTranslatable for $type {
            const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!($type);
            const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
            const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
                Ok(SqlMappingRef::literal($sql));
            const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
                Ok(ReturnsRef::One(SqlMappingRef::literal($sql)));
        }
    };
}

argument!(Text, "text");
translatable!(SqlName, "name");
argument!(RegClass, "regclass");
translatable!(BankRow, "@extschema@.irt_item_banks");
translatable!(RunRow, "@extschema@.irt_calibration_runs");

// SAFETY: the datum is a text in memory that outlives the call.
unsafe impl BoxRet for Text {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        let text = self.into_datum().unwrap_or(pg_sys::Datum::null());
        // SAFETY: as above.
        unsafe { fcinfo.return_raw_datum(text) }
    }
}

// SAFETY: the datum is a row of the declared type, in memory that outlives the call.
unsafe impl BoxRet for BankRow {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as above.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}

// SAFETY: the datum is a row of the declared type, in memory that outlives the call.
unsafe impl BoxRet for RunRow {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as above.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}

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
