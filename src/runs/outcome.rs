//! What a run tells, while it runs and when it has ended.

use super::audit::EndedRun;
use super::phase::Phase;
use crate::parameters::checks::Check;
use crate::postgres::error_report::{ErrorReport, Level};
use std::time::{Duration, SystemTime};

/// Whoever waits for a run, or nobody.
pub trait Caller {
    /// The run's row is committed, and nothing forbids it from the outset.
    fn started(&mut self, run_id: i64);
    /// Something worth saying that ends nothing.
    fn report(&mut self, level: Level, report: &ErrorReport);
    /// The work is over: from now on its leaving must not interrupt anything.
    fn ended(&mut self);
    /// True when it left without its answer.
    fn is_gone(&self) -> bool;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Success or skipped: the run's row.
    Row(EndedRun),
    /// Failed, or refused before it had a row.
    Failed(ErrorReport),
}

/// A success that awaits somebody's decision.
#[derive(Debug, Clone)]
pub struct Held {
    /// Why it was not published, and what to do.
    pub report: ErrorReport,
    /// All that was asked of it.
    pub checks: Vec<Check>,
}

/// What a run went through, for those who report it afterwards.
#[derive(Debug, Clone)]
pub struct RunTrace {
    /// The run, if it got its row.
    pub run_id: Option<i64>,
    /// Its row, if it was recorded.
    pub row: Option<EndedRun>,
    /// Why it is held, if it is.
    pub held: Option<Held>,
    /// When each phase was entered.
    pub phases: Vec<(Phase, SystemTime)>,
    /// When the worker took it up.
    pub began: SystemTime,
    /// When all was recorded.
    pub ended: SystemTime,
}

impl RunTrace {
    /// The time between.
    pub fn duration(&self) -> Duration {
        self.ended.duration_since(self.began).unwrap_or_default()
    }
}
