//! Reading a value by SQL without leaving a trace.
//!
//! pgrx's `Spi::get_one` and its like assign a transaction id, as if they were
//! going to write: they fail on a standby. These only read.

use crate::error::ExtensionError;
use crate::postgres::spi::{Spi, Value};
use pgrx::datum::DatumWithOid;

/// The first column of the first row.
///
/// # Errors
/// Only when SPI fails.
pub fn one<T: Value>(query: &str, arguments: &[DatumWithOid]) -> Result<Option<T>, ExtensionError> {
    Spi::connect(|client| {
        let rows = client.select(query, Some(1), arguments)?;
        if rows.is_empty() { Ok(None) } else { Ok(rows.first().get(1)?) }
    })
}

/// The first two columns of the first row.
///
/// # Errors
/// Only when SPI fails.
pub fn two<A: Value, B: Value>(
    query: &str,
    arguments: &[DatumWithOid],
) -> Result<(Option<A>, Option<B>), ExtensionError> {
    Spi::connect(|client| {
        let rows = client.select(query, Some(1), arguments)?;
        if rows.is_empty() {
            Ok((None, None))
        } else {
            {
                let row = rows.first();
                Ok((row.get(1)?, row.get(2)?))
            }
        }
    })
}
