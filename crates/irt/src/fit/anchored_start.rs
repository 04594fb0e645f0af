//! Where an anchored search begins: the populations are found first, by the anchors alone.
//!
//! New items start where their responses put them among persons whose abilities are roughly known.
//! From the standard population a search would have to drag every new item along with a
//! population that is far away, and can end elsewhere.
//!
//! Source: Kim (2006), Journal of Educational Measurement 43(4), 355–381: fixed parameter
//! calibration with multiple weight updates and multiple EM cycles, where the first cycles see the
//! anchors only.

use super::group_m_step::maximise_group;
use super::starting_values::intercept_of_share;
use super::thresholds::{ANCHOR_CYCLES, NEAR_BY_ANCHORS};
use crate::error::IrtError;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::dot;

/// `start` with groups where the anchors put them, and new items among their persons.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn start_by_anchors(
    objective: &Objective<'_>,
    start: &[SlopeIntercept],
) -> Result<Vec<SlopeIntercept>, IrtError> {
    let (design, items) = (objective.design, objective.items());
    let mut found = start.to_vec();
    // A response to an item with slope 0 says nothing of ability.
    for (item, parameters) in found[..items].iter_mut().enumerate() {
        *parameters = design.anchor(item).unwrap_or_default();
    }
    let mut cycle = 0;
    loop {
        let counts = objective.counts(&found)?;
        let mut change = 0.0_f64;
        for group in (0..design.groups()).filter(|group| design.is_free_group(*group)) {
            let block = &mut found[items + group];
            let of_group = objective.group_counts(group, &counts);
            let next = maximise_group(*block, &of_group, objective.grid);
            let step = next - *block;
            change = change.max(step.slope.abs()).max(step.intercept.abs());
            *block = next;
        }
        cycle += 1;
        if change > NEAR_BY_ANCHORS && cycle < ANCHOR_CYCLES {
            continue;
        }
        for item in (0..items).filter(|item| design.anchor(*item).is_none()) {
            let attempts = objective.item_counts(item, &counts).attempts;
            let responses = objective.totals[item].responses.max(1) as f64;
            let mean = dot(attempts, &objective.grid.nodes) / responses;
            let SlopeIntercept { slope, .. } = start[item];
            let intercept = intercept_of_share(objective.totals[item], slope) - slope * mean;
            found[item] = SlopeIntercept { slope, intercept };
        }
        return Ok(found);
    }
}
