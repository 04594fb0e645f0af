//! Rows of the extension's own tables, as functions return them.

use crate::error::ExtensionError;
use crate::postgres::spi::{Client, Rows};
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;

macro_rules! whole_row {
    ($type:ident, $table:literal) => {
        #[doc = concat!("A row of ", $table, ", ready to be returned.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $type(pg_sys::Datum);

        impl $type {
            #[doc = concat!(
                "The first column of the first row, which must be a whole row of ", $table, "."
            )]
            ///
            /// # Errors
            /// When there is no row, or it is NULL.
            pub fn from_spi<C>(client: &Client<C>, rows: Rows) -> Result<Self, ExtensionError> {
                whole_row(client, rows).map(Self)
            }
        }

        translatable!($type, concat!("@extschema@.", $table));

        // SAFETY: the datum is a row of the declared type, in memory that outlives the call.
        unsafe impl BoxRet for $type {
            unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
                // SAFETY: as above.
                unsafe { fcinfo.return_raw_datum(self.0) }
            }
        }
    };
}

whole_row!(BankRow, "irt_item_banks");
whole_row!(RunRow, "irt_calibration_runs");
whole_row!(PublicationRow, "irt_publications");
whole_row!(ThresholdRow, "irt_check_thresholds");

/// Copies a row out of SPI's memory into that of the function which opened SPI. The client
/// is the proof that SPI is still open.
fn whole_row<C>(_client: &Client<C>, rows: Rows) -> Result<pg_sys::Datum, ExtensionError> {
    let datum = rows.first().get_datum(1)?;
    let datum = datum.ok_or_else(|| ExtensionError::Internal("a row is missing".to_owned()))?;
    // SAFETY: SPI is open, the datum is a row (by reference, variable length) in its memory.
    Ok(unsafe { pg_sys::SPI_datumTransfer(datum, false, -1) })
}
