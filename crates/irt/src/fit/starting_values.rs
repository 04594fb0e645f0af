//! Where a search begins when nothing but the responses is known.

use crate::data::item_totals::ItemTotals;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;

/// Starting values from proportions correct; every group starts as the standard population.
///
/// Slopes start at the prior's median. With a flat prior an item starts with
/// the sign of its point-biserial, so that a reversed item need not cross 0.
pub(crate) fn starting_values(
    objective: &Objective<'_>,
    point_biserials: &[Option<f64>],
) -> Vec<SlopeIntercept> {
    let slope = objective.priors.starting_slope();
    let flat = objective.priors.discrimination_is_flat();
    let items = objective.totals.iter().zip(point_biserials).enumerate();
    let mut start: Vec<SlopeIntercept> = items
        .map(|(item, (total, point_biserial))| {
            if let Some(anchor) = objective.design.anchor(item) {
                return anchor;
            }
            let reversed = flat && point_biserial.is_some_and(|correlation| correlation < 0.0);
            SlopeIntercept {
                slope: if reversed { -slope } else { slope },
                intercept: intercept_of_share(*total, slope),
            }
        })
        .collect();
    start.resize(objective.blocks(), SlopeIntercept::default());
    start
}

/// The intercept that gives this share of correct responses among N(0, 1) abilities, nearly.
pub(super) fn intercept_of_share(total: ItemTotals, slope: f64) -> f64 {
    // Half a response either way keeps the logit finite.
    let odds = (total.correct as f64 + 0.5) / ((total.responses - total.correct) as f64 + 0.5);
    // The logit of a mean over N(0, 1) abilities is flatter than that at ability 0.
    libm::log(odds) * libm::sqrt(1.0 + 0.346 * slope * slope)
}
