//! The life of a run, from the lock to the last line in the log.
//!
//! Carried out in a background worker of its own. The row is there before the
//! work begins, whatever happens afterwards ends in it, and the items table
//! holds one whole set of parameters before and after. While numbers are
//! computed no transaction is open.

mod before;
mod estimating;
mod publishing;

use super::audit::{self, EndedRun, Facts, Status};
use super::lock_wait::Place;
use super::outcome::{Caller, Held, Outcome, RunTrace};
use super::phase::Phase;
use super::progress::Reporter;
use super::request::Request;
use super::{ending, failure, settings, warnings};
use crate::bank::lock::BankLock;
use crate::bank::{self, Bank, CheckedSettings, RowShape};
use crate::error::ExtensionError;
use crate::parameters::in_force;
use crate::postgres::catching::catch;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::interrupts::{self, TimeLimit};
use crate::postgres::memory::{Reserve, ServerReserve};
use crate::postgres::privileges::as_owner;
use crate::postgres::threads::Threads;
use crate::postgres::transactions::{
    self, Committed, Isolation, replicated_transaction, transaction,
};
use crate::server_settings;
use std::time::SystemTime;

/// Carries a run out. Afterwards nothing is left to do but to answer the caller, and to report.
pub fn carry_out(request: &Request, caller: &mut dyn Caller) -> (Outcome, RunTrace) {
    let began = SystemTime::now();
    match Begun::begin(request) {
        Ok(begun) => begun.carry_out(request, caller, began),
        Err(error) => {
            let outcome = Outcome::Failed(failure::refused(request, error));
            let (run_id, row, held, phases) = (None, None, None, Vec::new());
            (outcome, RunTrace { run_id, row, held, phases, began, ended: SystemTime::now() })
        }
    }
}

/// What a run has when its row is there.
struct Begun {
    server_reserve: ServerReserve,
    lock: BankLock,
    run_id: i64,
    limit: TimeLimit,
    /// Whether a synchronous standby has the row.
    replicated: bool,
}

impl Begun {
    /// Takes the bank's lock, ends orphaned runs, and inserts the row. The clock starts before the
    /// commit, which may have to wait for a standby.
    fn begin(request: &Request) -> Result<Self, ExtensionError> {
        let server_reserve = ServerReserve::take()?;
        let begun = replicated_transaction(|| {
            let lock = BankLock::take(&request.bank)?;
            audit::orphans::fail_orphaned_runs(Some(&request.bank))?;
            let run_id = audit::begin(&request.bank, &request.triggered_by)?;
            Ok((lock, run_id, TimeLimit::start(server_settings::timeout())))
        })?;
        let Committed { value: (lock, run_id, limit), replicated } = begun;
        Ok(Self { server_reserve, lock, run_id, limit, replicated })
    }

    /// Everything else, until the next run of the bank may begin.
    fn carry_out(
        self,
        request: &Request,
        caller: &mut dyn Caller,
        began: SystemTime,
    ) -> (Outcome, RunTrace) {
        let Self { server_reserve, lock, run_id, limit, replicated } = self;
        let reporter = Reporter::new(run_id, &request.bank, limit.publish_from());
        let facts = Facts::default();
        let (place, obstacle, held, in_several_groups) = (None, None, None, 0);
        let mut run = Run {
            request,
            caller,
            limit,
            run_id,
            reporter,
            facts,
            in_several_groups,
            shape: RowShape::Response,
            place,
            obstacle,
            held,
        };
        let (outcome, row) = run.work_and_record(replicated, server_reserve);
        let (held, phases) = (run.held.take(), run.reporter.phases().to_vec());
        ending::release(&lock);
        let (run_id, ended) = (Some(run_id), SystemTime::now());
        (outcome, RunTrace { run_id, row, held, phases, began, ended })
    }
}

/// A run that has its row.
struct Run<'a> {
    request: &'a Request,
    caller: &'a mut dyn Caller,
    limit: TimeLimit,
    run_id: i64,
    reporter: Reporter,
    facts: Facts,
    /// Persons who belong to more than one group.
    in_several_groups: u64,
    /// What a row is, or was when they were read.
    shape: RowShape,
    /// The items, while they are locked.
    place: Option<Place>,
    /// Why the last attempt to publish failed.
    obstacle: Option<ExtensionError>,
    /// Why its estimates await a decision.
    held: Option<Held>,
}

impl Run<'_> {
    /// Does the work, and ends the row by what came of it. Returns the row too, unless it could not
    /// be written.
    fn work_and_record(
        &mut self,
        replicated: bool,
        server_reserve: ServerReserve,
    ) -> (Outcome, Option<EndedRun>) {
        let worked = catch(|| self.work(replicated)).unwrap_or_else(|report| Err(report.into()));
        drop(server_reserve);
        self.disable_interrupts();
        match worked {
            Ok(row) => {
                ending::log_end(&row);
                (Outcome::Row(row.clone()), Some(row))
            }
            Err(error) => {
                let report = self.explain(&error);
                let (report, row) = ending::record(self.run_id, self.request, &self.facts, report);
                (Outcome::Failed(report), row)
            }
        }
    }

    fn explain(&self, error: &ExtensionError) -> ErrorReport {
        interrupts::exit_if_postmaster_died();
        transactions::abort();
        failure::explain(
            error,
            &failure::Circumstances {
                limit: &self.limit,
                caller: &*self.caller,
                request: self.request,
                phase: self.reporter.phase(),
                shape: self.shape,
                place: self.place.as_ref(),
                obstacle: self.obstacle.as_ref(),
            },
        )
    }

    /// It is decided how the run ends: whoever wants to stop it comes too late.
    fn disable_interrupts(&mut self) {
        self.limit.stop();
        self.caller.ended();
        interrupts::forget_cancel();
    }

    /// Every step of a run; returns its row.
    fn work(&mut self, replicated: bool) -> Result<EndedRun, ExtensionError> {
        if !replicated {
            return Err(ExtensionError::NoStandby);
        }
        let _reserve = Reserve::take()?;
        self.reporter.enter(Phase::Checking)?;
        // Whoever does not wait for the end is told all the same that the bank is somebody else's.
        let ours = self.may_use_bank()?;
        if ours {
            self.caller.started(self.run_id);
        }
        let (bank, settings) = self.check()?;
        if !ours {
            self.caller.started(self.run_id);
        }
        self.reporter.enter(Phase::Loading)?;
        self.shape = bank.shape;
        let mut threads = Threads::default();
        let Some((loaded, new, before)) = self.load_if_enough(&bank, &settings, &mut threads)?
        else {
            return self.skip(&settings);
        };
        let compared = self.calibrate(loaded, new, &settings, &before, threads)?;
        self.reporter.enter(Phase::Publishing)?;
        let checks = self.compare(&bank, &settings, &compared, &before)?;
        self.publish(&bank, &compared, &before.in_force, &checks)
    }

    /// False where the bank's ownership forbids the run.
    fn may_use_bank(&self) -> Result<bool, ExtensionError> {
        let Request { bank, discovered, .. } = self.request;
        let usable =
            transaction(Isolation::ReadCommitted, || bank::must_be_usable(bank, *discovered));
        match usable {
            Err(ExtensionError::Ownership(_)) => Ok(false),
            Err(error) if error.sqlstate() == *b"57014" => Err(error),
            // Whatever else is wrong is found again when the settings are checked and recorded.
            Ok(()) | Err(_) => Ok(true),
        }
    }

    /// Validates arguments, configuration and rights, and records all settings in force.
    fn check(&mut self) -> Result<(Bank, CheckedSettings), ExtensionError> {
        let checked = transaction(Isolation::ReadCommitted, || {
            let bank = bank::load_for_run(&self.request.bank, self.request.discovered)?;
            as_owner(|schema| in_force::catch_up(schema, &bank.name))?;
            let settings = bank.settings.with(&self.request.arguments.overrides)?.checked()?;
            Ok((bank, settings))
        });
        // What was asked for is on record even if it was wrong.
        let json = settings::json(self.request, checked.as_ref().ok());
        transaction(Isolation::ReadCommitted, || audit::record_settings(self.run_id, &json))?;
        let (bank, settings) = checked?;
        if let Some(unowned) = &bank.unowned {
            self.warn(&unowned.report(&bank.name));
        }
        self.request.validate()?;
        Ok((bank, settings))
    }

    fn skip(&mut self, settings: &CheckedSettings) -> Result<EndedRun, ExtensionError> {
        if let Some(counts) = &self.facts.counts {
            let report = warnings::too_few(&self.request.bank, counts, settings.min_new_responses);
            self.caller.report(Level::Notice, &report);
        }
        self.conclude(|run| run.end(Status::Skipped, audit::now()?))
    }

    fn warn(&mut self, report: &ErrorReport) {
        ending::say(Level::Warning, report);
        self.caller.report(Level::Warning, report);
    }
}
