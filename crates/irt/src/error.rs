//! Everything that can go wrong in the numeric core, as values.
//!
//! The core never panics on data and never returns a NaN: it returns one of
//! these. The message names the thing, what was found and what was expected;
//! [`IrtError::hint`] says what to do about it.

use thiserror::Error;

/// Why responses were refused, or why no estimate could be given.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum IrtError {
    /// A setting lies outside of what the method can use.
    #[error("{name} is {found}, but must be {expected}")]
    InvalidSetting {
        /// The setting's name, as the user knows it.
        name: &'static str,
        /// The value that was given.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// Two items carry the same label, so that results could not be told apart.
    #[error("two different items have the same text \"{label}\"")]
    DuplicateItem {
        /// The label that occurs twice.
        label: String,
    },
    /// More persons, items or responses than the compact indices can address.
    #[error("too many {what}: found {found}, at most {limit} can be handled")]
    TooMany {
        /// "persons", "items", "responses" or "groups".
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many are possible.
        limit: u64,
    },
    /// A row names an item that has no label: a defect of the caller.
    #[error("a response refers to item number {item}, but only {items} items are labelled")]
    UnknownItem {
        /// The number that was given.
        item: u64,
        /// How many labels there are.
        items: u64,
    },
    /// A person of the rows has no group: a defect of the caller.
    #[error("person number {person} has no group; there are {groups} groups")]
    PersonWithoutGroup {
        /// The number of the person.
        person: u64,
        /// How many groups have a name.
        groups: u64,
    },
    /// The reference group does not occur.
    #[error("there is no group \"{name}\" to be the reference; the groups are {}", listed(.groups))]
    UnknownGroup {
        /// The name that was given.
        name: String,
        /// The names that occur.
        groups: Vec<String>,
    },
    /// Fewer anchors were answered than it takes to hold a scale.
    #[error("too few anchors: {found} of them were answered, at least {required} are needed")]
    TooFewAnchors {
        /// Anchors with a response.
        found: u64,
        /// How many it takes.
        required: u64,
    },
    /// An anchor whose parameters cannot hold a scale.
    #[error("the {name} of the anchor \"{item}\" is {found}, but must be {expected}")]
    InvalidAnchor {
        /// The item's text.
        item: String,
        /// "discrimination" or "difficulty".
        name: &'static str,
        /// The value that was given.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// No response at all.
    #[error("there are no responses to calibrate")]
    NoResponses {
        /// The setting min_persons.
        min_persons: u64,
        /// The setting min_responses_per_item.
        min_responses_per_item: u64,
    },
    /// Fewer persons than the settings ask for.
    #[error(
        "too few persons: {found} answered at least one eligible item, at least {required} are needed"
    )]
    TooFewPersons {
        /// Persons with at least one response to an eligible item.
        found: u64,
        /// The setting min_persons.
        required: u64,
    },
    /// Fewer than two items can be calibrated.
    #[error(
        "too few items can be calibrated: {eligible} of {items} (few responses: {few_responses}, \
         all correct: {all_correct}, all incorrect: {all_incorrect}, not identified: {not_identified}{}); \
         at least 2 are needed{}",
        off_the_scale(*.disconnected),
        shortfall(*.few_responses, *.most_responses, *.min_responses_per_item)
    )]
    TooFewItems {
        /// Items left.
        eligible: u64,
        /// Items seen.
        items: u64,
        /// Skipped for too few responses.
        few_responses: u64,
        /// Skipped because every response was correct.
        all_correct: u64,
        /// Skipped because every response was incorrect.
        all_incorrect: u64,
        /// Skipped because the responses do not determine their parameters.
        not_identified: u64,
        /// Skipped because nobody joins them to the reference group or to two anchors.
        disconnected: u64,
        /// Responses of the best covered item among those with too few; 0 if there is none.
        most_responses: u64,
        /// The setting min_responses_per_item.
        min_responses_per_item: u64,
        /// The most that min_responses_per_item may be for two items to be in, where it is lower
        /// than the setting and would do.
        would_do: Option<u64>,
    },
    /// The estimator stopped short of the optimum.
    #[error(
        "the estimate did not converge: {termination} after {cycles} cycles; log-likelihood \
         {log_likelihood:.6}; {}",
        remaining(*.largest_step, .item, .group.as_deref(), *.tolerance)
    )]
    NotConverged {
        /// Why it stopped, in words.
        termination: &'static str,
        /// E-steps done.
        cycles: u32,
        /// Log-likelihood reached, without priors.
        log_likelihood: f64,
        /// The largest component of the remaining Newton step, in a or b, or in a group's mean or
        /// standard deviation; infinite where the search did not come so far as to know it.
        largest_step: f64,
        /// The item where that step is; empty where it is at a group.
        item: String,
        /// The group where that step is; "" has no name.
        group: Option<String>,
        /// The bound.
        tolerance: f64,
    },
    /// The caller's monitor asked to stop.
    #[error("the calibration was interrupted")]
    Interrupted,
    /// An allocation was refused.
    #[error("out of memory: {what} needs {bytes} bytes")]
    OutOfMemory {
        /// What the memory was for.
        what: &'static str,
        /// How much was asked for.
        bytes: u64,
    },
    /// A discrimination or a difficulty that nothing can be computed from.
    #[error("the {name} of item number {item} is {found}, but must be {expected}")]
    InvalidItemParameters {
        /// The position in what was given, counted from 1.
        item: u64,
        /// "discrimination" or "difficulty".
        name: &'static str,
        /// The value that was given.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// Two scales share too few items to be linked.
    #[error("too few common items: {found}, at least {required} are needed to link two scales")]
    TooFewCommonItems {
        /// Common items that can be used.
        found: u64,
        /// How many it takes.
        required: u64,
    },
    /// Discriminations and difficulties of the common items ask for different units.
    #[error(
        "the common items do not agree on a unit: by their discriminations the slope of the link \
         is {by_discriminations:.4}, by their difficulties {by_difficulties:.4}; at most a factor \
         of {limit} between the two is accepted"
    )]
    LinkSlopesDisagree {
        /// exp of the mean of ln(a / a of the scale in force).
        by_discriminations: f64,
        /// Standard deviation of b on the scale in force over that of b.
        by_difficulties: f64,
        /// The largest factor that is accepted.
        limit: f64,
        /// True where the factor is near 1.702, that between normal and logistic metric.
        normal_metric: bool,
    },
    /// Linked difficulties lie where the ability grid does not reach.
    #[error(
        "{outside} of {items} linked difficulties lie outside of [-{bound}, {bound}]; at most \
         {percent} % are accepted"
    )]
    DifficultiesOutOfBounds {
        /// Difficulties outside.
        outside: u64,
        /// Difficulties in all.
        items: u64,
        /// Half the width of the ability grid.
        bound: f64,
        /// The largest share that is accepted, in percent.
        percent: u32,
    },
    /// The common items determine no link.
    #[error("the common items determine no link by {method}: {reason}")]
    LinkNotFound {
        /// The linking method.
        method: &'static str,
        /// What is the matter.
        reason: &'static str,
    },
    /// A covariance matrix that does not fit the items.
    #[error("the joint covariance of {items} items takes {expected} finite numbers, but {found}")]
    InvalidCovariance {
        /// Items, with two parameters each.
        items: u64,
        /// How many numbers the lower triangle has.
        expected: u64,
        /// What was given.
        found: String,
    },
}

/// Some names, in quotes.
fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    if names.is_empty() {
        return "none: persons are not grouped".to_owned();
    }
    let mut quoted: Vec<String> =
        names.iter().take(MOST).map(|name| format!("\"{name}\"")).collect();
    if names.len() > MOST {
        quoted.push(format!("and {} more", names.len() - MOST));
    }
    quoted.join(", ")
}

/// What is left of the way to an optimum.
fn remaining(largest_step: f64, item: &str, group: Option<&str>, tolerance: f64) -> String {
    if !largest_step.is_finite() {
        return "how far off an optimum is, or whether there is one, is not known".to_owned();
    }
    let place = place(item, group);
    format!(
        "the largest remaining step is {largest_step:.3e} at {place}, where at most {tolerance:.0e} \
         is accepted"
    )
}

/// Where a search did not come to its end.
fn place(item: &str, group: Option<&str>) -> String {
    match group {
        None => format!("item \"{item}\""),
        Some("") => "the mean or the standard deviation of ability".to_owned(),
        Some(name) => format!("the mean or the standard deviation of group \"{name}\""),
    }
}

/// How many items nothing joins to the scale.
fn off_the_scale(disconnected: u64) -> String {
    if disconnected == 0 { String::new() } else { format!(", disconnected: {disconnected}") }
}

/// How far the best covered item is from enough.
fn shortfall(few_responses: u64, most_responses: u64, required: u64) -> String {
    match few_responses {
        0 => String::new(),
        _ => format!("; the best covered of those with few has {most_responses} of {required}"),
    }
}

impl IrtError {
    /// What would be enough, where that can be said in numbers.
    #[must_use]
    pub fn enough(&self) -> Option<String> {
        match self {
            Self::NoResponses { min_persons, min_responses_per_item } => Some(format!(
                "It takes {min_persons} persons or more, and 2 items with {min_responses_per_item} \
                 responses or more."
            )),
            Self::TooFewPersons { found, required } => {
                let more = required.saturating_sub(*found);
                let persons = if more == 1 { "person" } else { "persons" };
                Some(format!("{more} more {persons} would do, or min_persons => {found}."))
            }
            Self::TooFewItems { would_do: Some(would_do), .. } => Some(format!(
                "With min_responses_per_item => {would_do} two items could be calibrated."
            )),
            Self::TooFewItems { few_responses: 1.., .. } => Some(
                "A lower min_responses_per_item would not do: two items must have both correct and \
                 incorrect responses."
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// What the reader can do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InvalidSetting { .. } => "Correct the setting and try again.",
            Self::DuplicateItem { .. } => {
                "Use an item key whose text is unique, for example the primary key."
            }
            Self::TooMany { .. } => "Calibrate a subset: a view or a query that yields fewer.",
            Self::UnknownItem { .. } => "This is a defect of irt_calibration: please report it.",
            Self::NoResponses { .. } => {
                "Check that the responses relation has rows whose correctness is not NULL."
            }
            Self::TooFewPersons { .. } => {
                "Collect more responses, or lower min_persons or min_responses_per_item."
            }
            Self::TooFewItems { items: 0 | 1, .. } => {
                "A scale takes two items or more: check which responses the relation yields."
            }
            Self::TooFewItems { .. } => {
                "Collect more responses, lower min_responses_per_item, or keep the priors on."
            }
            Self::PersonWithoutGroup { .. } => {
                "This is a defect of irt_calibration: please report it."
            }
            Self::UnknownGroup { .. } => {
                "Name a group that occurs, or none: then it is the largest."
            }
            Self::TooFewAnchors { .. } => {
                "Mark more items with known parameters as anchors, or calibrate without anchors."
            }
            Self::InvalidAnchor { .. } => {
                "Correct the anchor's parameters, or do not use the item as an anchor."
            }
            Self::NotConverged { group: Some(_), .. } => {
                "Look at the responses of the named group: where nearly all are alike, or persons \
                 are few, its mean and standard deviation cannot be estimated."
            }
            Self::NotConverged { largest_step, .. } if !largest_step.is_finite() => {
                "Keep the priors on, raise min_responses_per_item, and join groups of few persons \
                 with others."
            }
            Self::NotConverged { .. } => {
                "Keep the priors on, raise min_responses_per_item, or look at the named item's \
                 responses."
            }
            Self::Interrupted => "Run it again.",
            Self::OutOfMemory { .. } => {
                "The system refused it: free memory, raise its limit, or calibrate a subset of the \
                 responses."
            }
            Self::InvalidItemParameters { .. } => {
                "Leave the item out, or correct its parameters: discrimination comes first, then \
                 difficulty."
            }
            Self::TooFewCommonItems { .. } => {
                "Keep more items in use from one calibration to the next, or mark more as anchors."
            }
            Self::LinkSlopesDisagree { normal_metric: true, .. } => {
                "The values in force seem to be of the normal metric: multiply their \
                 discriminations by 1.702 to get those of the logistic metric, which is used here."
            }
            Self::LinkSlopesDisagree { .. } => {
                "Check that the common items are the same items with the same keys; look for \
                 placeholders among the values in force."
            }
            Self::DifficultiesOutOfBounds { .. } => {
                "Check the values in force, and that the scale's unit is a standard deviation of \
                 ability."
            }
            Self::LinkNotFound { .. } => {
                "Check that the difficulties of the common items vary and that their \
                 discriminations are positive."
            }
            Self::InvalidCovariance { .. } => {
                "Give the lower triangle row by row, discrimination before difficulty of each \
                 item, in the order of the items."
            }
        }
    }
}
