//! The middle of a run: from the decision to the estimates.

use super::Run;
use super::before::{Before, Compared};
use crate::bank::{Bank, CheckedSettings, Scale, StandardErrorMethod};
use crate::diagnostics::new_responses;
use crate::error::ExtensionError;
use crate::estimation::{self, Answers, Task};
use crate::postgres::error_report::Level;
use crate::postgres::threads::Threads;
use crate::postgres::transactions::{Isolation, transaction};
use crate::responses::{Loaded, check_memory, of_bank};
use crate::runs::audit::Summary;
use crate::runs::should_run::baseline::Baseline;
use crate::runs::should_run::{count_responses, look};
use crate::runs::{items, warnings};
use irt::{Calibration, Monitor};

impl Run<'_> {
    /// Counts what is new and reads everything, in one and the same snapshot: all responses, those
    /// since the run in force where they can be told, and what it is compared with. Where it is
    /// known beforehand that there will be a run, counting and reading are one. `None`: too few new
    /// responses.
    pub(super) fn load_if_enough(
        &mut self,
        bank: &Bank,
        settings: &CheckedSettings,
        threads: &mut Threads,
    ) -> Result<Option<(Loaded, Option<Loaded>, Before)>, ExtensionError> {
        let force = self.request.is_forced();
        let only = self.request.item_ids();
        let facts = &mut self.facts;
        transaction(Isolation::RepeatableRead, || {
            let baseline = Baseline::read(bank)?;
            let enough = settings.min_new_responses;
            if !force && !look::finds_enough(bank, &baseline, enough)? {
                let counts = facts.counts.insert(count_responses(bank, &baseline)?);
                if !counts.is_enough(enough) {
                    return Ok(None);
                }
                let total = counts.seen_count + counts.ahead_count;
                check_memory(total.unsigned_abs(), bank.shape)?;
            }
            let mut counter = baseline.counter();
            let repeated = settings.repeated_responses.into();
            let moment = match settings.diagnostics {
                true => new_responses::moment(bank)?,
                false => None,
            };
            let loaded = of_bank::read_and_count(bank, repeated, &mut counter, moment, threads);
            if let Some(counts) = counter.counts() {
                facts.counts = Some(baseline.compare(counts));
            }
            let mut loaded = loaded?;
            if let Some(only) = &only {
                items::must_be_of(bank, only, loaded.labels())?;
            }
            let before = Before::read(bank, loaded.labels())?;
            let new = loaded.take_later();
            Ok(Some((loaded, new, before)))
        })
    }

    /// Puts the responses together and estimates, while no transaction is open. The threads end.
    pub(super) fn calibrate(
        &mut self,
        loaded: Loaded,
        new: Option<Loaded>,
        settings: &CheckedSettings,
        before: &Before,
        mut threads: Threads,
    ) -> Result<Compared, ExtensionError> {
        self.in_several_groups = loaded.in_several_groups();
        self.shape = loaded.shape();
        let of_core = before.settings_of_core(settings)?;
        let task = Task {
            settings: &of_core,
            reference_is_the_scale: settings.scale == Scale::Population,
        };
        let compare = |answers: Answers<'_>, found: Calibration, monitor: &dyn Monitor| {
            before.compare(answers, found, settings, &of_core, monitor)
        };
        let estimate =
            estimation::estimate(loaded, new, task, &mut threads, &mut self.reporter, compare)?;
        self.facts.repeats_dropped = estimate.repeats_dropped;
        if let Some(warning) = estimate.repeats_warning(settings.repeated_responses) {
            self.warn(&warning);
        }
        if let Some(pooled) = estimate.pooled {
            self.warn(&pooled.warning(settings.min_persons));
        }
        let compared = estimate.calibration?;
        let placed = &compared.placed;
        let bootstrapped = settings.standard_errors == StandardErrorMethod::Bootstrap;
        self.facts.fitted = Some(Summary::of(&placed.calibration, bootstrapped));
        if let Some(report) = warnings::thinly_covered(&placed.calibration, self.run_id, settings) {
            self.caller.report(Level::Notice, &report);
        }
        Ok(compared)
    }
}
