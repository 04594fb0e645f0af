//! One EM cycle: the M-step of every item and every group, and the E-step at what it gives.

use rayon::prelude::*;

use super::evaluator::Evaluator;
use super::group_m_step::maximise_group;
use super::m_step::maximise_item;
use super::scale_directions::{ScaleDirections, rescaled};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::expectation::Workers;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;

/// What a cycle led to.
pub(super) struct EmCycle {
    pub evaluation: Evaluation,
    /// The largest relative change of an item's parameter; a small group's are too uncertain to wait for.
    pub change: f64,
}

/// One cycle from `current`, with origin and unit moved along where groups hold each other; `None` where it leads no higher, which only rounding can do: there
/// is nothing left that EM could gain.
///
/// # Errors
/// Those of [`Evaluator::evaluate`].
pub(super) fn em_cycle(
    evaluator: &mut Evaluator<'_, '_>,
    current: &Evaluation,
) -> Result<Option<EmCycle>, IrtError> {
    let mut parameters = maximised(evaluator.objective, current);
    if let Some(directions) = ScaleDirections::at(evaluator.objective, current) {
        rescaled(evaluator.objective, &mut parameters, directions.step(&current.gradient));
    }
    let pairs = parameters.iter().zip(&current.parameters).take(evaluator.objective.items());
    let change = pairs.map(|(new, old)| relative_change(*old, *new)).fold(0.0, f64::max);
    let evaluation = evaluator.evaluate(parameters)?;
    let fell = evaluation.value < current.value;
    Ok((!fell).then_some(EmCycle { evaluation, change }))
}

/// The M-step of every block.
fn maximised(objective: &Objective<'_>, current: &Evaluation) -> Vec<SlopeIntercept> {
    let best = |block: usize| {
        let start = current.parameters[block];
        if objective.is_given(block) {
            return start;
        }
        if let Some(group) = block.checked_sub(objective.items()) {
            let counts = objective.group_counts(group, &current.counts);
            return maximise_group(start, &counts, objective.grid);
        }
        let counts = objective.item_counts(block, &current.counts);
        maximise_item(start, &counts, objective.grid, objective.priors)
    };
    let blocks = 0..objective.blocks();
    match objective.workers {
        Workers::Pool => blocks.into_par_iter().map(best).collect(),
        Workers::ThisThread => blocks.map(best).collect(),
    }
}

fn relative_change(old: SlopeIntercept, new: SlopeIntercept) -> f64 {
    let slope = (new.slope - old.slope).abs() / (1.0 + old.slope.abs());
    slope.max((new.intercept - old.intercept).abs() / (1.0 + old.intercept.abs()))
}
