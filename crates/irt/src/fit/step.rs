//! How far a step may go.

use super::thresholds::{LEAST_SHARE_OF_SLOPE, LONGEST_GROUP_STEP};
use crate::likelihood::objective::Objective;
use crate::model::priors::Priors;
use crate::model::two_pl::SlopeIntercept;

/// Shortens an item's step so that discrimination at most doubles (or moves by 1),
/// and, where a prior keeps it positive, loses at most four fifths.
pub(crate) fn limited(
    item: SlopeIntercept,
    step: SlopeIntercept,
    priors: &Priors,
) -> SlopeIntercept {
    let mut share = 1.0f64;
    let longest = item.slope.abs().max(1.0);
    if step.slope.abs() > longest {
        share = longest / step.slope.abs();
    }
    if !priors.discrimination_is_flat()
        && item.slope + share * step.slope < LEAST_SHARE_OF_SLOPE * item.slope
    {
        share = (1.0 - LEAST_SHARE_OF_SLOPE) * item.slope / -step.slope;
    }
    step * share
}

/// Shortens a group's step so that it stays near what is known of the group.
pub(crate) fn limited_group(group: SlopeIntercept, step: SlopeIntercept) -> SlopeIntercept {
    let [means, log_sds] = LONGEST_GROUP_STEP;
    let (mean, log_sd) = (step.slope.abs(), step.intercept.abs());
    let longest = means * libm::exp(group.intercept);
    let mut share = 1.0f64;
    if mean > longest {
        share = longest / mean;
    }
    if share * log_sd > log_sds {
        share = log_sds / log_sd;
    }
    step * share
}

/// All blocks, moved by `share` of a step, each block's part of which is limited.
pub(crate) fn moved(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
    step: &[SlopeIntercept],
    share: f64,
) -> Vec<SlopeIntercept> {
    let items = objective.items();
    let pairs = parameters.iter().zip(step).enumerate();
    let next = |(block, (at, step)): (usize, (&SlopeIntercept, &SlopeIntercept))| {
        let step = if block < items {
            limited(*at, *step, objective.priors)
        } else {
            limited_group(*at, *step)
        };
        *at + step * share
    };
    pairs.map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_at_most_doubles_a_slope_and_leaves_a_fifth_of_it() {
        let item = SlopeIntercept { slope: 2.0, intercept: 0.0 };
        let after = |slope, priors: Priors| {
            item + limited(item, SlopeIntercept { slope, intercept: 1.0 }, &priors)
        };
        assert_eq!(after(50.0, Priors::flat()).slope, 4.0);
        assert_eq!(after(1.0, Priors::default()), SlopeIntercept { slope: 3.0, intercept: 1.0 });
        assert!((after(-50.0, Priors::default()).slope - 0.4).abs() < 1e-15);
        assert_eq!(after(-1.9, Priors::flat()).slope, 2.0 - 1.9);
    }

    #[test]
    fn a_step_of_a_group_is_shortened_as_a_whole() {
        let step = |slope, intercept| {
            limited_group(SlopeIntercept::default(), SlopeIntercept { slope, intercept })
        };
        assert_eq!(step(1.0, 0.5), SlopeIntercept { slope: 1.0, intercept: 0.5 });
        assert_eq!(step(4.0, 0.5), SlopeIntercept { slope: 2.0, intercept: 0.25 });
        assert_eq!(step(1.0, -1.4), SlopeIntercept { slope: 0.5, intercept: -0.7 });
    }
}
