//! The expected log-likelihood of one item, given the counts of an E-step.

use crate::ability::grid::Grid;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{Eight, LANES, product, sum, tree_sum, vectorised};
use crate::numeric::elementary::{eight_logistics, eight_softpluses};
use crate::numeric::symmetric::Symmetric2;

/// The expected counts of one item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemCounts<'a> {
    /// Expected attempts per node.
    pub attempts: &'a [Eight],
    /// Correct responses.
    pub correct: f64,
    /// Sum of posterior mean abilities over correct responses.
    pub ability_of_correct: f64,
}

/// First derivatives of the likelihood in (a, d), and the information of the complete data.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Derivatives {
    pub gradient: SlopeIntercept,
    /// Minus the second derivatives: (a, a), (a, d), (d, d).
    pub information: Symmetric2,
}

impl ItemCounts<'_> {
    /// Expected complete-data log-likelihood: Σ_correct (a θ + d) − Σ attempts · softplus(a θ + d).
    pub(crate) fn log_likelihood(&self, item: SlopeIntercept, grid: &Grid) -> f64 {
        let expected = vectorised(
            #[inline(always)]
            || {
                let mut sums = [0.0; LANES];
                for (attempts, nodes) in self.attempts.iter().zip(&grid.nodes) {
                    let values = eight_softpluses(item.logits(*nodes));
                    sums = sum(sums, product(*attempts, values));
                }
                tree_sum(sums)
            },
        );
        item.slope * self.ability_of_correct + item.intercept * self.correct - expected
    }

    /// Derivatives of the expected complete-data log-likelihood. At the
    /// parameters of the E-step, its gradient is that of the marginal
    /// log-likelihood (Fisher's identity).
    pub(crate) fn derivatives(&self, item: SlopeIntercept, grid: &Grid) -> Derivatives {
        let [by_slope, by_intercept, aa, ad, dd] = vectorised(
            #[inline(always)]
            || {
                let mut sums = [[0.0; LANES]; 5];
                for (attempts, nodes) in self.attempts.iter().zip(&grid.nodes) {
                    let probability = eight_logistics(item.logits(*nodes));
                    let expected = product(*attempts, probability);
                    let weight = product(expected, probability.map(|p| 1.0 - p));
                    let weight_node = product(weight, *nodes);
                    sums[0] = sum(sums[0], product(expected, *nodes));
                    sums[1] = sum(sums[1], expected);
                    sums[2] = sum(sums[2], product(weight_node, *nodes));
                    sums[3] = sum(sums[3], weight_node);
                    sums[4] = sum(sums[4], weight);
                }
                sums.map(tree_sum)
            },
        );
        Derivatives {
            gradient: SlopeIntercept {
                slope: self.ability_of_correct - by_slope,
                intercept: self.correct - by_intercept,
            },
            information: Symmetric2::new(aa, ad, dd),
        }
    }
}
