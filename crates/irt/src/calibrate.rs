//! One calibration from responses to results: which items can be estimated,
//! their parameters, their standard errors.

mod eligibility;
mod estimate;
mod report;

use self::eligibility::EstimableItems;
use self::estimate::estimate;
use self::report::report;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::monitor::Monitor;
use crate::results::Calibration;
use crate::settings::CalibrationSettings;
use crate::uncertainty::standard_errors::standard_errors;

/// Calibrates every item that can be.
///
/// Runs on the rayon pool of the calling thread (see `rayon::ThreadPool::install`);
/// the result is the same to the bit on any number of threads.
///
/// # Errors
/// [`IrtError::NoResponses`], [`IrtError::TooFewPersons`], [`IrtError::TooFewItems`],
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
    let (patterns, held) = (items.patterns(), items.bytes());
    let errors = standard_errors(patterns, held, &estimate.evaluation, &on_its_grid, monitor)?;
    report(&items, &estimate, &errors, settings, monitor)
}
