//! Results that pgrx cannot describe.

use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::pg_sys::Datum;

/// A value of whatever type the SQL says that the function returns; `None`: NULL.
#[derive(Debug, Clone, Copy)]
pub struct Returned(pub Option<Datum>);

// SAFETY: for functions whose SQL is written by hand; the datum is of the type declared there.
unsafe impl BoxRet for Returned {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> pgrx::datum::Datum<'fcx> {
        match self.0 {
            // SAFETY: as above.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

translatable!(Returned, "internal");
