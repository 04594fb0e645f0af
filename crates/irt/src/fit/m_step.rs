//! The maximisation step: the best parameters of one item, given expected counts.
//!
//! Items are independent here. Each is maximised by Newton's method with step
//! halving, so that the expected log-posterior never falls, whatever the prior.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459, section 4.

use super::step::limited;
use super::thresholds::{M_STEP_HALVINGS, M_STEPS, NEGLIGIBLE_M_STEP};
use crate::ability::grid::Grid;
use crate::likelihood::item_counts::ItemCounts;
use crate::model::priors::Priors;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::symmetric::Symmetric2;

/// Improves one item until Newton's steps are negligible; never lowers the
/// expected log-posterior, never leaves the priors' support.
pub(crate) fn maximise_item(
    start: SlopeIntercept,
    counts: &ItemCounts<'_>,
    grid: &Grid,
    priors: &Priors,
) -> SlopeIntercept {
    let posterior = ItemPosterior { counts, grid, priors };
    let (item, height) = posterior.climb(start);
    if !priors.leaves_signs_apart() {
        return item;
    }
    // No path leads past 0 at a given intercept: so both sides are tried, at the same difficulty.
    let (other, other_height) = posterior.climb(item * -1.0);
    if other_height > height { other } else { item }
}

/// The expected log-posterior of one item.
struct ItemPosterior<'a> {
    counts: &'a ItemCounts<'a>,
    grid: &'a Grid,
    priors: &'a Priors,
}

impl ItemPosterior<'_> {
    fn value(&self, item: SlopeIntercept) -> f64 {
        let prior = self.priors.at(item).log_density;
        if prior == f64::NEG_INFINITY {
            return prior;
        }
        self.counts.log_likelihood(item, self.grid) + prior
    }

    /// Climbs from `start`; returns where it ends, and how high that is.
    fn climb(&self, start: SlopeIntercept) -> (SlopeIntercept, f64) {
        let mut item = start;
        let mut height = self.value(item);
        for _ in 0..M_STEPS {
            let step = self.newton_step(item);
            let size = (step.slope.abs() / (1.0 + item.slope.abs()))
                .max(step.intercept.abs() / (1.0 + item.intercept.abs()));
            if !(size > NEGLIGIBLE_M_STEP) {
                break;
            }
            let step = limited(item, step, self.priors);
            let Some(higher) = self.higher_along(item, step, height) else { break };
            (item, height) = higher;
        }
        (item, height)
    }

    /// The first point above `height` on the way of `step`, halved again and again.
    fn higher_along(
        &self,
        item: SlopeIntercept,
        step: SlopeIntercept,
        height: f64,
    ) -> Option<(SlopeIntercept, f64)> {
        let mut share = 1.0;
        (0..M_STEP_HALVINGS).find_map(|_| {
            let candidate = item + step * share;
            share *= 0.5;
            let reached = self.value(candidate);
            (reached > height).then_some((candidate, reached))
        })
    }

    fn newton_step(&self, item: SlopeIntercept) -> SlopeIntercept {
        let likelihood = self.counts.derivatives(item, self.grid);
        let prior = self.priors.at(item);
        let gradient = (likelihood.gradient + prior.gradient).into();
        let Symmetric2 { xx, yy, .. } = prior.curvature;
        // Where the prior is not concave the likelihood's information still points uphill.
        let concave = Symmetric2::new(xx.max(0.0), 0.0, yy.max(0.0));
        [prior.curvature, concave, Symmetric2::IDENTITY]
            .into_iter()
            .find_map(|curvature| (likelihood.information + curvature).solve(gradient))
            .filter(|step| step.iter().all(|x| x.is_finite()))
            .map_or(SlopeIntercept::default(), SlopeIntercept::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::numeric::eight::Eight;

    fn counts_of(item: SlopeIntercept, grid: &Grid) -> (Vec<Eight>, f64, f64) {
        let attempts: Vec<Eight> =
            grid.log_weights.iter().map(|eight| eight.map(|w| 1000.0 * libm::exp(w))).collect();
        let (mut correct, mut ability) = (0.0, 0.0);
        for (n, node) in attempts.as_flattened().iter().zip(grid.nodes.as_flattened()) {
            correct += n * item.probability(*node);
            ability += n * node * item.probability(*node);
        }
        (attempts, correct, ability)
    }

    #[test]
    fn expected_counts_of_an_item_give_that_item_back() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        for (a, b) in [(1.0, 0.0), (2.5, -1.5), (0.1, 3.0), (-0.8, 0.5)] {
            let truth = SlopeIntercept::from_discrimination_difficulty(a, b);
            let (attempts, correct, ability_of_correct) = counts_of(truth, &grid);
            let counts = ItemCounts { attempts: &attempts, correct, ability_of_correct };
            let mut found = SlopeIntercept { slope: 1.0, intercept: 0.0 };
            for _ in 0..10 {
                found = maximise_item(found, &counts, &grid, &Priors::flat());
            }
            assert!((found.slope - a).abs() < 1e-6, "{found:?} is not a = {a}");
            assert!((found.difficulty() - b).abs() < 1e-5, "{found:?} is not b = {b}");
        }
    }

    #[test]
    fn a_prior_keeps_discrimination_positive() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let reversed = SlopeIntercept::from_discrimination_difficulty(-1.5, 0.5);
        let (attempts, correct, ability_of_correct) = counts_of(reversed, &grid);
        let counts = ItemCounts { attempts: &attempts, correct, ability_of_correct };
        let start = SlopeIntercept { slope: 1.0, intercept: 0.0 };
        let found = maximise_item(start, &counts, &grid, &Priors::default());
        assert!(found.slope > 0.0 && found.slope < 0.5, "{found:?}");
    }
}
