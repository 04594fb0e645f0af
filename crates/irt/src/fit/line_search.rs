//! How far to go along a step: the objective never falls by more than its own rounding error.
//!
//! Source: Nocedal & Wright (2006), Numerical Optimization, section 3.1 (backtracking).

use super::evaluator::Evaluator;
use super::step::moved;
use super::thresholds::{HALVINGS, ROUNDING, ROUNDINGS_WORTH_MEASURING, SUFFICIENT_GAIN};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::quasi_newton::squared_newton_decrement;

/// A point that is high enough.
pub(crate) struct Climbed {
    pub evaluation: Evaluation,
    /// False where the step had to be halved.
    pub took_the_whole_step: bool,
}

/// Moves along `step`, halved until the objective rises (or, next to the optimum, stays within
/// its rounding error). `None` where no share of it does.
///
/// # Errors
/// Those of [`Evaluator::evaluate`].
pub(crate) fn climb(
    evaluator: &mut Evaluator<'_, '_>,
    current: &Evaluation,
    step: &[SlopeIntercept],
) -> Result<Option<Climbed>, IrtError> {
    let promised = squared_newton_decrement(&current.gradient, step);
    if !(promised > 0.0) {
        return Ok(None);
    }
    let rounding = ROUNDING * (1.0 + current.value.abs());
    let slack = if promised < ROUNDINGS_WORTH_MEASURING * rounding { rounding } else { 0.0 };
    let mut share = 1.0;
    for _ in 0..HALVINGS {
        let there = moved(evaluator.objective, &current.parameters, step, share);
        let next = evaluator.evaluate(there)?;
        if next.value >= current.value + SUFFICIENT_GAIN * share * promised - slack {
            return Ok(Some(Climbed { evaluation: next, took_the_whole_step: share == 1.0 }));
        }
        share *= 0.5;
    }
    Ok(None)
}
