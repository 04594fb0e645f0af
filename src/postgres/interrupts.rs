//! What may stop a worker, and how that is told apart afterwards.
//!
//! Postgres knows two ways: a cancel raises an ERROR that can be caught, a
//! termination ends the process on the spot. A run has a row to write first, so
//! here the first SIGTERM acts like a cancel and is remembered; one that comes
//! later is Postgres' own. The run's timeout is a server timeout, which reaches it in
//! every phase, waiting for a lock or deep inside a query.
//!
//! A wait for a synchronous standby ends by a cancel as well, but without an ERROR: what was
//! committed stays committed. So each cancel is noted in [`cancels`].

use super::cancels;
use pgrx::pg_sys;
use std::ffi::c_int;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// When the first SIGTERM came, by [`monotonic_milliseconds`]; 0: none yet.
static TERMINATED_AT: AtomicI64 = AtomicI64::new(0);

/// The postmaster signals a child and then the child's process group, so one shutdown may arrive
/// twice. Whoever asks again after this long means it.
const SAME_TERMINATION_MS: i64 = 1_000;

unsafe extern "C-unwind" {
    /// Postgres' own handler of SIGTERM.
    fn die(signal: c_int);
    /// Postgres' own handler of SIGINT.
    fn StatementCancelHandler(signal: c_int);
    fn enable_timeout_after(id: c_int, delay_ms: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
    fn PostmasterIsAliveInternal() -> bool;
}

/// STATEMENT_TIMEOUT of utils/timeout.h, the same in every supported major.
const STATEMENT_TIMEOUT: c_int = 3;

/// Installs the handlers.
pub fn install() {
    // SAFETY: called once, at the start of the worker, as every background worker does.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        use pg_sys::pqsignal;
        #[cfg(feature = "pg18")]
        use pg_sys::pqsignal_be as pqsignal;
        pqsignal(libc::SIGTERM, Some(on_sigterm));
        pqsignal(libc::SIGINT, Some(on_sigint));
        pg_sys::BackgroundWorkerUnblockSignals();
    }
}

/// A signal handler: notes the cancel, and leaves it to the handler of Postgres.
unsafe extern "C-unwind" fn on_sigint(signal: c_int) {
    cancels::note();
    // SAFETY: hands over to the handler that Postgres had installed.
    unsafe { StatementCancelHandler(signal) };
}

/// A signal handler: touches atomics, flags and the latch alone.
unsafe extern "C-unwind" fn on_sigterm(signal: c_int) {
    let now = monotonic_milliseconds();
    if let Err(first) = TERMINATED_AT.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst) {
        if now - first >= SAME_TERMINATION_MS {
            // SAFETY: hands over to the handler that Postgres would have installed.
            unsafe { die(signal) };
        }
        return;
    }
    cancels::note();
    // SAFETY: what StatementCancelHandler does; SetLatch is made for signal handlers.
    unsafe {
        (&raw mut pg_sys::InterruptPending).write_volatile(1);
        (&raw mut pg_sys::QueryCancelPending).write_volatile(1);
        pg_sys::SetLatch(pg_sys::MyLatch);
    }
}

/// A clock that a signal handler may read; never 0.
fn monotonic_milliseconds() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: POSIX lists clock_gettime among what a signal handler may call; `now` is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    (now.tv_sec * 1_000 + now.tv_nsec / 1_000_000).max(1)
}

/// True when somebody asked this process to end.
pub fn is_terminated() -> bool {
    TERMINATED_AT.load(Ordering::SeqCst) != 0
}

/// True when the postmaster has died: this process must follow, because no server can start on
/// the same data before it has.
pub fn postmaster_is_dead() -> bool {
    // SAFETY: asks the kernel, by a read that does not wait.
    unsafe { !PostmasterIsAliveInternal() }
}

/// Ends this process if the postmaster has died, writing nothing: the next run will find that
/// this one was interrupted.
pub fn exit_if_postmaster_died() {
    if postmaster_is_dead() {
        // SAFETY: what Postgres does where it waits for a latch; threads of ours, if any, sleep.
        unsafe { pg_sys::proc_exit(1) };
    }
}

/// Forgets a cancel that was not acted upon yet: what follows must not be stopped by it.
pub fn forget_cancel() {
    // SAFETY: a flag that handlers set and the main thread clears.
    unsafe { (&raw mut pg_sys::QueryCancelPending).write_volatile(0) };
}

/// For a caller's backend: forgets its cancel, and that it came from a statement_timeout.
pub fn take_cancel() {
    forget_cancel();
    // SAFETY: timeouts are initialised in every backend; this one need not be active.
    unsafe { disable_timeout(STATEMENT_TIMEOUT, false) };
}

/// How long a run may take, and what of that is kept for publishing.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit {
    limit: Option<Duration>,
    started: Instant,
}

impl TimeLimit {
    /// Starts the clock; `None`: no limit.
    pub fn start(limit: Option<Duration>) -> Self {
        let started = Instant::now();
        if let Some(limit) = limit {
            let milliseconds = c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX);
            // SAFETY: timeouts are initialised in a worker with a database; the handler of this
            // one sends this process a SIGINT.
            unsafe { enable_timeout_after(STATEMENT_TIMEOUT, milliseconds) };
        }
        Self { limit, started }
    }

    /// Stops the clock: what is left to do must not be interrupted.
    pub fn stop(&self) {
        if self.limit.is_some() {
            // SAFETY: as above; it need not be active.
            unsafe { disable_timeout(STATEMENT_TIMEOUT, false) };
        }
    }

    /// The limit, if it has passed.
    pub fn passed(&self) -> Option<Duration> {
        // The server's clock and this one need not agree to the millisecond.
        const SLACK: Duration = Duration::from_millis(2);
        self.limit.filter(|&limit| self.started.elapsed() + SLACK >= limit)
    }

    /// From when on a bootstrap should be content with what it has: a tenth of the time, a
    /// minute at most, is kept for publishing.
    pub fn publish_from(&self) -> Option<Instant> {
        self.limit.map(|limit| {
            let reserve = (limit / 10).min(Duration::from_secs(60));
            self.started + limit.saturating_sub(reserve)
        })
    }
}

/// Raises what is pending: a cancel, the timeout, a termination.
pub fn check() {
    pgrx::check_for_interrupts!();
}

/// While it lives, nothing that is pending is raised.
#[derive(Debug)]
#[must_use]
pub struct InterruptsHeld;

impl InterruptsHeld {
    /// Until dropped.
    pub fn begin() -> Self {
        // SAFETY: what HOLD_INTERRUPTS does; a counter of the main thread.
        unsafe { pg_sys::InterruptHoldoffCount += 1 };
        Self
    }
}

impl Drop for InterruptsHeld {
    fn drop(&mut self) {
        // SAFETY: as above; an ERROR in between has set it to 0.
        unsafe {
            pg_sys::InterruptHoldoffCount = pg_sys::InterruptHoldoffCount.saturating_sub(1);
        }
    }
}
