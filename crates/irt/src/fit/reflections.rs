//! The best of several modes, where the sign of every slope is free.
//!
//! With a prior on difficulty and none on discrimination the log-posterior falls
//! to −∞ where a slope is 0, so that every choice of signs has a mode of its own
//! and no search passes from one to another. The M-step tries both signs of an
//! item, but with what it believes of the persons, and that depends on the signs
//! of the others.
//!
//! So the search is made again: from slopes that are all positive, from the signs
//! of the leading eigenvector of the correlations between items, from signs by
//! lot; and from the best mode so far with every item turned by itself, the most
//! doubtful first, then with every pair of items turned, then by lot again. The highest log-posterior
//! wins. It cannot be known to be the highest of all: there are 2^(items − 1).
//! How often is a matter of work: small banks, where signs are most in doubt, have
//! hundreds of searches, large ones a few.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::leading_eigenvector::leading_eigenvector;
use super::outcome::{Fit, Outcome, Termination};
use super::plan::Plan;
use super::stages::fit;
use super::starting_values::starting_values;
use super::thresholds::{BY_LOT, HIGHER, SEARCHES, TURNED_SLOPES, WORK};
use crate::error::IrtError;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;

/// The best mode that was found from `first` on, and the E-steps that it took.
///
/// `components`: groups of items that persons join; with a prior on difficulty that is not
/// symmetric, a mode counts only if the slopes of each sum to more than 0.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn best_mode(
    objective: &Objective<'_>,
    components: &[Vec<usize>],
    first: Fit,
) -> Result<(Fit, u32), IrtError> {
    let responses: u64 = objective.totals.iter().map(|total| total.responses).sum();
    let cost = responses + (objective.items() as u64).pow(3) / 8;
    let left = (WORK / cost.max(1)).clamp(*SEARCHES.start(), *SEARCHES.end());
    let neutral = starting_values(objective, &vec![None; objective.items()]);
    let lot = ChaCha8Rng::seed_from_u64(0);
    let plan = Plan::of(objective.persons.patterns);
    let mut modes =
        Modes { objective, plan, components, neutral, best: first, left, lot, e_steps: 0 };
    modes.start_elsewhere()?;
    loop {
        while modes.turn_each()? {}
        if !(modes.turn_pairs()? || modes.start_by_lot()?) {
            return Ok((modes.best, modes.e_steps));
        }
    }
}

struct Modes<'o, 'a> {
    objective: &'o Objective<'a>,
    plan: Plan,
    components: &'o [Vec<usize>],
    /// Starting values with positive slopes.
    neutral: Vec<SlopeIntercept>,
    best: Fit,
    /// Searches that may still be made.
    left: u64,
    lot: ChaCha8Rng,
    e_steps: u32,
}

impl Modes<'_, '_> {
    fn start_elsewhere(&mut self) -> Result<(), IrtError> {
        self.try_from(self.neutral.clone())?;
        let eigenvector = leading_eigenvector(self.objective);
        self.try_from(self.with_signs(|item| eigenvector[item] < 0.0))?;
        self.start_by_lot()?;
        Ok(())
    }

    /// Searches from signs and sizes by lot; true where that led higher.
    fn start_by_lot(&mut self) -> Result<bool, IrtError> {
        let mut higher = false;
        for _ in 0..BY_LOT.min(self.left / 4) {
            let signs: Vec<bool> = (0..self.objective.items()).map(|_| self.lot.random()).collect();
            let mut start = self.with_signs(|item| signs[item]);
            let mut size = || libm::exp2(2.0 * self.lot.random::<f64>() - 1.0);
            start[..signs.len()].iter_mut().for_each(|at| at.slope *= size());
            higher |= self.try_from(start)?;
        }
        Ok(higher)
    }

    /// Turns one item after the other; true where that led higher.
    fn turn_each(&mut self) -> Result<bool, IrtError> {
        let mut higher = false;
        for item in self.by_doubt() {
            higher |= self.try_from(self.turned(&[item]))?;
            // The same signs from afar: slopes that went far are free to come back.
            let sign = |other: usize| self.best.evaluation.parameters[other].slope < 0.0;
            higher |= self.try_from(self.with_signs(|other| sign(other) != (other == item)))?;
        }
        Ok(higher)
    }

    /// Turns pairs of items until one leads higher; false where none does, or there are too many.
    fn turn_pairs(&mut self) -> Result<bool, IrtError> {
        let items = self.objective.items();
        if (items * (items - 1) / 2) as u64 > self.left {
            return Ok(false);
        }
        for one in 0..items {
            for other in 0..one {
                if self.try_from(self.turned(&[one, other]))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Searches from `start`; true where that led higher.
    fn try_from(&mut self, start: Vec<SlopeIntercept>) -> Result<bool, IrtError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let found = match fit(self.objective, self.plan, start)? {
            Outcome::Ended(found) => found,
            Outcome::NotIdentified { e_steps, .. } | Outcome::TooCoarse { e_steps, .. } => {
                self.e_steps += e_steps;
                return Ok(false);
            }
        };
        self.e_steps += found.e_steps;
        let higher = found.termination == Termination::Converged
            && found.evaluation.value > self.best.evaluation.value + HIGHER
            && (self.objective.priors.is_symmetric() || self.is_upright(&found));
        if higher {
            self.best = found;
        }
        Ok(higher)
    }

    /// With anchors the scale has its direction.
    fn is_upright(&self, fit: &Fit) -> bool {
        if self.objective.design.has_anchors() {
            return true;
        }
        let slope = |item: &usize| fit.evaluation.parameters[*item].slope;
        self.components.iter().all(|items| items.iter().map(slope).sum::<f64>() > 0.0)
    }

    fn with_signs(&self, is_negative: impl Fn(usize) -> bool) -> Vec<SlopeIntercept> {
        let mut start = self.neutral.clone();
        let items = start[..self.objective.items()].iter_mut().enumerate();
        for (item, at) in items.filter(|(item, _)| is_negative(*item)) {
            at.slope = -self.neutral[item].slope;
        }
        start
    }

    /// The best mode with the sign of some items turned.
    fn turned(&self, items: &[usize]) -> Vec<SlopeIntercept> {
        let mut start = self.best.evaluation.parameters.clone();
        for item in items {
            let slope = start[*item].slope;
            let size = slope.abs().clamp(*TURNED_SLOPES.start(), *TURNED_SLOPES.end());
            let intercept = self.neutral[*item].intercept;
            start[*item] = SlopeIntercept { slope: -size * slope.signum(), intercept };
        }
        start
    }

    /// Items by how many standard errors their slope is from 0, as if abilities were known.
    fn by_doubt(&self) -> Vec<usize> {
        let evaluation = &self.best.evaluation;
        let distance = |item: usize| {
            let information = evaluation.complete_information[item].xx;
            evaluation.parameters[item].slope.abs() * libm::sqrt(information.max(0.0))
        };
        let free = |item: &usize| !self.objective.is_frozen(*item);
        let mut items: Vec<usize> = (0..self.objective.items()).filter(free).collect();
        items.sort_by(|x, y| distance(*x).total_cmp(&distance(*y)));
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::calibrate::calibrate;
    use crate::data::persons::Persons;
    use crate::data::responses::Responses;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::results::ItemStatus;
    use crate::settings::{CalibrationSettings, StandardErrors};
    use crate::simulate::{Simulation, simulate_items, simulate_responses};

    /// 50 to 1,000 persons, 3 to 15 items, weak slopes, up to half of them reversed.
    fn design(seed: u64) -> Responses {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let persons = (50.0 * libm::pow(20.0, rng.random::<f64>())) as u32;
        let items = rng.random_range(3..16);
        let answered = 0.25 + 0.75 * rng.random::<f64>();
        let reversed = 0.5 * rng.random::<f64>();
        let (weak, spread) = (libm::exp(-1.2 * rng.random::<f64>()), 0.5 + rng.random::<f64>());
        let truth: Vec<SlopeIntercept> = simulate_items(items, seed)
            .iter()
            .map(|item| {
                let sign = if rng.random::<f64>() < reversed { -1.0 } else { 1.0 };
                let (a, b) = (sign * weak * item.slope, spread * item.difficulty());
                SlopeIntercept::from_discrimination_difficulty(a, b)
            })
            .collect();
        simulate_responses(&Simulation { persons, items, answered, seed }, &truth)
    }

    /// The best of 50 starts by lot, over the calibrated items.
    fn best_by_lot(objective: &Objective<'_>, seed: u64) -> f64 {
        let mut lot = ChaCha8Rng::seed_from_u64(seed);
        let neutral = starting_values(objective, &vec![None; objective.items()]);
        let value = |_| {
            let mut start = neutral.clone();
            for at in &mut start {
                let size = libm::exp2(2.0 * lot.random::<f64>() - 1.0);
                at.slope *= if lot.random() { size } else { -size };
            }
            match fit(objective, Plan::of(objective.persons.patterns), start) {
                Ok(Outcome::Ended(fit)) if fit.termination == Termination::Converged => {
                    fit.evaluation.value
                }
                _ => f64::NEG_INFINITY,
            }
        };
        (0..50).map(value).fold(f64::NEG_INFINITY, f64::max)
    }

    /// IRT_DESIGNS sets how many are tried (`make properties` tries 300).
    #[test]
    fn none_of_fifty_random_starts_ends_higher() {
        let designs = std::env::var("IRT_DESIGNS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
        let priors = Priors::new(0.0, f64::INFINITY, 0.0, 2.0).unwrap();
        let mut lower = Vec::new();
        for seed in 0..designs {
            let responses = design(seed);
            let settings = CalibrationSettings {
                min_responses_per_item: 1,
                min_persons: 2,
                quadrature: Quadrature::default(),
                priors,
                max_memory_bytes: None,
                standard_errors: StandardErrors::None,
                ..CalibrationSettings::default()
            };
            let Ok(found) = calibrate(&responses, &settings, &Unmonitored) else { continue };
            let calibrated = |item: &crate::ItemResult| item.status == ItemStatus::Calibrated;
            let chosen: Vec<bool> = found.items.iter().map(calibrated).collect();
            let patterns = responses.patterns().restricted_to(&chosen, &Unmonitored).unwrap();
            let quadrature = Quadrature::new(found.quadrature_nodes as usize, 6.0).unwrap();
            let grid = Grid::new(&quadrature, Population::STANDARD);
            let persons = Persons::everybody(&patterns);
            let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
            let (ours, best) =
                (found.log_likelihood + found.log_prior, best_by_lot(&objective, seed));
            if ours < best - 1e-6 {
                let items = objective.items();
                lower.push(format!("seed {seed}: {items} items, {ours}, by lot {best}"));
            }
            let sum: f64 = found.calibrated().filter_map(|item| item.discrimination).sum();
            assert!(sum > 0.0, "seed {seed}");
        }
        assert!(lower.is_empty(), "{} of {designs}: {lower:#?}", lower.len());
    }
}
