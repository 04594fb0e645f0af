//! Origin and unit of the scale, where several groups hold each other.
//!
//! Items and free groups can move along with origin and unit, θ' = (θ − m) / s:
//!
//! ```text
//! a' = a·s,   d' = d + a·m,   mean' = (mean − m) / s,   sd' = sd / s,
//! ```
//!
//! which changes nothing for a free group. The reference group alone resists, and the priors.
//! Where it is a small part of the persons, this is a long valley: EM creeps along it, and a
//! sample of the persons does not tell how it curves. Yet the curvature along it is known: it is
//! what the reference group tells of its own mean and ln sd.
//!
//! Source: Liu, Rubin & Wu (1998), Biometrika 85(4), 755–770: parameter expansion.

use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::quasi_newton::squared_newton_decrement;
use crate::numeric::symmetric::Symmetric2;

/// The tangents of origin and unit, at (m, ln s) = 0, and the curvature along them.
pub(super) struct ScaleDirections {
    /// By m, and by ln s.
    tangents: [Vec<SlopeIntercept>; 2],
    curvature: Symmetric2,
}

impl ScaleDirections {
    /// At an evaluated point; `None` unless one of several groups is the reference.
    pub(super) fn at(objective: &Objective<'_>, evaluation: &Evaluation) -> Option<Self> {
        let (items, design) = (objective.items(), objective.design);
        let reference = (0..design.groups()).find(|group| design.is_reference(*group))?;
        let still = SlopeIntercept::default();
        let mut tangents = [vec![still; objective.blocks()], vec![still; objective.blocks()]];
        let counts = objective.group_counts(reference, &evaluation.counts);
        let mut curvature = counts.derivatives(still, objective.grid).information;
        for (block, at) in evaluation.parameters.iter().enumerate() {
            if objective.is_given(block) {
                continue;
            }
            if block < items {
                (tangents[0][block].intercept, tangents[1][block].slope) = (at.slope, at.slope);
                let Symmetric2 { xx, xy, yy } = evaluation.prior_terms[block].curvature;
                let squared = at.slope * at.slope;
                curvature = curvature
                    + Symmetric2::new(squared * yy.max(0.0), squared * xy, squared * xx.max(0.0));
            } else {
                tangents[0][block].slope = -1.0;
                tangents[1][block] = SlopeIntercept { slope: -at.slope, intercept: -1.0 };
            }
        }
        Some(Self { tangents, curvature })
    }

    /// The step of (m, ln s) that a gradient asks for; 0 where they are not determined.
    pub(super) fn step(&self, gradient: &[SlopeIntercept]) -> [f64; 2] {
        let along = |tangent: &Vec<SlopeIntercept>| squared_newton_decrement(gradient, tangent);
        let [by_mean, by_log_sd] = &self.tangents;
        self.curvature.solve([along(by_mean), along(by_log_sd)]).unwrap_or([0.0; 2])
    }

    /// Adds `share` of the step that a gradient asks for to a step of all blocks.
    pub(super) fn add_step(
        &self,
        gradient: &[SlopeIntercept],
        share: f64,
        step: &mut [SlopeIntercept],
    ) {
        for (tangent, by) in self.tangents.iter().zip(self.step(gradient)) {
            for (at, along) in step.iter_mut().zip(tangent) {
                *at = *at + *along * (share * by);
            }
        }
    }
}

/// The parameters on a scale with another origin and unit, m and ln s.
pub(super) fn rescaled(
    objective: &Objective<'_>,
    parameters: &mut [SlopeIntercept],
    [mean, log_sd]: [f64; 2],
) {
    let sd = libm::exp(log_sd);
    for block in (0..parameters.len()).filter(|block| !objective.is_given(*block)) {
        let SlopeIntercept { slope, intercept } = parameters[block];
        parameters[block] = if block < objective.items() {
            SlopeIntercept { slope: slope * sd, intercept: intercept + slope * mean }
        } else {
            SlopeIntercept { slope: (slope - mean) / sd, intercept: intercept - log_sd }
        };
    }
}
