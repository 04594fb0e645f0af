//! Transactions of a worker: committed at the end, rolled back on any error.

use crate::error::ExtensionError;
use crate::report::catch;
use pgrx::pg_sys;

/// What a transaction sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    ReadCommitted,
    /// Every statement sees one and the same moment.
    RepeatableRead,
}

/// Runs `work` in a transaction of its own and commits it.
///
/// # Errors
/// Those of `work`, and every Postgres ERROR in it or in the commit; it is rolled back then.
pub fn transaction<T>(
    isolation: Isolation,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    let outcome = catch(|| {
        begin(isolation);
        let value = work()?;
        // SAFETY: the snapshot is the one that `begin` pushed: guards in `work` balance theirs.
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
        }
        Ok(value)
    });
    let error = match outcome {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error,
        Err(report) => ExtensionError::Database(report),
    };
    // SAFETY: this is what every main loop of Postgres does after an error.
    unsafe { pg_sys::AbortCurrentTransaction() };
    Err(error)
}

fn begin(isolation: Isolation) {
    // SAFETY: no transaction is open; the isolation level is set before the first snapshot.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::XactReadOnly = false;
        pg_sys::XactIsoLevel = match isolation {
            Isolation::ReadCommitted => pg_sys::XACT_READ_COMMITTED as i32,
            Isolation::RepeatableRead => pg_sys::XACT_REPEATABLE_READ as i32,
        };
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
}
