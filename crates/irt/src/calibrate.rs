//! One calibration from responses to results: which items can be estimated,
//! their parameters, their standard errors.

mod eligibility;
mod estimate;
mod groups;
mod report;
mod scale;

use self::eligibility::EstimableItems;
use self::estimate::estimate;
use self::report::report;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::monitor::Monitor;
use crate::results::Calibration;
use crate::settings::CalibrationSettings;
use crate::uncertainty::standard_errors::{Fitted, standard_errors};

/// Calibrates every item that can be.
///
/// Runs on the rayon pool of the calling thread (see `rayon::ThreadPool::install`);
/// the result is the same to the bit on any number of threads.
///
/// # Errors
/// [`IrtError::NoResponses`], [`IrtError::TooFewPersons`], [`IrtError::TooFewItems`],
/// [`IrtError::UnknownGroup`], [`IrtError::InvalidAnchor`], [`IrtError::TooFewAnchors`],
/// [`IrtError::NotConverged`], [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub fn calibrate(
    responses: &Responses,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Calibration, IrtError> {
    let mut items = EstimableItems::among(responses, settings, monitor)?;
    let estimate = estimate(&mut items, settings, monitor)?;
    // Whatever follows is computed on the grid that served.
    let quadrature = estimate.quadrature.clone();
    let on_its_grid = CalibrationSettings { quadrature, ..settings.clone() };
    let (patterns, held_bytes, design) = (items.patterns(), items.bytes(), items.design());
    let fitted = Fitted { patterns, held_bytes, design: &design, estimate: &estimate.evaluation };
    let errors = standard_errors(&fitted, &on_its_grid, monitor)?;
    report(&items, &estimate, &errors, settings, monitor)
}
