//! Whether the search is at its end.
//!
//! Convergence is judged by what is left, not by what was done last: by the
//! Newton step itself, in a and b.

use super::newton_system::{KindOfCurvature, NewtonSystem};
use super::thresholds::{
    CONTRACTION, SLOWEST_CONTRACTION, STEP_TOLERANCE, STEP_TOLERANCE_IN_STANDARD_ERRORS,
    TRUST_IN_OTHER_CURVATURE, UNSETTLED,
};
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;

/// What is left of the way.
pub(crate) struct Remaining {
    /// The largest component of the last Newton step, in a or b, or in a group's mean or sd, and
    /// its block.
    pub largest: (f64, usize),
    /// Items that it wants to move by more than [`UNSETTLED`].
    pub unsettled: Vec<usize>,
    /// How many blocks are items.
    items: usize,
    /// Per block, the size of the step in a and in b, or in mean and sd.
    sizes: Vec<[f64; 2]>,
}

impl Remaining {
    /// Nobody knows.
    pub(crate) fn unknown() -> Self {
        Self { largest: (f64::INFINITY, 0), unsettled: Vec::new(), items: 0, sizes: Vec::new() }
    }

    /// By the Newton step from `parameters`.
    pub(crate) fn of(
        objective: &Objective<'_>,
        parameters: &[SlopeIntercept],
        step: &[SlopeIntercept],
    ) -> Self {
        let pairs = parameters.iter().zip(step).enumerate();
        let items = objective.items();
        let size = |(block, (at, step)): (usize, (&SlopeIntercept, &SlopeIntercept))| {
            if objective.is_given(block) {
                [0.0; 2]
            } else if block < items {
                size_in_a_and_b(*at, *step)
            } else {
                size_in_mean_and_sd(*at, *step)
            }
        };
        let sizes: Vec<[f64; 2]> = pairs.map(size).collect();
        let mut remaining = Self { largest: (0.0, 0), unsettled: Vec::new(), items, sizes };
        for (item, [a, b]) in remaining.sizes.iter().enumerate() {
            // Written so that a step that is not a number counts as the largest.
            if !(a.max(*b) <= remaining.largest.0) {
                remaining.largest = (a.max(*b), item);
            }
            if item < items && !(a.max(*b) <= UNSETTLED) {
                remaining.unsettled.push(item);
            }
        }
        remaining
    }

    /// True where every block's step is within tolerance, `strictness` times that.
    fn is_within(
        &self,
        strictness: f64,
        parameters: &[SlopeIntercept],
        system: &NewtonSystem,
    ) -> bool {
        self.sizes.iter().zip(parameters).enumerate().all(|(block, (sizes, at))| {
            if sizes.iter().all(|size| *size <= strictness * STEP_TOLERANCE) {
                return true;
            }
            let errors = if block < self.items {
                system.standard_errors_at_least(block, *at)
            } else {
                system.group_errors_at_least(block, *at)
            };
            sizes.iter().zip(errors).all(|(size, error)| {
                let by_error = STEP_TOLERANCE_IN_STANDARD_ERRORS * error;
                *size <= strictness * STEP_TOLERANCE.max(by_error)
            })
        })
    }

    /// True where what is left is within tolerance: by a step of `system` that is `contraction`
    /// times as long as the one before. `tolerance` multiplies the bounds.
    pub(crate) fn is_negligible(
        &self,
        parameters: &[SlopeIntercept],
        system: &NewtonSystem,
        contraction: f64,
        tolerance: f64,
    ) -> bool {
        let trust = match system.curvature() {
            KindOfCurvature::Exact => 1.0,
            KindOfCurvature::Sampled => {
                // Such steps go on like a geometric series: what comes after this one must be
                // little.
                let contraction = contraction.clamp(CONTRACTION, SLOWEST_CONTRACTION);
                TRUST_IN_OTHER_CURVATURE * (1.0 - contraction) / contraction
            }
            KindOfCurvature::Discounted | KindOfCurvature::Blockwise => TRUST_IN_OTHER_CURVATURE,
        };
        self.is_within(trust * tolerance, parameters, system)
    }
}

/// The size of a step in a and in b = −d/a.
fn size_in_a_and_b(at: SlopeIntercept, step: SlopeIntercept) -> [f64; 2] {
    let difficulty = (step.intercept + at.difficulty() * step.slope) / at.slope;
    [step.slope.abs(), difficulty.abs()]
}

/// The size of a step in a group's mean and standard deviation.
fn size_in_mean_and_sd(at: SlopeIntercept, step: SlopeIntercept) -> [f64; 2] {
    [step.slope.abs(), (libm::exp(at.intercept) * step.intercept).abs()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_measured_in_a_and_b() {
        let at = SlopeIntercept::from_discrimination_difficulty(1.3, 0.7);
        let moved = SlopeIntercept::from_discrimination_difficulty(1.3 + 1e-7, 0.7 - 2e-7);
        let [a, b] = size_in_a_and_b(at, moved - at);
        assert!((a - 1e-7).abs() < 1e-12 && (b - 2e-7).abs() < 1e-12, "{a:e} {b:e}");
        assert!(size_in_a_and_b(SlopeIntercept::default(), moved)[1].is_nan());
    }
}
