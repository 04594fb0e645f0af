//! The maximisation step: the best parameters of one item, given expected counts.
//!
//! Items are independent here. Each is maximised by Newton's method with step
//! halving, so that the expected log-posterior never falls, whatever the prior.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459, section 4.

use nalgebra::{Matrix2, Vector2};

use crate::model::priors::Priors;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{self as lanes, Grid, LANES, Lane};

/// Newton steps per item and cycle; EM needs an improvement, not the maximum.
const STEPS: usize = 6;
/// Halvings before a step is given up.
const HALVINGS: usize = 30;
/// A smaller step, relative to the parameter, ends the search.
const NEGLIGIBLE: f64 = 1e-7;

/// What the E-step found out about one item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemEvidence<'a> {
    /// Expected attempts per node.
    pub attempts: &'a [Lane],
    /// Correct responses.
    pub correct: f64,
    /// Sum of posterior mean abilities over correct responses.
    pub ability_of_correct: f64,
}

/// First derivatives of the likelihood in (a, d), and the information of the complete data.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Derivatives {
    pub gradient: [f64; 2],
    /// Minus the second derivatives: aa, ad, dd.
    pub information: [f64; 3],
}

impl ItemEvidence<'_> {
    /// Expected complete-data log-likelihood: Σ_correct (a θ + d) − Σ attempts · softplus(a θ + d).
    fn log_likelihood(&self, item: SlopeIntercept, grid: &Grid) -> f64 {
        let expected = lanes::vectorised(
            #[inline(always)]
            || {
                let mut sums = [0.0; LANES];
                for (attempts, nodes) in self.attempts.iter().zip(&grid.nodes) {
                    let values = lanes::softplus(item.logits(*nodes));
                    sums = lanes::sum(sums, lanes::product(*attempts, values));
                }
                lanes::tree_sum(sums)
            },
        );
        item.slope * self.ability_of_correct + item.intercept * self.correct - expected
    }

    /// Derivatives of the expected complete-data log-likelihood. At the
    /// parameters of the E-step, its gradient is that of the marginal
    /// log-likelihood (Fisher's identity).
    pub(crate) fn derivatives(&self, item: SlopeIntercept, grid: &Grid) -> Derivatives {
        let [by_slope, by_intercept, aa, ad, dd] = lanes::vectorised(
            #[inline(always)]
            || {
                let mut sums = [[0.0; LANES]; 5];
                for (attempts, nodes) in self.attempts.iter().zip(&grid.nodes) {
                    let probability = lanes::logistic(item.logits(*nodes));
                    let expected = lanes::product(*attempts, probability);
                    let weight = lanes::product(expected, probability.map(|p| 1.0 - p));
                    let weight_node = lanes::product(weight, *nodes);
                    sums[0] = lanes::sum(sums[0], lanes::product(expected, *nodes));
                    sums[1] = lanes::sum(sums[1], expected);
                    sums[2] = lanes::sum(sums[2], lanes::product(weight_node, *nodes));
                    sums[3] = lanes::sum(sums[3], weight_node);
                    sums[4] = lanes::sum(sums[4], weight);
                }
                sums.map(lanes::tree_sum)
            },
        );
        Derivatives {
            gradient: [self.ability_of_correct - by_slope, self.correct - by_intercept],
            information: [aa, ad, dd],
        }
    }
}

/// Improves one item until Newton's steps are negligible; never lowers the
/// expected log-posterior, never leaves the priors' support.
pub(crate) fn maximise_item(
    start: SlopeIntercept,
    evidence: &ItemEvidence<'_>,
    grid: &Grid,
    priors: &Priors,
) -> SlopeIntercept {
    let (item, height) = climb(start, evidence, grid, priors);
    if !priors.parts_signs_of_slope() {
        return item;
    }
    // A prior on difficulty alone leaves either sign to the slope but no way
    // past 0 at a given intercept: so both sides are tried, at the same difficulty.
    let opposite = SlopeIntercept { slope: -item.slope, intercept: -item.intercept };
    let (other, other_height) = climb(opposite, evidence, grid, priors);
    if other_height > height { other } else { item }
}

/// Climbs from `start`; returns where it ends, and how high that is.
fn climb(
    start: SlopeIntercept,
    evidence: &ItemEvidence<'_>,
    grid: &Grid,
    priors: &Priors,
) -> (SlopeIntercept, f64) {
    let value = |item: SlopeIntercept| {
        let prior = priors.at(item.slope, item.intercept).log_density;
        if prior == f64::NEG_INFINITY { prior } else { evidence.log_likelihood(item, grid) + prior }
    };
    let mut item = start;
    let mut height = value(item);
    for _ in 0..STEPS {
        let [by_slope, by_intercept] = newton_step(item, evidence, grid, priors);
        let size = (by_slope.abs() / (1.0 + item.slope.abs()))
            .max(by_intercept.abs() / (1.0 + item.intercept.abs()));
        if !(size > NEGLIGIBLE) {
            break;
        }
        let step = SlopeIntercept { slope: by_slope, intercept: by_intercept };
        let limited = limit_step(item, step, priors);
        let mut share = 1.0;
        let improved = (0..HALVINGS).find_map(|_| {
            let candidate = SlopeIntercept {
                slope: item.slope + share * limited.slope,
                intercept: item.intercept + share * limited.intercept,
            };
            share *= 0.5;
            let reached = value(candidate);
            (reached > height).then_some((candidate, reached))
        });
        let Some((candidate, reached)) = improved else { break };
        (item, height) = (candidate, reached);
    }
    (item, height)
}

/// Shortens an item's step so that discrimination at most doubles (or moves by 1),
/// and, where a prior keeps it positive, loses at most four fifths.
pub(crate) fn limit_step(
    item: SlopeIntercept,
    step: SlopeIntercept,
    priors: &Priors,
) -> SlopeIntercept {
    let mut share = 1.0f64;
    let longest = item.slope.abs().max(1.0);
    if step.slope.abs() > longest {
        share = longest / step.slope.abs();
    }
    if !priors.discrimination_is_flat() && item.slope + share * step.slope < 0.2 * item.slope {
        share = 0.8 * item.slope / -step.slope;
    }
    SlopeIntercept { slope: share * step.slope, intercept: share * step.intercept }
}

fn newton_step(
    item: SlopeIntercept,
    evidence: &ItemEvidence<'_>,
    grid: &Grid,
    priors: &Priors,
) -> [f64; 2] {
    let likelihood = evidence.derivatives(item, grid);
    let prior = priors.at(item.slope, item.intercept);
    let gradient = Vector2::new(
        likelihood.gradient[0] + prior.gradient[0],
        likelihood.gradient[1] + prior.gradient[1],
    );
    let matrix = |curvature: [f64; 3]| {
        let [aa, ad, dd] = std::array::from_fn(|k| likelihood.information[k] + curvature[k]);
        Matrix2::new(aa, ad, ad, dd)
    };
    // Where the prior is not concave the likelihood's information still points uphill.
    let step = [prior.curvature, [prior.curvature[0].max(0.0), 0.0, prior.curvature[2].max(0.0)]]
        .into_iter()
        .map(matrix)
        .chain(std::iter::once(matrix([0.0; 3]) + Matrix2::identity()))
        .find_map(|matrix| Some(matrix.cholesky()?.solve(&gradient)));
    match step {
        Some(step) if step.iter().all(|x| x.is_finite()) => [step[0], step[1]],
        _ => [0.0, 0.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;

    fn evidence_of(item: SlopeIntercept, grid: &Grid) -> (Vec<Lane>, f64, f64) {
        let attempts: Vec<Lane> =
            grid.log_weights.iter().map(|lane| lane.map(|w| 1000.0 * libm::exp(w))).collect();
        let (mut correct, mut ability) = (0.0, 0.0);
        for (n, node) in attempts.as_flattened().iter().zip(grid.nodes.as_flattened()) {
            correct += n * item.probability(*node);
            ability += n * node * item.probability(*node);
        }
        (attempts, correct, ability)
    }

    #[test]
    fn expected_counts_of_an_item_give_that_item_back() {
        let grid = Grid::new(&Quadrature::default());
        for (a, b) in [(1.0, 0.0), (2.5, -1.5), (0.1, 3.0), (-0.8, 0.5)] {
            let truth = SlopeIntercept::from_discrimination_difficulty(a, b);
            let (attempts, correct, ability_of_correct) = evidence_of(truth, &grid);
            let evidence = ItemEvidence { attempts: &attempts, correct, ability_of_correct };
            let mut found = SlopeIntercept { slope: 1.0, intercept: 0.0 };
            for _ in 0..10 {
                found = maximise_item(found, &evidence, &grid, &Priors::flat());
            }
            assert!((found.slope - a).abs() < 1e-6, "{found:?} is not a = {a}");
            assert!((found.difficulty() - b).abs() < 1e-5, "{found:?} is not b = {b}");
        }
    }

    #[test]
    fn a_prior_keeps_discrimination_positive() {
        let grid = Grid::new(&Quadrature::default());
        let reversed = SlopeIntercept::from_discrimination_difficulty(-1.5, 0.5);
        let (attempts, correct, ability_of_correct) = evidence_of(reversed, &grid);
        let evidence = ItemEvidence { attempts: &attempts, correct, ability_of_correct };
        let start = SlopeIntercept { slope: 1.0, intercept: 0.0 };
        let found = maximise_item(start, &evidence, &grid, &Priors::default());
        assert!(found.slope > 0.0 && found.slope < 0.5, "{found:?}");
    }
}
