//! What a run tells, while it runs and when it has ended.

use super::phase::Phase;
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
    /// Success or skipped: the run's row as JSON.
    Row(String),
    /// Failed, or refused before it had a row.
    Failed(ErrorReport),
}

/// What a run went through, for those who report it afterwards.
#[derive(Debug, Clone)]
pub struct RunTrace {
    /// The run, if it got its row.
    pub run_id: Option<i64>,
    /// Its row as JSON.
    pub row: Option<String>,
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
