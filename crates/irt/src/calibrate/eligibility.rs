//! Which items and persons there is enough of to calibrate, and why others are skipped.

use crate::calibrate::CalibrationSettings;
use crate::data::grouped::Responses;
use crate::data::patterns::{ItemTotals, Patterns};
use crate::error::IrtError;
use crate::fit::identifiability::{
    SMALLEST_IDENTIFIED_COMPONENT, components, known_by_products_alone,
};
use crate::monitor::Monitor;
use crate::results::Flag;
use crate::statistics::point_biserial::point_biserials;

/// The items of a calibration and what is known of them before any estimate.
pub(crate) struct Bank<'a> {
    pub responses: &'a Responses,
    pub totals: Vec<ItemTotals>,
    pub point_biserials: Vec<Option<f64>>,
    /// Why an item is skipped; `None` while it is in.
    pub skipped: Vec<Option<Flag>>,
    /// The responses to the items that are in; `None` if that is all of them.
    selection: Option<Patterns>,
    /// Groups of items that persons join, in the numbering of the selection.
    pub components: Vec<Vec<usize>>,
}

impl<'a> Bank<'a> {
    /// Finds the eligible items and checks that there is enough to work with.
    pub(crate) fn examine(
        responses: &'a Responses,
        settings: &CalibrationSettings,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let patterns = responses.patterns();
        if patterns.is_empty() {
            return Err(IrtError::NoResponses {
                min_persons: settings.min_persons,
                min_responses_per_item: settings.min_responses_per_item,
            });
        }
        let required = settings.min_persons;
        if patterns.persons() < required {
            return Err(IrtError::TooFewPersons { found: patterns.persons(), required });
        }
        let totals = patterns.item_totals(patterns.multiplicities());
        let skipped: Vec<Option<Flag>> =
            totals.iter().map(|total| ineligible(*total, settings)).collect();
        let eligible: Vec<bool> = skipped.iter().map(Option::is_none).collect();
        let point_biserials = point_biserials(patterns, &eligible, monitor)?;
        let mut bank = Self {
            responses,
            totals,
            point_biserials,
            skipped,
            selection: None,
            components: Vec::new(),
        };
        bank.select(settings, monitor)?;
        Ok(bank)
    }

    /// Restricts the responses to the items that are in, and leaves out, with a
    /// flat prior, what is not identified.
    pub(crate) fn select(
        &mut self,
        settings: &CalibrationSettings,
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        loop {
            self.check_items(settings.min_responses_per_item)?;
            let chosen: Vec<bool> = self.skipped.iter().map(Option::is_none).collect();
            self.selection = if chosen.iter().all(|chosen| *chosen) {
                None
            } else {
                Some(self.responses.patterns().restricted_to(&chosen, monitor)?)
            };
            let (found, required) = (self.patterns().persons(), settings.min_persons);
            if found < required {
                return Err(IrtError::TooFewPersons { found, required });
            }
            self.components = components(self.patterns());
            if !settings.priors.discrimination_is_flat() {
                return Ok(());
            }
            let undetermined: Vec<usize> = if settings.priors.difficulty_is_flat() {
                known_by_products_alone(self.patterns(), &self.components)
            } else {
                let small =
                    |component: &&Vec<usize>| component.len() < SMALLEST_IDENTIFIED_COMPONENT;
                self.components.iter().filter(small).flatten().copied().collect()
            };
            if undetermined.is_empty() {
                return Ok(());
            }
            self.mark_not_identified(&undetermined);
        }
    }

    fn check_items(&self, min_responses_per_item: u64) -> Result<(), IrtError> {
        let count = |flag| self.skipped.iter().filter(|skipped| **skipped == flag).count() as u64;
        let eligible = count(None);
        if eligible >= 2 {
            return Ok(());
        }
        Err(IrtError::TooFewItems {
            eligible,
            items: self.skipped.len() as u64,
            few_responses: count(Some(Flag::FewResponses)),
            all_correct: count(Some(Flag::AllCorrect)),
            all_incorrect: count(Some(Flag::AllIncorrect)),
            not_identified: count(Some(Flag::NotIdentified)),
            most_responses: self.few_responses(|_| true).max().unwrap_or(0),
            min_responses_per_item,
            would_do: self.threshold_that_would_do(eligible),
        })
    }

    /// Responses of the items that have too few and that `counts`.
    fn few_responses(&self, counts: impl Fn(&ItemTotals) -> bool) -> impl Iterator<Item = u64> {
        let few = self.totals.iter().zip(&self.skipped);
        few.filter(move |(total, skipped)| **skipped == Some(Flag::FewResponses) && counts(total))
            .map(|(total, _)| total.responses)
    }

    /// The highest min_responses_per_item with which `eligible`, 0 or 1, items would be two.
    fn threshold_that_would_do(&self, eligible: u64) -> Option<u64> {
        let varies = |total: &ItemTotals| total.correct > 0 && total.correct < total.responses;
        let mut responses: Vec<u64> = self.few_responses(varies).collect();
        responses.sort_unstable_by(|one, other| other.cmp(one));
        responses.get(1 - eligible as usize).copied()
    }

    pub(crate) fn mark_not_identified(&mut self, selected: &[usize]) {
        let items = self.selected_items();
        for item in selected {
            self.skipped[items[*item]] = Some(Flag::NotIdentified);
        }
    }

    pub(crate) fn patterns(&self) -> &Patterns {
        self.selection.as_ref().unwrap_or_else(|| self.responses.patterns())
    }

    /// Bytes that the responses take, those of the items that are in once more where that is
    /// not all of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.responses.patterns().bytes() + self.selection.as_ref().map_or(0, Patterns::bytes)
    }

    /// Numbers of the items that are in.
    pub(crate) fn selected_items(&self) -> Vec<usize> {
        (0..self.skipped.len()).filter(|item| self.skipped[*item].is_none()).collect()
    }
}

fn ineligible(total: ItemTotals, settings: &CalibrationSettings) -> Option<Flag> {
    if total.responses == 0 || total.responses < settings.min_responses_per_item {
        Some(Flag::FewResponses)
    } else if total.correct == total.responses {
        Some(Flag::AllCorrect)
    } else if total.correct == 0 {
        Some(Flag::AllIncorrect)
    } else {
        None
    }
}
