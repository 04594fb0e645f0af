//! One calibration from responses to results: which items can be estimated,
//! their parameters, their standard errors.

pub(crate) mod eligibility;

use self::eligibility::Bank;
use crate::ability::quadrature::Quadrature;
use crate::data::grouped::Responses;
use crate::error::IrtError;
use crate::fit::reflections::best_mode;
use crate::fit::search::{Fit, Outcome, STEP_TOLERANCE, Termination};
use crate::fit::stages::{fit, fit_from_near, starting_values};
use crate::likelihood::objective::{Evaluation, Objective};
use crate::likelihood::resolution::{
    Verdict, can_be_finer, is_too_narrow, judge, piled_up_at_the_ends,
};
use crate::model::priors::Priors;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::eight::Grid;
use crate::results::{Calibration, report};
use crate::uncertainty::standard_errors::standard_errors;

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
    // Whatever follows is computed on the grid that served.
    let quadrature = estimate.quadrature.clone();
    let settings = &CalibrationSettings { quadrature, ..settings.clone() };
    let spreads = standard_errors(&bank, &estimate.evaluation, settings, monitor)?;
    report(&bank, &estimate, &spreads, settings, monitor)
}

/// The optimum over the items that remained in.
pub(crate) struct Estimate {
    pub evaluation: Evaluation,
    /// E-steps spent by all searches.
    pub cycles: u32,
    /// The grid that it was reached on.
    pub quadrature: Quadrature,
    /// Per item, true where that grid does not hold its persons.
    pub grid_fails: Vec<bool>,
}

/// What the next search begins with.
#[derive(Default)]
struct Begin {
    /// `None`: from the responses alone.
    start: Option<Vec<SlopeIntercept>>,
    /// It is an optimum already, on a coarser grid.
    near: bool,
    /// The signs of its slopes are the best that were found.
    signs_are_settled: bool,
    /// A component was turned: once is enough.
    turned: bool,
}

/// Fits; items that turn out not to be identified leave the bank, and the rest is fitted again.
/// Where the ability grid turns out to be too coarse, a finer one takes its place.
fn estimate(
    bank: &mut Bank<'_>,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Estimate, IrtError> {
    let mut quadrature = settings.quadrature.clone();
    let mut cycles = 0;
    let mut begin = Begin::default();
    loop {
        let grid = Grid::new(&quadrature);
        let patterns = bank.patterns();
        let weights = patterns.multiplicities();
        let mut objective =
            Objective::new(patterns, weights, &grid, &settings.priors, monitor, true);
        objective.may_refine = can_be_finer(&quadrature, objective.items());
        let start = match begin.start.take() {
            Some(start) => start,
            None => starting_values(&objective, &correlations(bank)),
        };
        let search = if begin.near { fit_from_near } else { fit };
        let fit = match search(&objective, start)? {
            Outcome::TooCoarse { near, cycles: more } => {
                cycles += more;
                if let Verdict::Finer(finer) = judge(&objective, &quadrature, &near)? {
                    quadrature = finer;
                }
                begin.start = Some(near);
                continue;
            }
            Outcome::NotIdentified { items: dropped, cycles: more } => {
                cycles += more;
                begin = Begin::default();
                bank.mark_not_identified(&dropped);
                bank.select(settings, monitor)?;
                continue;
            }
            Outcome::Ended(fit) => fit,
        };
        cycles += fit.cycles;
        let verdict = judge(&objective, &quadrature, &fit.evaluation.parameters)?;
        if let Verdict::Finer(finer) = verdict {
            quadrature = finer;
            begin = Begin { start: Some(fit.evaluation.parameters), near: true, ..begin };
            continue;
        }
        check(&fit, cycles, bank)?;
        if settings.priors.parts_signs_of_slope() && !begin.signs_are_settled {
            objective.may_refine = false;
            let (best, more) = best_mode(&objective, &bank.components, fit)?;
            cycles += more;
            let start = Some(best.evaluation.parameters);
            begin = Begin { start, near: true, signs_are_settled: true, ..begin };
            continue;
        }
        match mirrored(&fit.evaluation.parameters, &bank.components, settings) {
            // Once: a prior on difficulty that is not symmetric may turn it back.
            Some(mirrored) if !begin.turned => {
                let near = begin.signs_are_settled;
                begin = Begin { start: Some(mirrored), near, turned: true, ..begin };
            }
            _ => {
                let all = verdict == Verdict::TooCoarse || is_too_narrow(&quadrature);
                let ends = piled_up_at_the_ends(&objective, &fit.evaluation, &quadrature);
                let grid_fails = ends.into_iter().map(|end| all || end).collect();
                return Ok(Estimate { evaluation: fit.evaluation, cycles, quadrature, grid_fails });
            }
        }
    }
}

/// Point-biserials of the items that are in.
fn correlations(bank: &Bank<'_>) -> Vec<Option<f64>> {
    bank.selected_items().iter().map(|item| bank.point_biserials[*item]).collect()
}

/// Checks that the search ended at an optimum, and with a likelihood that responses can have.
///
/// # Errors
/// [`IrtError::NotConverged`], with the numbers of where it ended.
fn check(fit: &Fit, cycles: u32, bank: &Bank<'_>) -> Result<(), IrtError> {
    let log_likelihood = fit.evaluation.log_likelihood();
    // The probability of responses is at most 1.
    let is_possible = log_likelihood <= 0.0 && fit.evaluation.value.is_finite();
    if fit.termination == Termination::Converged && is_possible {
        return Ok(());
    }
    let (largest_step, item) = fit.largest_step;
    Err(IrtError::NotConverged {
        termination: if fit.termination == Termination::Converged {
            "the log-likelihood is not that of responses: rounding has taken over"
        } else {
            fit.termination.as_str()
        },
        cycles,
        log_likelihood,
        largest_step,
        item: bank.responses.labels()[bank.selected_items()[item]].clone(),
        tolerance: STEP_TOLERANCE,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unmonitored;
    use crate::simulate::{Simulation, simulate};

    #[test]
    fn a_log_likelihood_above_0_is_an_error() {
        let design = Simulation { persons: 200, items: 5, answered: 1.0, seed: 1 };
        let (responses, _) = simulate(&design);
        let settings = CalibrationSettings {
            min_responses_per_item: 1,
            min_persons: 2,
            quadrature: Quadrature::default(),
            priors: Priors::default(),
            max_memory_bytes: None,
            standard_errors: StandardErrors::None,
        };
        let bank = Bank::examine(&responses, &settings, &Unmonitored).unwrap();
        let grid = Grid::new(&settings.quadrature);
        let weights = bank.patterns().multiplicities();
        let (patterns, priors) = (bank.patterns(), &settings.priors);
        let objective = Objective::new(patterns, weights, &grid, priors, &Unmonitored, true);
        let start = starting_values(&objective, &correlations(&bank));
        let Ok(Outcome::Ended(mut found)) = fit(&objective, start) else { panic!("no estimate") };
        assert_eq!(check(&found, 1, &bank), Ok(()));
        for impossible in [100_662_005.0, f64::NAN] {
            found.evaluation.counts.log_likelihood = impossible;
            let refused = check(&found, 1, &bank);
            assert!(matches!(refused, Err(IrtError::NotConverged { .. })), "{refused:?}");
        }
    }
}
