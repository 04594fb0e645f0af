//! One search for the optimum: EM cycles, then Newton's method.
//!
//! EM is safe and slow: each cycle raises the objective, yet on real data its
//! tail takes hundreds to thousands of cycles. So after a few cycles the
//! gradient is solved with the observed information.
//!
//! | question | file |
//! |---|---|
//! | What is an EM cycle? | `em`, `m_step` |
//! | By which curvature does it step? | `curvature`, `newton_system` |
//! | How far does it go along a step? | `line_search`, `step` |
//! | Is it at its end? | `convergence` |
//! | Do the responses determine the items? | `identification`, `flat_direction`, `saddle` |

use super::convergence::Remaining;
use super::curvature::{Curvature, NewtonStep};
use super::em::em_cycle;
use super::evaluator::Evaluator;
use super::flat_direction::flattest_direction;
use super::identification::{along_a_ridge, runaways, undetermined, vanishing};
use super::line_search::climb;
use super::newton_system::KindOfCurvature;
use super::outcome::{Fit, Outcome, Termination};
use super::plan::Plan;
use super::saddle::{StationaryPoint, along_a_tail, leave_stationary_point};
use super::step::moved;
use super::thresholds::{
    EM_CYCLES, MAX_E_STEPS, NEAR, ROUGH_TOLERANCE, SPENT, STEPS_OF_LEARNED_CURVATURE, TIMES_STUCK,
};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::objective::Objective;
use crate::likelihood::resolution::is_hopeless;
use crate::model::two_pl::SlopeIntercept;

/// One search: where it stands, and how it goes on.
pub(crate) struct Search<'o, 'a> {
    evaluator: Evaluator<'o, 'a>,
    plan: Plan,
    current: Evaluation,
    curvature: Curvature,
    remaining: Remaining,
    /// How many steps in a row were within tolerance.
    times_within_tolerance: u32,
    /// By how much the tolerance is multiplied; more than 1 on the way only.
    tolerance: f64,
    /// EM cycles to go before the next Newton step.
    em_cycles_due: u32,
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
        plan: Plan,
        start: Vec<SlopeIntercept>,
    ) -> Result<Self, IrtError> {
        let current = objective.evaluate(start)?;
        Ok(Self {
            evaluator: Evaluator { objective, e_steps: 1 },
            plan,
            current,
            curvature: Curvature::unknown(plan),
            remaining: Remaining::unknown(),
            times_within_tolerance: 0,
            tolerance: 1.0,
            em_cycles_due: *EM_CYCLES.end(),
            grid_unseen: plan.may_refine,
        })
    }

    /// From near by: without EM, unless it gets stuck.
    ///
    /// # Errors
    /// Those of [`Objective::evaluate`].
    pub(crate) fn from_near(
        objective: &'o Objective<'a>,
        plan: Plan,
        start: Vec<SlopeIntercept>,
    ) -> Result<Self, IrtError> {
        Ok(Self { em_cycles_due: 0, ..Self::new(objective, plan, start)? })
    }

    /// On a coarser grid, to come near only; `e_steps` were spent on a sample before.
    ///
    /// # Errors
    /// Those of [`Objective::evaluate`].
    pub(crate) fn approach(
        objective: &'o Objective<'a>,
        plan: Plan,
        start: Vec<SlopeIntercept>,
        e_steps: u32,
    ) -> Result<Self, IrtError> {
        let mut search = Self::new(objective, plan, start)?;
        search.evaluator.e_steps += e_steps;
        // The sample's cycles count for one: one with all persons may be enough.
        search.em_cycles_due -= 1;
        search.tolerance = ROUGH_TOLERANCE;
        // It was looked at when the sample had come near.
        search.grid_unseen = false;
        Ok(search)
    }

    /// Goes on from where another search came near, with what it learned.
    ///
    /// # Errors
    /// Those of [`Objective::evaluate`].
    pub(crate) fn continued(
        objective: &'o Objective<'a>,
        other: Search<'_, '_>,
    ) -> Result<Self, IrtError> {
        let mut search = Self::from_near(objective, other.plan, other.current.parameters)?;
        search.evaluator.e_steps += other.evaluator.e_steps;
        search.curvature = other.curvature.continued();
        search.grid_unseen = false;
        Ok(search)
    }

    /// Where the EM cycles that are due lead, and the E-steps that they took.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn by_em_alone(mut self) -> Result<(Vec<SlopeIntercept>, u32), IrtError> {
        while self.em_cycles_due > 0 {
            self.em_cycle()?;
        }
        Ok((self.current.parameters, self.evaluator.e_steps))
    }

    /// Goes on to an estimate, or to why there is none.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn run(&mut self) -> Result<Outcome, IrtError> {
        let (mut times_stuck, mut stuck_at) = (0, f64::NEG_INFINITY);
        loop {
            let runaways = runaways(self.evaluator.objective, &self.current);
            if !runaways.is_empty() {
                return Ok(self.not_identified(runaways));
            }
            if self.evaluator.e_steps >= MAX_E_STEPS {
                return Ok(self.ended(Termination::EStepLimit));
            }
            if self.em_cycles_due > 0 {
                self.em_cycle()?;
                continue;
            }
            if std::mem::take(&mut self.grid_unseen)
                && is_hopeless(self.evaluator.objective, &self.current.parameters)?
            {
                let near = std::mem::take(&mut self.current.parameters);
                return Ok(Outcome::TooCoarse { near, e_steps: self.evaluator.e_steps });
            }
            match self.newton_cycle()? {
                Progress::Moved => {}
                Progress::Converged => return Ok(self.ended(Termination::Converged)),
                Progress::NotIdentified(items) => return Ok(self.not_identified(items)),
                Progress::Stuck if times_stuck < TIMES_STUCK => {
                    times_stuck =
                        if self.current.value > stuck_at + SPENT { 1 } else { times_stuck + 1 };
                    stuck_at = self.current.value;
                    self.em_cycles_due = *EM_CYCLES.end();
                    self.curvature.forget();
                }
                Progress::Stuck => return self.give_up(),
            }
        }
    }

    /// With a flat prior a ridge can wind too tightly to be followed to its
    /// end, which lies at infinity or nowhere: its items are not identified.
    fn give_up(&mut self) -> Result<Outcome, IrtError> {
        let objective = self.evaluator.objective;
        if !objective.priors.discrimination_is_flat() {
            return Ok(self.ended(Termination::Stalled));
        }
        let mut items = std::mem::take(&mut self.remaining.unsettled);
        if items.is_empty() {
            let flattest = flattest_direction(objective, &self.current, self.plan.dense_items)?;
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
            e_steps: self.evaluator.e_steps,
            largest_step: self.remaining.largest,
        })
    }

    fn not_identified(&self, items: Vec<usize>) -> Outcome {
        Outcome::NotIdentified { items, e_steps: self.evaluator.e_steps }
    }

    /// One of the EM cycles that are due, and the last of them once it moves little.
    fn em_cycle(&mut self) -> Result<(), IrtError> {
        self.em_cycles_due -= 1;
        let cycle = em_cycle(&mut self.evaluator, &self.current)?;
        let change = cycle.as_ref().map_or(0.0, |cycle| cycle.change);
        if let Some(cycle) = cycle {
            self.current = cycle.evaluation;
            self.curvature.jumped();
        }
        let enough = *EM_CYCLES.end() - self.em_cycles_due >= *EM_CYCLES.start();
        if enough && change < NEAR {
            self.em_cycles_due = 0;
        }
        Ok(())
    }

    fn newton_cycle(&mut self) -> Result<Progress, IrtError> {
        let objective = self.evaluator.objective;
        let Some(step) = self.curvature.step(objective, self.plan, &self.current)? else {
            return Ok(Progress::Stuck);
        };
        if step.curvature == KindOfCurvature::Discounted {
            if step.length < SPENT {
                return self.leave_stationary_point(&step);
            }
        } else if let Some(progress) = self.judge(&step)? {
            return Ok(progress);
        }
        self.climb(&step)
    }

    /// Looks at a full step before it is taken; `None` where it is to be taken.
    fn judge(&mut self, step: &NewtonStep) -> Result<Option<Progress>, IrtError> {
        let objective = self.evaluator.objective;
        let contraction = self.curvature.contraction(step.length);
        self.remaining = Remaining::of(objective, &self.current.parameters, &step.step);
        let is_within = self.curvature.system().is_some_and(|system| {
            let parameters = &self.current.parameters;
            self.remaining.is_negligible(parameters, system, contraction, self.tolerance)
        });
        self.times_within_tolerance = if is_within { self.times_within_tolerance + 1 } else { 0 };
        let needed = match step.curvature {
            KindOfCurvature::Blockwise => STEPS_OF_LEARNED_CURVATURE,
            _ => 1,
        };
        if is_within && self.times_within_tolerance >= needed {
            return self.converge(step).map(Some);
        }
        let undetermined = undetermined(objective, &self.current, step);
        if step.curvature == KindOfCurvature::Sampled {
            if !undetermined.is_empty() || self.curvature.has_sampled_enough() {
                self.curvature.forget_samples();
                return Ok(Some(Progress::Moved));
            }
            self.curvature.count_sampled_step();
        }
        Ok((!undetermined.is_empty()).then_some(Progress::NotIdentified(undetermined)))
    }

    /// Takes a step, as far as it leads upwards.
    fn climb(&mut self, step: &NewtonStep) -> Result<Progress, IrtError> {
        let Some(climbed) = climb(&mut self.evaluator, &self.current, &step.step)? else {
            if step.curvature == KindOfCurvature::Sampled {
                self.curvature.forget_samples();
            } else if self.curvature.is_fresh() {
                return Ok(Progress::Stuck);
            } else {
                self.curvature.forget();
            }
            return Ok(Progress::Moved);
        };
        self.curvature.moved(&self.current, &climbed.evaluation);
        self.current = climbed.evaluation;
        if !climbed.took_the_whole_step && step.curvature != KindOfCurvature::Blockwise {
            self.curvature.forget_samples();
        } else if step.curvature == KindOfCurvature::Discounted {
            self.curvature.forget();
        }
        Ok(Progress::Moved)
    }

    /// Takes the last step without another E-step, and checks that the optimum determines every
    /// item.
    fn converge(&mut self, step: &NewtonStep) -> Result<Progress, IrtError> {
        let objective = self.evaluator.objective;
        let parameters = moved(objective, &self.current.parameters, &step.step, 1.0);
        objective.carry_over(&mut self.current, parameters, &step.step);
        let mut lost = vanishing(objective, &self.current);
        // On the way there is no need to know of ridges.
        if lost.is_empty() && self.tolerance == 1.0 {
            let system = self.curvature.system();
            lost = along_a_ridge(&mut self.evaluator, self.plan, &self.current, system)?;
        }
        Ok(if lost.is_empty() { Progress::Converged } else { Progress::NotIdentified(lost) })
    }

    fn leave_stationary_point(&mut self, spent: &NewtonStep) -> Result<Progress, IrtError> {
        if let Some(higher) = along_a_tail(&mut self.evaluator, &self.current, &spent.step)? {
            return Ok(self.jump(higher));
        }
        match leave_stationary_point(&mut self.evaluator, self.plan, &self.current)? {
            StationaryPoint::Left(higher) => Ok(self.jump(higher)),
            StationaryPoint::Flat(items) => Ok(Progress::NotIdentified(items)),
            StationaryPoint::Unknown => Ok(Progress::Stuck),
        }
    }

    /// Goes on from a point far off, where nothing is known of the curvature.
    fn jump(&mut self, to: Evaluation) -> Progress {
        self.current = to;
        self.curvature.forget();
        self.curvature.jumped();
        Progress::Moved
    }
}
