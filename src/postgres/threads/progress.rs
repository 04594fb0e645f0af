//! How far the work on other threads is, and who watches it.

use crate::error::ExtensionError;
use crate::postgres::memory::allocator;
use irt::{Monitor, Phase};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Cycles or replicates done.
    pub done: u64,
    /// Their limit.
    pub total: u64,
    /// When the fit began, which may be over before anybody looks.
    pub fitting_since: Option<SystemTime>,
    /// When standard errors began.
    pub standard_errors_since: Option<SystemTime>,
}

impl Progress {
    /// What the work is busy with; `None` before the estimator begins.
    pub fn phase(&self) -> Option<Phase> {
        let standard_errors = self.standard_errors_since.map(|_| Phase::StandardErrors);
        standard_errors.or(self.fitting_since.map(|_| Phase::Fitting))
    }
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
    /// soon as this returns. The last chance to record why.
    fn hopeless(&mut self, error: &ExtensionError);

    /// From when on a bootstrap should be content with what it has.
    fn short_of_time_at(&self) -> Option<Instant>;
}

/// Watches nothing; the work can be interrupted all the same.
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

/// What the work and the thread that waits for it share.
#[derive(Default)]
pub(super) struct State {
    /// The work is to stop.
    pub stop: AtomicBool,
    /// The work was told to stop because memory was refused.
    pub out_of_memory: AtomicBool,
    /// A bootstrap is to be content with what it has.
    pub short_of_time: AtomicBool,
    fitting_since: OnceLock<SystemTime>,
    standard_errors_since: OnceLock<SystemTime>,
    done: AtomicU64,
    total: AtomicU64,
}

impl State {
    /// How far the work is now.
    pub fn progress(&self) -> Progress {
        Progress {
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
            fitting_since: self.fitting_since.get().copied(),
            standard_errors_since: self.standard_errors_since.get().copied(),
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
        let since = match phase {
            Phase::Fitting => &self.fitting_since,
            Phase::StandardErrors => &self.standard_errors_since,
        };
        since.get_or_init(SystemTime::now);
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}
