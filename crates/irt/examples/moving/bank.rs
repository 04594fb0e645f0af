//! A bank: what is in force, and what a run puts there.

use irt::linking::{CommonItem, ItemErrors, LinkingMethod, check_difficulties, link_scales};
use irt::two_pl::SlopeIntercept;
use irt::{
    Anchors, Calibration, CalibrationSettings, IrtError, ItemParameters, ItemResult, Quadrature,
    Responses, StandardErrors, Unmonitored, calibrate,
};
use std::collections::BTreeMap;

/// A less certain difficulty holds no scale: that of an anchored run without marks.
const LARGEST_SE_DIFFICULTY: f64 = 0.2;

/// Who holds origin and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Whoever answered is N(0, 1) in every run.
    Population,
    /// A free run is put on the scale in force by the items that both have.
    Linked,
    /// Items that are known keep their values.
    Anchored,
}

impl Scale {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Population, Self::Linked, Self::Anchored];

    /// As a bank's setting has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Linked => "linked",
            Self::Anchored => "anchored",
        }
    }
}

/// The values in force.
#[derive(Debug, Clone)]
pub struct Bank {
    scale: Scale,
    in_force: BTreeMap<String, (ItemParameters, ItemErrors)>,
}

fn settings(anchors: Anchors) -> CalibrationSettings {
    CalibrationSettings {
        standard_errors: StandardErrors::ObservedInformation,
        anchors,
        ..CalibrationSettings::default()
    }
}

/// A fit that nothing holds but its own persons.
pub fn free(responses: &Responses) -> Calibration {
    calibrated(responses, &settings(Anchors::default()))
}

fn calibrated(responses: &Responses, settings: &CalibrationSettings) -> Calibration {
    calibrate(responses, settings, &Unmonitored)
        .unwrap_or_else(|error| panic!("simulated responses are calibrated: {error}"))
}

fn values(item: &ItemResult) -> Option<(ItemParameters, ItemErrors)> {
    let parameters = ItemParameters::new(item.discrimination?, item.difficulty?);
    let discrimination = item.se_discrimination?;
    Some((parameters, ItemErrors { discrimination, difficulty: item.se_difficulty? }))
}

impl Bank {
    /// The first run of a bank, whose persons define the scale.
    pub fn new(scale: Scale, first: &Calibration) -> Self {
        let mut bank = Self { scale, in_force: BTreeMap::new() };
        bank.publish(first);
        bank
    }

    /// A run; `free` is the fit of `responses` that nothing holds. Items that drifted.
    ///
    /// # Errors
    /// Where the run cannot be put on the scale in force, it is held.
    pub fn run(&mut self, responses: &Responses, free: &Calibration) -> Result<usize, IrtError> {
        match self.scale {
            Scale::Population => {
                self.publish(free);
                Ok(0)
            }
            Scale::Linked => self.link(free.clone()),
            Scale::Anchored => {
                let known = self.in_force.iter();
                let known =
                    known.filter(|(_, (_, errors))| errors.difficulty <= LARGEST_SE_DIFFICULTY);
                let anchors: Anchors = known.map(|(item, (at, _))| (item.clone(), *at)).collect();
                // Where every item is known, nothing is left to be estimated.
                if anchors.len() < self.in_force.len() {
                    self.publish(&calibrated(responses, &settings(anchors)));
                }
                Ok(0)
            }
        }
    }

    fn link(&mut self, mut found: Calibration) -> Result<usize, IrtError> {
        let common: Vec<CommonItem> = found
            .calibrated()
            .filter_map(|item| {
                let (from, from_errors) = values(item)?;
                let (onto, onto_errors) = *self.in_force.get(&item.item)?;
                let (from_errors, onto_errors) = (Some(from_errors), Some(onto_errors));
                Some(CommonItem { from, onto, from_errors, onto_errors })
            })
            .collect();
        let quadrature = Quadrature::default();
        let linked = link_scales(&common, LinkingMethod::default(), &quadrature)?;
        linked.link.put_on_its_scale(&mut found);
        let difficulties: Vec<f64> =
            found.calibrated().filter_map(|item| item.difficulty).collect();
        check_difficulties(&difficulties, quadrature.bound())?;
        self.publish(&found);
        Ok(linked.drifted.iter().filter(|drifted| **drifted).count())
    }

    fn publish(&mut self, found: &Calibration) {
        for item in found.calibrated() {
            if let Some(values) = values(item) {
                self.in_force.insert(item.item.clone(), values);
            }
        }
    }

    /// The parameters in force of these items.
    pub fn parameters(&self, labels: &[String]) -> Vec<ItemParameters> {
        labels.iter().map(|label| self.in_force[label].0).collect()
    }

    /// Units of the truth per unit of the scale in force.
    pub fn unit(&self, labels: &[String], truth: &[SlopeIntercept]) -> f64 {
        let pairs = self.parameters(labels).into_iter().zip(truth);
        let common: Vec<CommonItem> = pairs
            .map(|(from, onto)| {
                CommonItem::new(from, ItemParameters::new(onto.slope, onto.difficulty()))
            })
            .collect();
        match LinkingMethod::default().link(&common, &Quadrature::default()) {
            Ok(link) => link.slope,
            Err(error) => panic!("known items link: {error}"),
        }
    }
}
