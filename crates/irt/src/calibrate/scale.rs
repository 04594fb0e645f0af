//! What defines the scale: anchors, or the reference group.

use crate::data::components::components;
use crate::data::patterns::Patterns;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::likelihood::design::Design;
use crate::model::two_pl::SlopeIntercept;
use crate::settings::CalibrationSettings;

/// It takes two points to hold origin and unit.
const LEAST_ANCHORS: u64 = 2;

/// Origin and unit of ability.
#[derive(Debug, Clone)]
pub(super) enum Scale {
    /// These items keep their parameters: one entry an item.
    Anchors(Vec<Option<SlopeIntercept>>),
    /// The abilities of this group are N(0, 1).
    Reference(usize),
}

impl Scale {
    /// As the settings have it.
    ///
    /// # Errors
    /// [`IrtError::UnknownGroup`], [`IrtError::InvalidAnchor`].
    pub(super) fn new(
        responses: &Responses,
        settings: &CalibrationSettings,
    ) -> Result<Self, IrtError> {
        let anchors = &settings.anchors;
        if anchors.is_empty() {
            return reference(responses, settings.reference_group.as_deref()).map(Self::Reference);
        }
        anchors.validate()?;
        let known = |label: &String| anchors.get(label).map(|item| item.slope_intercept());
        Ok(Self::Anchors(responses.labels().iter().map(known).collect()))
    }

    /// True for an item that is an anchor.
    pub(super) fn is_anchor(&self, item: usize) -> bool {
        matches!(self, Self::Anchors(anchors) if anchors[item].is_some())
    }

    /// Checks that enough anchors are among the items that are `answered`.
    ///
    /// # Errors
    /// [`IrtError::TooFewAnchors`].
    pub(super) fn check_anchors(&self, answered: impl Fn(usize) -> bool) -> Result<(), IrtError> {
        let Self::Anchors(anchors) = self else { return Ok(()) };
        let found = anchors.iter().enumerate();
        let found = found.filter(|(item, anchor)| anchor.is_some() && answered(*item)).count();
        let (found, required) = (found as u64, LEAST_ANCHORS);
        if found < required { Err(IrtError::TooFewAnchors { found, required }) } else { Ok(()) }
    }

    /// The components that are not on the scale: without the reference group's persons, or
    /// without two anchors. `items` are the numbers of those that `patterns` are over.
    pub(super) fn unreached(&self, patterns: &Patterns, items: &[usize]) -> Vec<Vec<usize>> {
        let mut components = components(patterns);
        match self {
            Self::Anchors(anchors) => components.retain(|component| {
                let held = component.iter().filter(|item| anchors[items[**item]].is_some());
                (held.count() as u64) < LEAST_ANCHORS
            }),
            Self::Reference(_) if patterns.groups() == 1 => components.clear(),
            Self::Reference(group) => {
                let mut reached = vec![false; patterns.items()];
                for pattern in patterns.of_group(*group) {
                    let responses = patterns.pattern(pattern);
                    responses.iter().for_each(|response| reached[response.item()] = true);
                }
                components.retain(|component| !component.iter().any(|item| reached[*item]));
            }
        }
        components
    }

    /// What is estimated of these patterns over these items.
    pub(super) fn design(&self, patterns: &Patterns, items: &[usize]) -> Design {
        let has_persons = |group: usize| !patterns.of_group(group).is_empty();
        let groups = 0..patterns.groups();
        match self {
            Self::Anchors(anchors) => Design::anchored(
                items.iter().map(|item| anchors[*item]).collect(),
                groups.map(has_persons).collect(),
            ),
            Self::Reference(_) if patterns.groups() == 1 => Design::default(),
            Self::Reference(reference) => {
                let free = groups.map(|group| group != *reference && has_persons(group));
                Design::of_groups(free.collect(), *reference)
            }
        }
    }

    /// True for the group whose abilities define the scale.
    pub(super) fn is_reference(&self, group: usize) -> bool {
        matches!(self, Self::Reference(reference) if *reference == group)
    }
}

/// The group of this name, or the largest, of equal ones the first.
fn reference(responses: &Responses, name: Option<&str>) -> Result<usize, IrtError> {
    let groups = responses.groups();
    if let Some(name) = name {
        let found = groups.iter().position(|group| group.name.as_deref() == Some(name));
        return found.ok_or_else(|| IrtError::UnknownGroup {
            name: name.to_owned(),
            groups: groups.iter().filter_map(|group| group.name.clone()).collect(),
        });
    }
    let largest = groups.iter().map(|group| group.persons).max().unwrap_or(0);
    Ok(groups.iter().position(|group| group.persons == largest).unwrap_or(0))
}
