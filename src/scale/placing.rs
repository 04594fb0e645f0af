//! Drift, link, and the estimates on the scale on which they are published.

use super::common::CommonItems;
use super::covariances::KeptCovariance;
use crate::bank::{CheckedSettings, LinkMethod, Scale};
use crate::parameters::in_force::InForce;
use irt::linking::{
    CommonItem, LEAST_COMMON_ITEMS, LEAST_ITEMS_FOR_DRIFT, Link, LinkErrors, LinkedScales,
    LinkingMethod, check_difficulties, link_errors, link_scales,
};
use irt::{Calibration, Flag, GroupResult, IrtError};
use std::collections::{HashMap, HashSet};

/// What a run is put beside, to be placed on the scale in force.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The bank's settings.
    pub settings: &'a CheckedSettings,
    /// The items that both have.
    pub common: &'a CommonItems,
    /// What is in force.
    pub in_force: &'a InForce,
    /// The joint covariance of what is in force, where it was kept.
    pub covariance: Option<&'a KeptCovariance>,
}

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
    /// Items that no person joins with enough common items: they have no parameters on this scale.
    pub disconnected: Vec<String>,
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
    /// Estimates that are on their scale as they are.
    pub fn as_it_is(calibration: Calibration, beside: Beside<'_>) -> Self {
        let (scale, imported) = (beside.settings.scale, beside.common.imported);
        let (link, refused, disconnected) = (None, None, Vec::new());
        Self { calibration, scale, link, refused, disconnected, imported }
    }

    /// Mean and standard deviation of ability over all persons, on the published scale; `None`
    /// where the run is on no scale that could be published.
    pub fn population(&self) -> Option<(f64, f64)> {
        self.refused.is_none().then(|| mixture(&self.calibration.groups))
    }
}

/// Mean and standard deviation of ability over the persons of all groups.
fn mixture(groups: &[GroupResult]) -> (f64, f64) {
    if let [only] = groups {
        return (only.mean, only.sd);
    }
    let persons: f64 = groups.iter().map(|group| group.persons_count as f64).sum();
    let share = |group: &GroupResult| group.persons_count as f64 / persons;
    let mean: f64 = groups.iter().map(|group| share(group) * group.mean).sum();
    let spread = |group: &GroupResult| {
        let distance = group.mean - mean;
        share(group) * (group.sd * group.sd + distance * distance)
    };
    let variance: f64 = groups.iter().map(spread).sum();
    (mean, variance.sqrt())
}

/// Links a run that was estimated freely to the scale in force, by the common items that did not
/// drift, and puts it there on scale `linked`. Items that drifted are flagged.
pub fn place(calibration: Calibration, beside: Beside<'_>) -> Placed {
    let mut placed = Placed::as_it_is(calibration, beside);
    if beside.in_force.items.is_empty() {
        return placed;
    }
    let (labels, pairs) = common_items(&placed.calibration, beside);
    match link(&placed.calibration, &pairs, beside.settings) {
        Ok(linked) => placed.put(&linked, &labels, &pairs, beside),
        // A population that is the scale needs no link.
        Err(_) if placed.scale == Scale::Population => {}
        Err(reason) => placed.refused = Some(reason),
    }
    placed
}

fn common_items(calibration: &Calibration, beside: Beside<'_>) -> (Vec<String>, Vec<CommonItem>) {
    let common = beside.common.of(calibration, beside.in_force).into_iter();
    common.map(|(item, pair)| (item.item.clone(), pair)).unzip()
}

impl Placed {
    fn put(
        &mut self,
        linked: &LinkedScales,
        labels: &[String],
        pairs: &[CommonItem],
        beside: Beside<'_>,
    ) {
        let (drifted, kept): (Vec<_>, Vec<_>) =
            labels.iter().zip(&linked.drifted).partition(|(_, drifted)| **drifted);
        let names = |items: Vec<(&String, &bool)>| -> Vec<String> {
            items.into_iter().map(|(label, _)| label.clone()).collect()
        };
        let (drifted, kept) = (names(drifted), names(kept));
        let errors = self.errors(linked, &kept, beside);
        self.flag(&drifted, Flag::Drifted);
        if self.scale != Scale::Population {
            linked.link.put_on_its_scale(&mut self.calibration);
            self.leave_out_disconnected(&kept);
        }
        self.link = Some(FoundLink {
            link: linked.link,
            errors,
            common_items: pairs.len(),
            drifted_items: drifted.len(),
        });
    }

    /// Takes the parameters from items of components that are not on the scale in force. That there
    /// are several says nothing of the others.
    fn leave_out_disconnected(&mut self, linking: &[String]) {
        let loose = disconnected(&self.calibration, linking);
        let items = self.calibration.items.iter_mut().zip(&mut self.calibration.components);
        for (item, component) in items {
            item.flags.retain(|flag| *flag != Flag::Disconnected);
            if loose.contains(item.item.as_str()) {
                item.skip(Flag::Disconnected);
                *component = None;
                self.disconnected.push(item.item.clone());
            }
        }
    }

    /// How sure the link is; `None` where a covariance of its items was not kept, or of several
    /// runs.
    fn errors(
        &self,
        linked: &LinkedScales,
        kept: &[String],
        beside: Beside<'_>,
    ) -> Option<LinkErrors> {
        let (from, onto) = (self.calibration.joint_covariance.as_ref()?, beside.covariance?);
        let of_that_run = |item: &String| {
            beside.in_force.items.get(item).is_some_and(|item| item.run_id == Some(onto.run_id))
        };
        if !kept.iter().all(of_that_run) {
            return None;
        }
        let from = from.covariance.of_items(&places(&from.items, kept)?);
        let onto = onto.covariance.of_items(&places(&onto.items, kept)?);
        let method = method(beside.settings.linking_method);
        let quadrature = &beside.settings.of_core.quadrature;
        link_errors(method, &linked.linked_by, linked.link, &from, &onto, quadrature).ok()?
    }

    /// Adds a remark to some items.
    pub fn flag(&mut self, items: &[String], flag: Flag) {
        let flagged: HashSet<&str> = items.iter().map(String::as_str).collect();
        for item in &mut self.calibration.items {
            if flagged.contains(item.item.as_str()) && !item.flags.contains(&flag) {
                item.flags.push(flag);
            }
        }
    }

    /// The items with a remark.
    pub fn flagged(&self, flag: Flag) -> Vec<String> {
        let items = self.calibration.items.iter().filter(|item| item.flags.contains(&flag));
        items.map(|item| item.item.clone()).collect()
    }
}

/// Where each of the items stands.
fn places(all: &[String], items: &[String]) -> Option<Vec<usize>> {
    let places: HashMap<&str, usize> =
        all.iter().enumerate().map(|(place, item)| (item.as_str(), place)).collect();
    items.iter().map(|item| places.get(item.as_str()).copied()).collect()
}

/// The items of components that fewer than 3 of the linking items belong to: nothing puts them on
/// the scale in force.
fn disconnected(calibration: &Calibration, linking: &[String]) -> HashSet<String> {
    let linking: HashSet<&str> = linking.iter().map(String::as_str).collect();
    let mut links: HashMap<u32, usize> = HashMap::new();
    let with_component = || calibration.items.iter().zip(&calibration.components);
    for (item, component) in with_component() {
        if let (true, Some(component)) = (linking.contains(item.item.as_str()), component) {
            *links.entry(*component).or_default() += 1;
        }
    }
    let loose = |component: &Option<u32>| {
        component.is_some_and(|component| {
            links.get(&component).copied().unwrap_or(0) < LEAST_COMMON_ITEMS
        })
    };
    with_component()
        .filter(|(_, component)| loose(component))
        .map(|(item, _)| item.item.clone())
        .collect()
}

/// The link by the common items that did not drift.
fn link(
    calibration: &Calibration,
    pairs: &[CommonItem],
    settings: &CheckedSettings,
) -> Result<LinkedScales, IrtError> {
    let quadrature = &settings.of_core.quadrature;
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
