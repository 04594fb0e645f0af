//! Rows of the extension's own tables, as functions return them.

use crate::error::ExtensionError;
use crate::postgres::spi::{Client, Rows};
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;

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
