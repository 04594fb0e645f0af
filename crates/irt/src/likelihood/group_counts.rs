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
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{Eight, LANES, dot, tree_sum, vectorised};
use crate::numeric::elementary::exp_nonpositive;
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
        dot(self.persons, &logs)
    }

    /// Derivatives in (mean, ln sd). The information is what it is at the maximum: elsewhere it
    /// lacks a term that vanishes there, and is positive definite everywhere.
    pub(crate) fn derivatives(&self, block: SlopeIntercept, grid: &Grid) -> Derivatives {
        let population = population(block);
        let weights = log_weights(population, grid);
        // z, z², z³ and z⁴ under w; 1, z and z² under the counts.
        let [first, second, third, fourth, persons, z, z_squared] = vectorised(
            #[inline(always)]
            || {
                let mut sums = [[0.0; LANES]; 7];
                let rows = weights.iter().zip(&grid.nodes).zip(self.persons);
                for ((logs, nodes), persons) in rows {
                    for lane in 0..LANES {
                        let z = (nodes[lane] - population.mean) / population.sd;
                        let (weight, persons) = (exp_nonpositive(logs[lane]), persons[lane]);
                        let (weighted, counted) = (weight * z, persons * z);
                        sums[0][lane] += weighted;
                        sums[1][lane] += weighted * z;
                        sums[2][lane] += weighted * z * z;
                        sums[3][lane] += weighted * z * (z * z);
                        sums[4][lane] += persons;
                        sums[5][lane] += counted;
                        sums[6][lane] += counted * z;
                    }
                }
                sums.map(tree_sum)
            },
        );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::population::Population;
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
