//! Where the gradient is spent although the observed information is not positive definite: a
//! saddle, which is climbed off, or a ridge.
//!
//! With groups there is a third place that looks like these: a group that climbs ever more slowly,
//! towards a bound or away from one. See [`along_a_tail`].

use super::evaluator::Evaluator;
use super::flat_direction::flattest_direction;
use super::plan::Plan;
use super::step::moved;
use super::thresholds::{HIGHER, SADDLE_STEPS, TAIL_STEPS};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::model::two_pl::SlopeIntercept;

/// What the direction of least curvature leads to.
pub(super) enum StationaryPoint {
    /// Higher up.
    Left(Evaluation),
    /// Nowhere: the objective is flat there, and these items are not identified.
    Flat(Vec<usize>),
    /// It is not known.
    Unknown,
}

/// Tries to climb off along the direction of least curvature.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn leave_stationary_point(
    evaluator: &mut Evaluator<'_, '_>,
    plan: Plan,
    current: &Evaluation,
) -> Result<StationaryPoint, IrtError> {
    let objective = evaluator.objective;
    let Some(flat) = flattest_direction(objective, current, plan.dense_items)? else {
        return Ok(StationaryPoint::Unknown);
    };
    for share in SADDLE_STEPS {
        let there = moved(objective, &current.parameters, &flat.direction, share);
        let next = evaluator.evaluate(there)?;
        if next.value > current.value + HIGHER {
            return Ok(StationaryPoint::Left(next));
        }
    }
    Ok(StationaryPoint::Flat(flat.involved))
}

/// Where groups come to along their own spent step, or the part of it in ln sd, many times its
/// length; `None` where that is no higher, or no group is free.
///
/// The objective is all but flat there, and convex: no step of any curvature is long enough. So it
/// is where a mean goes to infinity, and near a standard deviation of 0.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn along_a_tail(
    evaluator: &mut Evaluator<'_, '_>,
    current: &Evaluation,
    step: &[SlopeIntercept],
) -> Result<Option<Evaluation>, IrtError> {
    let objective = evaluator.objective;
    let items = objective.items();
    let mut of_groups = vec![SlopeIntercept::default(); objective.blocks()];
    of_groups[items..].copy_from_slice(&step[items..]);
    if of_groups.iter().all(|block| *block == SlopeIntercept::default()) {
        return Ok(None);
    }
    // Where only the width has a tail, the mean would spoil so long a step.
    let of_sds: Vec<SlopeIntercept> =
        of_groups.iter().map(|block| SlopeIntercept { slope: 0.0, ..*block }).collect();
    // While the items stand still, each group has a likelihood of its own.
    let mut best = current.parameters.clone();
    let mut heights = current.counts.by_group.log_likelihoods.clone();
    for direction in [of_groups, of_sds] {
        for times in TAIL_STEPS {
            let there = moved(objective, &current.parameters, &direction, times);
            let there = evaluator.evaluate(there)?;
            let reached = &there.counts.by_group.log_likelihoods;
            for (group, (height, reached)) in heights.iter_mut().zip(reached).enumerate() {
                if *reached > *height {
                    *height = *reached;
                    best[items + group] = there.parameters[items + group];
                }
            }
        }
    }
    let next = evaluator.evaluate(best)?;
    Ok((next.value > current.value + HIGHER).then_some(next))
}
