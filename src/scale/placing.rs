//! Drift, link, and the estimates on the scale on which they are published.

use super::common::CommonItems;
use crate::bank::{CheckedSettings, LinkMethod, Scale};
use crate::parameters::in_force::InForce;
use irt::linking::{
    CommonItem, LEAST_COMMON_ITEMS, LEAST_ITEMS_FOR_DRIFT, Link, LinkErrors, LinkedScales,
    LinkingMethod, check_difficulties, link_scales,
};
use irt::{Calibration, Flag, IrtError};
use std::collections::HashSet;

/// The estimates of a run, where it is decided what scale they are on.
#[derive(Debug, Clone)]
pub struct Placed {
    /// On the scale on which they are published, unless the link was `refused`.
    pub calibration: Calibration,
    /// As the bank says.
    pub scale: Scale,
    /// The link to the scale in force; `None`: nothing is in force, or there is none.
    pub link: Option<FoundLink>,
    /// Why the estimates could not be put on the scale in force: they are on their own.
    pub refused: Option<IrtError>,
    /// How many values of another program the run was put on the scale of.
    pub imported: usize,
}

/// How the scale of a run and the scale in force go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundLink {
    /// What takes the run's scale to that in force.
    pub link: Link,
    /// How sure it is, where that is known.
    pub errors: Option<LinkErrors>,
    /// Items on both scales that could link them.
    pub common_items: usize,
    /// Those of them that drifted.
    pub drifted_items: usize,
}

impl FoundLink {
    /// The share of the common items that drifted; `None` where nothing is said of drift.
    pub fn share_of_drifted(&self) -> Option<f64> {
        (self.common_items >= LEAST_ITEMS_FOR_DRIFT)
            .then(|| self.drifted_items as f64 / self.common_items as f64)
    }
}

impl Placed {
    /// Mean and standard deviation of ability over all persons, on the published scale; `None`
    /// where the run is on no scale that could be published.
    pub fn population(&self) -> Option<(f64, f64)> {
        if self.refused.is_some() {
            return None;
        }
        let on_its_own = Link { slope: 1.0, intercept: 0.0 };
        let link = match self.scale {
            Scale::Linked => self.link.map_or(on_its_own, |found| found.link),
            Scale::Anchored | Scale::Population => on_its_own,
        };
        Some((link.intercept, link.slope))
    }
}

/// Links a run that was estimated freely to the scale in force, by `common` items that did not
/// drift, and puts it there on scale `linked`. Items that drifted are flagged.
pub fn place(
    calibration: Calibration,
    settings: &CheckedSettings,
    common: &CommonItems,
    in_force: &InForce,
) -> Placed {
    let scale = settings.scale;
    let imported = common.imported;
    let mut placed = Placed { calibration, scale, link: None, refused: None, imported };
    if in_force.items.is_empty() {
        return placed;
    }
    let (labels, pairs): (Vec<String>, Vec<CommonItem>) = common
        .of(&placed.calibration, in_force)
        .into_iter()
        .map(|(item, pair)| (item.item.clone(), pair))
        .unzip();
    match link(&placed.calibration, &pairs, settings) {
        Ok(linked) => {
            let drifted: HashSet<&str> = labels
                .iter()
                .zip(&linked.drifted)
                .filter_map(|(label, drifted)| drifted.then_some(label.as_str()))
                .collect();
            flag_drifted(&mut placed.calibration, &drifted);
            if scale == Scale::Linked {
                linked.link.put_on_its_scale(&mut placed.calibration);
            }
            placed.link = Some(FoundLink {
                link: linked.link,
                errors: None,
                common_items: pairs.len(),
                drifted_items: drifted.len(),
            });
        }
        // A population that is the scale needs no link.
        Err(_) if scale == Scale::Population => {}
        Err(reason) => placed.refused = Some(reason),
    }
    placed
}

/// The link by the common items that did not drift.
fn link(
    calibration: &Calibration,
    pairs: &[CommonItem],
    settings: &CheckedSettings,
) -> Result<LinkedScales, IrtError> {
    let quadrature = &settings.of_core.quadrature;
    if pairs.len() < LEAST_COMMON_ITEMS {
        let (found, required) = (pairs.len() as u64, LEAST_COMMON_ITEMS as u64);
        return Err(IrtError::TooFewCommonItems { found, required });
    }
    let linked = link_scales(pairs, method(settings.linking_method), quadrature)?;
    let difficulties: Vec<f64> = calibration
        .calibrated()
        .filter_map(|item| item.difficulty.map(|b| linked.link.ability(b)))
        .collect();
    check_difficulties(&difficulties, quadrature.bound())?;
    Ok(linked)
}

fn method(method: LinkMethod) -> LinkingMethod {
    match method {
        LinkMethod::StockingLord => LinkingMethod::StockingLord,
        LinkMethod::Haebara => LinkingMethod::Haebara,
        LinkMethod::MeanSigma => LinkingMethod::MeanSigma,
    }
}

fn flag_drifted(calibration: &mut Calibration, drifted: &HashSet<&str>) {
    for item in &mut calibration.items {
        if drifted.contains(item.item.as_str()) {
            item.flags.push(Flag::Drifted);
        }
    }
}
