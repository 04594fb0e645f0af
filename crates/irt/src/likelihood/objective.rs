//! What is maximised: the marginal log-likelihood plus the log density of the priors.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::data::patterns::{ItemTotals, Patterns};
use crate::error::IrtError;
use crate::fit::m_step::{Derivatives, ItemEvidence};
use crate::fit::newton::DENSE_ITEMS;
use crate::likelihood::expectation::{ExpectedCounts, e_step, e_step_on_this_thread};
use crate::memory::reserve;
use crate::model::priors::{PriorTerms, Priors};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::eight::Grid;
use crate::numeric::quasi_newton::gain;

/// The objective for given responses, pattern weights and priors.
///
/// Items that are constant under the weights are *frozen*: slope and intercept
/// 0 make every response a coin flip that says nothing of ability, which takes
/// the item out of everybody's posterior. It happens in bootstrap replicates only.
pub(crate) struct Objective<'a> {
    pub patterns: &'a Patterns,
    /// Persons per pattern.
    pub weights: &'a [u32],
    pub totals: Vec<ItemTotals>,
    pub grid: &'a Grid,
    pub priors: &'a Priors,
    pub monitor: &'a dyn Monitor,
    /// Spread each E-step over the pool, or stay on this thread.
    pub parallel: bool,
    /// Up to this many items the observed information is factored as a whole.
    pub dense_items: usize,
    /// While the search is under way, one of so many patterns tells the missing information.
    pub sampling: usize,
    /// True where the search may end because the ability grid is too coarse.
    pub may_refine: bool,
    /// E-steps so far.
    pub e_steps: AtomicU64,
}

/// The exact information of all persons costs as much as 25 E-steps. A sample is good enough
/// to step by where it is large, and has many more persons than the matrix has rows.
fn sampling(patterns: &Patterns) -> usize {
    const AT_LEAST: usize = 1000;
    const PER_ITEM: usize = 12;
    const ONE_OF_AT_MOST: usize = 8;
    let enough = AT_LEAST.max(PER_ITEM * patterns.items());
    (patterns.len() / enough).clamp(1, ONE_OF_AT_MOST)
}

/// The objective and its derivatives at one point.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub parameters: Vec<SlopeIntercept>,
    pub counts: ExpectedCounts,
    /// Log-likelihood plus log prior.
    pub value: f64,
    pub log_prior: f64,
    /// Per item, with respect to (a, d); priors included.
    pub gradient: Vec<[f64; 2]>,
    /// Per item, minus the second derivatives of the complete-data
    /// log-likelihood (aa, ad, dd), without priors.
    pub complete_information: Vec<[f64; 3]>,
    /// The priors' terms per item.
    pub prior_terms: Vec<PriorTerms>,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(
        patterns: &'a Patterns,
        weights: &'a [u32],
        grid: &'a Grid,
        priors: &'a Priors,
        monitor: &'a dyn Monitor,
        parallel: bool,
    ) -> Self {
        let totals = patterns.item_totals(weights);
        Self {
            patterns,
            weights,
            totals,
            grid,
            priors,
            monitor,
            parallel,
            dense_items: DENSE_ITEMS,
            sampling: sampling(patterns),
            may_refine: false,
            e_steps: AtomicU64::new(0),
        }
    }

    /// The weights with every `nth` pattern in, and the others out. Patterns stand in an
    /// order that is as good as random.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn sample(&self, nth: usize) -> Result<Vec<u32>, IrtError> {
        let mut weights = reserve(self.weights.len(), "a sample of the persons")?;
        weights.extend_from_slice(self.weights);
        for (pattern, weight) in weights.iter_mut().enumerate() {
            if !pattern.is_multiple_of(nth) {
                *weight = 0;
            }
        }
        Ok(weights)
    }

    /// The same objective for other persons.
    pub(crate) fn with_weights<'w>(&self, weights: &'w [u32]) -> Objective<'w>
    where
        'a: 'w,
    {
        let Self { patterns, grid, priors, monitor, parallel, .. } = *self;
        Objective::new(patterns, weights, grid, priors, monitor, parallel)
    }

    /// The same objective on another ability grid.
    pub(crate) fn on<'g>(&self, grid: &'g Grid) -> Objective<'g>
    where
        'a: 'g,
    {
        let totals = self.totals.clone();
        Objective { totals, grid, may_refine: false, e_steps: AtomicU64::new(0), ..*self }
    }

    pub(crate) fn items(&self) -> usize {
        self.patterns.items()
    }

    pub(crate) fn is_frozen(&self, item: usize) -> bool {
        self.totals[item].is_constant()
    }

    pub(crate) fn evidence<'c>(&self, item: usize, counts: &'c ExpectedCounts) -> ItemEvidence<'c>
    where
        'a: 'c,
    {
        ItemEvidence {
            attempts: &counts.attempts[item * self.grid.width..(item + 1) * self.grid.width],
            correct: self.totals[item].correct as f64,
            ability_of_correct: counts.ability_of_correct[item],
        }
    }

    /// Evaluates at `parameters`: one E-step.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
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
        let step = if self.parallel { e_step } else { e_step_on_this_thread };
        let counts = step(self.patterns, self.weights, &parameters, self.grid, self.monitor)?;
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
            evaluation.gradient.push([
                derivatives.gradient[0] + prior.gradient[0],
                derivatives.gradient[1] + prior.gradient[1],
            ]);
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
        evaluation.value += 0.5 * gain(&evaluation.gradient, step);
        evaluation.log_prior = 0.0;
        for (item, at) in parameters.iter().enumerate().filter(|(item, _)| !self.is_frozen(*item)) {
            evaluation.prior_terms[item] = self.priors.at(at.slope, at.intercept);
            evaluation.log_prior += evaluation.prior_terms[item].log_density;
        }
        evaluation.counts.log_likelihood = evaluation.value - evaluation.log_prior;
        evaluation.parameters = parameters;
    }

    fn item_terms(&self, item: usize, evaluation: &Evaluation) -> (Derivatives, PriorTerms) {
        if self.is_frozen(item) {
            let unit = Derivatives { gradient: [0.0; 2], information: [1.0, 0.0, 1.0] };
            return (unit, PriorTerms::default());
        }
        let parameter = evaluation.parameters[item];
        let evidence = self.evidence(item, &evaluation.counts);
        (
            evidence.derivatives(parameter, self.grid),
            self.priors.at(parameter.slope, parameter.intercept),
        )
    }
}

impl Evaluation {
    pub(crate) fn log_likelihood(&self) -> f64 {
        self.counts.log_likelihood
    }
}
