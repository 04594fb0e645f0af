//! One run per bank: an advisory lock of the worker's session.
//!
//! It ends with the process, however that ends. Whoever does not get it is told
//! who has it.

use crate::error::ExtensionError;
use crate::postgres::interrupts;
use crate::postgres::privileges::as_owner;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use std::time::{Duration, Instant};

/// How long a run may hold the lock before its row is there, or after its row has ended. Who
/// saw a run end may start the next one at once, and every refusal names a run.
const BETWEEN_LOCK_AND_ROW: Duration = Duration::from_secs(1);

/// A bank's lock, held for the session until released.
#[derive(Debug)]
pub struct BankLock {
    bank: String,
}

impl BankLock {
    /// Takes it, or says who has it. Call it in a transaction.
    ///
    /// # Errors
    /// [`ExtensionError::AlreadyRunning`].
    pub fn take(bank: &str) -> Result<Self, ExtensionError> {
        loop {
            if call(bank, "pg_try_advisory_lock")? {
                return Ok(Self { bank: bank.to_owned() });
            }
            // Whoever had it may have let go meanwhile.
            must_be_free(bank)?;
        }
    }

    /// Gives it back. Call it in a transaction, after the run's last one was committed.
    ///
    /// # Errors
    /// Only when SPI fails; the lock ends with the process then.
    pub fn release(&self) -> Result<(), ExtensionError> {
        call(&self.bank, "pg_advisory_unlock").map(|_| ())
    }
}

/// Keeps runs of a bank away until the caller's transaction ends.
///
/// # Errors
/// [`ExtensionError::AlreadyRunning`].
pub fn take_until_commit(bank: &str) -> Result<(), ExtensionError> {
    while !call(bank, "pg_try_advisory_xact_lock")? {
        must_be_free(bank)?;
    }
    Ok(())
}

/// Calls one of the server's functions on a bank's lock. Its class is the OID of
/// irt_calibration_runs: the view of the progress looks for it.
fn call(bank: &str, function: &str) -> Result<bool, ExtensionError> {
    as_owner(|schema| {
        let query =
            format!("SELECT pg_catalog.{function}($1::pg_catalog.int4, pg_catalog.hashtext($2))");
        let class = schema.lock_class().to_u32().cast_signed();
        Ok(Spi::get_one_with_args::<bool>(&query, &[class.into(), bank.into()])? == Some(true))
    })
}

/// Refuses a bank that is being calibrated. A caller asks this before it starts a worker, which
/// would have to refuse; only the worker's own [`BankLock::take`] decides.
///
/// # Errors
/// [`ExtensionError::AlreadyRunning`].
pub fn must_be_free(bank: &str) -> Result<(), ExtensionError> {
    let deadline = Instant::now() + BETWEEN_LOCK_AND_ROW;
    loop {
        let holder = {
            let _now = FreshSnapshot::take();
            as_owner(|schema| holder(schema, bank))?
        };
        match holder {
            None => return Ok(()),
            // The run's row may be younger than all that this transaction sees. A worker will tell.
            Some(ExtensionError::AlreadyRunning { run_id: None, .. }) if sees_one_moment() => {
                return Ok(());
            }
            Some(ExtensionError::AlreadyRunning { run_id: None, .. })
                if Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
                interrupts::check();
            }
            Some(running) => return Err(running),
        }
    }
}

/// The error that somebody has the lock, if so.
fn holder(schema: &Schema, bank: &str) -> Result<Option<ExtensionError>, ExtensionError> {
    let query = format!(
        "SELECT l.pid, r.id, COALESCE(r.started_at, a.backend_start) \
         FROM pg_catalog.pg_locks l \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid \
         LEFT JOIN {} r ON r.bank OPERATOR(pg_catalog.=) $2 \
                       AND r.status OPERATOR(pg_catalog.=) 'running' \
         WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted \
           AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d \
               WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) \
           AND l.classid OPERATOR(pg_catalog.=) $1 \
           AND l.objid OPERATOR(pg_catalog.=) \
               ((pg_catalog.hashtext($2)::pg_catalog.int8 OPERATOR(pg_catalog.&) 4294967295) \
                ::pg_catalog.oid) \
           AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2 \
         ORDER BY r.id DESC",
        schema.runs()
    );
    Spi::connect(|client| {
        let arguments = [schema.lock_class().into(), bank.into()];
        let rows = client.select(query.as_str(), Some(1), &arguments)?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        Ok(Some(ExtensionError::AlreadyRunning {
            bank: bank.to_owned(),
            pid: row.get(1)?,
            run_id: row.get(2)?,
            since: row.get::<TimestampWithTimeZone>(3)?.map(|time| time.to_string()),
        }))
    })
}

/// In REPEATABLE READ and above a transaction sees what was committed before it, and no more.
fn sees_one_moment() -> bool {
    // SAFETY: a variable of this process.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// What is committed now, while it lives; in REPEATABLE READ still the transaction's snapshot.
struct FreshSnapshot;

impl FreshSnapshot {
    fn take() -> Self {
        // SAFETY: a transaction is open; `drop` pops what is pushed here, and so does an abort.
        unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
        Self
    }
}

impl Drop for FreshSnapshot {
    fn drop(&mut self) {
        // SAFETY: guards in between have popped theirs.
        unsafe { pg_sys::PopActiveSnapshot() };
    }
}
