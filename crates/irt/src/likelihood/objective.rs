//! What is maximised: the marginal log-likelihood plus the log density of the priors.

use std::sync::atomic::{AtomicU64, Ordering};

use super::evaluation::Evaluation;
use super::expectation::{ExpectedCounts, Workers, expected_counts};
use super::item_counts::{Derivatives, ItemCounts};
use crate::ability::grid::Grid;
use crate::data::item_totals::ItemTotals;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::priors::{PriorTerms, Priors};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::quasi_newton::squared_newton_decrement;
use crate::numeric::symmetric::Symmetric2;

/// The objective for given persons and priors.
///
/// Items that are constant among the persons are *frozen*: slope and intercept
/// 0 make every response a coin flip that says nothing of ability, which takes
/// the item out of everybody's posterior. It happens in bootstrap replicates only.
pub(crate) struct Objective<'a> {
    pub persons: Persons<'a>,
    pub totals: Vec<ItemTotals>,
    pub grid: &'a Grid,
    pub priors: &'a Priors,
    pub monitor: &'a dyn Monitor,
    /// Where its E-steps are done.
    pub workers: Workers,
    /// E-steps so far.
    pub e_steps: AtomicU64,
}

impl<'a> Objective<'a> {
    /// On the rayon pool of the calling thread.
    pub(crate) fn new(
        persons: Persons<'a>,
        grid: &'a Grid,
        priors: &'a Priors,
        monitor: &'a dyn Monitor,
    ) -> Self {
        let (totals, workers) = (persons.item_totals(), Workers::Pool);
        Self { persons, totals, grid, priors, monitor, workers, e_steps: AtomicU64::new(0) }
    }

    /// The same on the calling thread alone.
    pub(crate) fn on_this_thread(self) -> Self {
        Self { workers: Workers::ThisThread, ..self }
    }

    /// The same objective for other persons of the same patterns.
    pub(crate) fn with_weights<'w>(&self, weights: &'w [u32]) -> Objective<'w>
    where
        'a: 'w,
    {
        let Self { persons, grid, priors, monitor, workers, .. } = *self;
        let persons = Persons { weights, ..persons };
        Objective { workers, ..Objective::new(persons, grid, priors, monitor) }
    }

    /// The same objective on another ability grid.
    pub(crate) fn on<'g>(&self, grid: &'g Grid) -> Objective<'g>
    where
        'a: 'g,
    {
        let totals = self.totals.clone();
        Objective { totals, grid, e_steps: AtomicU64::new(0), ..*self }
    }

    pub(crate) fn items(&self) -> usize {
        self.persons.patterns.items()
    }

    pub(crate) fn is_frozen(&self, item: usize) -> bool {
        self.totals[item].is_constant()
    }

    /// The weights with every `nth` pattern in, and the others out. Patterns stand in an
    /// order that is as good as random.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn sample(&self, nth: usize) -> Result<Vec<u32>, IrtError> {
        let all = self.persons.weights;
        let mut weights = reserve(all.len(), "a sample of the persons")?;
        weights.extend_from_slice(all);
        for (pattern, weight) in weights.iter_mut().enumerate() {
            if !pattern.is_multiple_of(nth) {
                *weight = 0;
            }
        }
        Ok(weights)
    }

    /// What `counts` say of one item.
    pub(crate) fn item_counts<'c>(&self, item: usize, counts: &'c ExpectedCounts) -> ItemCounts<'c>
    where
        'a: 'c,
    {
        let width = self.grid.width;
        ItemCounts {
            attempts: &counts.attempts[item * width..(item + 1) * width],
            correct: self.totals[item].correct as f64,
            ability_of_correct: counts.ability_of_correct[item],
        }
    }

    /// Evaluates at `parameters`: one E-step.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn evaluate(
        &self,
        mut parameters: Vec<SlopeIntercept>,
    ) -> Result<Evaluation, IrtError> {
        for (item, parameter) in parameters.iter_mut().enumerate() {
            if self.is_frozen(item) {
                *parameter = SlopeIntercept::default();
            }
        }
        self.e_steps.fetch_add(1, Ordering::Relaxed);
        let counts =
            expected_counts(self.persons, &parameters, self.grid, self.workers, self.monitor)?;
        let mut evaluation = Evaluation {
            value: counts.log_likelihood,
            log_prior: 0.0,
            gradient: Vec::with_capacity(parameters.len()),
            complete_information: Vec::with_capacity(parameters.len()),
            prior_terms: Vec::with_capacity(parameters.len()),
            counts,
            parameters,
        };
        for item in 0..self.items() {
            let (derivatives, prior) = self.item_terms(item, &evaluation);
            evaluation.log_prior += prior.log_density;
            evaluation.gradient.push(derivatives.gradient + prior.gradient);
            evaluation.complete_information.push(derivatives.information);
            evaluation.prior_terms.push(prior);
        }
        evaluation.value += evaluation.log_prior;
        if !evaluation.value.is_finite() {
            evaluation.value = f64::NEG_INFINITY;
        }
        Ok(evaluation)
    }

    /// Moves an evaluation by a Newton step that is within tolerance: of what is known at the
    /// point before, all but the objective and the prior serves there too. The objective rises
    /// by half of gradient · step, up to terms of third order.
    pub(crate) fn carry_over(
        &self,
        evaluation: &mut Evaluation,
        parameters: Vec<SlopeIntercept>,
        step: &[SlopeIntercept],
    ) {
        evaluation.value += 0.5 * squared_newton_decrement(&evaluation.gradient, step);
        evaluation.log_prior = 0.0;
        for (item, at) in parameters.iter().enumerate().filter(|(item, _)| !self.is_frozen(*item)) {
            evaluation.prior_terms[item] = self.priors.at(*at);
            evaluation.log_prior += evaluation.prior_terms[item].log_density;
        }
        evaluation.counts.log_likelihood = evaluation.value - evaluation.log_prior;
        evaluation.parameters = parameters;
    }

    fn item_terms(&self, item: usize, evaluation: &Evaluation) -> (Derivatives, PriorTerms) {
        if self.is_frozen(item) {
            let information = Symmetric2::IDENTITY;
            let unit = Derivatives { gradient: SlopeIntercept::default(), information };
            return (unit, PriorTerms::default());
        }
        let parameter = evaluation.parameters[item];
        let counts = self.item_counts(item, &evaluation.counts);
        (counts.derivatives(parameter, self.grid), self.priors.at(parameter))
    }
}
