//! The stages of a fit: EM to come near the optimum, Newton's method to reach it.
//!
//! Where persons are many, the search runs in three stages. EM begins with a
//! sample of them. The search goes on with all of them on every second ability
//! node, with half the work; the last steps are taken, and judged, on all
//! nodes. Each stage is a [`Search`] of its own. Where one does not get there,
//! or persons are few, there is but one search, of everything.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46, 443–459.

use std::sync::atomic::Ordering::Relaxed;

use super::anchored_start::start_by_anchors;
use super::outcome::{Outcome, Termination};
use super::plan::Plan;
use super::search::Search;
use super::thresholds::TELLING_RESPONSES;
use crate::error::IrtError;
use crate::likelihood::objective::Objective;
use crate::likelihood::resolution::is_hopeless;
use crate::model::two_pl::SlopeIntercept;

/// Searches the optimum from `start`.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn fit(
    objective: &Objective<'_>,
    plan: Plan,
    start: Vec<SlopeIntercept>,
) -> Result<Outcome, IrtError> {
    if let Some(grid) = objective.grid.coarser().filter(|_| plan.sampling > 1) {
        let rough = objective.on(&grid);
        let (near, e_steps) = near_by_a_sample(&rough, plan, &start)?;
        if plan.may_refine && is_hopeless(objective, &near)? {
            return Ok(Outcome::TooCoarse { near, e_steps });
        }
        let mut approach = Search::approach(&rough, plan, near, e_steps)?;
        let outcome = approach.run()?;
        objective.e_steps.fetch_add(rough.e_steps.load(Relaxed), Relaxed);
        if matches!(&outcome, Outcome::Ended(fit) if fit.termination == Termination::Converged) {
            return Search::continued(objective, approach)?.run();
        }
    }
    Search::new(objective, plan, start)?.run()
}

/// The same from near by: no sample, no coarser grid, no more EM than it takes to be safe.
///
/// # Errors
/// As for [`fit`].
pub(crate) fn fit_from_near(
    objective: &Objective<'_>,
    plan: Plan,
    start: Vec<SlopeIntercept>,
) -> Result<Outcome, IrtError> {
    Search::from_near(objective, plan, start)?.run()
}

/// Where EM comes to with a sample of the persons, and the E-steps that it took there.
///
/// Far from the optimum a sample tells the way as well as all do. What it adds of its own,
/// its sampling error, one EM cycle with all of them takes off again for the most part.
fn near_by_a_sample(
    objective: &Objective<'_>,
    plan: Plan,
    start: &[SlopeIntercept],
) -> Result<(Vec<SlopeIntercept>, u32), IrtError> {
    let weights = objective.sample(plan.sampling)?;
    let sample = objective.with_weights(&weights);
    let (mut near, e_steps) = Search::new(&sample, plan, start.to_vec())?.by_em_alone()?;
    objective.e_steps.fetch_add(u64::from(e_steps), Relaxed);
    for (item, parameters) in near[..objective.items()].iter_mut().enumerate() {
        if sample.is_frozen(item) || sample.totals[item].responses < TELLING_RESPONSES {
            *parameters = start[item];
        }
    }
    Ok((near, e_steps))
}

/// Starting values where there are anchors: `start` with groups and new items where the anchors put
/// them, by a sample of the persons where these are many.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn anchored_start(
    objective: &Objective<'_>,
    plan: Plan,
    start: &[SlopeIntercept],
) -> Result<Vec<SlopeIntercept>, IrtError> {
    let coarser = objective.grid.coarser().filter(|_| plan.sampling > 1);
    let Some(grid) = coarser else { return start_by_anchors(objective, start) };
    let (rough, weights) = (objective.on(&grid), objective.sample(plan.sampling)?);
    start_by_anchors(&rough.with_weights(&weights), start)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::starting_values::starting_values;
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::data::grouped::RepeatedResponses;
    use crate::data::persons::Persons;
    use crate::data::responses::Responses;
    use crate::data::rows::{NO_TIME, ResponseRows};
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
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
            let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
            let persons = Persons::everybody(responses.patterns());
            let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
            let usual = Plan::of(responses.patterns());
            let estimate = |plan: Plan| {
                let start = starting_values(&objective, &vec![None; items as usize]);
                match fit(&objective, plan, start) {
                    Ok(Outcome::Ended(fit)) => fit,
                    _ => panic!("no estimate"),
                }
            };
            let dense = estimate(Plan { sampling: 1, ..usual });
            let sampled = estimate(Plan { sampling: 8, ..usual });
            let blockwise = estimate(Plan { sampling: 8, dense_items: 0, ..usual });
            for other in [sampled, blockwise] {
                assert_eq!(other.termination, Termination::Converged);
                println!("{design:?}: {} E-steps instead of {}", other.e_steps, dense.e_steps);
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
            let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
            let (priors, persons) = (Priors::flat(), Persons::everybody(responses.patterns()));
            let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
            let start = starting_values(&objective, &vec![None; items as usize]);
            match fit(&objective, Plan::of(persons.patterns), start) {
                Ok(Outcome::NotIdentified { .. }) => {}
                Ok(Outcome::Ended(fit)) => panic!("seed {seed}: {}", fit.termination.as_str()),
                _ => panic!("seed {seed}: no end"),
            }
        }
    }
}
