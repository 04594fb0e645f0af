//! The expected log-likelihood of one group's mean and standard deviation.
//!
//! With N(θ) persons of the group expected at node θ, it is Σ N(θ) ln w(θ),
//!
//! ```text
//! ln w(θ) = −z²/2 − ln Σ exp(−z²/2),   z = (θ − mean) / sd
//! ```
//!
//! the sum over all nodes. The derivatives of ln w by (mean, ln sd) are
//! ((z − E z) / sd, z² − E z²), and minus the expectation of the second ones is the
//! covariance of these, with moments under w: an exponential family, and the grid's ends
//! are part of it.
//!
//! Source: Bock & Zimowski (1997), in van der Linden & Hambleton, Handbook of Modern Item
//! Response Theory, chapter 25; Louis (1982) for the derivatives of the marginal likelihood.

use super::design::population;
use super::item_counts::Derivatives;
use crate::ability::grid::Grid;
use crate::ability::group_weights::log_weights;
use crate::ability::population::Population;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::Eight;
use crate::numeric::symmetric::Symmetric2;

/// Expected persons of one group per node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupCounts<'a> {
    pub persons: &'a [Eight],
}

impl GroupCounts<'_> {
    /// Σ N ln w.
    pub(crate) fn log_likelihood(&self, block: SlopeIntercept, grid: &Grid) -> f64 {
        let logs = log_weights(population(block), grid);
        let cells = self.persons.as_flattened().iter().zip(logs.as_flattened());
        cells.map(|(persons, log)| persons * log).sum()
    }

    /// Derivatives in (mean, ln sd). The information is what it is at the maximum: elsewhere it
    /// lacks a term that vanishes there, and is positive definite everywhere.
    pub(crate) fn derivatives(&self, block: SlopeIntercept, grid: &Grid) -> Derivatives {
        let population = population(block);
        let weights = log_weights(population, grid);
        let weights = weights.as_flattened().iter().map(|log| libm::exp(*log));
        // 1, z, z², z³ and z⁴ under w; 1, z and z² under the counts.
        let (mut expected, mut found) = ([0.0; 5], [0.0; 3]);
        let nodes = grid.nodes.as_flattened().iter();
        for ((node, weight), persons) in nodes.zip(weights).zip(self.persons.as_flattened()) {
            let z = standardised(*node, population);
            let powers = [1.0, z, z * z, z * z * z, z * z * z * z];
            for (sum, power) in expected.iter_mut().zip(powers) {
                *sum += weight * power;
            }
            for (sum, power) in found.iter_mut().zip(powers) {
                *sum += persons * power;
            }
        }
        let [_, first, second, third, fourth] = expected;
        let [persons, z, z_squared] = found;
        let sd = population.sd;
        Derivatives {
            gradient: SlopeIntercept {
                slope: (z - persons * first) / sd,
                intercept: z_squared - persons * second,
            },
            information: Symmetric2::new(
                persons * (second - first * first) / (sd * sd),
                persons * (third - first * second) / sd,
                persons * (fourth - second * second),
            ),
        }
    }
}

fn standardised(node: f64, population: Population) -> f64 {
    (node - population.mean) / population.sd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;

    /// By central differences, at the counts of another population and at its own.
    #[test]
    fn derivatives_are_those_of_the_log_likelihood() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        for truth in [[0.3, 0.1], [2.5, 0.4], [-4.0, 0.7]] {
            let counts = log_weights(population(truth.into()), &grid);
            let counts: Vec<Eight> =
                counts.iter().map(|eight| eight.map(|log| 500.0 * libm::exp(log))).collect();
            let group = GroupCounts { persons: &counts };
            for at in [truth, [truth[0] + 0.2, truth[1] - 0.1]] {
                let found = group.derivatives(at.into(), &grid);
                let gradient = |mean: f64, log_sd: f64| {
                    let at = [at[0] + mean, at[1] + log_sd].into();
                    group.derivatives(at, &grid).gradient
                };
                let value = |mean: f64, log_sd: f64| {
                    let at = [at[0] + mean, at[1] + log_sd].into();
                    group.log_likelihood(at, &grid)
                };
                let step = 1e-5;
                let slope = (value(step, 0.0) - value(-step, 0.0)) / (2.0 * step);
                let intercept = (value(0.0, step) - value(0.0, -step)) / (2.0 * step);
                assert!((found.gradient.slope - slope).abs() < 1e-4, "{truth:?} {at:?}");
                assert!((found.gradient.intercept - intercept).abs() < 1e-4, "{truth:?} {at:?}");
                if at == truth {
                    assert!(found.gradient.slope.abs() + found.gradient.intercept.abs() < 1e-9);
                    let by_mean = gradient(step, 0.0) - gradient(-step, 0.0);
                    let by_sd = gradient(0.0, step) - gradient(0.0, -step);
                    let close =
                        |x: f64, y: f64| (x + y / (2.0 * step)).abs() < 1e-6 * x.abs() + 1e-3;
                    assert!(close(found.information.xx, by_mean.slope), "{truth:?}");
                    assert!(close(found.information.xy, by_mean.intercept), "{truth:?}");
                    assert!(close(found.information.yy, by_sd.intercept), "{truth:?}");
                }
            }
        }
    }
}
