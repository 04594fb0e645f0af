//! How far a run is: irt_calibration_progress and pg_stat_activity.
//!
//! A row of a table, written by short transactions of the worker's own, once a
//! second at most, so that everybody sees it at once. They wait for no disk and
//! no standby. Nobody sees a run that is dead: the view shows rows whose
//! lock is held.

use crate::error::ExtensionError;
use crate::postgres::privileges::as_owner;
use crate::postgres::session::show_activity;
use crate::postgres::spi::Spi;
use crate::postgres::threads::{Progress, Watcher};
use crate::postgres::transactions::fleeting_transaction;
use crate::runs::ending;
use crate::runs::phase::Phase;
use std::time::{Duration, Instant, SystemTime};

/// Writing more often tells nobody more.
const INTERVAL: Duration = Duration::from_secs(1);

/// Shows one run's progress.
pub struct Reporter {
    run_id: i64,
    bank: String,
    shown: Option<(Phase, Instant)>,
    phases: Vec<(Phase, SystemTime)>,
    publish_from: Option<Instant>,
}

impl Reporter {
    /// For a run whose bootstrap should end at `publish_from`.
    pub fn new(run_id: i64, bank: &str, publish_from: Option<Instant>) -> Self {
        Self { run_id, bank: bank.to_owned(), shown: None, phases: Vec::new(), publish_from }
    }

    /// The run is in this phase now.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn enter(&mut self, phase: Phase) -> Result<(), ExtensionError> {
        self.show(phase, None)
    }

    /// When each phase was entered.
    pub fn phases(&self) -> &[(Phase, SystemTime)] {
        &self.phases
    }

    /// Which phase was shown last.
    pub fn phase(&self) -> Phase {
        self.shown.map_or(Phase::Checking, |(phase, _)| phase)
    }

    /// The run was in this phase from then on.
    fn note(&mut self, phase: Phase, since: SystemTime) {
        if self.phases.iter().all(|(noted, _)| *noted != phase) {
            self.phases.push((phase, since));
        }
    }

    fn show(&mut self, phase: Phase, counts: Option<(i64, i64)>) -> Result<(), ExtensionError> {
        self.shown = Some((phase, Instant::now()));
        self.note(phase, SystemTime::now());
        let counted = counts.map(|(done, total)| format!(" {done} of {total}")).unwrap_or_default();
        show_activity(&format!(
            "irt_calibration: run {} of bank {}: {}{counted}",
            self.run_id,
            self.bank,
            phase.as_str()
        ));
        fleeting_transaction(|| self.write(phase, counts))
    }

    fn write(&self, phase: Phase, counts: Option<(i64, i64)>) -> Result<(), ExtensionError> {
        as_owner(|schema| {
            let statement = format!(
                "INSERT INTO {} (run_id, bank, pid, phase, done, total) \
                 VALUES ($1, $2, pg_catalog.pg_backend_pid(), $3, $4, $5) \
                 ON CONFLICT (run_id) DO UPDATE \
                 SET phase = excluded.phase, done = excluded.done, total = excluded.total",
                schema.running()
            );
            let arguments = [
                self.run_id.into(),
                self.bank.as_str().into(),
                phase.as_str().into(),
                counts.map(|(done, _)| done).into(),
                counts.map(|(_, total)| total).into(),
            ];
            Spi::run_with_args(&statement, &arguments)?;
            Ok(())
        })
    }
}

impl Watcher for Reporter {
    fn look(&mut self, progress: Progress) -> Result<(), ExtensionError> {
        self.ended(progress);
        let Some(phase) = progress.phase().map(Phase::from) else { return Ok(()) };
        if self.shown.is_some_and(|(shown, at)| shown == phase && at.elapsed() < INTERVAL) {
            return Ok(());
        }
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.show(phase, Some((count(progress.done), count(progress.total))))
    }

    fn ended(&mut self, progress: Progress) {
        if let Some(since) = progress.fitting_since {
            self.note(Phase::Fitting, since);
        }
        if let Some(since) = progress.standard_errors_since {
            self.note(Phase::StandardErrors, since);
        }
    }

    fn hopeless(&mut self, error: &ExtensionError) {
        ending::record_at_once(self.run_id, error);
    }

    fn short_of_time_at(&self) -> Option<Instant> {
        self.publish_from
    }
}
