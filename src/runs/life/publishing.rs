//! The end of a run: its transaction, and publishing again and again while others are in the way.

use super::Run;
use super::before::Compared;
use crate::bank::{Bank, Scale};
use crate::diagnostics::{self, Diagnosis};
use crate::error::ExtensionError;
use crate::parameters::checks::Check;
use crate::parameters::conclude::{Estimated, OtherScale, conclude};
use crate::parameters::in_force::InForce;
use crate::postgres::privileges::as_owner;
use crate::postgres::schema::Schema;
use crate::postgres::transactions::replicated_transaction;
use crate::postgres::{cancels, interrupts};
use crate::runs::audit::{self, EndedRun, Status};
use crate::runs::lock_wait::Place;
use crate::runs::outcome::Held;
use crate::runs::{failure, warnings};
use crate::scale::{self, Placed};
use irt::IrtError;
use pgrx::datum::TimestampWithTimeZone;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

impl Run<'_> {
    /// The transaction that decides how the run ends: not begun when somebody wants it stopped,
    /// and true as soon as it is committed here, whatever happens to the wait for a standby.
    pub(super) fn conclude<T>(
        &mut self,
        work: impl FnOnce(&Self) -> Result<T, ExtensionError>,
    ) -> Result<T, ExtensionError> {
        if interrupts::is_terminated() || self.limit.passed().is_some() || self.caller.is_gone() {
            return Err(IrtError::Interrupted.into());
        }
        let committed = replicated_transaction(|| work(self))?;
        self.disable_interrupts();
        if !committed.replicated {
            self.warn(&failure::not_replicated(self.run_id, &self.limit));
        }
        Ok(committed.value)
    }

    /// Records, publishes or not, and ends the run in one transaction, again and again while others
    /// are in the way.
    pub(super) fn publish(
        &mut self,
        bank: &Bank,
        compared: &Compared,
        in_force: &InForce,
        checks: &[Check],
    ) -> Result<EndedRun, ExtensionError> {
        self.place = bank
            .items
            .as_ref()
            .map(|items| Place { oid: items.relation.oid, name: items.relation.name.clone() });
        let limited = self.request.item_ids().is_some();
        let other_scale = other_scale(compared, in_force, limited);
        let placed = &compared.placed;
        let of_fit = compared.diagnosis.as_ref().map(Diagnosis::flags).unwrap_or_default();
        let mut pause = PAUSE;
        loop {
            let published = self.conclude(|run| {
                let now = audit::now()?;
                let only = run.request.item_ids();
                let published = conclude(
                    bank,
                    Estimated {
                        run_id: run.run_id,
                        calibration: &placed.calibration,
                        only: only.as_deref(),
                        wanted: run.request.is_to_be_published(),
                        of_fit: &of_fit,
                        other_scale: other_scale.as_ref(),
                        in_force,
                        checks,
                        ended_at: now,
                    },
                )?;
                audit::add_remarks(run.run_id, run.remarks(placed))?;
                as_owner(|schema| {
                    scale::record::record(schema, run.run_id, placed)?;
                    record_findings(schema, bank, run.run_id, compared)
                })?;
                Ok((published, run.end(Status::Success, now)?))
            });
            match published {
                Ok((published, row)) => {
                    let of_checks =
                        warnings::of_checks(&bank.name, self.run_id, &published, checks);
                    let of_scale = warnings::of_scale(placed);
                    let of_publishing = warnings::of_publishing(bank, &published);
                    for report in of_publishing.iter().chain(&of_scale).chain(&of_checks) {
                        self.warn(report);
                    }
                    if let (true, Some(report)) = (published.is_held(), of_checks) {
                        self.held = Some(Held { report, checks: checks.to_vec() });
                    }
                    return Ok(row);
                }
                Err(error) => self.try_again_after(error, &mut pause)?,
            }
        }
    }

    /// What the run's settings say beside them: how many ability nodes the estimates took, as many
    /// as configured or more, and what there is to say of the scale.
    fn remarks(&self, placed: &Placed) -> Map<String, Value> {
        let mut remarks = scale::record::remarks(placed, self.in_several_groups);
        let nodes = placed.calibration.quadrature_nodes;
        remarks.insert("quadrature_nodes_used".to_owned(), nodes.into());
        // Not as it was chosen, where that could not be done.
        remarks.insert("reading".to_owned(), self.shape.as_str().into());
        remarks
    }

    /// Ends the row, and tells whoever listens.
    pub(super) fn end(
        &self,
        status: Status,
        now: TimestampWithTimeZone,
    ) -> Result<EndedRun, ExtensionError> {
        let row = audit::end(self.run_id, status, &self.facts, None, now)?;
        audit::announce(&row)?;
        Ok(row)
    }

    /// Waits a moment where others are in the way; longer each time where another server is lost.
    fn try_again_after(
        &mut self,
        error: ExtensionError,
        pause: &mut Duration,
    ) -> Result<(), ExtensionError> {
        let error = failure::name_lock_holders(error, self.place.as_ref(), self.request)?;
        if !failure::is_transient(&error) {
            return Err(error);
        }
        // Another server may take minutes to come back, or have locked the user out.
        if failure::is_lost_connection(&error) {
            *pause = (2 * *pause).min(LONGEST_PAUSE);
        }
        self.obstacle = Some(error);
        cancels::forget_waits();
        wait(*pause);
        Ok(())
    }
}

/// Between two attempts to publish.
const PAUSE: Duration = Duration::from_millis(100);
/// The same at most, where another server is lost again and again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Lets others finish. Ends early, with an ERROR, when the run is interrupted.
fn wait(pause: Duration) {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
    let from = Instant::now();
    while from.elapsed() < pause {
        std::thread::sleep(BETWEEN_LOOKS);
        interrupts::check();
    }
}

/// Why these estimates are not on the scale in force.
fn other_scale(compared: &Compared, in_force: &InForce, limited: bool) -> Option<OtherScale> {
    let placed = &compared.placed;
    if let Some(reason) = &placed.refused {
        return Some(OtherScale::NotLinked(reason.clone()));
    }
    match compared.free.as_ref().and_then(|free| free.refused.as_ref()) {
        // That says nothing against the anchors.
        None | Some(IrtError::TooFewCommonItems { .. }) => {}
        Some(reason) => return Some(OtherScale::AnchorsDisagree(reason.clone())),
    }
    let beside_older_scale = limited && !in_force.items.is_empty();
    (beside_older_scale && placed.scale == Scale::Population).then_some(OtherScale::ItemList)
}

/// Records scores and fit, where the tables are there: those of an older version are not.
fn record_findings(
    schema: &Schema,
    bank: &Bank,
    run_id: i64,
    compared: &Compared,
) -> Result<(), ExtensionError> {
    if !schema.has_column("irt_calibration_runs", "curve_ability")? {
        return Ok(());
    }
    if let Some(scores) = &compared.scores {
        scale::record::record_scores(schema, run_id, &compared.groups, scores)?;
    }
    if let Some(found) = &compared.diagnosis {
        diagnostics::record::record(schema, run_id, found)?;
        let keep = bank.settings.keep_diagnostics;
        diagnostics::record::forget_older(schema, &bank.name, keep)?;
    }
    Ok(())
}
