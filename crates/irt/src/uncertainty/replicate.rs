//! One bootstrap replicate: its persons, and the estimates from them.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::patterns::Patterns;
use crate::error::IrtError;
use crate::fit::newton_system::NewtonSystem;
use crate::fit::outcome::{Outcome, Termination};
use crate::fit::plan::Plan;
use crate::fit::stages::fit;
use crate::fit::step::moved;
use crate::likelihood::objective::Objective;
use crate::memory::{reserve, zeroes};
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::quasi_newton::{Corrections, squared_newton_decrement};
use crate::numeric::vector::difference;

/// A replicate has settled when the remaining step is at most this many
/// standard errors long, in the worst direction.
pub(super) const REPLICATE_TOLERANCE: f64 = 5e-3;
/// Quasi-Newton steps before a replicate is refitted in full.
const WARM_STEPS: usize = 15;

/// (a, b) per item, `None` for anchors and for items that are constant in the replicate; then mean
/// and standard deviation per group, `None` for those that are given.
pub(super) type Replicate = Vec<Option<(f64, f64)>>;

/// The pattern of every person, group by group.
///
/// # Errors
/// [`IrtError::OutOfMemory`].
pub(super) fn pattern_of_each_person(multiplicities: &[u32]) -> Result<Vec<u32>, IrtError> {
    let persons: usize = multiplicities.iter().map(|count| *count as usize).sum();
    let mut owners = reserve(persons, "resampling persons")?;
    for (pattern, count) in multiplicities.iter().enumerate() {
        owners.extend(std::iter::repeat_n(pattern as u32, *count as usize));
    }
    Ok(owners)
}

/// Draws as many persons as there are, with replacement and within `groups`, ranges of `owners`:
/// persons per pattern.
///
/// # Errors
/// [`IrtError::OutOfMemory`].
pub(super) fn resample(
    owners: &[u32],
    groups: &[Range<usize>],
    patterns: usize,
    seed: u64,
    number: u32,
) -> Result<Vec<u32>, IrtError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(number));
    let mut weights: Vec<u32> = zeroes(patterns, "resampling persons")?;
    for group in groups {
        let owners = &owners[group.clone()];
        let persons = owners.len() as u32;
        for _ in 0..persons {
            weights[owners[rng.random_range(0..persons) as usize] as usize] += 1;
        }
    }
    Ok(weights)
}

/// The persons of every group that has some, as [`pattern_of_each_person`] numbers them.
pub(super) fn persons_of_groups(patterns: &Patterns) -> Vec<Range<usize>> {
    let multiplicities = patterns.multiplicities();
    let mut start = 0;
    let groups = (0..patterns.groups()).map(|group| {
        let persons: usize =
            multiplicities[patterns.of_group(group)].iter().map(|count| *count as usize).sum();
        start += persons;
        start - persons..start
    });
    groups.filter(|persons| !persons.is_empty()).collect()
}

/// Estimates from the persons of `resampled`; `None` where the search does not converge.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn replicate(
    resampled: &Objective<'_>,
    estimate: &[SlopeIntercept],
    system: Option<&NewtonSystem>,
) -> Result<Option<Replicate>, IrtError> {
    let warm = match system {
        Some(system) => warm_climb(resampled, estimate, system)?,
        None => None,
    };
    let parameters = match warm {
        Some(parameters) => Some(parameters),
        None => refit(resampled, estimate)?,
    };
    let items = resampled.items();
    let pair = |(block, at): (usize, &SlopeIntercept)| {
        let estimated = !resampled.is_given(block);
        let of_group = || (at.slope, libm::exp(at.intercept));
        let of_item = || (at.slope, at.difficulty());
        estimated.then(|| if block < items { of_item() } else { of_group() })
    };
    Ok(parameters.map(|parameters| parameters.iter().enumerate().map(pair).collect()))
}

/// Climbs from the estimate by quasi-Newton steps (BFGS) that start from its
/// factored information, until the remaining step is negligible; `None` where
/// the climb does not get there.
///
/// # Errors
/// Those of [`Objective::evaluate`].
pub(super) fn warm_climb(
    objective: &Objective<'_>,
    estimate: &[SlopeIntercept],
    system: &NewtonSystem,
) -> Result<Option<Vec<SlopeIntercept>>, IrtError> {
    let mut corrections = Corrections::default();
    let mut current = objective.evaluate(estimate.to_vec())?;
    for _ in 0..WARM_STEPS {
        let step = corrections.step(&current.gradient, |rest| system.solve(rest));
        let decrement = squared_newton_decrement(&current.gradient, &step);
        if !(decrement >= 0.0) {
            return Ok(None);
        }
        let target = moved_unless_given(objective, &current.parameters, &step);
        if libm::sqrt(decrement) <= REPLICATE_TOLERANCE {
            return Ok(Some(target));
        }
        let next = objective.evaluate(target)?;
        if next.value < current.value {
            return Ok(None);
        }
        let s = difference(&next.parameters, &current.parameters);
        corrections.learn(s, difference(&current.gradient, &next.gradient));
        current = next;
    }
    Ok(None)
}

fn moved_unless_given(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
    step: &[SlopeIntercept],
) -> Vec<SlopeIntercept> {
    let mut there = moved(objective, parameters, step, 1.0);
    for (block, at) in there.iter_mut().enumerate().filter(|(at, _)| objective.is_given(*at)) {
        *at = parameters[block];
    }
    there
}

fn refit(
    objective: &Objective<'_>,
    estimate: &[SlopeIntercept],
) -> Result<Option<Vec<SlopeIntercept>>, IrtError> {
    match fit(objective, Plan::of(objective.persons.patterns), estimate.to_vec())? {
        Outcome::Ended(fit) if fit.termination == Termination::Converged => {
            Ok(Some(fit.evaluation.parameters))
        }
        _ => Ok(None),
    }
}
