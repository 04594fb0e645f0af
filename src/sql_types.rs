//! SQL types that pgrx does not know: name, regclass by OID, arrays of any type, and our row types.

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::nullable::Nullable;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::spi::{SpiClient, SpiTupleTable};
use pgrx::{FromDatum, pg_sys};
use std::ffi::{CStr, c_char};

use crate::error::ExtensionError;
use crate::load_responses::{pin_text_settings, text_of};

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
    pub fn from_spi(client: &SpiClient, rows: SpiTupleTable) -> Result<Self, ExtensionError> {
        whole_row(client, rows).map(Self)
    }
}

impl RunRow {
    /// The first column of the first row, which must be a whole row of irt_calibration_runs.
    ///
    /// # Errors
    /// When there is no row, or it is NULL.
    pub fn from_spi(client: &SpiClient, rows: SpiTupleTable) -> Result<Self, ExtensionError> {
        whole_row(client, rows).map(Self)
    }
}

/// Copies a row out of SPI's memory into that of the function which opened SPI. The client
/// is the proof that SPI is still open.
fn whole_row(_client: &SpiClient, rows: SpiTupleTable) -> Result<pg_sys::Datum, ExtensionError> {
    let datum = rows.first().get_datum_by_ordinal(1)?;
    let datum = datum.ok_or_else(|| ExtensionError::Internal("a row is missing".to_owned()))?;
    // SAFETY: SPI is open, the datum is a row (by reference, variable length) in its memory.
    Ok(unsafe { pg_sys::SPI_datumTransfer(datum, false, -1) })
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
        Some(Self(name.to_string_lossy().into_owned()))
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

argument!(SqlName, "name");
argument!(RegClass, "regclass");
argument!(ItemKeys, "anycompatiblearray");
translatable!(BankRow, "@extschema@.irt_item_banks");
translatable!(RunRow, "@extschema@.irt_calibration_runs");

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
        // SAFETY: palloc0 gives `length` zeroed bytes; fewer are overwritten, so a terminator
        // is left.
        unsafe {
            let name = pg_sys::palloc0(length).cast::<u8>();
            let bytes = self.0.as_bytes();
            name.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(length - 1));
            fcinfo.return_raw_datum(pg_sys::Datum::from(name))
        }
    }
}
