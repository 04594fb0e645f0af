//! How far a step may go.

use super::thresholds::LEAST_SHARE_OF_SLOPE;
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

/// All items, moved by `share` of a step, each item's part of which is limited.
pub(crate) fn moved(
    parameters: &[SlopeIntercept],
    step: &[SlopeIntercept],
    share: f64,
    priors: &Priors,
) -> Vec<SlopeIntercept> {
    let pairs = parameters.iter().zip(step);
    pairs.map(|(item, step)| *item + limited(*item, *step, priors) * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_at_most_doubles_a_slope_and_leaves_a_fifth_of_it() {
        let item = SlopeIntercept { slope: 2.0, intercept: 0.0 };
        let after = |slope, priors: Priors| {
            moved(&[item], &[SlopeIntercept { slope, intercept: 1.0 }], 1.0, &priors)[0]
        };
        assert_eq!(after(50.0, Priors::flat()).slope, 4.0);
        assert_eq!(after(1.0, Priors::default()), SlopeIntercept { slope: 3.0, intercept: 1.0 });
        assert!((after(-50.0, Priors::default()).slope - 0.4).abs() < 1e-15);
        assert_eq!(after(-1.9, Priors::flat()).slope, 2.0 - 1.9);
    }
}
