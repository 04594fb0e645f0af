//! Transactions of a worker: committed at the end, rolled back on any error.
//!
//! Where there are synchronous standbys, a commit may wait for one for ever. Only what decides
//! about a run waits; the rest is on this server's disk, and a later commit that waits brings it
//! along.

use super::cancels::CancelWatch;
use crate::error::ExtensionError;
use crate::postgres::catching::catch;
use crate::postgres::local_settings::set_until_commit;
use pgrx::pg_sys;

/// What a transaction sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    ReadCommitted,
    /// Every statement sees one and the same moment.
    RepeatableRead,
}

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Nothing: nothing is lost if this is lost.
    None,
    /// This server's disk, unless synchronous_commit is off.
    Local,
    /// What synchronous_commit says.
    Standbys,
}

/// What a transaction committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed<T> {
    /// What its work returned.
    pub value: T,
    /// False where a cancel ended the wait for a synchronous standby. It is committed here all the
    /// same.
    pub replicated: bool,
}

/// Runs `work` in a transaction of its own and commits it, without waiting for a standby.
///
/// # Errors
/// Those of `work`, and every Postgres ERROR in it or in the commit; it is rolled back then.
pub fn transaction<T>(
    isolation: Isolation,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<T, ExtensionError> {
    run(isolation, Durability::Local, work).map(|committed| committed.value)
}

/// The same for what may be lost in a crash.
///
/// # Errors
/// As [`transaction`].
pub fn fleeting_transaction(
    work: impl FnOnce() -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    run(Isolation::ReadCommitted, Durability::None, work).map(|committed| committed.value)
}

/// The same for what a standby must have: waits for it as synchronous_commit says, until a cancel.
///
/// # Errors
/// As [`transaction`]; a cancel during the wait is none.
pub fn replicated_transaction<T>(
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<Committed<T>, ExtensionError> {
    run(Isolation::ReadCommitted, Durability::Standbys, work)
}

fn run<T>(
    isolation: Isolation,
    durability: Durability,
    work: impl FnOnce() -> Result<T, ExtensionError>,
) -> Result<Committed<T>, ExtensionError> {
    let outcome = catch(|| {
        begin(isolation);
        let value = work()?;
        wait_for_no_more_than(durability);
        let cancels = CancelWatch::start();
        // SAFETY: the snapshot is the one that `begin` pushed: guards in `work` balance theirs.
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
        }
        Ok(Committed { value, replicated: !cancels.one_was_taken() })
    });
    let error = match outcome {
        Ok(Ok(committed)) => return Ok(committed),
        Ok(Err(error)) => error,
        Err(report) => ExtensionError::Database(report),
    };
    abort();
    Err(error)
}

/// Rolls back whatever an ERROR left open, outside of a transaction nothing.
pub fn abort() {
    // SAFETY: this is what every main loop of Postgres does after an error.
    unsafe { pg_sys::AbortCurrentTransaction() };
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

/// Lowers synchronous_commit until the end of the transaction, and raises it never.
fn wait_for_no_more_than(durability: Durability) {
    let (most, value) = match durability {
        Durability::None => (pg_sys::SyncCommitLevel::SYNCHRONOUS_COMMIT_OFF, c"off"),
        Durability::Local => (pg_sys::SyncCommitLevel::SYNCHRONOUS_COMMIT_LOCAL_FLUSH, c"local"),
        Durability::Standbys => return,
    };
    // SAFETY: an int of the main thread's.
    if unsafe { pg_sys::synchronous_commit } > most as i32 {
        set_until_commit(c"synchronous_commit", value);
    }
}
