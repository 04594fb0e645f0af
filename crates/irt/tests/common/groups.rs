//! Simulated groups, and a plain likelihood of them: the oracle of the tests.

use std::collections::BTreeMap;

use irt::two_pl::softplus;
use irt::{Calibration, CalibrationSettings, ItemParameters, Population, Priors, Quadrature};
use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::GroupedRow;

/// Groups that answer the same items.
pub struct GroupDesign {
    /// Name, persons, mean and sd.
    pub groups: Vec<(String, u32, f64, f64)>,
    pub items: u32,
    /// The probability that a person meets an item.
    pub answered: f64,
    pub seed: u64,
}

impl GroupDesign {
    pub fn new(groups: &[(&str, u32, f64, f64)], items: u32, answered: f64, seed: u64) -> Self {
        let owned = |(name, persons, mean, sd): &(&str, u32, f64, f64)| {
            ((*name).to_string(), *persons, *mean, *sd)
        };
        Self { groups: groups.iter().map(owned).collect(), items, answered, seed }
    }
}

/// The true items, in the order of their labels.
pub struct Truth {
    pub items: Vec<(String, ItemParameters)>,
}

/// Draws items, abilities and responses; persons are numbered throughout.
pub fn simulate_groups(design: &GroupDesign) -> (Vec<GroupedRow>, Truth) {
    let items = irt::simulate::simulate_items(design.items, design.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(design.seed.wrapping_add(1000));
    let (mut rows, mut person) = (Vec::new(), 0);
    for (name, persons, mean, sd) in &design.groups {
        for _ in 0..*persons {
            // Box and Muller.
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            let ability = mean + sd * normal;
            for (number, item) in items.iter().enumerate() {
                let (met, chance): (f64, f64) = (rng.random(), rng.random());
                if met < design.answered {
                    let correct = chance < item.probability(ability);
                    rows.push((person.to_string(), name.clone(), format!("I{number:03}"), correct));
                }
            }
            person += 1;
        }
    }
    let known = |(number, item): (usize, &irt::two_pl::SlopeIntercept)| {
        (format!("I{number:03}"), ItemParameters::new(item.slope, item.difficulty()))
    };
    (rows, Truth { items: items.iter().enumerate().map(known).collect() })
}

/// The marginal log-posterior of (a, b) of every estimated item, then (mean, sd) of every free
/// group, person by person and node by node.
///
/// Source: Bock & Zimowski (1997).
pub struct PlainModel {
    /// Per person: the name of the group, and responses by the number of the item.
    persons: Vec<(String, Vec<(usize, bool)>)>,
    /// The estimated items come first, then the given ones.
    items: usize,
    given: Vec<ItemParameters>,
    pub groups: Vec<String>,
    priors: Priors,
    quadrature: Quadrature,
}

impl PlainModel {
    pub fn new(rows: &[GroupedRow], settings: &CalibrationSettings, found: &Calibration) -> Self {
        let estimated = found.calibrated().map(|item| item.item.clone());
        let given = settings.anchors.0.keys().cloned();
        let names: Vec<String> = estimated.chain(given).collect();
        let number = |item: &String| names.iter().position(|name| name == item).unwrap();
        let mut persons: BTreeMap<(&str, &str), Vec<(usize, bool)>> = BTreeMap::new();
        for (person, group, item, correct) in rows {
            persons.entry((group, person)).or_default().push((number(item), *correct));
        }
        let free = found.groups.iter().filter(|group| !group.is_reference);
        let of_person = |((group, _), responses): ((&str, &str), _)| (group.to_string(), responses);
        Self {
            persons: persons.into_iter().map(of_person).collect(),
            items: found.calibrated().count(),
            given: settings.anchors.0.values().copied().collect(),
            groups: free.map(|group| group.name.clone().unwrap()).collect(),
            priors: settings.priors,
            quadrature: settings.quadrature.clone(),
        }
    }

    fn population(&self, group: &str, at: &[f64]) -> Population {
        let number = self.groups.iter().position(|name| name == group);
        number.map_or(Population::STANDARD, |number| {
            let at = &at[2 * self.items + 2 * number..];
            Population { mean: at[0], sd: at[1] }
        })
    }

    /// ln P of an incorrect and a correct response, per item and node.
    fn table(&self, at: &[f64]) -> Vec<Vec<[f64; 2]>> {
        let estimated = at[..2 * self.items].chunks(2);
        let estimated = estimated.map(|pair| ItemParameters::new(pair[0], pair[1]));
        let logs = |item: ItemParameters| {
            let nodes = self.quadrature.nodes().iter().map(|node| item.logit(*node));
            nodes.map(|logit| [-softplus(logit), -softplus(-logit)]).collect()
        };
        estimated.chain(self.given.iter().copied()).map(logs).collect()
    }

    pub fn log_likelihood_of(&self, group: &str, at: &[f64]) -> f64 {
        let weights = self.population(group, at).weights(&self.quadrature);
        let table = self.table(at);
        let person = |responses: &Vec<(usize, bool)>| {
            let log = |(node, weight): (usize, &f64)| {
                let terms = responses.iter().map(|(item, x)| table[*item][node][usize::from(*x)]);
                weight.ln() + terms.sum::<f64>()
            };
            let logs: Vec<f64> = weights.iter().enumerate().map(log).collect();
            let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            peak + logs.iter().map(|log| (log - peak).exp()).sum::<f64>().ln()
        };
        let members = self.persons.iter().filter(|(name, _)| name == group);
        members.map(|(_, responses)| person(responses)).sum()
    }

    pub fn log_likelihood(&self, at: &[f64]) -> f64 {
        let mut names: Vec<&String> = self.persons.iter().map(|(group, _)| group).collect();
        names.dedup();
        names.into_iter().map(|group| self.log_likelihood_of(group, at)).sum()
    }

    fn log_posterior(&self, at: &[f64]) -> f64 {
        let items = at[..2 * self.items].chunks(2);
        let density = |pair: &[f64]| {
            self.priors.log_density(ItemParameters::new(pair[0], pair[1]).slope_intercept())
        };
        self.log_likelihood(at) + items.map(density).sum::<f64>()
    }
}

/// The estimates in the order of a model's parameters.
pub fn estimates(found: &Calibration, model: &PlainModel) -> Vec<f64> {
    let items = found.calibrated();
    let mut at: Vec<f64> =
        items.flat_map(|item| [item.discrimination.unwrap(), item.difficulty.unwrap()]).collect();
    for name in &model.groups {
        let group = found.groups.iter().find(|group| group.name.as_ref() == Some(name)).unwrap();
        at.extend([group.mean, group.sd]);
    }
    at
}

/// The largest derivative of the log-posterior, by central differences.
pub fn largest_slope(model: &PlainModel, at: &[f64]) -> f64 {
    const STEP: f64 = 1e-4;
    let slope = |number: usize| {
        let value = |by: f64| {
            let mut there = at.to_vec();
            there[number] += by;
            model.log_posterior(&there)
        };
        ((value(STEP) - value(-STEP)) / (2.0 * STEP)).abs()
    };
    (0..at.len()).map(slope).fold(0.0, f64::max)
}

/// The inverse of minus the Hessian, by central differences.
pub fn inverse_information(model: &PlainModel, at: &[f64]) -> DMatrix<f64> {
    const STEP: f64 = 2e-3;
    let value = |moves: [(usize, f64); 2]| {
        let mut there = at.to_vec();
        for (number, by) in moves {
            there[number] += by * STEP;
        }
        model.log_posterior(&there)
    };
    let mut information = DMatrix::zeros(at.len(), at.len());
    for row in 0..at.len() {
        for column in 0..=row {
            let sum = value([(row, 1.0), (column, 1.0)])
                - value([(row, 1.0), (column, -1.0)])
                - value([(row, -1.0), (column, 1.0)])
                + value([(row, -1.0), (column, -1.0)]);
            information[(row, column)] = -sum / (4.0 * STEP * STEP);
            information[(column, row)] = information[(row, column)];
        }
    }
    information.try_inverse().unwrap()
}
