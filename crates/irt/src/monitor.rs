//! The hook through which a caller watches and stops the work.
//!
//! The core knows no clock, no signal and no database. It calls these methods
//! and obeys.

use crate::error::IrtError;

/// What the estimator is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Estimating discriminations and difficulties; `done` counts E-steps and `total` their limit.
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
    /// done, provided that k is at least [`crate::ENOUGH_REPLICATES`].
    fn out_of_time(&self) -> bool {
        false
    }

    /// Called after every E-step, and after every block of the standard errors.
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let _ = (phase, done, total);
    }
}

/// Never stops anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unmonitored;

impl Monitor for Unmonitored {}

/// Gives up if the monitor asks to.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(crate) fn check(monitor: &dyn Monitor) -> Result<(), IrtError> {
    if monitor.interrupted() { Err(IrtError::Interrupted) } else { Ok(()) }
}

/// Asks the monitor now and then: at position 0 and every 2¹⁶ positions.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(crate) fn check_now_and_then(monitor: &dyn Monitor, position: usize) -> Result<(), IrtError> {
    const EVERY: usize = 1 << 16;
    if position.is_multiple_of(EVERY) { check(monitor) } else { Ok(()) }
}
