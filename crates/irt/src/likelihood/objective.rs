//! What is maximised: the marginal log-likelihood plus the log density of the priors.

use std::sync::atomic::{AtomicU64, Ordering};

use super::design::{Design, ITEMS_ALONE, population};
use super::evaluation::Evaluation;
use super::expectation::{Abilities, ExpectedCounts, Workers, expected_counts};
use super::group_bounds::GroupBounds;
use super::group_counts::GroupCounts;
use super::item_counts::{Derivatives, ItemCounts};
use crate::ability::grid::Grid;
use crate::ability::group_weights::GroupWeights;
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
/// the item out of everybody's posterior. It happens in bootstrap replicates only. Anchors are
/// frozen where they are, whatever their responses.
pub(crate) struct Objective<'a> {
    pub persons: Persons<'a>,
    pub totals: Vec<ItemTotals>,
    pub grid: &'a Grid,
    pub priors: &'a Priors,
    pub design: &'a Design,
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
        let (design, e_steps) = (&ITEMS_ALONE, AtomicU64::new(0));
        Self { persons, totals, grid, priors, design, monitor, workers, e_steps }
    }

    /// The same where something is given, or where there are several populations.
    pub(crate) fn with_design(self, design: &'a Design) -> Self {
        Self { design, ..self }
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
        let Self { persons, grid, priors, design, monitor, workers, .. } = *self;
        let persons = Persons { weights, ..persons };
        Objective { workers, design, ..Objective::new(persons, grid, priors, monitor) }
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

    /// Blocks of parameters: those of items, and of groups if there are several.
    pub(crate) fn blocks(&self) -> usize {
        self.items() + self.design.groups()
    }

    /// True where an item's parameters are not estimated.
    pub(crate) fn is_frozen(&self, item: usize) -> bool {
        self.totals[item].is_constant() || self.design.anchor(item).is_some()
    }

    /// True where a block of parameters is not estimated.
    pub(crate) fn is_given(&self, block: usize) -> bool {
        match block.checked_sub(self.items()) {
            Some(group) => !self.design.is_free_group(group),
            None => self.is_frozen(block),
        }
    }

    /// How the persons of every group are distributed, by the blocks of `parameters`.
    pub(crate) fn weights(&self, parameters: &[SlopeIntercept]) -> GroupWeights {
        if self.design.groups() == 0 {
            return GroupWeights::shared(self.grid);
        }
        let groups = &parameters[self.items()..];
        GroupWeights::of_groups(groups.iter().map(|block| population(*block)), self.grid)
    }

    /// The counts at `parameters`: one E-step.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn counts(&self, parameters: &[SlopeIntercept]) -> Result<ExpectedCounts, IrtError> {
        self.e_steps.fetch_add(1, Ordering::Relaxed);
        let weights = self.weights(parameters);
        let count_persons = self.design.groups() > 0;
        let abilities = Abilities { grid: self.grid, weights: &weights, count_persons };
        let items = &parameters[..self.items()];
        expected_counts(self.persons, items, abilities, self.workers, self.monitor)
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

    /// What `counts` say of one group.
    pub(crate) fn group_counts<'c>(
        &self,
        group: usize,
        counts: &'c ExpectedCounts,
    ) -> GroupCounts<'c> {
        let width = self.grid.width;
        GroupCounts { persons: &counts.by_group.persons[group * width..(group + 1) * width] }
    }

    /// Evaluates at `parameters`: one E-step.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn evaluate(
        &self,
        mut parameters: Vec<SlopeIntercept>,
    ) -> Result<Evaluation, IrtError> {
        self.make_admissible(&mut parameters);
        let counts = self.counts(&parameters)?;
        let mut evaluation = Evaluation {
            value: counts.log_likelihood,
            log_prior: 0.0,
            gradient: Vec::with_capacity(parameters.len()),
            complete_information: Vec::with_capacity(parameters.len()),
            prior_terms: Vec::with_capacity(parameters.len()),
            held: Box::default(),
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
        let mut all_held = Vec::with_capacity(self.design.groups());
        for group in 0..self.design.groups() {
            let (derivatives, held) = self.group_terms(group, &evaluation);
            evaluation.gradient.push(derivatives.gradient);
            evaluation.complete_information.push(derivatives.information);
            evaluation.prior_terms.push(PriorTerms::default());
            all_held.push(held);
        }
        evaluation.held = all_held.into();
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
        let items = parameters[..self.items()].iter().enumerate();
        for (item, at) in items.filter(|(item, _)| !self.is_frozen(*item)) {
            evaluation.prior_terms[item] = self.priors.at(*at);
            evaluation.log_prior += evaluation.prior_terms[item].log_density;
        }
        evaluation.counts.log_likelihood = evaluation.value - evaluation.log_prior;
        evaluation.parameters = parameters;
    }

    /// Brings given blocks to what they are, and groups within their bounds.
    fn make_admissible(&self, parameters: &mut [SlopeIntercept]) {
        let (items, groups) = parameters.split_at_mut(self.items());
        for (item, parameter) in items.iter_mut().enumerate() {
            if self.is_frozen(item) {
                *parameter = self.design.anchor(item).unwrap_or_default();
            }
        }
        let bounds = GroupBounds::of(self.grid);
        for (group, block) in groups.iter_mut().enumerate() {
            let is_free = self.design.is_free_group(group);
            *block = if is_free { bounds.nearest(*block) } else { SlopeIntercept::default() };
        }
    }

    /// The derivatives of a group's block, and which of its two parameters are held at a bound.
    fn group_terms(&self, group: usize, evaluation: &Evaluation) -> (Derivatives, [bool; 2]) {
        if !self.design.is_free_group(group) {
            let information = Symmetric2::IDENTITY;
            let gradient = SlopeIntercept::default();
            return (Derivatives { gradient, information }, [true; 2]);
        }
        let block = evaluation.parameters[self.items() + group];
        let counts = self.group_counts(group, &evaluation.counts);
        GroupBounds::of(self.grid).hold(block, counts.derivatives(block, self.grid))
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
