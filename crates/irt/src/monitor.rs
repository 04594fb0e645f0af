//! The hook through which a caller watches and stops the work.
//!
//! The core knows no clock, no signal and no database. It calls these methods
//! and obeys.

/// What the estimator is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Estimating discriminations and difficulties; `done` counts cycles and `total` their limit.
    Fitting,
    /// Standard errors; `done` counts bootstrap replicates, or blocks of the observed information.
    StandardErrors,
}

/// Watches a calibration and may stop it.
///
/// Called from the threads of the pool in which the core runs, often and at
/// once: implementations read an atomic or send to a channel, no more.
pub trait Monitor: Sync {
    /// True asks the core to give up as soon as possible (within a few
    /// milliseconds of work): it then returns [`crate::error::IrtError::Interrupted`].
    fn interrupted(&self) -> bool {
        false
    }

    /// True asks the bootstrap to be content with the replicates 1..k that are
    /// done, provided that k is at least [`crate::uncertainty::bootstrap::ENOUGH_REPLICATES`].
    fn out_of_time(&self) -> bool {
        false
    }

    /// Called after every cycle, and after every block of the standard errors.
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let _ = (phase, done, total);
    }
}

/// Never stops anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unmonitored;

impl Monitor for Unmonitored {}
