//! Rows of scheduled runs that never began.
//!
//! A job of cron whose run got no worker must fail, and must leave a row: but the ERROR that makes
//! it fail would roll a row of this transaction back, and no worker is there to write another. So
//! the row is written when this backend ends, which it does right after the job, by a transaction
//! of its own. The server removes a session's temporary tables in the same way.

use crate::error::ExtensionError;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::raising::tell;
use crate::postgres::transactions::{Isolation, transaction};
use crate::runs::audit::{self, Status};
use crate::runs::ending::log_end;
use pgrx::pg_sys;
use std::ffi::c_int;
use std::sync::Mutex;

/// A row that is to be written.
struct Unbegun {
    bank: String,
    triggered_by: &'static str,
    report: ErrorReport,
}

/// Rows that this backend is to write when it ends; `None`: it has not been told to yet.
static PENDING: Mutex<Option<Vec<Unbegun>>> = Mutex::new(None);

/// Lets a scheduled run that did not begin be recorded as failed, at the end of this backend. A
/// person or an application gets the error, and that is enough.
pub fn record_at_exit(bank: &str, triggered_by: &'static str, error: &ExtensionError) {
    if triggered_by != "cron" {
        return;
    }
    let unbegun = Unbegun { bank: bank.to_owned(), triggered_by, report: ErrorReport::from(error) };
    let Ok(mut pending) = PENDING.lock() else { return };
    pending
        .get_or_insert_with(|| {
            // SAFETY: the callback stays where it is as long as the process; a library is never
            // unloaded. It is registered once, and runs before the session lets go of its database.
            unsafe { pg_sys::before_shmem_exit(Some(write_rows), pg_sys::Datum::from(0)) };
            Vec::new()
        })
        .push(unbegun);
}

/// Called by Postgres when the backend ends. An ERROR here ends it at once, and is in the log.
unsafe extern "C-unwind" fn write_rows(_code: c_int, _argument: pg_sys::Datum) {
    let pending = PENDING.lock().ok().and_then(|mut pending| pending.take()).unwrap_or_default();
    for unbegun in pending {
        // SAFETY: as the server does where it removes temporary tables at this moment.
        unsafe { pg_sys::AbortOutOfAnyTransaction() };
        let Unbegun { bank, triggered_by, report } = &unbegun;
        let recorded = transaction(Isolation::ReadCommitted, || {
            audit::record_without_waiting(bank, triggered_by, Status::Failed, report)
        });
        match recorded {
            Ok(row) => log_end(&row),
            Err(error) => tell(Level::Warning, &ErrorReport::from(&error)),
        }
    }
}
