//! Bootstrap over persons: how much the estimates would vary with other persons.
//!
//! Each replicate draws as many persons as there are, with replacement, from each group as many
//! as it has; that
//! is a weight per response pattern, so no data are copied. A replicate starts
//! at the estimate and steps by the factored observed information of the
//! estimate, corrected by what its own steps teach about the curvature: three
//! or four E-steps for large samples. A replicate that does not settle this way
//! is refitted in full.
//!
//! Rules:
//! * An item all of whose responses in a replicate are alike, or that has none
//!   there, cannot be estimated from it and is left out of it.
//! * A replicate that a full refit cannot bring to convergence is left out,
//!   and counted.
//! * The standard error is the standard deviation over the replicates that
//!   are in. An item that is in fewer than half of them has none.
//! * The 95 % interval lies between percentiles 2.5 and 97.5; a few wild
//!   replicates move it less than they move the standard deviation.
//!
//! Reproducible: replicate k uses stream k of a ChaCha generator with the given
//! seed, so the numbers do not depend on threads.
//!
//! Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::replicate::{Replicate, pattern_of_each_person, persons_of_groups, replicate, resample};
use super::sampling_covariance::SamplingCovariances;
use super::summary::summarise;
use crate::error::IrtError;
use crate::fit::newton_system::NewtonSystem;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Phase;

/// With fewer replicates than this, running out of time fails the calibration.
pub const ENOUGH_REPLICATES: u32 = 200;
/// Replicates between two looks at the results.
const BATCH: u32 = 64;

/// What became of a replicate.
enum Drawn {
    Estimated(Replicate),
    Failed,
    /// There was no time left to try.
    NotTried,
}

/// Bootstraps around `estimate`, the optimum of `objective`.
///
/// # Errors
/// [`IrtError::Interrupted`], also when time ran out before [`ENOUGH_REPLICATES`];
/// [`IrtError::OutOfMemory`].
pub(crate) fn bootstrap(
    objective: &Objective<'_>,
    estimate: &[SlopeIntercept],
    system: Option<&NewtonSystem>,
    iterations: u32,
    seed: u64,
) -> Result<SamplingCovariances, IrtError> {
    let patterns = objective.persons.patterns;
    let owners = pattern_of_each_person(patterns.multiplicities())?;
    let groups = persons_of_groups(patterns);
    let (done, e_steps) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut drawn: Vec<Option<Replicate>> = Vec::new();
    let mut first = 0;
    'batches: while first < iterations {
        let last = iterations.min(first + BATCH);
        let batch: Result<Vec<Drawn>, IrtError> = (first..last)
            .into_par_iter()
            .map(|number| {
                if objective.monitor.out_of_time() && number >= ENOUGH_REPLICATES {
                    return Ok(Drawn::NotTried);
                }
                let weights = resample(&owners, &groups, patterns.len(), seed, number)?;
                let resampled = objective.with_weights(&weights).on_this_thread();
                let result = replicate(&resampled, estimate, system)?;
                e_steps.fetch_add(resampled.e_steps.load(Ordering::Relaxed), Ordering::Relaxed);
                let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                objective.monitor.progress(Phase::StandardErrors, count, u64::from(iterations));
                Ok(result.map_or(Drawn::Failed, Drawn::Estimated))
            })
            .collect();
        for result in batch? {
            match result {
                Drawn::Estimated(replicate) => drawn.push(Some(replicate)),
                Drawn::Failed => drawn.push(None),
                Drawn::NotTried => break 'batches,
            }
        }
        first = last;
    }
    Ok(summarise(&drawn, objective.items(), objective.design.groups(), e_steps.into_inner()))
}

#[cfg(test)]
mod tests {
    use super::super::replicate::{REPLICATE_TOLERANCE, warm_climb};
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::data::grouped::RepeatedResponses;
    use crate::data::persons::Persons;
    use crate::data::responses::Responses;
    use crate::data::rows::{NO_TIME, ResponseRows};
    use crate::fit::outcome::{Fit, Outcome};
    use crate::fit::plan::Plan;
    use crate::fit::stages::fit;
    use crate::fit::starting_values::starting_values;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::numeric::quasi_newton::squared_newton_decrement;
    use crate::simulate::{
        Simulation, draw_responses, simulate, simulate_items, simulate_responses,
    };

    const REPLICATES: u32 = 300;

    fn fitted(objective: &Objective<'_>, start: Vec<SlopeIntercept>) -> (Fit, NewtonSystem) {
        let plan = Plan::of(objective.persons.patterns);
        let Ok(Outcome::Ended(fit)) = fit(objective, plan, start) else { panic!("no estimate") };
        let system = NewtonSystem::observed(objective, &fit.evaluation).unwrap().unwrap();
        (fit, system)
    }

    /// How far standard errors of warm replicates are from those of full refits, relatively, for
    /// the worst item; and the E-steps of either. Every item must have them that is not constant
    /// in the responses themselves, and no replicate may fail.
    fn warm_next_to_full(
        design: &Simulation,
        items: &[SlopeIntercept],
        priors: &Priors,
        replicates: u32,
    ) -> (f64, [u64; 2]) {
        let responses = simulate_responses(design, items);
        let persons = Persons::everybody(responses.patterns());
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let objective = Objective::new(persons, &grid, priors, &Unmonitored);
        let start = starting_values(&objective, &vec![None; items.len()]);
        let (fit, system) = fitted(&objective, start);
        let estimate = &fit.evaluation.parameters;
        let warm = bootstrap(&objective, estimate, Some(&system), replicates, 9).unwrap();
        let full = bootstrap(&objective, estimate, None, replicates, 9).unwrap();
        assert_eq!((warm.failures, full.failures), (0, 0), "{design:?}");
        let mut worst = 0.0_f64;
        let pairs = warm.items.iter().zip(&full.items).enumerate();
        for (_, (x, y)) in pairs.filter(|(item, _)| !objective.is_frozen(*item)) {
            let (Some(x), Some(y)) = (x, y) else { panic!("{design:?}: no standard error") };
            worst = worst.max((x.se_discrimination / y.se_discrimination - 1.0).abs());
            worst = worst.max((x.se_difficulty / y.se_difficulty - 1.0).abs());
        }
        (worst, [warm.e_steps, full.e_steps])
    }

    #[test]
    fn warm_started_replicates_equal_full_refits() {
        let designs = [
            (400, 12, 1.0, Priors::default()),
            (500, 10, 0.6, Priors::default()),
            (480, 20, 1.0, Priors::flat()),
            (500, 8, 0.8, Priors::flat()),
            (300, 30, 0.5, Priors::default()),
        ];
        for (seed, (persons, items, answered, priors)) in designs.into_iter().enumerate() {
            let design = Simulation { persons, items, answered, seed: seed as u64 };
            let items = simulate_items(items, design.seed);
            let (gap, [warm, full]) = warm_next_to_full(&design, &items, &priors, REPLICATES);
            // A refit in full also factors a matrix, which costs more than an E-step.
            assert!(warm < full + u64::from(REPLICATES), "{design:?}");
            assert!(gap < 0.01, "{design:?}: {gap}");
        }
    }

    /// From 60 to 120 responses an item, of items so easy that many are constant in a replicate.
    #[test]
    fn replicates_with_constant_items_equal_full_refits() {
        let designs = [(400, 100, 0.25), (90, 30, 1.0), (800, 60, 0.1)];
        for (seed, (persons, count, answered)) in designs.into_iter().enumerate() {
            let design = Simulation { persons, items: count, answered, seed: seed as u64 };
            let item = |number: u32| {
                let difficulty = -2.5 + 3.5 * f64::from(number) / f64::from(count - 1);
                SlopeIntercept::from_discrimination_difficulty(1.0, difficulty)
            };
            let items: Vec<SlopeIntercept> = (0..count).map(item).collect();
            let (gap, _) = warm_next_to_full(&design, &items, &Priors::default(), 120);
            assert!(gap < 0.01, "{design:?}: {gap}");
        }
    }

    #[test]
    fn a_replicate_loses_its_constant_items_and_no_other() {
        // Of 200 persons, 6 met the last item, and 1 of them failed: a replicate in six has no
        // such failure, and one in 400 has no response at all.
        const ITEMS: u32 = 12;
        let design = Simulation { persons: 200, items: ITEMS, answered: 1.0, seed: 5 };
        let mut rows = ResponseRows::new(false);
        draw_responses(&design, &simulate_items(ITEMS, 5), |person, item, correct| {
            if item < ITEMS - 1 {
                rows.push(person, item, correct, NO_TIME).unwrap();
            } else if person < 6 {
                rows.push(person, item, person > 0, NO_TIME).unwrap();
            }
        });
        let labels = (0..ITEMS).map(|item| format!("I{item:02}")).collect();
        let responses =
            Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap();
        let persons = Persons::everybody(responses.patterns());
        let Persons { patterns, weights } = persons;
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let priors = Priors::default();
        let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
        let start = starting_values(&objective, &[None; ITEMS as usize]);
        let (fit, system) = fitted(&objective, start);
        let owners = pattern_of_each_person(weights).unwrap();
        let (mut constant, mut absent) = (0, 0);
        for number in 0..3000 {
            let weights =
                resample(&owners, &persons_of_groups(patterns), patterns.len(), 3, number).unwrap();
            let rare = Persons { patterns, weights: &weights }.item_totals()[ITEMS as usize - 1];
            absent += u32::from(rare.responses == 0);
            constant += u32::from(rare.is_constant() && rare.responses > 0);
            // Every absent one, and some of the others.
            if rare.responses > 0 && number % 50 != 0 {
                continue;
            }
            let estimates = [Some(&system), None].map(|system| {
                let at = &fit.evaluation.parameters;
                let resampled = objective.with_weights(&weights).on_this_thread();
                replicate(&resampled, at, system).unwrap().expect("an estimate")
            });
            for estimated in estimates {
                let missing = estimated.iter().filter(|item| item.is_none()).count();
                assert_eq!(missing, usize::from(rare.is_constant()), "replicate {number}");
                assert_eq!(estimated[ITEMS as usize - 1].is_none(), rare.is_constant());
            }
        }
        assert!(constant > 300 && absent > 0, "{constant} {absent}");
    }

    #[test]
    fn a_replicate_ends_with_its_gradient_below_the_tolerance() {
        let design = Simulation { persons: 600, items: 15, answered: 1.0, seed: 3 };
        let (responses, items) = simulate(&design);
        let patterns = responses.patterns();
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let priors = Priors::default();
        let objective = Objective::new(Persons::everybody(patterns), &grid, &priors, &Unmonitored);
        let (fit, system) = fitted(&objective, items);
        let owners = pattern_of_each_person(patterns.multiplicities()).unwrap();
        for number in 0..50 {
            let weights =
                resample(&owners, &persons_of_groups(patterns), patterns.len(), 11, number)
                    .unwrap();
            assert_eq!(weights.iter().sum::<u32>(), 600);
            let resampled = objective.with_weights(&weights).on_this_thread();
            let found =
                warm_climb(&resampled, &fit.evaluation.parameters, &system).unwrap().unwrap();
            let left = resampled.evaluate(found).unwrap();
            let step = system.solve(&left.gradient);
            let squared = squared_newton_decrement(&left.gradient, &step);
            assert!(squared.sqrt() <= REPLICATE_TOLERANCE, "replicate {number}: {squared}");
        }
    }
}
