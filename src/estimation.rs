//! From responses to estimates, on threads: for a run and for irt_fit_2pl alike.
//!
//! Needs no database and no transaction.

use crate::bank::KeptResponse;
use crate::error::ExtensionError;
use crate::postgres::error_report::ErrorReport;
use crate::postgres::threads::{Threads, Watcher};
use crate::responses::Loaded;
use irt::{Calibration, CalibrationSettings, IrtError, Monitor, Phase, Responses};
use std::collections::HashSet;

/// What came of it. `T` is what was made of the estimates, on the same threads.
pub struct Estimate<T> {
    /// Responses that were dropped as repeats; `None` where the responses could not even be put
    /// together.
    pub repeats_dropped: Option<u64>,
    /// The groups that had too few persons, and these: they are one group.
    pub pooled: Option<Pooled>,
    /// The estimates, or why there are none.
    pub calibration: Result<T, ExtensionError>,
}

/// Groups with too few persons of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooled {
    /// How many groups they were.
    pub groups: usize,
    /// Persons in all of them.
    pub persons: u64,
}

impl Pooled {
    /// That they are one group, as a warning.
    pub fn warning(&self, min_persons: i32) -> ErrorReport {
        let Self { groups, persons } = self;
        let message = format!(
            "{groups} groups with fewer than {min_persons} persons are one group, (small): it has \
             {persons}"
        );
        ErrorReport::new(b"01000", message)
            .hint("Join groups that belong together in group_column, or lower min_persons.")
    }
}

/// What is estimated.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// How.
    pub settings: &'a CalibrationSettings,
    /// True where the reference group defines the scale: without it there is none.
    pub reference_is_the_scale: bool,
}

/// Responses of a calibration.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// All of them.
    pub all: &'a Responses,
    /// Those that are looked at once more by themselves.
    pub new: Option<&'a Responses>,
}

/// Puts the responses together by person, estimates, and calls `then` with both, and the `new` ones.
/// The watcher sees a phase of the estimator from when that begins.
///
/// # Errors
/// Those of [`Threads::run`]. What the estimator says is in [`Estimate::calibration`].
pub fn estimate<T: Send>(
    loaded: Loaded,
    new: Option<Loaded>,
    task: Task<'_>,
    threads: &mut Threads,
    watcher: &mut dyn Watcher,
    then: impl FnOnce(Answers<'_>, Calibration, &dyn Monitor) -> Result<T, IrtError> + Send,
) -> Result<Estimate<T>, ExtensionError> {
    let min_persons = task.settings.min_persons;
    threads.run(watcher, |monitor| {
        let put_together = |loaded| put_together(loaded, min_persons, monitor);
        let (responses, pooled) = match put_together(loaded) {
            Ok(put_together) => put_together,
            Err(error) => {
                let (repeats_dropped, pooled) = (None, None);
                return Estimate { repeats_dropped, pooled, calibration: Err(error.into()) };
            }
        };
        monitor.progress(Phase::Fitting, 0, 0);
        let estimated = irt::calibrate(&responses, &task.settings_for(&responses), monitor);
        let calibration = estimated.and_then(|found| {
            let new = new.map(put_together).transpose()?.map(|(new, _)| new);
            then(Answers { all: &responses, new: new.as_ref() }, found, monitor)
        });
        Estimate {
            repeats_dropped: Some(responses.repeats_dropped()),
            pooled,
            calibration: calibration.map_err(Into::into),
        }
    })
}

impl Task<'_> {
    /// Where the scale does not depend on it, another group takes the place of a reference group
    /// that has nobody this time.
    fn settings_for(&self, responses: &Responses) -> CalibrationSettings {
        let is_there = |name: &String| {
            responses.groups().iter().any(|group| group.name.as_ref() == Some(name))
        };
        let reference_group = self.settings.reference_group.clone();
        CalibrationSettings {
            reference_group: reference_group
                .filter(|name| self.reference_is_the_scale || is_there(name)),
            ..self.settings.clone()
        }
    }
}

/// Puts the responses together by person, and small groups into one.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`], [`IrtError::TooMany`].
pub fn put_together(
    mut loaded: Loaded,
    min_persons: u64,
    monitor: &dyn Monitor,
) -> Result<(Responses, Option<Pooled>), IrtError> {
    let groups = loaded.take_groups();
    let grouped = loaded.grouped(monitor)?;
    match groups {
        Some(groups) => {
            let names: HashSet<u32> = groups.of_person.iter().copied().collect();
            let responses = grouped.into_responses_of_groups(groups, min_persons, monitor)?;
            let pooled = pooled(names.len(), &responses);
            Ok((responses, pooled))
        }
        None => Ok((grouped.into_responses(monitor)?, None)),
    }
}

/// How many of the groups that there were are one now, if any.
fn pooled(before: usize, responses: &Responses) -> Option<Pooled> {
    let groups = responses.groups();
    let small = groups.iter().find(|group| group.name.as_deref() == Some("(small)"))?;
    Some(Pooled { groups: (before + 1).saturating_sub(groups.len()), persons: small.persons })
}

impl<T> Estimate<T> {
    /// That somebody answered an item more than once, if so, and which response was kept.
    pub fn repeats_warning(&self, repeated: KeptResponse) -> Option<ErrorReport> {
        let dropped = self.repeats_dropped.filter(|&dropped| dropped > 0)?;
        let kept = repeated.as_str();
        let message = format!(
            "{dropped} repeated responses of the same person to the same item were dropped"
        );
        Some(ErrorReport::new(b"01000", message).detail(format!(
            "The {kept} by time was kept; where time does not decide, an incorrect one."
        )))
    }
}
