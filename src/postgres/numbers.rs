//! Numbers of any of SQL's types, as double precision.

use super::query::Column;
use crate::error::ExtensionError;
use pgrx::pg_sys::{self, Datum};

/// The types in which a number may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// double precision
    Double,
    /// real
    Real,
    /// smallint, integer or bigint, by bytes
    Integer(u8),
    /// numeric
    Numeric,
}

impl Number {
    /// The kind of a column.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableColumn`] for any other type.
    pub fn of(column: &Column, role: &'static str) -> Result<Self, ExtensionError> {
        match column.base_type {
            pg_sys::FLOAT8OID => Ok(Self::Double),
            pg_sys::FLOAT4OID => Ok(Self::Real),
            pg_sys::INT2OID => Ok(Self::Integer(2)),
            pg_sys::INT4OID => Ok(Self::Integer(4)),
            pg_sys::INT8OID => Ok(Self::Integer(8)),
            pg_sys::NUMERICOID => Ok(Self::Numeric),
            _ => Err(column.unusable(role, "double precision, real, numeric or an integer")),
        }
    }

    /// The value.
    ///
    /// # Safety
    /// `datum` is a non-null value of this kind.
    pub unsafe fn read(self, datum: Datum) -> f64 {
        match self {
            Self::Double => f64::from_bits(datum.value() as u64),
            Self::Real => f64::from(f32::from_bits(datum.value() as u32)),
            Self::Integer(2) => f64::from(datum.value() as i16),
            Self::Integer(4) => f64::from(datum.value() as i32),
            Self::Integer(_) => datum.value() as i64 as f64,
            // SAFETY: promised by the caller; float8(numeric) returns a double by value.
            Self::Numeric => unsafe {
                let double = pg_sys::OidFunctionCall1Coll(
                    pg_sys::F_FLOAT8_NUMERIC.into(),
                    pg_sys::InvalidOid,
                    datum,
                );
                f64::from_bits(double.value() as u64)
            },
        }
    }
}
