//! SQL from Rust, with text converted between the server's encoding and Rust's.
//!
//! The same calls as pgrx's Spi, which takes it for granted that a database is
//! in UTF-8: query text, arguments and results pass here, and in a database in
//! another encoding they are converted ([`crate::postgres::encoding`]).

mod arguments;

use crate::postgres::encoding::encode_c;
use crate::postgres::sql_types::{Json, Text};
use arguments::encoded;
use pgrx::datum::{DatumWithOid, JsonB, TimestampWithTimeZone};
use pgrx::pg_sys::{self, Datum};
use pgrx::spi::{Error, SpiClient, SpiHeapTupleData, SpiResult, SpiTupleTable};
use pgrx::{FromDatum, IntoDatum};
use std::ops::{Deref, DerefMut};

/// Where SQL is executed.
pub struct Spi;

impl Spi {
    /// Runs `work` with a connection that reads.
    pub fn connect<R>(work: impl FnOnce(&Client<&SpiClient<'_>>) -> R) -> R {
        pgrx::spi::Spi::connect(|client| work(&Client(client)))
    }

    /// Runs `work` with a connection that writes.
    pub fn connect_mut<R>(work: impl FnOnce(&mut Client<&mut SpiClient<'_>>) -> R) -> R {
        pgrx::spi::Spi::connect_mut(|client| work(&mut Client(client)))
    }

    /// Executes a statement.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn run(statement: &str) -> Result<(), Error> {
        Self::run_with_args(statement, &[])
    }

    /// Executes a statement with arguments.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn run_with_args(statement: &str, arguments: &[DatumWithOid]) -> Result<(), Error> {
        Self::connect_mut(|client| client.update(statement, None, arguments).map(|_| ()))
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// [`Error::InvalidPosition`] when there is no row.
    pub fn get_one<T: Value>(statement: &str) -> SpiResult<Option<T>> {
        Self::get_one_with_args(statement, &[])
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// [`Error::InvalidPosition`] when there is no row.
    pub fn get_one_with_args<T: Value>(
        statement: &str,
        arguments: &[DatumWithOid],
    ) -> SpiResult<Option<T>> {
        Self::connect_mut(|client| client.update(statement, Some(1), arguments)?.first().get(1))
    }
}

/// An open connection.
pub struct Client<C>(C);

impl<'conn, C: Deref<Target = SpiClient<'conn>>> Client<C> {
    /// Executes a statement that reads.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn select(
        &self,
        query: &str,
        limit: Option<i64>,
        arguments: &[DatumWithOid],
    ) -> SpiResult<Rows<'conn>> {
        self.0.select(encode_c(query).as_c_str(), limit, &encoded(arguments)).map(Rows)
    }
}

impl<'conn, C: DerefMut<Target = SpiClient<'conn>>> Client<C> {
    /// Executes a statement that may write.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn update(
        &mut self,
        statement: &str,
        limit: Option<i64>,
        arguments: &[DatumWithOid],
    ) -> SpiResult<Rows<'conn>> {
        self.0.update(encode_c(statement).as_c_str(), limit, &encoded(arguments)).map(Rows)
    }
}

/// What a statement returned.
pub struct Rows<'conn>(SpiTupleTable<'conn>);

impl<'conn> Rows<'conn> {
    /// Positioned at the first row.
    pub fn first(self) -> Self {
        Self(self.0.first())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A column of the row at the position, from 1.
    ///
    /// # Errors
    /// [`Error::InvalidPosition`] when there is no row; a type that does not fit.
    pub fn get<T: Value>(&self, column: usize) -> SpiResult<Option<T>> {
        Ok(self.0.get::<T::Raw>(column)?.map(T::from_raw))
    }

    /// The same, as the server has it.
    ///
    /// # Errors
    /// [`Error::InvalidPosition`] when there is no row.
    pub fn get_datum(&self, column: usize) -> SpiResult<Option<Datum>> {
        self.0.get_datum_by_ordinal(column)
    }
}

impl<'conn> IntoIterator for Rows<'conn> {
    type Item = Row<'conn>;
    type IntoIter = std::iter::Map<SpiTupleTable<'conn>, fn(SpiHeapTupleData<'conn>) -> Row<'conn>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Row)
    }
}

/// One row.
pub struct Row<'conn>(SpiHeapTupleData<'conn>);

impl Row<'_> {
    /// A column, from 1.
    ///
    /// # Errors
    /// A type that does not fit.
    pub fn get<T: Value>(&self, column: usize) -> SpiResult<Option<T>> {
        Ok(self.0.get::<T::Raw>(column)?.map(T::from_raw))
    }
}

/// What a column can be read as.
pub trait Value: Sized {
    /// In the form in which pgrx reads it.
    type Raw: FromDatum + IntoDatum;
    /// In ours.
    fn from_raw(raw: Self::Raw) -> Self;
}

impl Value for String {
    type Raw = Text;
    fn from_raw(raw: Text) -> Self {
        raw.0
    }
}

impl Value for JsonB {
    type Raw = Json;
    fn from_raw(raw: Json) -> Self {
        Self(raw.0)
    }
}

macro_rules! as_it_is {
    ($($type:ty),*) => {$(
        impl Value for $type {
            type Raw = Self;
            fn from_raw(raw: Self) -> Self {
                raw
            }
        }
    )*};
}

as_it_is!(bool, i32, i64, f64, Vec<f32>, pg_sys::Oid, TimestampWithTimeZone);
