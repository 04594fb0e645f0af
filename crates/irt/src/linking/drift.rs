//! Items that changed between two calibrations.
//!
//! An item drifted when all of three conditions hold, each of which alone flags
//! stable items too often: it stands out among the common items, its curve moved
//! by a distance that matters, and the change exceeds its sampling error.

use super::common_item::{CommonItem, ItemErrors, validate};
use super::link::Link;
use super::method::LinkingMethod;
use super::moments::slope_by_discriminations;
use super::robust_z::robust_z;
use super::weighted_nodes::WeightedNodes;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// With fewer common items nothing is said of drift.
pub const LEAST_ITEMS_FOR_DRIFT: usize = 10;
/// Robust z, and multiple of the standard error, from which on a change stands out: 1 % two-sided.
pub const DRIFT_Z: f64 = 2.576;
/// Root mean square distance of the curves from which on a change matters.
pub const DRIFT_DISTANCE: f64 = 0.05;
/// The search ends within a few rounds; this ends one that goes in circles.
const MOST_ROUNDS: usize = 50;

/// A link by the items that did not drift.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftedLink {
    /// By the items that did not drift.
    pub link: Link,
    /// Per common item.
    pub drifted: Vec<bool>,
}

/// Finds the common items that drifted, and the link without them.
///
/// An item drifted when all of
///
/// - |z| ≥ 2.576 of d = ln a − ln a_onto, or of d = b_onto − A·b with A = exp(mean
///   of ln a − ln a_onto) over the items kept; z = (d − median) / (0.74 IQR) over
///   all common items, quantiles of type 7, no z where the IQR is 0;
/// - the root mean square distance of its linked curve from that in force
///   ([`super::curve_distance()`]) is at least .05;
/// - where standard errors exist, the change of b or of ln a under the link
///   exceeds 2.576 of its own; where one calibration has none, by the other's.
///
/// An item whose discriminations differ in sign, or one of which is 0, stands
/// out and has changed its ln a beyond any error: the curves decide.
///
/// Items that drifted leave the link, and all are looked at anew until nothing
/// changes. At most half are said to have drifted: those with the most distant
/// curves. With fewer than 10 common items none is.
///
/// # Errors
/// Those of `method`.
///
/// # Source
/// Huynh & Meyer (2010), Practical Assessment, Research & Evaluation 15(2), for
/// the robust z. Without the second and third condition stable items at 1,000
/// persons are flagged at 8 to 16 %.
pub fn find_drift(
    common: &[CommonItem],
    method: LinkingMethod,
    quadrature: &Quadrature,
) -> Result<DriftedLink, IrtError> {
    validate(common, 0)?;
    let mut drifted = vec![false; common.len()];
    let mut link = method.link(common, quadrature)?;
    if common.len() < LEAST_ITEMS_FOR_DRIFT {
        return Ok(DriftedLink { link, drifted });
    }
    let nodes = WeightedNodes::new(quadrature);
    for _ in 0..MOST_ROUNDS {
        let found = look(common, &drifted, link, &nodes);
        if found == drifted {
            break;
        }
        drifted = found;
        link = method.link(&kept(common, &drifted), quadrature)?;
    }
    Ok(DriftedLink { link, drifted })
}

/// The common items without those that drifted.
pub(super) fn kept(common: &[CommonItem], drifted: &[bool]) -> Vec<CommonItem> {
    let pairs = common.iter().zip(drifted);
    pairs.filter(|(_, drifted)| !**drifted).map(|(item, _)| *item).collect()
}

/// Looks at all items under a link by those that had not drifted before.
fn look(
    common: &[CommonItem],
    before: &[bool],
    link: Link,
    nodes: &WeightedNodes<'_>,
) -> Vec<bool> {
    let outstanding = outstanding(common, before);
    let distances: Vec<f64> =
        common.iter().map(|item| nodes.distance(link.item(item.from), item.onto)).collect();
    let drifted = common
        .iter()
        .zip(&outstanding)
        .zip(&distances)
        .map(|((item, outstanding), distance)| {
            *outstanding && *distance >= DRIFT_DISTANCE && exceeds_its_error(item, link)
        })
        .collect();
    at_most_half(drifted, &distances)
}

/// The first condition: discrimination or difficulty lies apart from the others.
fn outstanding(common: &[CommonItem], before: &[bool]) -> Vec<bool> {
    let by_discrimination: Vec<Option<f64>> = common.iter().map(CommonItem::log_ratio).collect();
    let slope = slope_by_discriminations(&kept(common, before));
    let by_difficulty: Vec<Option<f64>> = common
        .iter()
        .map(|item| Some(item.onto.difficulty - slope.unwrap_or(1.0) * item.from.difficulty))
        .collect();
    let z = robust_z(&by_discrimination).into_iter().zip(robust_z(&by_difficulty));
    z.map(|(a, b)| a.abs() >= DRIFT_Z || b.abs() >= DRIFT_Z).collect()
}

/// The third condition; true without standard errors.
fn exceeds_its_error(item: &CommonItem, link: Link) -> bool {
    let linked = link.item(item.from);
    let (Some(log_ratio), true) =
        (item.log_ratio(), item.from_errors.is_some() || item.onto_errors.is_some())
    else {
        return true;
    };
    let errors = |errors: Option<ItemErrors>, discrimination: f64, unit: f64| {
        errors.map_or([0.0; 2], |errors| {
            [errors.discrimination / discrimination, unit * errors.difficulty]
        })
    };
    let from = errors(item.from_errors, item.from.discrimination, link.slope);
    let onto = errors(item.onto_errors, item.onto.discrimination, 1.0);
    let changes = [log_ratio - libm::log(link.slope), linked.difficulty - item.onto.difficulty];
    (0..2).any(|k| changes[k].abs() > DRIFT_Z * libm::hypot(from[k], onto[k]))
}

/// Of more than half, those with the largest distances, of equal ones the first.
fn at_most_half(mut drifted: Vec<bool>, distances: &[f64]) -> Vec<bool> {
    let mut found: Vec<usize> = (0..drifted.len()).filter(|item| drifted[*item]).collect();
    found.sort_by(|x, y| distances[*y].total_cmp(&distances[*x]));
    for item in found.iter().skip(drifted.len() / 2) {
        drifted[*item] = false;
    }
    drifted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::item_parameters::ItemParameters;

    #[test]
    fn of_more_than_half_the_most_distant_remain() {
        let distances = [0.1, 0.4, 0.2, 0.3, 0.0];
        let found = at_most_half(vec![true, true, true, true, false], &distances);
        assert_eq!(found, [false, true, false, true, false]);
    }

    #[test]
    fn a_change_must_exceed_its_own_error() {
        let link = Link { slope: 2.0, intercept: 0.0 };
        let item = |b: f64, error: Option<f64>| CommonItem {
            from_errors: error.map(|difficulty| ItemErrors { discrimination: 0.1, difficulty }),
            ..CommonItem::new(ItemParameters::new(2.0, b), ItemParameters::new(1.0, 0.0))
        };
        // The change is 2 b, its error 2 · .1.
        assert!(exceeds_its_error(&item(0.26, Some(0.1)), link));
        assert!(!exceeds_its_error(&item(0.25, Some(0.1)), link));
        assert!(exceeds_its_error(&item(0.0, None), link));
    }
}
