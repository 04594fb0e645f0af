//! The objective as a search asks it: E-steps are counted and told to the monitor.

use super::thresholds::MAX_E_STEPS;
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::expectation::Workers;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Phase;

/// Evaluates, and counts.
pub(crate) struct Evaluator<'o, 'a> {
    pub objective: &'o Objective<'a>,
    /// E-steps so far.
    pub e_steps: u32,
}

impl Evaluator<'_, '_> {
    /// Evaluates at `parameters`: one E-step.
    ///
    /// # Errors
    /// Those of [`Objective::evaluate`].
    pub(crate) fn evaluate(
        &mut self,
        parameters: Vec<SlopeIntercept>,
    ) -> Result<Evaluation, IrtError> {
        self.e_steps += 1;
        // A replicate of the bootstrap is no news.
        if self.objective.workers == Workers::Pool {
            let (done, total) = (u64::from(self.e_steps), u64::from(MAX_E_STEPS));
            self.objective.monitor.progress(Phase::Fitting, done, total);
        }
        self.objective.evaluate(parameters)
    }
}
