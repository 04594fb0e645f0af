//! Computing on many threads inside a backend that stays open to interrupts.
//!
//! The work runs on a pool of its own; the backend's thread only waits, and
//! every few milliseconds does what Postgres expects of it. When it is cancelled
//! or terminated, the work is told to stop, its threads are joined, and the ERROR
//! goes on. The pool's threads never touch Postgres and receive no signals.

use crate::error::ExtensionError;
use crate::postgres::interrupts;
use crate::postgres::memory::{self, Reserve, allocator, threads::Room};
use crate::postgres::priority::{Group, lower_this_thread};
use crate::server_settings;
use irt::{Monitor, Phase};
use pgrx::prelude::*;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

/// How long the backend's thread is deaf at a time.
const POLL: Duration = Duration::from_millis(10);

/// Bytes of a thread's stack: what Rust gives by default.
const STACK: usize = 2 << 20;

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

    /// The threads wait for memory that does not come, and cannot be stopped: this process ends as
    /// soon as this returns. The last chance to say so.
    fn hopeless(&mut self, error: &ExtensionError);

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

    fn hopeless(&mut self, _error: &ExtensionError) {}

    fn short_of_time_at(&self) -> Option<Instant> {
        None
    }
}

/// Runs `work` on irt_calibration.max_threads threads and returns its value.
///
/// # Errors
/// What the watcher says; memory that was refused; threads that cannot be started; a panic in `work`.
/// A cancel or a termination is raised by Postgres, after the threads have ended.
pub fn run<R: Send>(
    watcher: &mut dyn Watcher,
    work: impl FnOnce(&dyn Monitor) -> R + Send,
) -> Result<R, ExtensionError> {
    let _reserve = Reserve::take()?;
    let (threads, nice) = (server_settings::max_threads(), server_settings::nice());
    let room = Room::make(threads)?;
    let state = State::default();
    let (sender, receiver) = mpsc::channel();
    // Waiting takes memory of libc's, the first time.
    let _ = receiver.recv_timeout(Duration::from_micros(100));
    let blocked = SignalsBlocked::begin();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .thread_name(|i| format!("irt-{i}"));
    let outcome = pool.build_scoped(
        // The pool's threads are joined before build_scoped returns or unwinds.
        |thread| {
            lower_this_thread(nice);
            thread.run();
        },
        |pool| {
            drop(blocked);
            let state = &state;
            pool.in_place_scope(|scope| {
                let running = Running { state, receiver, watcher };
                scope.spawn(move |_| {
                    let result = catch_unwind(AssertUnwindSafe(|| {
                        // Once round: what each thread needs of its own, it has then.
                        rayon::broadcast(|_| ());
                        room.close();
                        work(state)
                    }));
                    // Nobody listens any more once the backend's thread has been interrupted.
                    let _ = sender.send(result);
                });
                wait(running, Group::new(nice))
            })
        },
    );
    interrupts::exit_if_postmaster_died();
    outcome.map_err(|error| not_started(threads, &error))?
}

/// Where the system has no room for another thread, it says "try again".
fn not_started(threads: usize, error: &rayon::ThreadPoolBuildError) -> ExtensionError {
    let cause = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    let why = error.to_string();
    match cause.and_then(std::io::Error::raw_os_error) {
        Some(libc::EAGAIN | libc::ENOMEM) => ExtensionError::NoThreads { threads, why },
        _ => ExtensionError::Internal(format!("threads could not be started: {why}")),
    }
}

type Outcome<R> = std::thread::Result<R>;

fn wait<R>(mut running: Running<'_, R>, mut group: Group) -> Result<R, ExtensionError> {
    let state = running.state;
    loop {
        match running.receiver.recv_timeout(POLL) {
            Ok(Ok(result)) => {
                if state.out_of_memory.load(Ordering::Relaxed) {
                    memory::check()?;
                }
                running.watcher.ended(state.progress());
                return Ok(result);
            }
            Ok(Err(panic)) => return Err(ExtensionError::Internal(panic_message(&*panic))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ExtensionError::Internal("the threads are gone".to_owned()));
            }
        }
        running.end_if_hopeless();
        group.lower();
        check_for_interrupts!();
        if interrupts::postmaster_is_dead() {
            return Err(ExtensionError::ServerGone);
        }
        if running.watcher.short_of_time_at().is_some_and(|time| Instant::now() >= time) {
            state.short_of_time.store(true, Ordering::Relaxed);
        }
        running.watcher.look(state.progress())?;
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
    /// The work was told to stop because memory was refused.
    out_of_memory: AtomicBool,
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
        if allocator::refused().is_some() {
            self.out_of_memory.store(true, Ordering::Relaxed);
            return true;
        }
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

/// The work: told to stop when this is dropped, also when an ERROR unwinds, and waited for.
struct Running<'a, R> {
    state: &'a State,
    receiver: Receiver<Outcome<R>>,
    watcher: &'a mut dyn Watcher,
}

impl<R> Running<'_, R> {
    fn end_if_hopeless(&mut self) {
        if allocator::is_hopeless() {
            if let Err(error) = memory::check() {
                self.watcher.hopeless(&error);
            }
            allocator::end();
        }
    }
}

impl<R> Drop for Running<'_, R> {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        while let Err(RecvTimeoutError::Timeout) = self.receiver.recv_timeout(POLL) {
            self.end_if_hopeless();
        }
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
