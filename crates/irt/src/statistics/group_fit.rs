//! Whether an item is as difficult in one group of persons as in the others.

use super::benjamini_hochberg::rejected;
use super::curve::CurveRows;
use super::item_sums::ItemSums;
use super::thresholds::{DIFFERS_LEVEL, DIFFERS_LOGITS};
use crate::numeric::tails::normal_two_sided;

/// How an item does in one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupFit {
    /// The item, by its number in the labels.
    pub item: usize,
    /// The group, by its number.
    pub group: usize,
    /// Responses of the group to the item.
    pub responses: u64,
    /// The correct share of them.
    pub proportion_correct: f64,
    /// √Σ w (O − P)² over the group's persons; see [`super::CurveDeviation`].
    pub rmsd: f64,
    /// Σ w (O − P), likewise: above 0 where the item is easier in this group.
    pub mean_deviation: f64,
    /// The item's b in this group less its b in the others; `None` where nothing tells.
    pub delta_difficulty: Option<f64>,
    /// delta_difficulty over its standard error.
    pub delta_z: Option<f64>,
    /// It differs: large enough, and by the test after Benjamini & Hochberg over the item's groups.
    pub differs: bool,
}

/// Difference of an item's difficulty between some persons and others, and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DifficultyDifference {
    pub delta: f64,
    pub z: f64,
}

/// b in a group less b in the others: one Newton step for each from the common b, at the common a.
///
/// With the group's score s_g and information I_g and those of everybody, s and I, by b:
///
/// ```text
/// delta = (s_g / I_g − s / I) / (1 − I_g / I),   variance of the step = I_g (1 − I_g / I)
/// ```
///
/// s is 0 at a maximum of the likelihood, and small at a mode.
pub(super) fn difference_to_others(
    group: &ItemSums,
    everybody: &ItemSums,
    slope: f64,
) -> Option<DifficultyDifference> {
    let (score, information) = group.scores().by_difficulty(slope);
    let (total_score, total_information) = everybody.scores().by_difficulty(slope);
    let others = 1.0 - information / total_information;
    if !(information > 0.0 && others > 1e-9) {
        return None;
    }
    let delta = (score / information - total_score / total_information) / others;
    let z = delta * libm::sqrt(information * others);
    (delta.is_finite() && z.is_finite()).then_some(DifficultyDifference { delta, z })
}

/// The row of an item in a group, not yet compared with others nor judged; `None` without a response.
pub(super) fn group_fit(
    (item, group): (usize, usize),
    sums: &ItemSums,
    curve: CurveRows<'_>,
) -> Option<GroupFit> {
    let deviation = curve.deviation()?;
    Some(GroupFit {
        item,
        group,
        responses: sums.rest().persons(),
        proportion_correct: sums.rest().proportion_correct(),
        rmsd: deviation.rmsd,
        mean_deviation: deviation.mean_deviation,
        delta_difficulty: None,
        delta_z: None,
        differs: false,
    })
}

impl GroupFit {
    /// Notes how the item's difficulty in this group differs.
    pub(super) fn is_compared_by(&mut self, difference: Option<DifficultyDifference>) {
        self.delta_difficulty = difference.map(|difference| difference.delta);
        self.delta_z = difference.map(|difference| difference.z);
    }
}

/// Judges the rows of one item with this slope; true if it differs in any group.
pub(super) fn judge(rows: &mut [GroupFit], slope: f64) -> bool {
    let p: Vec<f64> = rows.iter().filter_map(|row| row.delta_z).map(normal_two_sided).collect();
    let mut rejected = rejected(&p, DIFFERS_LEVEL).into_iter();
    for row in rows.iter_mut().filter(|row| row.delta_z.is_some()) {
        let is_large =
            row.delta_difficulty.is_some_and(|delta| (slope * delta).abs() >= DIFFERS_LOGITS);
        row.differs = rejected.next().unwrap_or(false) && is_large;
    }
    rows.iter().any(|row| row.differs)
}
