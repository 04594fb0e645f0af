//! The maximisation step of a group: the best mean and standard deviation, given how many of its
//! persons are expected at every node.
//!
//! The expected log-likelihood is concave in the natural parameters of the normal density, and
//! Fisher's scoring steps are uphill everywhere.
//!
//! Source: Bock & Zimowski (1997), in van der Linden & Hambleton, Handbook of Modern Item
//! Response Theory, chapter 25.

use super::step::limited_group;
use super::thresholds::{M_STEP_HALVINGS, M_STEPS, ROUNDING};
use crate::ability::grid::Grid;
use crate::likelihood::group_bounds::GroupBounds;
use crate::likelihood::group_counts::GroupCounts;
use crate::model::two_pl::SlopeIntercept;

/// Improves one group's block until the steps are negligible; never lowers the expected
/// log-likelihood, never leaves the bounds.
pub(super) fn maximise_group(
    start: SlopeIntercept,
    counts: &GroupCounts<'_>,
    grid: &Grid,
) -> SlopeIntercept {
    let bounds = GroupBounds::of(grid);
    let mut group = start;
    let mut height = counts.log_likelihood(group, grid);
    for _ in 0..M_STEPS {
        let (derivatives, _) = bounds.hold(group, counts.derivatives(group, grid));
        let Some(step) = derivatives.information.solve(derivatives.gradient.into()) else { break };
        let step = limited_group(group, step.into());
        // What it promises must be more than rounding of the height.
        let promised = derivatives.gradient.slope * step.slope
            + derivatives.gradient.intercept * step.intercept;
        if !(promised > ROUNDING * (1.0 + height.abs())) {
            break;
        }
        let mut share = 1.0;
        let higher = (0..M_STEP_HALVINGS).find_map(|_| {
            let candidate = bounds.nearest(group + step * share);
            share *= 0.5;
            let reached = counts.log_likelihood(candidate, grid);
            (reached > height).then_some((candidate, reached))
        });
        let Some(higher) = higher else { break };
        (group, height) = higher;
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::group_weights::log_weights;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::likelihood::design::population;
    use crate::numeric::eight::Eight;

    #[test]
    fn expected_counts_of_a_group_give_that_group_back() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        for truth in [[0.0, 0.0], [2.5, 0.3], [-1.0, -1.0], [-5.0, 0.5]] {
            let weights = log_weights(population(truth.into()), &grid);
            let counts: Vec<Eight> =
                weights.iter().map(|eight| eight.map(|log| 300.0 * libm::exp(log))).collect();
            let mut found = SlopeIntercept::default();
            for _ in 0..5 {
                found = maximise_group(found, &GroupCounts { persons: &counts }, &grid);
            }
            assert!((found.slope - truth[0]).abs() < 1e-6, "{truth:?} {found:?}");
            assert!((found.intercept - truth[1]).abs() < 1e-6, "{truth:?} {found:?}");
        }
    }
}
