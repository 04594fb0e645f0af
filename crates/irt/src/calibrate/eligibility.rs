//! Which items and persons there is enough of to calibrate, and why others are skipped.

use super::scale::Scale;
use crate::data::components::components;
use crate::data::item_totals::ItemTotals;
use crate::data::patterns::Patterns;
use crate::data::persons::Persons;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::fit::identifiability::{SMALLEST_IDENTIFIED_COMPONENT, known_by_products_alone};
use crate::flag::Flag;
use crate::likelihood::design::Design;
use crate::monitor::Monitor;
use crate::settings::CalibrationSettings;
use crate::statistics::point_biserial::point_biserials;

/// The items of a calibration: which of them can be estimated, and what is known of them before
/// any estimate.
pub(super) struct EstimableItems<'a> {
    responses: &'a Responses,
    settings: &'a CalibrationSettings,
    scale: Scale,
    totals: Vec<ItemTotals>,
    point_biserials: Vec<Option<f64>>,
    /// Why an item is skipped; `None` while it is in.
    skipped: Vec<Option<Flag>>,
    /// The responses to the items that are in; `None` if that is all of them.
    selection: Option<Patterns>,
    /// Groups of items that persons join, in the numbering of the selection.
    components: Vec<Vec<usize>>,
}

impl<'a> EstimableItems<'a> {
    /// Finds the eligible items and checks that there is enough to work with.
    ///
    /// # Errors
    /// [`IrtError::NoResponses`], [`IrtError::TooFewPersons`], [`IrtError::TooFewItems`],
    /// [`IrtError::UnknownGroup`], [`IrtError::InvalidAnchor`], [`IrtError::TooFewAnchors`],
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(super) fn among(
        responses: &'a Responses,
        settings: &'a CalibrationSettings,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let patterns = responses.patterns();
        if patterns.is_empty() {
            return Err(IrtError::NoResponses {
                min_persons: settings.min_persons,
                min_responses_per_item: settings.min_responses_per_item,
            });
        }
        let scale = Scale::new(responses, settings)?;
        check_persons(patterns, settings)?;
        let totals = Persons::everybody(patterns).item_totals();
        scale.check_anchors(|item| totals[item].responses > 0)?;
        let reason = |(item, total): (usize, &ItemTotals)| {
            let holds_the_scale = scale.is_anchor(item) && total.responses > 0;
            if holds_the_scale { None } else { ineligible(*total, settings) }
        };
        let skipped: Vec<Option<Flag>> = totals.iter().enumerate().map(reason).collect();
        let eligible: Vec<bool> = skipped.iter().map(Option::is_none).collect();
        let point_biserials = point_biserials(patterns, &eligible, monitor)?;
        let mut items = Self {
            responses,
            settings,
            scale,
            totals,
            point_biserials,
            skipped,
            selection: None,
            components: Vec::new(),
        };
        items.select(monitor)?;
        Ok(items)
    }

    /// Leaves out more items, by their numbers in the selection: their responses do not determine
    /// them.
    ///
    /// # Errors
    /// As for [`Self::among`].
    pub(super) fn leave_out(
        &mut self,
        not_identified: &[usize],
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        self.skip(not_identified, Flag::NotIdentified);
        self.select(monitor)
    }

    /// Restricts the responses to the items that are in, and leaves out, with a
    /// flat prior, what is not identified.
    fn select(&mut self, monitor: &dyn Monitor) -> Result<(), IrtError> {
        loop {
            self.check_items(self.settings.min_responses_per_item)?;
            let chosen: Vec<bool> = self.skipped.iter().map(Option::is_none).collect();
            self.selection = if chosen.iter().all(|chosen| *chosen) {
                None
            } else {
                Some(self.responses.patterns().restricted_to(&chosen, monitor)?)
            };
            check_persons(self.patterns(), self.settings)?;
            let unreached = self.scale.unreached(self.patterns(), &self.selected_items());
            if !unreached.is_empty() {
                self.skip(&unreached.concat(), Flag::Disconnected);
                continue;
            }
            self.components = components(self.patterns());
            let undetermined = self.undetermined_by_design();
            if undetermined.is_empty() {
                return Ok(());
            }
            self.skip(&undetermined, Flag::NotIdentified);
        }
    }

    /// The items that cannot be determined by who answered what, in the numbering of the
    /// selection.
    fn undetermined_by_design(&self) -> Vec<usize> {
        let priors = &self.settings.priors;
        // What was answered along with two anchors is on their scale, slopes and all.
        if !priors.discrimination_is_flat() || matches!(self.scale, Scale::Anchors(_)) {
            return Vec::new();
        }
        if priors.difficulty_is_flat() {
            return known_by_products_alone(self.patterns(), &self.components);
        }
        let small = |component: &&Vec<usize>| component.len() < SMALLEST_IDENTIFIED_COMPONENT;
        self.components.iter().filter(small).flatten().copied().collect()
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
            disconnected: count(Some(Flag::Disconnected)),
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

    fn skip(&mut self, selected: &[usize], why: Flag) {
        let items = self.selected_items();
        for item in selected {
            self.skipped[items[*item]] = Some(why);
        }
    }

    /// The responses to the items that are in.
    pub(super) fn patterns(&self) -> &Patterns {
        self.selection.as_ref().unwrap_or_else(|| self.responses.patterns())
    }

    /// Bytes that the responses take, those of the items that are in once more where that is
    /// not all of them.
    pub(super) fn bytes(&self) -> u64 {
        self.responses.patterns().bytes() + self.selection.as_ref().map_or(0, Patterns::bytes)
    }

    /// What defines the scale.
    pub(super) fn scale(&self) -> &Scale {
        &self.scale
    }

    /// What is estimated of the items that are in, and of the groups.
    pub(super) fn design(&self) -> Design {
        self.scale.design(self.patterns(), &self.selected_items())
    }

    /// The name of a group.
    pub(super) fn group_name(&self, group: usize) -> Option<String> {
        self.responses.groups()[group].name.clone()
    }

    /// Numbers of the items that are in, among all items.
    fn selected_items(&self) -> Vec<usize> {
        (0..self.len()).filter(|item| self.skipped[*item].is_none()).collect()
    }

    /// Point-biserials of the items that are in.
    pub(super) fn selected_point_biserials(&self) -> Vec<Option<f64>> {
        self.selected_items().iter().map(|item| self.point_biserials[*item]).collect()
    }

    /// The label of an item that is in, by its number in the selection.
    pub(super) fn selected_label(&self, item: usize) -> &str {
        self.label(self.selected_items()[item])
    }

    /// Groups of items that persons join, in the numbering of the selection.
    pub(super) fn components(&self) -> &[Vec<usize>] {
        &self.components
    }

    /// Per item, skipped or not, the number of its component; `None` if it is skipped.
    pub(super) fn components_of_items(&self) -> Vec<Option<u32>> {
        let mut of_items = vec![None; self.len()];
        let items = self.selected_items();
        for (number, component) in self.components.iter().enumerate() {
            component.iter().for_each(|item| of_items[items[*item]] = Some(number as u32));
        }
        of_items
    }

    /// How many items there are, skipped or not.
    pub(super) fn len(&self) -> usize {
        self.skipped.len()
    }

    /// Why an item is skipped; `None` if it is in.
    pub(super) fn skipped(&self, item: usize) -> Option<Flag> {
        self.skipped[item]
    }

    pub(super) fn label(&self, item: usize) -> &str {
        &self.responses.labels()[item]
    }

    pub(super) fn totals(&self, item: usize) -> ItemTotals {
        self.totals[item]
    }

    pub(super) fn point_biserial(&self, item: usize) -> Option<f64> {
        self.point_biserials[item]
    }
}

fn check_persons(patterns: &Patterns, settings: &CalibrationSettings) -> Result<(), IrtError> {
    let (found, required) = (patterns.persons(), settings.min_persons);
    if found < required { Err(IrtError::TooFewPersons { found, required }) } else { Ok(()) }
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
