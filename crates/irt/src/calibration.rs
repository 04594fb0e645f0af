//! One calibration from responses to results: which items can be estimated,
//! their parameters, their standard errors.

use crate::eligibility::Bank;
use crate::em::{Outcome, STEP_TOLERANCE, Termination, fit, starting_values};
use crate::error::IrtError;
use crate::lanes::Grid;
use crate::monitor::Monitor;
use crate::objective::{Evaluation, Objective};
use crate::priors::Priors;
use crate::quadrature::Quadrature;
use crate::responses::Responses;
use crate::results::{Calibration, report};
use crate::standard_errors::standard_errors;
use crate::two_pl::SlopeIntercept;

/// How standard errors are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardErrors {
    /// Not at all.
    None,
    /// From the exact observed information at the estimate.
    ObservedInformation,
    /// From refits to resampled persons.
    Bootstrap {
        /// How many replicates.
        iterations: u32,
        /// Where the random streams start.
        seed: u64,
    },
}

/// Everything that shapes a calibration, apart from the responses.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationSettings {
    /// Items with fewer responses are skipped.
    pub min_responses_per_item: u64,
    /// Fewer persons with an eligible response is an error.
    pub min_persons: u64,
    /// The ability grid.
    pub quadrature: Quadrature,
    /// Priors on discrimination and difficulty.
    pub priors: Priors,
    /// How standard errors are computed.
    pub standard_errors: StandardErrors,
    /// Bytes that the responses and the work on them may take; `None`: as many as there are. It
    /// decides up to how many items there are standard errors from the observed information.
    pub max_memory_bytes: Option<u64>,
}

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
    let mut bank = Bank::examine(responses, settings, monitor)?;
    let estimate = estimate(&mut bank, settings, monitor)?;
    let spreads = standard_errors(&bank, &estimate.evaluation, settings, monitor)?;
    report(&bank, &estimate.evaluation, estimate.cycles, &spreads, settings, monitor)
}

/// The optimum over the items that remained in.
struct Estimate {
    evaluation: Evaluation,
    cycles: u32,
}

/// Fits; items that turn out not to be identified leave the bank, and the rest is fitted again.
fn estimate(
    bank: &mut Bank<'_>,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Estimate, IrtError> {
    let grid = Grid::new(&settings.quadrature);
    let mut cycles = 0;
    let mut start: Option<Vec<SlopeIntercept>> = None;
    let mut turned = false;
    loop {
        let items = bank.selected_items();
        let patterns = bank.patterns();
        let weights = patterns.multiplicities();
        let objective = Objective::new(patterns, weights, &grid, &settings.priors, monitor, true);
        let correlations: Vec<Option<f64>> =
            items.iter().map(|item| bank.point_biserials[*item]).collect();
        let begin = start.take().unwrap_or_else(|| starting_values(&objective, &correlations));
        match fit(&objective, begin)? {
            Outcome::Ended(fit) if fit.termination != Termination::Converged => {
                let (largest_step, item) = fit.largest_step;
                return Err(IrtError::NotConverged {
                    termination: fit.termination.as_str(),
                    cycles: cycles + fit.cycles,
                    log_likelihood: fit.evaluation.log_likelihood(),
                    largest_step,
                    item: bank.responses.labels()[items[item]].clone(),
                    tolerance: STEP_TOLERANCE,
                });
            }
            Outcome::Ended(fit) => {
                cycles += fit.cycles;
                match mirrored(&fit.evaluation.parameters, &bank.components, settings) {
                    // Once: a prior on difficulty that is not symmetric may turn it back.
                    Some(mirrored) if !turned => (start, turned) = (Some(mirrored), true),
                    _ => return Ok(Estimate { evaluation: fit.evaluation, cycles }),
                }
            }
            Outcome::NotIdentified { items: dropped, cycles: more } => {
                cycles += more;
                turned = false;
                bank.mark_not_identified(&dropped);
                bank.select(settings, monitor)?;
            }
        }
    }
}

/// With a flat prior the sign of a component's scale is free: this turns every
/// component whose discriminations sum to less than 0; `None` if there is none.
fn mirrored(
    parameters: &[SlopeIntercept],
    components: &[Vec<usize>],
    settings: &CalibrationSettings,
) -> Option<Vec<SlopeIntercept>> {
    if !settings.priors.discrimination_is_flat() {
        return None;
    }
    let mut turned = parameters.to_vec();
    let mut any = false;
    for component in components {
        if component.iter().map(|item| parameters[*item].slope).sum::<f64>() < 0.0 {
            any = true;
            for item in component {
                turned[*item].slope = -turned[*item].slope;
            }
        }
    }
    any.then_some(turned)
}
