//! By which curvature the search steps.
//!
//! The missing part of the observed information can be discounted (see
//! [`NewtonSystem::at`]): all of it gives Newton's step, none of it an EM step,
//! and in between lies a safe step where the observed information is not
//! positive definite yet. A factored matrix serves as long as the steps shrink
//! fast, corrected by what they teach about the curvature (see
//! [`crate::numeric::quasi_newton`]). Where persons are many, the matrix is that
//! of a sample of them: it gives the direction, and the gradient of all persons
//! says where the optimum is. As soon as it serves badly, the exact matrix takes
//! its place.
//!
//! Source, for the interpolation between EM and Newton: Lange (1995), JRSS B 57, 425–437.

use super::newton_system::{KindOfCurvature, NewtonSystem};
use super::plan::Plan;
use super::thresholds::{CONTRACTION, SAMPLED_STEPS};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::quasi_newton::{Corrections, squared_newton_decrement};
use crate::numeric::vector::difference;

/// A step that a search may take.
pub(crate) struct NewtonStep {
    /// Per item.
    pub step: Vec<SlopeIntercept>,
    /// The Newton decrement: how many standard errors away the optimum is, in the worst direction.
    pub length: f64,
    /// By what curvature it is.
    pub curvature: KindOfCurvature,
}

/// What a search knows of the curvature.
pub(crate) struct Curvature {
    system: Option<NewtonSystem>,
    /// What was learned since `system` was computed.
    corrections: Corrections<SlopeIntercept>,
    /// True while the search stands where `system` was computed.
    is_fresh: bool,
    /// One of so many patterns is in the next `system`; 1: all are.
    sampling: usize,
    /// Steps that were taken by sampled matrices.
    sampled_steps: u32,
    /// Length of the last full Newton step, in units of the information.
    last_length: f64,
}

impl Curvature {
    /// Nothing is known.
    pub(crate) fn unknown(plan: Plan) -> Self {
        Self {
            system: None,
            corrections: Corrections::default(),
            is_fresh: false,
            sampling: plan.sampling,
            sampled_steps: 0,
            last_length: f64::INFINITY,
        }
    }

    /// What is known, for a search on another grid.
    pub(crate) fn continued(self) -> Self {
        Self { is_fresh: false, last_length: f64::INFINITY, ..self }
    }

    /// The matrix by which the last step was computed.
    pub(crate) fn system(&self) -> Option<&NewtonSystem> {
        self.system.as_ref()
    }

    /// True while the search stands where the matrix was computed.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// The step from `current`; computes a matrix where there is none, or where the steps by the
    /// one there is do not shrink any more. `None` where no matrix serves.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn step(
        &mut self,
        objective: &Objective<'_>,
        plan: Plan,
        current: &Evaluation,
    ) -> Result<Option<NewtonStep>, IrtError> {
        loop {
            if self.system.is_none() {
                self.refresh(objective, plan, current)?;
            }
            let Some(system) = &self.system else { return Ok(None) };
            let step = self.corrections.step(&current.gradient, |rest| system.solve(rest));
            let decrement = squared_newton_decrement(&current.gradient, &step);
            let (length, curvature) = (libm::sqrt(decrement.max(0.0)), system.curvature());
            let is_slow = length > CONTRACTION * self.last_length;
            if curvature == KindOfCurvature::Exact && !self.is_fresh && is_slow {
                self.system = None;
                continue;
            }
            return Ok(Some(NewtonStep { step, length, curvature }));
        }
    }

    fn refresh(
        &mut self,
        objective: &Objective<'_>,
        plan: Plan,
        current: &Evaluation,
    ) -> Result<(), IrtError> {
        if self.sampling > 1 && objective.items() <= plan.dense_items {
            self.system = NewtonSystem::sampled(objective, current, self.sampling)?;
        }
        if self.system.is_none() {
            self.sampling = 1;
            self.system = NewtonSystem::at(objective, current, plan.dense_items)?;
        }
        self.corrections = Corrections::default();
        self.is_fresh = true;
        self.last_length = f64::INFINITY;
        Ok(())
    }

    /// By how much a step is shorter than the one before.
    pub(crate) fn contraction(&mut self, length: f64) -> f64 {
        let contraction = length / self.last_length;
        self.last_length = length;
        contraction
    }

    /// True where sampled matrices have had as many steps as the exact one is worth.
    pub(crate) fn has_sampled_enough(&self) -> bool {
        self.sampled_steps == SAMPLED_STEPS
    }

    /// A step by a sampled matrix is taken.
    pub(crate) fn count_sampled_step(&mut self) {
        self.sampled_steps += 1;
    }

    /// The next matrix is computed anew.
    pub(crate) fn forget(&mut self) {
        self.system = None;
    }

    /// The next matrix is computed anew, of all persons.
    pub(crate) fn forget_samples(&mut self) {
        self.sampling = 1;
        self.system = None;
    }

    /// The search moved to where nothing was learned.
    pub(crate) fn jumped(&mut self) {
        self.is_fresh = false;
    }

    /// The search moved along a step.
    pub(crate) fn moved(&mut self, from: &Evaluation, to: &Evaluation) {
        let s = difference(&to.parameters, &from.parameters);
        let y = difference(&from.gradient, &to.gradient);
        self.corrections.learn(s, y);
        self.is_fresh = false;
    }
}
