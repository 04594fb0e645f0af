//! Computing on many threads inside a backend that stays open to interrupts.
//!
//! The work runs on a pool of its own; the backend's thread only waits, and
//! every few milliseconds does what Postgres expects of it. When it is cancelled
//! or terminated, the work is told to stop, its threads are joined, and the ERROR
//! goes on. The pool's threads never touch Postgres and receive no signals.

use crate::error::ExtensionError;
use crate::settings;
use crate::worker::interrupts;
use irt::{Monitor, Phase};
use pgrx::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

/// How long the backend's thread is deaf at a time.
const POLL: Duration = Duration::from_millis(10);

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is busy with.
    pub phase: Phase,
    /// Cycles or replicates done.
    pub done: u64,
    /// Their limit.
    pub total: u64,
    /// When standard errors began, which may be over before anybody looks.
    pub standard_errors_since: Option<SystemTime>,
}

/// Called by the backend's thread while it waits.
pub trait Watcher {
    /// Every few milliseconds. An error stops the work.
    ///
    /// # Errors
    /// Whatever ends the calibration.
    fn look(&mut self, progress: Progress) -> Result<(), ExtensionError>;

    /// Once, when the work is done: the last that is to be known of it.
    fn ended(&mut self, progress: Progress);

    /// From when on a bootstrap should be content with what it has.
    fn short_of_time_at(&self) -> Option<Instant>;
}

/// Watches nothing; interrupts are heeded all the same.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn look(&mut self, _progress: Progress) -> Result<(), ExtensionError> {
        Ok(())
    }

    fn ended(&mut self, _progress: Progress) {}

    fn short_of_time_at(&self) -> Option<Instant> {
        None
    }
}

/// Runs `work` on irt_calibration.max_threads threads and returns its value.
///
/// # Errors
/// What the watcher says; threads that cannot be started; a panic in `work`.
/// A cancel or a termination is raised by Postgres, after the threads have ended.
pub fn run<R: Send>(
    watcher: &mut dyn Watcher,
    work: impl FnOnce(&dyn Monitor) -> R + Send,
) -> Result<R, ExtensionError> {
    let state = State::default();
    let (sender, receiver) = mpsc::channel();
    let blocked = SignalsBlocked::begin();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings::max_threads())
        .thread_name(|i| format!("irt-{i}"));
    let outcome = pool.build_scoped(
        // The pool's threads are joined before build_scoped returns or unwinds.
        |thread| thread.run(),
        |pool| {
            drop(blocked);
            pool.in_place_scope(|scope| {
                let _stop = StopOnDrop(&state.stop);
                let state = &state;
                scope.spawn(move |_| {
                    let result = catch_unwind(AssertUnwindSafe(|| work(state)));
                    // Nobody listens any more once the backend's thread has been interrupted.
                    let _ = sender.send(result);
                });
                wait(&receiver, state, watcher)
            })
        },
    );
    interrupts::follow_the_postmaster();
    outcome.map_err(|error| {
        ExtensionError::Internal(format!("threads could not be started: {error}"))
    })?
}

type Outcome<R> = std::thread::Result<R>;

fn wait<R>(
    receiver: &Receiver<Outcome<R>>,
    state: &State,
    watcher: &mut dyn Watcher,
) -> Result<R, ExtensionError> {
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(Ok(result)) => {
                watcher.ended(state.progress());
                return Ok(result);
            }
            Ok(Err(panic)) => return Err(ExtensionError::Internal(panic_message(&*panic))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ExtensionError::Internal("the threads are gone".to_owned()));
            }
        }
        check_for_interrupts!();
        if interrupts::is_orphaned() {
            return Err(ExtensionError::ServerGone);
        }
        if watcher.short_of_time_at().is_some_and(|time| Instant::now() >= time) {
            state.short_of_time.store(true, Ordering::Relaxed);
        }
        watcher.look(state.progress())?;
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the calculation panicked".to_owned())
}

/// What the two sides tell each other.
#[derive(Default)]
struct State {
    stop: AtomicBool,
    short_of_time: AtomicBool,
    standard_errors_since: OnceLock<SystemTime>,
    done: AtomicU64,
    total: AtomicU64,
}

impl State {
    fn progress(&self) -> Progress {
        let standard_errors_since = self.standard_errors_since.get().copied();
        let phase = match standard_errors_since {
            None => Phase::Fitting,
            Some(_) => Phase::StandardErrors,
        };
        Progress {
            phase,
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
            standard_errors_since,
        }
    }
}

impl Monitor for State {
    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn out_of_time(&self) -> bool {
        self.short_of_time.load(Ordering::Relaxed)
    }

    fn progress(&self, phase: Phase, done: u64, total: u64) {
        if phase == Phase::StandardErrors {
            self.standard_errors_since.get_or_init(SystemTime::now);
        }
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}

/// Tells the work to stop, also when an ERROR unwinds.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// While it lives, this thread receives no asynchronous signal, and threads that are started
/// inherit that: Postgres' handlers must run in the backend's thread only.
pub struct SignalsBlocked(libc::sigset_t);

impl SignalsBlocked {
    /// Until dropped.
    pub fn begin() -> Self {
        const SYNCHRONOUS: [libc::c_int; 7] = [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGABRT,
            libc::SIGTRAP,
            libc::SIGSYS,
        ];
        // SAFETY: sigset_t is plain data that sigfillset initialises; pthread_sigmask changes
        // this thread's mask alone.
        unsafe {
            let mut all = std::mem::zeroed::<libc::sigset_t>();
            let mut before = std::mem::zeroed::<libc::sigset_t>();
            libc::sigfillset(&mut all);
            for signal in SYNCHRONOUS {
                libc::sigdelset(&mut all, signal);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Self(before)
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: restores the mask that `begin` found.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}
