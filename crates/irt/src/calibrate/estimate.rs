//! The search for the estimate: with fewer items where some are not identified, on a finer grid
//! where the one that was asked for is too coarse, with the signs that are to be.

use super::eligibility::EstimableItems;
use crate::ability::grid::Grid;
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::fit::outcome::{Fit, Outcome, Termination};
use crate::fit::plan::Plan;
use crate::fit::reflections::best_mode;
use crate::fit::stages::{anchored_start, fit, fit_from_near};
use crate::fit::starting_values::starting_values;
use crate::fit::thresholds::STEP_TOLERANCE;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::likelihood::resolution::{
    Verdict, can_be_finer, is_too_narrow, judge, piled_up_at_the_ends,
};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::settings::CalibrationSettings;

/// The optimum over the items that remained in.
pub(super) struct Estimate {
    pub evaluation: Evaluation,
    /// E-steps spent by all searches.
    pub e_steps: u32,
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

/// What is to be done after a search.
enum Next {
    Done(Estimate),
    /// Another one, on a finer grid if one is given.
    Search(Begin, Option<Quadrature>),
    /// Another one from the responses alone, without these items.
    LeaveOut(Vec<usize>),
}

/// Fits; items that turn out not to be identified are left out, and the rest is fitted again.
/// Where the ability grid turns out to be too coarse, a finer one takes its place.
///
/// # Errors
/// [`IrtError::NotConverged`], [`IrtError::TooFewItems`], [`IrtError::TooFewPersons`],
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn estimate(
    items: &mut EstimableItems<'_>,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Estimate, IrtError> {
    let mut quadrature = settings.quadrature.clone();
    let mut e_steps = 0;
    let mut begin = Begin::default();
    loop {
        let grid = Grid::new(&quadrature, Population::STANDARD);
        let (persons, design) = (Persons::everybody(items.patterns()), items.design());
        let objective = Objective::new(persons, &grid, &settings.priors, monitor);
        let objective = objective.with_design(&design);
        let round = Round { items, settings, objective, quadrature: &quadrature };
        let outcome = round.search(&mut begin)?;
        match round.after(outcome, begin, &mut e_steps)? {
            Next::Done(estimate) => return Ok(estimate),
            Next::Search(next, finer) => {
                begin = next;
                quadrature = finer.unwrap_or(quadrature);
            }
            Next::LeaveOut(not_identified) => {
                begin = Begin::default();
                items.leave_out(&not_identified, monitor)?;
            }
        }
    }
}

/// One search on one grid.
struct Round<'r> {
    items: &'r EstimableItems<'r>,
    settings: &'r CalibrationSettings,
    objective: Objective<'r>,
    quadrature: &'r Quadrature,
}

impl Round<'_> {
    fn search(&self, begin: &mut Begin) -> Result<Outcome, IrtError> {
        let objective = &self.objective;
        let may_refine = can_be_finer(self.quadrature, objective.items());
        let plan = Plan { may_refine, ..Plan::of(objective.persons.patterns) };
        let start = match begin.start.take() {
            Some(start) => start,
            None => {
                let start = starting_values(objective, &self.items.selected_point_biserials());
                let anchored = objective.design.has_anchors();
                if anchored { anchored_start(objective, plan, &start)? } else { start }
            }
        };
        let search = if begin.near { fit_from_near } else { fit };
        search(objective, plan, start)
    }

    fn after(&self, outcome: Outcome, begin: Begin, e_steps: &mut u32) -> Result<Next, IrtError> {
        match outcome {
            Outcome::TooCoarse { near, e_steps: more } => {
                *e_steps += more;
                let finer = match judge(&self.objective, self.quadrature, &near)? {
                    Verdict::Finer(finer) => Some(finer),
                    Verdict::Fine | Verdict::TooCoarse => None,
                };
                Ok(Next::Search(Begin { start: Some(near), ..begin }, finer))
            }
            Outcome::NotIdentified { items, e_steps: more } => {
                *e_steps += more;
                Ok(Next::LeaveOut(items))
            }
            Outcome::Ended(fit) => {
                *e_steps += fit.e_steps;
                self.after_fit(fit, begin, e_steps)
            }
        }
    }

    fn after_fit(&self, fit: Fit, begin: Begin, e_steps: &mut u32) -> Result<Next, IrtError> {
        let verdict = judge(&self.objective, self.quadrature, &fit.evaluation.parameters)?;
        if let Verdict::Finer(finer) = verdict {
            let start = Some(fit.evaluation.parameters);
            return Ok(Next::Search(Begin { start, near: true, ..begin }, Some(finer)));
        }
        check(&fit, *e_steps, self.items)?;
        let components = self.items.components();
        if self.settings.priors.leaves_signs_apart() && !begin.signs_are_settled {
            let (best, more) = best_mode(&self.objective, components, fit)?;
            *e_steps += more;
            let start = Some(best.evaluation.parameters);
            let begin = Begin { start, near: true, signs_are_settled: true, ..begin };
            return Ok(Next::Search(begin, None));
        }
        match mirrored(&self.objective, &fit.evaluation.parameters, components) {
            // Once: a prior on difficulty that is not symmetric may turn it back.
            Some(mirrored) if !begin.turned => {
                let near = begin.signs_are_settled;
                let begin = Begin { start: Some(mirrored), near, turned: true, ..begin };
                Ok(Next::Search(begin, None))
            }
            _ => Ok(Next::Done(self.estimate(fit, verdict, *e_steps))),
        }
    }

    fn estimate(&self, fit: Fit, verdict: Verdict, e_steps: u32) -> Estimate {
        let standard = !self.objective.design.has_anchors();
        let narrow = standard && is_too_narrow(self.quadrature);
        let all = verdict == Verdict::TooCoarse || narrow;
        let ends = piled_up_at_the_ends(&self.objective, &fit.evaluation, self.quadrature);
        Estimate {
            evaluation: fit.evaluation,
            e_steps,
            quadrature: self.quadrature.clone(),
            grid_fails: ends.into_iter().map(|end| all || end).collect(),
        }
    }
}

/// Checks that the search ended at an optimum, and with a likelihood that responses can have.
///
/// # Errors
/// [`IrtError::NotConverged`], with the numbers of where it ended.
fn check(fit: &Fit, e_steps: u32, items: &EstimableItems<'_>) -> Result<(), IrtError> {
    let log_likelihood = fit.evaluation.log_likelihood();
    // The probability of responses is at most 1.
    let is_possible = log_likelihood <= 0.0 && fit.evaluation.value.is_finite();
    if fit.termination == Termination::Converged && is_possible {
        return Ok(());
    }
    let (largest_step, block) = fit.largest_step;
    let group = block.checked_sub(items.patterns().items());
    let group = group.map(|group| items.group_name(group).unwrap_or_default());
    Err(IrtError::NotConverged {
        termination: if fit.termination == Termination::Converged {
            "the log-likelihood is not that of responses: rounding has taken over"
        } else {
            fit.termination.as_str()
        },
        cycles: e_steps,
        log_likelihood,
        largest_step,
        item: if group.is_some() { String::new() } else { items.selected_label(block).to_owned() },
        group,
        tolerance: STEP_TOLERANCE,
    })
}

/// With a flat prior the sign of a component's scale is free: this turns every
/// component whose discriminations sum to less than 0; `None` if there is none.
/// Anchors have their direction. Groups join all components: they turn together, with the means.
fn mirrored(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
    components: &[Vec<usize>],
) -> Option<Vec<SlopeIntercept>> {
    let design = objective.design;
    if !objective.priors.discrimination_is_flat() || design.has_anchors() {
        return None;
    }
    if design.groups() > 0 {
        let items = objective.items();
        let sum: f64 = parameters[..items].iter().map(|at| at.slope).sum();
        let turned = |at: &SlopeIntercept| SlopeIntercept { slope: -at.slope, ..*at };
        return (sum < 0.0).then(|| parameters.iter().map(turned).collect());
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
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::settings::StandardErrors;
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
            ..CalibrationSettings::default()
        };
        let items = EstimableItems::among(&responses, &settings, &Unmonitored).unwrap();
        let grid = Grid::new(&settings.quadrature, Population::STANDARD);
        let persons = Persons::everybody(items.patterns());
        let objective = Objective::new(persons, &grid, &settings.priors, &Unmonitored);
        let start = starting_values(&objective, &items.selected_point_biserials());
        let Ok(Outcome::Ended(mut found)) = fit(&objective, Plan::of(persons.patterns), start)
        else {
            panic!("no estimate")
        };
        assert_eq!(check(&found, 1, &items), Ok(()));
        for impossible in [100_662_005.0, f64::NAN] {
            found.evaluation.counts.log_likelihood = impossible;
            let refused = check(&found, 1, &items);
            assert!(matches!(refused, Err(IrtError::NotConverged { .. })), "{refused:?}");
        }
    }
}
