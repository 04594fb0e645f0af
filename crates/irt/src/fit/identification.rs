//! What a search finds out about identification. With a flat prior on discrimination only: any
//! other prior determines every item.

use super::curvature::NewtonStep;
use super::evaluator::Evaluator;
use super::flat_direction::flattest_direction;
use super::identifiability::is_answered_in_threes;
use super::newton_system::NewtonSystem;
use super::plan::Plan;
use super::thresholds::{
    RUNAWAY_SLOPE_TIMES_SPACING, SINGULAR, SPENT, SUSPICIOUS, UNDETERMINED, VANISHING_SLOPE,
};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;

/// Items whose slope left every sensible range.
pub(crate) fn runaways(objective: &Objective<'_>, current: &Evaluation) -> Vec<usize> {
    let limit = RUNAWAY_SLOPE_TIMES_SPACING / objective.grid.spacing;
    with_slope(objective, current, |slope| slope.abs() > limit)
}

/// Items whose slope is 0 at the optimum, which leaves their difficulty undetermined.
pub(crate) fn vanishing(objective: &Objective<'_>, current: &Evaluation) -> Vec<usize> {
    with_slope(objective, current, |slope| slope.abs() < VANISHING_SLOPE)
}

fn with_slope(
    objective: &Objective<'_>,
    current: &Evaluation,
    holds: impl Fn(f64) -> bool,
) -> Vec<usize> {
    if !objective.priors.discrimination_is_flat() {
        return Vec::new();
    }
    let items = 0..objective.items();
    items
        .filter(|item| !objective.is_frozen(*item) && holds(current.parameters[*item].slope))
        .collect()
}

/// The items whose slope still wants to go far although nothing is gained by it: the likelihood
/// rises for ever, ever more slowly.
pub(crate) fn undetermined(
    objective: &Objective<'_>,
    current: &Evaluation,
    step: &NewtonStep,
) -> Vec<usize> {
    if !objective.priors.discrimination_is_flat() || step.length > SPENT {
        return Vec::new();
    }
    let pairs = step.step.iter().zip(&current.parameters).enumerate();
    pairs
        .take(objective.items())
        .filter(|(_, (by, at))| {
            by.slope.abs() > UNDETERMINED * step.length * at.slope.abs().max(1.0)
        })
        .map(|(item, _)| item)
        .collect()
}

/// The items along a ridge that ends at an optimum, whatever the path to it: the observed
/// information is singular there, though that of a point on the way need not be. Empty where
/// every item is determined, or where there are too many to know.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn along_a_ridge(
    evaluator: &mut Evaluator<'_, '_>,
    plan: Plan,
    optimum: &Evaluation,
    system: Option<&NewtonSystem>,
) -> Result<Vec<usize>, IrtError> {
    let objective = evaluator.objective;
    if !objective.priors.discrimination_is_flat() {
        return Ok(Vec::new());
    }
    // Beyond the dense limit there is no way to know.
    let Some(curvature) = system.and_then(NewtonSystem::least_curvature) else {
        return Ok(Vec::new());
    };
    if curvature >= SUSPICIOUS && is_answered_in_threes(objective.persons) {
        return Ok(Vec::new());
    }
    // The last step was taken without an E-step; along a ridge it can be a long one.
    let there = evaluator.evaluate(optimum.parameters.clone())?;
    let flattest = flattest_direction(objective, &there, plan.dense_items)?;
    Ok(flattest.filter(|flat| flat.curvature < SINGULAR).map_or(Vec::new(), |flat| flat.involved))
}
