//! The statistics of a run, computed.

use crate::parameters::in_force::InForce;
use irt::statistics::{
    Diagnostics, DiagnosticsPlan, FitFlag, GroupFit, PublishedItem, diagnose as diagnose_core,
    diagnose_new_responses,
};
use irt::{
    Calibration, Flag, IrtError, ItemParameters, Monitor, Population, Quadrature, Responses,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// More items than this get no curves: they are for looking at.
const MOST_CURVES: usize = 20_000;

/// How the items of a run fit.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Texts of the items, in the order of `all.items`.
    pub labels: Vec<String>,
    /// Names of the groups, in the order of their numbers; `None`: everybody.
    pub groups: Vec<Option<String>>,
    /// By all responses.
    pub all: Diagnostics,
    /// Texts of the items of the new responses.
    pub new_labels: Vec<String>,
    /// By the new responses alone, against what is in force.
    pub new: Vec<GroupFit>,
    /// The abilities of the points of the curves.
    pub nodes: Vec<f64>,
}

/// Diagnoses how the items of a calibration, on the scale that it is on, fit its responses, and how
/// those in force fit the `new` ones.
///
/// # Errors
/// Those of [`irt::statistics::diagnose`].
pub fn diagnose(
    responses: &Responses,
    new: Option<&Responses>,
    calibration: &Calibration,
    in_force: &InForce,
    bound: f64,
    monitor: &dyn Monitor,
) -> Result<Diagnosis, IrtError> {
    let quadrature = Quadrature::new(calibration.quadrature_nodes as usize, bound)?;
    let items: Vec<Option<ItemParameters>> = calibration
        .items
        .iter()
        .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
        .collect();
    let plan = DiagnosticsPlan { curves: items.len() <= MOST_CURVES, ..DiagnosticsPlan::default() };
    let of_all = populations(responses, calibration);
    let all = diagnose_core(responses, &items, &of_all, &quadrature, plan, monitor)?;
    let (new_labels, new) = match new.filter(|new| new.count() > 0) {
        Some(new) => {
            let published: Vec<Option<PublishedItem>> =
                new.labels().iter().map(|label| published(in_force, label)).collect();
            let of_new = populations(new, calibration);
            let found = diagnose_new_responses(new, &published, &of_new, &quadrature, monitor)?;
            (new.labels().to_vec(), found)
        }
        None => (Vec::new(), Vec::new()),
    };
    Ok(Diagnosis {
        labels: responses.labels().to_vec(),
        groups: responses.groups().iter().map(|group| group.name.clone()).collect(),
        all,
        new_labels,
        new,
        nodes: quadrature.nodes().to_vec(),
    })
}

fn published(in_force: &InForce, label: &str) -> Option<PublishedItem> {
    let item = in_force.items.get(label)?;
    let se_difficulty = item.errors.map(|errors| errors.difficulty);
    Some(PublishedItem { parameters: item.parameters, se_difficulty })
}

/// The abilities of each group that has responses; of one that was not in the fit, those of the scale.
fn populations(responses: &Responses, calibration: &Calibration) -> Vec<Population> {
    let by_name: HashMap<Option<&str>, Population> = calibration
        .groups
        .iter()
        .map(|group| (group.name.as_deref(), Population { mean: group.mean, sd: group.sd }))
        .collect();
    let of = |name: Option<&str>| by_name.get(&name).copied().unwrap_or(Population::STANDARD);
    responses.groups().iter().map(|group| of(group.name.as_deref())).collect()
}

impl Diagnosis {
    /// The flags of each item, by its text.
    pub fn flags(&self) -> BTreeMap<&str, Vec<&'static str>> {
        let drifted: HashSet<&str> = self
            .new
            .iter()
            .filter(|row| row.differs)
            .map(|row| self.new_labels[row.item].as_str())
            .collect();
        let mut flags: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
        for (label, fit) in self.labels.iter().zip(&self.all.items) {
            let of_fit = fit.iter().flat_map(|fit| &fit.flags).map(|flag| flag.as_str());
            let of_new = drifted.contains(label.as_str()).then(|| Flag::Drifted.as_str());
            let found: Vec<&'static str> = of_fit.chain(of_new).collect();
            if !found.is_empty() {
                flags.insert(label, found);
            }
        }
        flags
    }

    /// The share of the diagnosed items that have this flag; `None` without any.
    pub fn share(&self, flag: FitFlag) -> Option<f64> {
        let items = || self.all.items.iter().flatten();
        let count = items().count();
        let flagged = items().filter(|item| item.flags.contains(&flag)).count();
        (count > 0).then(|| flagged as f64 / count as f64)
    }

    /// True where the item's responses say that its key is wrong.
    pub fn is_reversed(&self, place: usize) -> bool {
        let fit = self.all.items.get(place).and_then(Option::as_ref);
        fit.is_some_and(|fit| fit.flags.contains(&FitFlag::Reversed))
    }
}
