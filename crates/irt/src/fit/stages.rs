//! The estimator: EM to come near the optimum, Newton's method to reach it.
//!
//! Where persons are many, the way is gone in three stages. EM begins with a
//! sample of them. Most of the rest is gone with all of them on every second
//! ability node, with half the work; the last steps are taken, and judged, on
//! all nodes. Each stage is a [`search`] of its own; where one does not get
//! there, or persons are few, there is but one search, of everything.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46, 443–459.

use std::sync::atomic::Ordering::Relaxed;

use crate::error::IrtError;
use crate::likelihood::objective::Objective;
use crate::likelihood::resolution::is_hopeless;
use crate::model::two_pl::SlopeIntercept;

use super::search::{Outcome, Search, Termination};

/// An item with fewer responses than this in a sample starts where it would without one.
const TELLING: u64 = 30;
/// On the coarser grid, a step this many times the tolerance is near enough.
const ROUGH_TOLERANCE: f64 = 1e3;

/// Starting values from proportions correct.
///
/// Slopes start at the prior's median. With a flat prior an item starts with
/// the sign of its point-biserial, so that a reversed item need not cross 0.
pub(crate) fn starting_values(
    objective: &Objective<'_>,
    point_biserials: &[Option<f64>],
) -> Vec<SlopeIntercept> {
    let slope = objective.priors.starting_slope();
    let flat = objective.priors.discrimination_is_flat();
    objective
        .totals
        .iter()
        .zip(point_biserials)
        .map(|(total, point_biserial)| {
            // Half a response either way keeps the logit finite.
            let odds =
                (total.correct as f64 + 0.5) / ((total.responses - total.correct) as f64 + 0.5);
            let reversed = flat && point_biserial.is_some_and(|correlation| correlation < 0.0);
            // The logit of a mean over N(0, 1) abilities is flatter than that at ability 0.
            SlopeIntercept {
                slope: if reversed { -slope } else { slope },
                intercept: libm::log(odds) * libm::sqrt(1.0 + 0.346 * slope * slope),
            }
        })
        .collect()
}

/// Searches the optimum from `start`.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn fit(
    objective: &Objective<'_>,
    start: Vec<SlopeIntercept>,
) -> Result<Outcome, IrtError> {
    if let Some(grid) = objective.grid.coarser().filter(|_| objective.sampling > 1) {
        let rough = objective.on(&grid);
        let (near, cycles) = near_by_a_sample(&rough, &start)?;
        if objective.may_refine && is_hopeless(objective, &near)? {
            return Ok(Outcome::TooCoarse { near, cycles });
        }
        let mut approach = Search::new(&rough, near)?;
        approach.cycles += cycles;
        // The sample's cycles count for one: one with all persons may be enough.
        approach.em_cycles_due -= 1;
        approach.tolerance = ROUGH_TOLERANCE;
        let outcome = approach.run()?;
        objective.e_steps.fetch_add(rough.e_steps.load(Relaxed), Relaxed);
        if matches!(&outcome, Outcome::Ended(fit) if fit.termination == Termination::Converged) {
            return Search::continued(objective, approach)?.run();
        }
    }
    Search::new(objective, start)?.run()
}

/// The same from near by: no sample, no coarser grid, no more EM than it takes to be safe.
///
/// # Errors
/// As for [`fit`].
pub(crate) fn fit_from_near(
    objective: &Objective<'_>,
    start: Vec<SlopeIntercept>,
) -> Result<Outcome, IrtError> {
    let mut search = Search::new(objective, start)?;
    search.em_cycles_due = 0;
    search.run()
}

/// Where EM comes to with a sample of the persons, and the E-steps that it took there.
///
/// Far from the optimum a sample tells the way as well as all do. What it adds of its own,
/// its sampling error, one EM cycle with all of them takes off again for the most part.
fn near_by_a_sample(
    objective: &Objective<'_>,
    start: &[SlopeIntercept],
) -> Result<(Vec<SlopeIntercept>, u32), IrtError> {
    let weights = objective.sample(objective.sampling)?;
    let sample = objective.with_weights(&weights);
    let mut search = Search::new(&sample, start.to_vec())?;
    while search.em_cycles_due > 0 {
        search.em_cycle()?;
    }
    objective.e_steps.fetch_add(u64::from(search.cycles), Relaxed);
    let mut near = search.current.parameters;
    for (item, parameters) in near.iter_mut().enumerate() {
        if sample.is_frozen(item) || sample.totals[item].responses < TELLING {
            *parameters = start[item];
        }
    }
    Ok((near, search.cycles))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::ability::quadrature::Quadrature;
    use crate::data::grouped::{NO_TIME, RepeatedResponses, ResponseRows, Responses};
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::numeric::eight::Grid;
    use crate::simulate::simulate_items;
    use crate::simulate::{Simulation, simulate};

    #[test]
    fn without_the_whole_matrix_the_search_ends_at_the_same_optimum() {
        let designs = [
            (800, 12, 1.0, Priors::default()),
            (800, 12, 1.0, Priors::flat()),
            (1500, 40, 0.3, Priors::default()),
            (1500, 30, 0.5, Priors::flat()),
            (1000, 6, 1.0, Priors::flat()),
        ];
        for (seed, (persons, items, answered, priors)) in designs.into_iter().enumerate() {
            let design = Simulation { persons, items, answered, seed: 40 + seed as u64 };
            let (responses, _) = simulate(&design);
            let patterns = responses.patterns();
            let grid = Grid::new(&Quadrature::default());
            let weights = patterns.multiplicities();
            let mut objective =
                Objective::new(patterns, weights, &grid, &priors, &Unmonitored, true);
            let estimate = |objective: &Objective<'_>| {
                let start = starting_values(objective, &vec![None; items as usize]);
                match fit(objective, start) {
                    Ok(Outcome::Ended(fit)) => fit,
                    _ => panic!("no estimate"),
                }
            };
            objective.sampling = 1;
            let dense = estimate(&objective);
            objective.sampling = 8;
            let sampled = estimate(&objective);
            objective.dense_items = 0;
            let blockwise = estimate(&objective);
            for other in [sampled, blockwise] {
                assert_eq!(other.termination, Termination::Converged);
                println!("{design:?}: {} cycles instead of {}", other.cycles, dense.cycles);
                let pairs = dense.evaluation.parameters.iter().zip(&other.evaluation.parameters);
                for (x, y) in pairs {
                    assert!((x.slope - y.slope).abs() < 5e-6, "{x:?} {y:?}");
                    assert!((x.difficulty() - y.difficulty()).abs() < 1e-5, "{x:?} {y:?}");
                }
            }
        }
    }

    /// Everybody answers the two items of one pair; `persons` for each pair.
    fn in_pairs(items: u32, pairs: &[[u32; 2]], persons: u32, seed: u64) -> Responses {
        let truth = simulate_items(items, seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = ResponseRows::new(false);
        for (number, pair) in pairs.iter().enumerate() {
            for person in 0..persons {
                // Nearly normal; the shape does not matter here.
                let ability = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
                for item in pair {
                    let correct = rng.random::<f64>() < truth[*item as usize].probability(ability);
                    rows.push(number as u32 * persons + person, *item, correct, NO_TIME).unwrap();
                }
            }
        }
        let labels = (0..items).map(|item| format!("{item:03}")).collect();
        Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
    }

    /// A chain of pairs has one association less than slopes: whatever the path, the search ends
    /// on a ridge. (A calibration knows that before it begins; this is the search by itself.)
    #[test]
    fn a_search_that_ends_on_a_ridge_says_so() {
        for seed in 0..60 {
            let items = 3 + seed as u32 % 6;
            let chain: Vec<[u32; 2]> = (1..items).map(|item| [item - 1, item]).collect();
            let persons = [60, 200, 600, 2000][seed as usize % 4];
            let responses = in_pairs(items, &chain, persons, seed);
            let patterns = responses.patterns();
            let (grid, priors) = (Grid::new(&Quadrature::default()), Priors::flat());
            let weights = patterns.multiplicities();
            let objective = Objective::new(patterns, weights, &grid, &priors, &Unmonitored, true);
            let start = starting_values(&objective, &vec![None; items as usize]);
            match fit(&objective, start) {
                Ok(Outcome::NotIdentified { .. }) => {}
                Ok(Outcome::Ended(fit)) => panic!("seed {seed}: {}", fit.termination.as_str()),
                _ => panic!("seed {seed}: no end"),
            }
        }
    }
}
