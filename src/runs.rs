//! The life of a run, from the lock to the last line in the log.
//!
//! Carried out in a background worker of its own. The row is there before the
//! work begins, whatever happens afterwards ends in it, and the items table
//! holds one whole set of parameters before and after. While numbers are
//! computed no transaction is open.

pub mod adopt;
pub mod audit;
pub mod failure;
pub mod history;
mod items;
mod lock_wait;
pub mod progress;
mod request;
mod settings;
pub mod should_run;

pub use failure::log_end;
pub use request::{Arguments, Request};

use crate::bank::lock::BankLock;
use crate::bank::{self, Bank, CheckedSettings, DEFAULT_BANK, StandardErrorMethod};
use crate::error::ExtensionError;
use crate::fit::repeats_report;
use crate::parameters::publish::{self, Published};
use crate::postgres::cancels;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::interrupts::{self, TimeLimit};
use crate::postgres::memory::{LastWords, Reserve};
use crate::postgres::privileges::{LocalSettings, as_relation_owner};
use crate::postgres::threads;
use crate::postgres::transactions::{Committed, Isolation, replicated_transaction, transaction};
use crate::responses::{self, Loaded};
use crate::runs::progress::{Phase, Reporter};
use audit::{EndedRun, Facts, Status, Summary};
use irt::{Calibration, Flag, IrtError};
use lock_wait::Place;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::quote_literal;
use should_run::Evidence;
use std::time::{Duration, SystemTime};

/// Whoever waits for a run, or nobody.
pub trait Caller {
    /// The run's row is committed, and nothing forbids it from the outset.
    fn started(&mut self, run_id: i64);
    /// Something worth saying that ends nothing.
    fn told(&mut self, level: Level, report: &ErrorReport);
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

/// What a run went through, for those who tell of it afterwards.
#[derive(Debug, Clone)]
pub struct Story {
    /// The run, if it got its row.
    pub run_id: Option<i64>,
    /// Its row, if it was recorded.
    pub row: Option<EndedRun>,
    /// When each phase was entered.
    pub phases: Vec<(Phase, SystemTime)>,
    began: SystemTime,
    ended: SystemTime,
}

impl Story {
    fn begin() -> Self {
        let now = SystemTime::now();
        Self { run_id: None, row: None, phases: Vec::new(), began: now, ended: now }
    }

    /// When the worker took it up.
    pub fn began(&self) -> SystemTime {
        self.began
    }

    /// When all was recorded.
    pub fn ended(&self) -> SystemTime {
        self.ended
    }

    /// The time between.
    pub fn duration(&self) -> Duration {
        self.ended.duration_since(self.began).unwrap_or_default()
    }
}

/// Carries a run out. Afterwards nothing is left to do but to answer the caller, and to tell.
pub fn carry_out(request: &Request, caller: &mut dyn Caller) -> (Outcome, Story) {
    let mut story = Story::begin();
    let outcome = carry_out_as(request, caller, &mut story);
    story.ended = SystemTime::now();
    (outcome, story)
}

fn carry_out_as(request: &Request, caller: &mut dyn Caller, story: &mut Story) -> Outcome {
    let begun = LastWords::take().and_then(|last_words| {
        let Committed { value, replicated } = replicated_transaction(|| begin(request))?;
        Ok((value, replicated, last_words))
    });
    let (begun, replicated, last_words) = match begun {
        Ok(begun) => begun,
        Err(error) => return Outcome::Failed(failure::refused(request, error)),
    };
    let Begun { lock, run_id, limit } = begun;
    let reporter = Reporter::new(run_id, &request.bank, limit.publish_from());
    let facts = Facts::default();
    let (place, obstacle) = (None, None);
    let mut run = Run { request, caller, limit, run_id, reporter, facts, place, obstacle };
    let outcome = run.finish(replicated, last_words, &mut story.row);
    story.run_id = Some(run_id);
    story.phases = run.reporter.phases().to_vec();
    failure::release(&lock);
    outcome
}

/// What a run has when its row is there.
struct Begun {
    lock: BankLock,
    run_id: i64,
    limit: TimeLimit,
}

/// Takes the bank's lock, buries ghosts, and inserts the row. The clock starts before the commit,
/// which may have to wait for a standby.
fn begin(request: &Request) -> Result<Begun, ExtensionError> {
    let lock = BankLock::take(&request.bank)?;
    audit::bury_ghosts(Some(&request.bank))?;
    let run_id = audit::begin(&request.bank, &request.triggered_by)?;
    Ok(Begun { lock, run_id, limit: TimeLimit::start(crate::server_settings::timeout()) })
}

/// A run that has its row.
struct Run<'a> {
    request: &'a Request,
    caller: &'a mut dyn Caller,
    limit: TimeLimit,
    run_id: i64,
    reporter: Reporter,
    facts: Facts,
    /// The items, while they are locked.
    place: Option<Place>,
    /// Why the last attempt to publish failed.
    obstacle: Option<ExtensionError>,
}

/// Whether there is anything to calibrate.
enum Decision {
    Calibrate(Loaded),
    Skip,
}

impl Run<'_> {
    fn finish(
        &mut self,
        replicated: bool,
        last_words: LastWords,
        recorded: &mut Option<EndedRun>,
    ) -> Outcome {
        let ended = match crate::postgres::raising::catch(|| self.work(replicated)) {
            Ok(ended) => ended,
            Err(report) => Err(ExtensionError::Database(report)),
        };
        drop(last_words);
        self.heed_nothing_more();
        match ended {
            Ok(row) => {
                failure::log_end(&row);
                *recorded = Some(row.clone());
                Outcome::Row(row)
            }
            Err(error) => {
                let report = self.explain(&error);
                let (report, row) = failure::record(self.run_id, self.request, &self.facts, report);
                *recorded = row;
                Outcome::Failed(report)
            }
        }
    }

    fn explain(&self, error: &ExtensionError) -> ErrorReport {
        interrupts::follow_the_postmaster();
        interrupts::leave_transaction();
        failure::explain(
            error,
            &failure::Circumstances {
                limit: &self.limit,
                caller: &*self.caller,
                request: self.request,
                phase: self.reporter.phase(),
                place: self.place.as_ref(),
                obstacle: self.obstacle.as_ref(),
            },
        )
    }

    /// It is decided how the run ends: whoever wants to stop it comes too late.
    fn heed_nothing_more(&mut self) {
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
        // Whoever does not wait for the end is told all the same that the bank is not his.
        let ours = self.is_ours()?;
        if ours {
            self.caller.started(self.run_id);
        }
        let (bank, settings) = self.check()?;
        if !ours {
            self.caller.started(self.run_id);
        }
        self.reporter.enter(Phase::Loading)?;
        let Decision::Calibrate(loaded) = self.decide_and_load(&bank, &settings)? else {
            return self.skip(&settings);
        };
        self.reporter.enter(Phase::Fitting)?;
        let calibration = self.calibrate(loaded, &settings)?;
        self.reporter.enter(Phase::Publishing)?;
        self.publish(&bank, &calibration)
    }

    /// False where whose the bank is forbids the run.
    fn is_ours(&self) -> Result<bool, ExtensionError> {
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

    /// The transaction that decides how the run ends: not begun when somebody wants it stopped,
    /// and true as soon as it is committed here, whatever happens to the wait for a standby.
    fn conclude<T>(
        &mut self,
        work: impl FnOnce(&Self) -> Result<T, ExtensionError>,
    ) -> Result<T, ExtensionError> {
        if interrupts::is_terminated() || self.limit.passed().is_some() || self.caller.is_gone() {
            return Err(IrtError::Interrupted.into());
        }
        let committed = replicated_transaction(|| work(self))?;
        self.heed_nothing_more();
        if !committed.replicated {
            self.warn(&failure::not_replicated(self.run_id, &self.limit));
        }
        Ok(committed.value)
    }

    /// Validates arguments, configuration and rights, and records all settings in force.
    fn check(&mut self) -> Result<(Bank, CheckedSettings), ExtensionError> {
        let checked = transaction(Isolation::ReadCommitted, || {
            let bank = bank::load_for_run(&self.request.bank, self.request.discovered)?;
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

    /// Counts what is new and reads everything, in one and the same snapshot.
    fn decide_and_load(
        &mut self,
        bank: &Bank,
        settings: &CheckedSettings,
    ) -> Result<Decision, ExtensionError> {
        let force = self.request.is_forced();
        let only = self.request.item_ids();
        let facts = &mut self.facts;
        transaction(Isolation::RepeatableRead, || {
            let evidence = should_run::evidence(bank)?;
            let enough = evidence.is_enough(settings.min_new_responses);
            let total = evidence.seen_count + evidence.ahead_count;
            facts.evidence = Some(evidence);
            if !enough && !force {
                return Ok(Decision::Skip);
            }
            responses::check_memory(total.unsigned_abs())?;
            let loaded = read(bank, settings)?;
            if let Some(only) = &only {
                items::must_be_of(bank, only, loaded.responses.labels())?;
            }
            Ok(Decision::Calibrate(loaded))
        })
    }

    fn skip(&mut self, settings: &CheckedSettings) -> Result<EndedRun, ExtensionError> {
        if let Some(evidence) = &self.facts.evidence {
            let report = too_few(&self.request.bank, evidence, settings.min_new_responses);
            self.caller.told(Level::Notice, &report);
        }
        self.conclude(|run| run.end(Status::Skipped, audit::now()?))
    }

    /// Estimates, while no transaction is open.
    fn calibrate(
        &mut self,
        loaded: Loaded,
        settings: &CheckedSettings,
    ) -> Result<Calibration, ExtensionError> {
        let (repeats, result) = threads::run(&mut self.reporter, |monitor| {
            let responses = match loaded.responses.into_responses(monitor) {
                Ok(responses) => responses,
                Err(error) => return (None, Err(ExtensionError::from(error))),
            };
            let result = irt::calibrate(&responses, &settings.of_core, monitor);
            (Some(responses.repeats_dropped()), result.map_err(ExtensionError::from))
        })?;
        self.facts.repeats_dropped = repeats;
        if let Some(dropped) = repeats.filter(|&dropped| dropped > 0) {
            self.warn(&repeats_report(dropped, settings));
        }
        let calibration = result?;
        let bootstrapped = settings.standard_errors == StandardErrorMethod::Bootstrap;
        self.facts.fitted = Some(Summary::of(&calibration, bootstrapped));
        if let Some(report) = thinly_covered(&calibration, self.run_id, settings) {
            self.caller.told(Level::Notice, &report);
        }
        Ok(calibration)
    }

    /// Publishes and ends the run in one transaction, again and again while others are in the way.
    fn publish(
        &mut self,
        bank: &Bank,
        calibration: &Calibration,
    ) -> Result<EndedRun, ExtensionError> {
        self.place = bank
            .items
            .as_ref()
            .map(|items| Place { oid: items.relation.oid, name: items.relation.name.clone() });
        loop {
            let published = self.conclude(|run| {
                let now = audit::now()?;
                let only = run.request.item_ids();
                let published =
                    publish::publish(bank, run.run_id, calibration, only.as_deref(), now)?;
                audit::record_quadrature_nodes(run.run_id, calibration.quadrature_nodes)?;
                Ok((published, run.end(Status::Success, now)?))
            });
            match published {
                Ok((published, row)) => {
                    self.warn_of(bank, &published);
                    return Ok(row);
                }
                Err(error) => self.try_again_after(error)?,
            }
        }
    }

    /// Ends the row, and tells whoever listens.
    fn end(&self, status: Status, now: TimestampWithTimeZone) -> Result<EndedRun, ExtensionError> {
        let row = audit::end(self.run_id, status, &self.facts, None, now)?;
        audit::announce(&row)?;
        Ok(row)
    }

    /// Waits a moment where others are in the way.
    fn try_again_after(&mut self, error: ExtensionError) -> Result<(), ExtensionError> {
        let error = failure::who_has_it(error, self.place.as_ref(), self.request)?;
        if !failure::may_pass(&error) {
            return Err(error);
        }
        self.obstacle = Some(error);
        cancels::forget_waits();
        pause();
        Ok(())
    }

    fn warn_of(&mut self, bank: &Bank, published: &Published) {
        // Nobody said that there is no items table: it may have been renamed, or the search_path is another.
        if bank.items.is_none() && !bank.configured {
            let message = "parameters are in irt_item_parameters alone: \
                           relation \"questions\" does not exist in the search_path";
            self.warn(&ErrorReport::new(b"01000", message).hint(
                "Name the items table: SELECT irt_configure(items => …), or say that there is \
                 none: SELECT irt_configure(items => '-').",
            ));
        }
        if let (Some(items), false) = (&bank.items, published.not_in_items.is_empty()) {
            let count = published.not_in_items.len();
            let message = format!("{count} calibrated items are not in {}", items.relation.name);
            self.warn(
                &ErrorReport::new(b"01000", message).detail(first_few(&published.not_in_items)),
            );
        }
        if !published.not_calibrated.is_empty() {
            let count = published.not_calibrated.len();
            let message = format!("{count} of item_ids have no parameters and were not published");
            self.warn(
                &ErrorReport::new(b"01000", message).detail(first_few(&published.not_calibrated)),
            );
        }
    }

    fn warn(&mut self, report: &ErrorReport) {
        failure::say(Level::Warning, report);
        self.caller.told(Level::Warning, report);
    }
}

/// Reads the bank's responses with the rights of whoever may.
fn read(bank: &Bank, settings: &CheckedSettings) -> Result<Loaded, ExtensionError> {
    let columns = [bank.person.quoted(), bank.item.quoted(), bank.correct.quoted()].join(", ");
    let query = format!("SELECT {columns} FROM {}", bank.responses.name);
    let repeated = settings.repeated_responses.into();
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let loaded = match &bank.answered_at {
            None => responses::load(&query, repeated)?,
            Some(time) => {
                let columns = format!("{columns}, {}", time.quoted());
                let timed_query = format!("SELECT {columns} FROM {}", bank.responses.name);
                responses::load_in_two_passes(&query, &timed_query, repeated)?
            }
        };
        if !bank.responses.is_still_itself()? {
            return Err(ExtensionError::RelationGone {
                bank: bank.name.clone(),
                role: "responses",
                relation: bank.responses.name.clone(),
            });
        }
        Ok(loaded)
    })
}

fn too_few(bank: &str, evidence: &Evidence, required: i32) -> ErrorReport {
    let which = match bank {
        DEFAULT_BANK => String::new(),
        bank => format!(", bank => {}", quote_literal(bank)),
    };
    ErrorReport::new(
        b"00000",
        format!(
            "bank \"{bank}\" was not calibrated: {} new responses, at least {required} are needed",
            evidence.new_responses
        ),
    )
    .hint(format!("Calibrate all the same: SELECT irt_run_calibration(force => true{which});"))
}

/// Says of items that were skipped for too few responses what would be enough.
fn thinly_covered(
    calibration: &Calibration,
    run_id: i64,
    settings: &CheckedSettings,
) -> Option<ErrorReport> {
    let few = calibration.items.iter().filter(|item| item.flags.contains(&Flag::FewResponses));
    let counts: Vec<u64> = few.map(|item| item.responses_count).collect();
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    let found = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let message = format!(
        "items skipped for few responses: {} of {}, with {found} where {} are needed",
        counts.len(),
        calibration.items.len(),
        settings.min_responses_per_item
    );
    Some(ErrorReport::new(b"00000", message).hint(format!(
        "Collect more of them: SELECT item, responses_count FROM irt_item_parameters WHERE \
         run_id = {run_id} AND 'few_responses' = ANY (flags);"
    )))
}

/// A sentence of items, in a message.
fn first_few(items: &[String]) -> String {
    format!("Items: {}.", few(items))
}

/// Items in a message: enough to find the cause.
fn few(items: &[String]) -> String {
    const FEW: usize = 10;
    const CHARACTERS: usize = 100;
    let named: Vec<String> =
        items.iter().take(FEW).map(|item| item.chars().take(CHARACTERS).collect()).collect();
    let more = if items.len() > FEW { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

/// Lets others finish. Ends early, with an ERROR, when the run is interrupted.
fn pause() {
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(10));
        interrupts::check();
    }
}
