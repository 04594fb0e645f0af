//! What a correctness and a time look like in each accepted type.

use crate::error::ExtensionError;
use crate::postgres::query::Column;
use irt::NO_TIME;
use pgrx::pg_sys::{self, Datum};
use std::cmp::Ordering;
use std::ffi::CStr;

/// The types in which correctness may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correctness {
    /// boolean
    Boolean,
    /// smallint, integer or bigint, by bytes
    Integer(u8),
    /// numeric
    Numeric,
}

impl Correctness {
    /// The kind of a column.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableColumn`] for any other type.
    pub fn of(column: &Column) -> Result<Self, ExtensionError> {
        match column.base_type {
            pg_sys::BOOLOID => Ok(Self::Boolean),
            pg_sys::INT2OID => Ok(Self::Integer(2)),
            pg_sys::INT4OID => Ok(Self::Integer(4)),
            pg_sys::INT8OID => Ok(Self::Integer(8)),
            pg_sys::NUMERICOID => Ok(Self::Numeric),
            _ => Err(column.unusable("correct", "boolean, or integer or numeric 0 and 1")),
        }
    }

    /// True or false, or the text of a value that is neither.
    ///
    /// # Safety
    /// `datum` is a non-null value of this kind.
    #[inline]
    pub unsafe fn read(self, datum: Datum) -> Result<bool, String> {
        let number = match self {
            Self::Boolean => return Ok(datum.value() as u8 != 0),
            Self::Integer(2) => i64::from(datum.value() as i16),
            Self::Integer(4) => i64::from(datum.value() as i32),
            Self::Integer(_) => datum.value() as i64,
            // SAFETY: promised by the caller.
            Self::Numeric => return unsafe { read_numeric(datum) },
        };
        match number {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(other.to_string()),
        }
    }
}

/// # Safety
/// `datum` is a non-null numeric.
unsafe fn read_numeric(datum: Datum) -> Result<bool, String> {
    // SAFETY: numeric_out takes a numeric and returns a palloc'ed, terminated string.
    let text = unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::F_NUMERIC_OUT.into(), datum);
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        pg_sys::pfree(text.cast());
        copy
    };
    let plain = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => &text,
    };
    match plain {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(text),
    }
}

/// Rows whose correctness is neither 0 nor 1: the smallest such value, and how many there are.
#[derive(Debug, Default)]
pub struct WrongValues {
    smallest: Option<(String, u64)>,
    total: u64,
}

impl WrongValues {
    /// Notes one.
    pub fn add(&mut self, text: String) {
        self.total += 1;
        let order = self.smallest.as_ref().map(|(smallest, _)| by_size(&text, smallest));
        match (order, &mut self.smallest) {
            (Some(Ordering::Greater), _) => {}
            (Some(Ordering::Equal), Some((_, count))) => *count += 1,
            _ => self.smallest = Some((text, 1)),
        }
    }

    /// The error, if there was any.
    ///
    /// # Errors
    /// [`ExtensionError::WrongCorrectness`], the same for any order of the rows.
    pub fn check(self, column: &str) -> Result<(), ExtensionError> {
        match self.smallest {
            None => Ok(()),
            Some((value, rows)) => Err(ExtensionError::WrongCorrectness {
                column: column.to_owned(),
                value,
                rows,
                others: self.total - rows,
            }),
        }
    }
}

/// Numbers by size, then by their text.
fn by_size(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    number(one).total_cmp(&number(other)).then_with(|| one.cmp(other))
}

/// The types in which a time may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// timestamptz, or timestamp taken as UTC: microseconds
    Microseconds,
    /// date: days
    Days,
}

impl Time {
    /// The kind of a column.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableColumn`] for any other type.
    pub fn of(column: &Column) -> Result<Self, ExtensionError> {
        match column.base_type {
            pg_sys::TIMESTAMPTZOID | pg_sys::TIMESTAMPOID => Ok(Self::Microseconds),
            pg_sys::DATEOID => Ok(Self::Days),
            _ => Err(column.unusable("answered_at", "timestamptz, timestamp or date")),
        }
    }

    /// Microseconds since Postgres' epoch, or [`NO_TIME`] for ±infinity. Dates so late that they
    /// cannot be counted like that are all the same.
    #[inline]
    pub fn read(self, datum: Datum) -> i64 {
        match self {
            Self::Microseconds => match datum.value() as i64 {
                i64::MIN | i64::MAX => NO_TIME,
                time => time,
            },
            Self::Days => match datum.value() as i32 {
                i32::MIN | i32::MAX => NO_TIME,
                days => i64::from(days).saturating_mul(86_400_000_000),
            },
        }
    }
}
