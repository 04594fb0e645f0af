//! One search for the optimum: EM cycles, then Newton's method.
//!
//! EM is safe and slow: each cycle raises the objective, yet on real data its
//! tail takes hundreds to thousands of cycles. So after a few cycles the
//! gradient is solved with the exact observed information. The missing part of
//! that information can be discounted (see [`crate::fit::newton`]): all of it gives
//! Newton's step, none of it an EM step, and in between lies a safe step where
//! the observed information is not positive definite yet. A factored matrix
//! serves as long as the steps shrink fast, corrected by what they teach about
//! the curvature (see [`crate::numeric::quasi_newton`]); every step is checked by its
//! objective, which never falls by more than its own rounding error. Where
//! persons are many, the matrix is that of a sample of them: it gives the
//! direction, and the gradient of all persons says where the optimum is. As
//! soon as it serves badly, the exact matrix takes its place.
//!
//! Convergence is judged by what is left, not by what was done last: by the
//! Newton step itself, in a and b.
//!
//! Source, for the interpolation between EM and Newton: Lange (1995), JRSS B 57, 425–437.

use rayon::prelude::*;

use crate::error::IrtError;
use crate::fit::identifiability::is_answered_in_threes;
use crate::fit::m_step::{limit_step, maximise_item};
use crate::fit::newton::{NewtonSystem, flattest_direction};
use crate::likelihood::objective::{Evaluation, Objective};
use crate::likelihood::resolution::is_hopeless;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Phase;
use crate::numeric::quasi_newton::{Corrections, gain};

/// A Newton step of at most this in a and in b is convergence …
pub(crate) const STEP_TOLERANCE: f64 = 1e-6;
/// … or one of at most this many standard errors of the parameter, where that is more.
pub(crate) const STEP_TOLERANCE_IN_STANDARD_ERRORS: f64 = 1e-5;
/// E-steps after which the search is given up.
pub(crate) const MAX_CYCLES: u32 = 500;
/// EM cycles before the first Newton step, at least and at most.
const EM_CYCLES: std::ops::RangeInclusive<u32> = 2..=8;
/// EM is near enough for Newton when no parameter moves by more than this, relatively.
const NEAR: f64 = 0.1;
/// A factored matrix is kept while each step is at most this share of the one before.
const CONTRACTION: f64 = 0.3;
/// Steps by a sampled matrix after which the exact one is worth its price.
const SAMPLED_STEPS: u32 = 20;
/// Halvings of a step before it is given up.
const HALVINGS: usize = 12;
/// The objective may fall by this much, relatively: its rounding error.
const ROUNDING: f64 = 2e-14;
/// With a flat prior, a slope whose curve is this steep between two nodes has run away.
const RUNAWAY_SLOPE_TIMES_SPACING: f64 = 25.0;
/// A step shorter than this, in standard errors, gains nothing that data could tell.
const SPENT: f64 = 1e-3;
/// With a flat prior, a slope whose standard error exceeds it this many times is undetermined.
const UNDETERMINED: f64 = 10.0;
/// A parameter that still wants to move this far, in a or b, is not settled.
const UNSETTLED: f64 = 0.5;
/// With a flat prior, a smallest eigenvalue below this of the matrix by which the search steps
/// makes it worth looking at the exact one at the optimum, as does a design of pairs …
const SUSPICIOUS: f64 = 1e-2;
/// … where a curvature below this share of what the complete data would tell is none: what is
/// not determined has less than 1e-7 there, by rounding, and what is has more than 1e-5.
const SINGULAR: f64 = 1e-6;
/// With a flat prior, a smaller slope leaves difficulty undetermined.
const VANISHING_SLOPE: f64 = 1e-7;

/// Why the search stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Termination {
    /// The remaining Newton step is within tolerance.
    Converged,
    /// [`MAX_CYCLES`] E-steps did not suffice.
    CycleLimit,
    /// No direction raises the objective, yet the remaining step is too large.
    Stalled,
}

impl Termination {
    /// The reason in words, for messages.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::CycleLimit => "the limit of cycles was reached",
            Self::Stalled => "no step raised the objective any further",
        }
    }
}

/// Where the search ended.
pub(crate) enum Outcome {
    /// At an estimate, or short of one.
    Ended(Fit),
    /// Persons' posteriors are far too narrow for the ability grid.
    TooCoarse {
        /// Where the search was.
        near: Vec<SlopeIntercept>,
        /// E-steps spent.
        cycles: u32,
    },
    /// The responses do not determine the parameters of these items.
    NotIdentified {
        items: Vec<usize>,
        /// E-steps spent.
        cycles: u32,
    },
}

/// An estimate, how it was reached and what is left.
pub(crate) struct Fit {
    pub evaluation: Evaluation,
    pub termination: Termination,
    pub cycles: u32,
    /// The largest component of the last Newton step, in a or b, and its item.
    pub largest_step: (f64, usize),
}

/// One search: where it stands and what it has learned about the curvature.
pub(crate) struct Search<'o, 'a> {
    objective: &'o Objective<'a>,
    pub(crate) current: Evaluation,
    pub(crate) cycles: u32,
    system: Option<NewtonSystem>,
    /// One of so many patterns is in the next `system`; 1: all are.
    sampling: usize,
    /// Steps that were taken by sampled matrices.
    sampled_steps: u32,
    /// What was learned since `system` was computed.
    corrections: Corrections,
    /// True while `system` was computed at `current`.
    system_is_fresh: bool,
    /// Length of the last full Newton step, in units of the information.
    last_length: f64,
    largest_step: (f64, usize),
    /// Items that the last Newton step wanted to move by more than [`UNSETTLED`].
    unsettled: Vec<usize>,
    /// How many steps in a row were within tolerance.
    times_within_tolerance: u32,
    /// By how much the tolerance is multiplied; more than 1 on the way only.
    pub(crate) tolerance: f64,
    /// EM cycles to go before the next Newton step.
    pub(crate) em_cycles_due: u32,
    /// The grid is looked at once, before the first Newton step.
    grid_unseen: bool,
}

/// What became of one attempt to step.
enum Progress {
    Moved,
    Converged,
    Stuck,
    NotIdentified(Vec<usize>),
}

impl<'o, 'a> Search<'o, 'a> {
    /// From `start`, evaluated.
    ///
    /// # Errors
    /// Those of [`Objective::evaluate`].
    pub(crate) fn new(
        objective: &'o Objective<'a>,
        start: Vec<SlopeIntercept>,
    ) -> Result<Self, IrtError> {
        let current = objective.evaluate(start)?;
        Ok(Self {
            objective,
            current,
            cycles: 1,
            system: None,
            sampling: objective.sampling,
            sampled_steps: 0,
            corrections: Corrections::default(),
            system_is_fresh: false,
            last_length: f64::INFINITY,
            largest_step: (f64::INFINITY, 0),
            unsettled: Vec::new(),
            times_within_tolerance: 0,
            tolerance: 1.0,
            em_cycles_due: *EM_CYCLES.end(),
            grid_unseen: objective.may_refine,
        })
    }

    /// Goes on from where another search came near, with what it learned.
    pub(crate) fn continued(
        objective: &'o Objective<'a>,
        other: Search<'_, '_>,
    ) -> Result<Self, IrtError> {
        let Search { current, cycles, system, corrections, sampled_steps, sampling, .. } = other;
        let search = Self::new(objective, current.parameters)?;
        let cycles = cycles + search.cycles;
        Ok(Self {
            cycles,
            system,
            corrections,
            sampled_steps,
            sampling,
            em_cycles_due: 0,
            // It was looked at when the other search began.
            grid_unseen: false,
            ..search
        })
    }

    /// Goes on to an estimate, or to why there is none.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn run(&mut self) -> Result<Outcome, IrtError> {
        let (mut times_stuck, mut stuck_at) = (0, f64::NEG_INFINITY);
        loop {
            if let Some(items) = self.runaways() {
                return Ok(self.not_identified(items));
            }
            if self.cycles >= MAX_CYCLES {
                return Ok(self.ended(Termination::CycleLimit));
            }
            if self.em_cycles_due > 0 {
                self.em_cycle()?;
                continue;
            }
            if std::mem::take(&mut self.grid_unseen)
                && is_hopeless(self.objective, &self.current.parameters)?
            {
                let near = std::mem::take(&mut self.current.parameters);
                return Ok(Outcome::TooCoarse { near, cycles: self.cycles });
            }
            match self.newton_cycle()? {
                Progress::Moved => {}
                Progress::Converged => return Ok(self.ended(Termination::Converged)),
                Progress::NotIdentified(items) => return Ok(self.not_identified(items)),
                Progress::Stuck if times_stuck < 4 => {
                    times_stuck =
                        if self.current.value > stuck_at + SPENT { 1 } else { times_stuck + 1 };
                    stuck_at = self.current.value;
                    self.em_cycles_due = *EM_CYCLES.end();
                    self.system = None;
                }
                Progress::Stuck if self.objective.priors.discrimination_is_flat() => {
                    return self.give_up_on_ridge();
                }
                Progress::Stuck => return Ok(self.ended(Termination::Stalled)),
            }
        }
    }

    /// With a flat prior a ridge can wind too tightly to be followed to its
    /// end, which lies at infinity or nowhere: its items are not identified.
    fn give_up_on_ridge(&mut self) -> Result<Outcome, IrtError> {
        let mut items = std::mem::take(&mut self.unsettled);
        if items.is_empty() {
            let flattest = flattest_direction(self.objective, &self.current)?;
            items = flattest.map_or(Vec::new(), |flat| flat.involved);
        }
        Ok(if items.is_empty() {
            self.ended(Termination::Stalled)
        } else {
            self.not_identified(items)
        })
    }

    fn ended(&self, termination: Termination) -> Outcome {
        Outcome::Ended(Fit {
            evaluation: self.current.clone(),
            termination,
            cycles: self.cycles,
            largest_step: self.largest_step,
        })
    }

    fn not_identified(&self, items: Vec<usize>) -> Outcome {
        Outcome::NotIdentified { items, cycles: self.cycles }
    }

    fn evaluate(&mut self, parameters: Vec<SlopeIntercept>) -> Result<Evaluation, IrtError> {
        self.cycles += 1;
        if self.objective.parallel {
            let (done, total) = (u64::from(self.cycles), u64::from(MAX_CYCLES));
            self.objective.monitor.progress(Phase::Fitting, done, total);
        }
        self.objective.evaluate(parameters)
    }

    /// Items whose slope left every sensible range; a flat prior does not stop them.
    fn runaways(&self) -> Option<Vec<usize>> {
        if !self.objective.priors.discrimination_is_flat() {
            return None;
        }
        let limit = RUNAWAY_SLOPE_TIMES_SPACING / self.objective.grid.spacing;
        let items: Vec<usize> = (0..self.objective.items())
            .filter(|item| self.current.parameters[*item].slope.abs() > limit)
            .collect();
        (!items.is_empty()).then_some(items)
    }

    /// One of the EM cycles that are due, and the last of them once it moves little.
    pub(crate) fn em_cycle(&mut self) -> Result<(), IrtError> {
        self.em_cycles_due -= 1;
        let change = self.expect_and_maximise()?;
        let enough = *EM_CYCLES.end() - self.em_cycles_due >= *EM_CYCLES.start();
        if enough && change < NEAR {
            self.em_cycles_due = 0;
        }
        Ok(())
    }

    /// One EM cycle; returns the largest relative change of a parameter.
    fn expect_and_maximise(&mut self) -> Result<f64, IrtError> {
        let best = |item: usize| {
            let start = self.current.parameters[item];
            if self.objective.is_frozen(item) {
                return start;
            }
            let evidence = self.objective.evidence(item, &self.current.counts);
            maximise_item(start, &evidence, self.objective.grid, self.objective.priors)
        };
        let items = 0..self.objective.items();
        let parameters: Vec<SlopeIntercept> = if self.objective.parallel {
            items.into_par_iter().map(best).collect()
        } else {
            items.map(best).collect()
        };
        let change = parameters
            .iter()
            .zip(&self.current.parameters)
            .map(|(new, old)| {
                let slope = (new.slope - old.slope).abs() / (1.0 + old.slope.abs());
                slope.max((new.intercept - old.intercept).abs() / (1.0 + old.intercept.abs()))
            })
            .fold(0.0, f64::max);
        let next = self.evaluate(parameters)?;
        if next.value < self.current.value {
            // Only rounding can do this: there is nothing left that EM could gain.
            return Ok(0.0);
        }
        self.current = next;
        self.system_is_fresh = false;
        Ok(change)
    }

    fn newton_cycle(&mut self) -> Result<Progress, IrtError> {
        if self.system.is_none() {
            self.refresh()?;
        }
        let Some(system) = &self.system else { return Ok(Progress::Stuck) };
        let step = self.corrections.step(&self.current.gradient, system);
        let length = self.length(&step);
        let (exact, sampled) = (system.is_observed_information(), system.is_sampled());
        let learned = system.is_blockwise() || sampled;
        if exact && !self.system_is_fresh && length > CONTRACTION * self.last_length {
            self.system = None;
            return self.newton_cycle();
        }
        if exact || learned {
            let contraction = length / self.last_length;
            self.last_length = length;
            self.measure(&step);
            if self.within_tolerance(&step, contraction) {
                self.times_within_tolerance += 1;
                // A curvature that was learned on the way is trusted the third time only.
                if exact || sampled || self.times_within_tolerance >= 3 {
                    return self.converge(&step);
                }
            } else {
                self.times_within_tolerance = 0;
            }
            let undetermined = self.undetermined(&step, length);
            if sampled && (!undetermined.is_empty() || self.sampled_steps == SAMPLED_STEPS) {
                return self.sample_no_more();
            }
            self.sampled_steps += u32::from(sampled);
            if !undetermined.is_empty() {
                return Ok(Progress::NotIdentified(undetermined));
            }
        } else if self.is_stationary(&step) {
            return self.leave_stationary_point();
        }
        if self.climb(&step)? {
            if !(exact || learned) {
                self.system = None;
            }
            return Ok(Progress::Moved);
        }
        if sampled {
            return self.sample_no_more();
        }
        if self.system_is_fresh {
            return Ok(Progress::Stuck);
        }
        self.system = None;
        Ok(Progress::Moved)
    }

    fn sample_no_more(&mut self) -> Result<Progress, IrtError> {
        self.sampling = 1;
        self.system = None;
        Ok(Progress::Moved)
    }

    fn refresh(&mut self) -> Result<(), IrtError> {
        self.system = None;
        if self.sampling > 1 && self.objective.items() <= self.objective.dense_items {
            self.system = NewtonSystem::sampled(self.objective, &self.current, self.sampling)?;
        }
        if self.system.is_none() {
            self.sampling = 1;
            self.system = NewtonSystem::at(self.objective, &self.current)?;
        }
        self.corrections = Corrections::default();
        self.system_is_fresh = true;
        self.last_length = f64::INFINITY;
        Ok(())
    }

    /// √(gradient · step): how many standard errors away the optimum is, in the worst direction.
    fn length(&self, step: &[SlopeIntercept]) -> f64 {
        libm::sqrt(gain(&self.current.gradient, step).max(0.0))
    }

    /// Steps of item `item` in a and in b.
    fn step_in_difficulty(&self, item: usize, step: SlopeIntercept) -> [f64; 2] {
        if self.objective.is_frozen(item) {
            return [0.0; 2];
        }
        let at = self.current.parameters[item];
        [step.slope.abs(), ((step.intercept + at.difficulty() * step.slope) / at.slope).abs()]
    }

    fn measure(&mut self, step: &[SlopeIntercept]) {
        self.largest_step = (0.0, 0);
        self.unsettled.clear();
        for (item, step) in step.iter().enumerate() {
            let [a, b] = self.step_in_difficulty(item, *step);
            // Written so that a step that is not a number counts as the largest.
            if !(a.max(b) <= self.largest_step.0) {
                self.largest_step = (a.max(b), item);
            }
            if !(a.max(b) <= UNSETTLED) {
                self.unsettled.push(item);
            }
        }
    }

    fn within_tolerance(&self, step: &[SlopeIntercept], contraction: f64) -> bool {
        let Some(system) = &self.system else { return false };
        let trust = if system.is_observed_information() {
            1.0
        } else if system.is_sampled() {
            // Such steps go on like a geometric series: what comes after this one must be little.
            let contraction = contraction.clamp(CONTRACTION, 0.9);
            0.1 * (1.0 - contraction) / contraction
        } else {
            // Without all of the missing information the remaining step is underestimated.
            0.1
        };
        let strictness = trust * self.tolerance;
        step.iter().enumerate().all(|(item, step)| {
            let steps = self.step_in_difficulty(item, *step);
            if steps.iter().all(|step| *step <= strictness * STEP_TOLERANCE) {
                return true;
            }
            let errors = system.standard_errors_at_least(item, self.current.parameters[item]);
            steps.iter().zip(errors).all(|(step, error)| {
                let by_error = STEP_TOLERANCE_IN_STANDARD_ERRORS * error;
                *step <= strictness * STEP_TOLERANCE.max(by_error)
            })
        })
    }

    /// Takes the last step without another E-step, and checks that the optimum determines every
    /// item.
    fn converge(&mut self, step: &[SlopeIntercept]) -> Result<Progress, IrtError> {
        let parameters = self.moved_by(step, 1.0);
        self.objective.carry_over(&mut self.current, parameters, step);
        if self.objective.priors.discrimination_is_flat() {
            let vanishing: Vec<usize> = (0..self.objective.items())
                .filter(|item| !self.objective.is_frozen(*item))
                .filter(|item| self.current.parameters[*item].slope.abs() < VANISHING_SLOPE)
                .collect();
            if !vanishing.is_empty() {
                return Ok(Progress::NotIdentified(vanishing));
            }
            return self.determined();
        }
        Ok(Progress::Converged)
    }

    /// With a flat prior the optimum may be a ridge, whatever the path to it: then the observed
    /// information is singular there, though that of a point on the way need not be.
    fn determined(&mut self) -> Result<Progress, IrtError> {
        let curvature = self.system.as_ref().and_then(NewtonSystem::least_curvature);
        // On the way there is no need to know, and beyond the dense limit no way.
        let Some(curvature) = curvature.filter(|_| self.tolerance == 1.0) else {
            return Ok(Progress::Converged);
        };
        let Objective { patterns, weights, .. } = self.objective;
        if curvature >= SUSPICIOUS && is_answered_in_threes(patterns, weights) {
            return Ok(Progress::Converged);
        }
        // The last step was taken without an E-step; along a ridge it can be a long one.
        let there = self.evaluate(self.current.parameters.clone())?;
        match flattest_direction(self.objective, &there)? {
            Some(flat) if flat.curvature < SINGULAR => Ok(Progress::NotIdentified(flat.involved)),
            _ => Ok(Progress::Converged),
        }
    }

    /// With a flat prior, the items whose slope still wants to go far although
    /// nothing is gained by it: the likelihood rises for ever, ever more slowly.
    fn undetermined(&self, step: &[SlopeIntercept], length: f64) -> Vec<usize> {
        if !self.objective.priors.discrimination_is_flat() || length > SPENT {
            return Vec::new();
        }
        (0..step.len())
            .filter(|item| {
                let slope = self.current.parameters[*item].slope;
                step[*item].slope.abs() > UNDETERMINED * length * slope.abs().max(1.0)
            })
            .collect()
    }

    fn rounding(&self) -> f64 {
        ROUNDING * (1.0 + self.current.value.abs())
    }

    fn moved_by(&self, step: &[SlopeIntercept], share: f64) -> Vec<SlopeIntercept> {
        self.current
            .parameters
            .iter()
            .zip(step)
            .map(|(item, step)| {
                let step = limit_step(*item, *step, self.objective.priors);
                SlopeIntercept {
                    slope: item.slope + share * step.slope,
                    intercept: item.intercept + share * step.intercept,
                }
            })
            .collect()
    }

    /// Moves along `step`, halved until the objective rises (or, next to the
    /// optimum, stays within its rounding error). False where no share of it does.
    fn climb(&mut self, step: &[SlopeIntercept]) -> Result<bool, IrtError> {
        let gain = gain(&self.current.gradient, step);
        if !(gain > 0.0) {
            return Ok(false);
        }
        let slack = if gain < 1e3 * self.rounding() { self.rounding() } else { 0.0 };
        let mut share = 1.0;
        for _ in 0..HALVINGS {
            let next = self.evaluate(self.moved_by(step, share))?;
            if next.value >= self.current.value + 1e-4 * share * gain - slack {
                self.corrections.learn(&self.current, &next);
                self.current = next;
                self.system_is_fresh = false;
                if share < 1.0 && !self.system.as_ref().is_some_and(NewtonSystem::is_blockwise) {
                    self.system = None;
                    self.sampling = 1;
                }
                return Ok(true);
            }
            share *= 0.5;
        }
        Ok(false)
    }

    /// True where the gradient is spent although the observed information is
    /// not positive definite: a ridge or a saddle.
    fn is_stationary(&self, step: &[SlopeIntercept]) -> bool {
        self.length(step) < SPENT
    }

    /// Tries to climb off along the direction of least curvature; if the
    /// objective is flat there, the items involved are not identified.
    fn leave_stationary_point(&mut self) -> Result<Progress, IrtError> {
        let Some(flat) = flattest_direction(self.objective, &self.current)? else {
            return Ok(Progress::Stuck);
        };
        for share in [1.0, -1.0, 0.1, -0.1, 0.01, -0.01] {
            let next = self.evaluate(self.moved_by(&flat.direction, share))?;
            if next.value > self.current.value + 1e-6 {
                self.current = next;
                self.system = None;
                self.system_is_fresh = false;
                return Ok(Progress::Moved);
            }
        }
        Ok(Progress::NotIdentified(flat.involved))
    }
}
