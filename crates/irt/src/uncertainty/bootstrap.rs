//! Bootstrap over persons: how much the estimates would vary with other persons.
//!
//! Each replicate draws as many persons as there are, with replacement; that
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

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::error::IrtError;
use crate::fit::m_step::limit_step;
use crate::fit::newton::NewtonSystem;
use crate::fit::search::{Outcome, Termination};
use crate::fit::stages::fit;
use crate::likelihood::objective::Objective;
use crate::memory::{reserve, zeroes};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Phase;
use crate::numeric::quasi_newton::{Corrections, gain};

/// With fewer replicates than this, running out of time fails the calibration.
pub const ENOUGH_REPLICATES: u32 = 200;
/// A replicate has settled when the remaining step is at most this many
/// standard errors long, in the worst direction.
pub const REPLICATE_TOLERANCE: f64 = 5e-3;
/// Quasi-Newton steps before a replicate is refitted in full.
const WARM_STEPS: usize = 15;
/// Replicates between two looks at the results.
const BATCH: u32 = 64;

/// What the replicates say about one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ItemSpread {
    pub se_discrimination: f64,
    pub se_difficulty: f64,
    pub covariance: f64,
    pub discrimination_interval: (f64, f64),
    pub difficulty_interval: (f64, f64),
}

/// The outcome of all replicates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bootstrap {
    /// Per item; `None` where too few replicates could estimate it.
    pub items: Vec<Option<ItemSpread>>,
    /// Replicates done.
    pub replicates: u32,
    /// Replicates among them that did not converge.
    pub failures: u32,
    /// E-steps of all replicates together: what they cost.
    pub e_steps: u64,
}

/// One replicate: (a, b) per item, `None` for items that are constant in it.
type Replicate = Vec<Option<(f64, f64)>>;

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
) -> Result<Bootstrap, IrtError> {
    let owners = pattern_of_each_person(objective.patterns.multiplicities())?;
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
                let weights = resample(&owners, objective.patterns.len(), seed, number)?;
                let result = replicate(objective, &weights, estimate, system, &e_steps)?;
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
    Ok(summarise(&drawn, objective.items(), e_steps.into_inner()))
}

fn pattern_of_each_person(multiplicities: &[u32]) -> Result<Vec<u32>, IrtError> {
    let persons: usize = multiplicities.iter().map(|count| *count as usize).sum();
    let mut owners = reserve(persons, "resampling persons")?;
    for (pattern, count) in multiplicities.iter().enumerate() {
        owners.extend(std::iter::repeat_n(pattern as u32, *count as usize));
    }
    Ok(owners)
}

/// Draws as many persons as there are, with replacement: persons per pattern.
fn resample(owners: &[u32], patterns: usize, seed: u64, number: u32) -> Result<Vec<u32>, IrtError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(number));
    let mut weights: Vec<u32> = zeroes(patterns, "resampling persons")?;
    let persons = owners.len() as u32;
    for _ in 0..persons {
        weights[owners[rng.random_range(0..persons) as usize] as usize] += 1;
    }
    Ok(weights)
}

/// Estimates one replicate; `None` if it does not converge.
fn replicate(
    original: &Objective<'_>,
    weights: &[u32],
    estimate: &[SlopeIntercept],
    system: Option<&NewtonSystem>,
    e_steps: &AtomicU64,
) -> Result<Option<Replicate>, IrtError> {
    let objective = Objective::new(
        original.patterns,
        weights,
        original.grid,
        original.priors,
        original.monitor,
        false,
    );
    let warm = match system {
        Some(system) => warm_climb(&objective, estimate, system)?,
        None => None,
    };
    let parameters = match warm {
        Some(parameters) => Some(parameters),
        None => refit(&objective, estimate)?,
    };
    e_steps.fetch_add(objective.e_steps.load(Ordering::Relaxed), Ordering::Relaxed);
    Ok(parameters.map(|parameters| {
        parameters
            .iter()
            .enumerate()
            .map(|(item, at)| (!objective.is_frozen(item)).then(|| (at.slope, at.difficulty())))
            .collect()
    }))
}

/// Climbs from the estimate by quasi-Newton steps (BFGS) that start from its
/// factored information, until the remaining step is negligible; `None` where
/// the climb does not get there.
fn warm_climb(
    objective: &Objective<'_>,
    estimate: &[SlopeIntercept],
    system: &NewtonSystem,
) -> Result<Option<Vec<SlopeIntercept>>, IrtError> {
    let mut corrections = Corrections::default();
    let mut current = objective.evaluate(estimate.to_vec())?;
    for _ in 0..WARM_STEPS {
        let step = corrections.step(&current.gradient, system);
        let gain = gain(&current.gradient, &step);
        if !(gain >= 0.0) {
            return Ok(None);
        }
        let target: Vec<SlopeIntercept> = current
            .parameters
            .iter()
            .zip(&step)
            .enumerate()
            .map(|(item, (at, step))| {
                if objective.is_frozen(item) {
                    return *at;
                }
                let step = limit_step(*at, *step, objective.priors);
                SlopeIntercept {
                    slope: at.slope + step.slope,
                    intercept: at.intercept + step.intercept,
                }
            })
            .collect();
        if libm::sqrt(gain) <= REPLICATE_TOLERANCE {
            return Ok(Some(target));
        }
        let next = objective.evaluate(target)?;
        if next.value < current.value {
            return Ok(None);
        }
        corrections.learn(&current, &next);
        current = next;
    }
    Ok(None)
}

fn refit(
    objective: &Objective<'_>,
    estimate: &[SlopeIntercept],
) -> Result<Option<Vec<SlopeIntercept>>, IrtError> {
    match fit(objective, estimate.to_vec())? {
        Outcome::Ended(fit) if fit.termination == Termination::Converged => {
            Ok(Some(fit.evaluation.parameters))
        }
        _ => Ok(None),
    }
}

fn summarise(drawn: &[Option<Replicate>], items: usize, e_steps: u64) -> Bootstrap {
    let converged: Vec<&Replicate> = drawn.iter().flatten().collect();
    let spread = |item: usize| {
        let values: Vec<(f64, f64)> = converged
            .iter()
            .filter_map(|replicate| replicate[item])
            .filter(|(a, b)| a.is_finite() && b.is_finite())
            .collect();
        if values.len() < 2 || 2 * values.len() < drawn.len() {
            return None;
        }
        let discriminations: Vec<f64> = values.iter().map(|value| value.0).collect();
        let difficulties: Vec<f64> = values.iter().map(|value| value.1).collect();
        Some(ItemSpread {
            se_discrimination: libm::sqrt(covariance(&discriminations, &discriminations)),
            se_difficulty: libm::sqrt(covariance(&difficulties, &difficulties)),
            covariance: covariance(&discriminations, &difficulties),
            discrimination_interval: percentile_interval(discriminations),
            difficulty_interval: percentile_interval(difficulties),
        })
    };
    Bootstrap {
        items: (0..items).map(spread).collect(),
        replicates: drawn.len() as u32,
        failures: (drawn.len() - converged.len()) as u32,
        e_steps,
    }
}

fn covariance(left: &[f64], right: &[f64]) -> f64 {
    let count = left.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (by_left, by_right) = (mean(left), mean(right));
    let products = left.iter().zip(right).map(|(x, y)| (x - by_left) * (y - by_right));
    products.sum::<f64>() / (count - 1.0)
}

/// Percentiles 2.5 and 97.5, interpolated linearly between order statistics.
fn percentile_interval(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let position = share * (values.len() - 1) as f64;
        let below = position as usize;
        let above = (below + 1).min(values.len() - 1);
        values[below] + (position - below as f64) * (values[above] - values[below])
    };
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;
    use crate::data::grouped::{NO_TIME, RepeatedResponses, ResponseRows, Responses};
    use crate::fit::stages::starting_values;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::numeric::eight::Grid;
    use crate::simulate::{
        Simulation, draw_responses, simulate, simulate_items, simulate_responses,
    };

    const REPLICATES: u32 = 300;

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
        let patterns = responses.patterns();
        let grid = Grid::new(&Quadrature::default());
        let weights = patterns.multiplicities();
        let objective = Objective::new(patterns, weights, &grid, priors, &Unmonitored, true);
        let start = starting_values(&objective, &vec![None; items.len()]);
        let Ok(Outcome::Ended(fit)) = fit(&objective, start) else { panic!("no estimate") };
        let system = NewtonSystem::at(&objective, &fit.evaluation).unwrap().unwrap();
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
        let (patterns, grid) = (responses.patterns(), Grid::new(&Quadrature::default()));
        let (priors, weights) = (Priors::default(), patterns.multiplicities());
        let objective = Objective::new(patterns, weights, &grid, &priors, &Unmonitored, true);
        let start = starting_values(&objective, &[None; ITEMS as usize]);
        let Ok(Outcome::Ended(fit)) = fit(&objective, start) else { panic!("no estimate") };
        let system = NewtonSystem::at(&objective, &fit.evaluation).unwrap().unwrap();
        let owners = pattern_of_each_person(weights).unwrap();
        let (mut constant, mut absent) = (0, 0);
        for number in 0..3000 {
            let weights = resample(&owners, patterns.len(), 3, number).unwrap();
            let rare = patterns.item_totals(&weights)[ITEMS as usize - 1];
            absent += u32::from(rare.responses == 0);
            constant += u32::from(rare.is_constant() && rare.responses > 0);
            // Every absent one, and some of the others.
            if rare.responses > 0 && number % 50 != 0 {
                continue;
            }
            let estimates = [Some(&system), None].map(|system| {
                let at = &fit.evaluation.parameters;
                let spent = AtomicU64::new(0);
                replicate(&objective, &weights, at, system, &spent).unwrap().expect("an estimate")
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
        let (patterns, grid) = (responses.patterns(), Grid::new(&Quadrature::default()));
        let priors = Priors::default();
        let objective =
            Objective::new(patterns, patterns.multiplicities(), &grid, &priors, &Unmonitored, true);
        let Ok(Outcome::Ended(fit)) = fit(&objective, items) else { panic!("no estimate") };
        let system = NewtonSystem::at(&objective, &fit.evaluation).unwrap().unwrap();
        let owners = pattern_of_each_person(patterns.multiplicities()).unwrap();
        for number in 0..50 {
            let weights = resample(&owners, patterns.len(), 11, number).unwrap();
            assert_eq!(weights.iter().sum::<u32>(), 600);
            let resampled = Objective::new(patterns, &weights, &grid, &priors, &Unmonitored, false);
            let found =
                warm_climb(&resampled, &fit.evaluation.parameters, &system).unwrap().unwrap();
            let left = resampled.evaluate(found).unwrap();
            let step = system.solve(&left.gradient);
            let squared = gain(&left.gradient, &step);
            assert!(squared.sqrt() <= REPLICATE_TOLERANCE, "replicate {number}: {squared}");
        }
    }

    #[test]
    fn constant_items_are_left_out_of_a_replicate() {
        let drawn: Vec<Option<Replicate>> = (0..10)
            .map(|k| {
                let first = Some((1.0 + 0.1 * f64::from(k), 0.0 - 0.2 * f64::from(k)));
                (k != 9).then(|| vec![first, (k < 4).then_some((1.0, 1.0))])
            })
            .collect();
        let summary = summarise(&drawn, 2, 0);
        assert_eq!((summary.replicates, summary.failures), (10, 1));
        let first = summary.items[0].unwrap();
        assert!((first.se_discrimination - 0.1 * 7.5f64.sqrt()).abs() < 1e-12);
        assert!((first.covariance + 0.02 * 7.5).abs() < 1e-12);
        assert_eq!(summary.items[1], None);
    }
}
