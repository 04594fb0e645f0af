//! Where the gradient is spent although the observed information is not positive definite: a
//! saddle, which is climbed off, or a ridge.

use super::evaluator::Evaluator;
use super::flat_direction::flattest_direction;
use super::plan::Plan;
use super::step::moved;
use super::thresholds::{HIGHER, SADDLE_STEPS};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;

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
