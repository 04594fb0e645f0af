//! Data sets and settings that the tests share.
#![allow(clippy::unwrap_used, dead_code)]

pub mod groups;
pub mod random;

use std::collections::HashMap;
use std::path::PathBuf;

use irt::two_pl::{SlopeIntercept, softplus};
use irt::{
    CalibrationSettings, GroupedResponses, NO_TIME, PersonGroups, Population, Priors, Quadrature,
    RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored,
};

/// The text of a file in tests/data.
pub fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A data set as (person, item, correct), in the order of the file.
pub fn read_rows(name: &str) -> Vec<(String, String, bool)> {
    data(&format!("{name}.csv"))
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].to_string(), fields[1].to_string(), fields[2] == "1")
        })
        .collect()
}

/// Numbers persons and items as they are met, and validates.
pub fn build(rows: &[(String, String, bool)]) -> Responses {
    let mut labels: Vec<String> = Vec::new();
    let (mut items, mut persons) = (HashMap::new(), HashMap::new());
    let mut collected = ResponseRows::new(false);
    for (person, item, correct) in rows {
        let next = persons.len() as u32;
        let person = *persons.entry(person).or_insert(next);
        let number = *items.entry(item).or_insert_with(|| {
            labels.push(item.clone());
            labels.len() as u32 - 1
        });
        collected.push(person, number, *correct, NO_TIME).unwrap();
    }
    Responses::from_rows(labels, collected, RepeatedResponses::First, &Unmonitored).unwrap()
}

/// A data set from tests/data.
pub fn read_responses(name: &str) -> Responses {
    build(&read_rows(name))
}

/// The bank's defaults with other priors and standard errors.
pub fn settings(priors: Priors, standard_errors: StandardErrors) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 50,
        min_persons: 10,
        quadrature: Quadrature::default(),
        priors,
        standard_errors,
        max_memory_bytes: None,
        ..CalibrationSettings::default()
    }
}

/// Expected responses and expected correct responses, items × nodes, row-major; nats.
pub struct PlainCounts {
    pub responses: Vec<f64>,
    pub correct: Vec<f64>,
    pub log_likelihood: f64,
}

/// The E-step as the textbooks have it, person by person and node by node: the oracle of the tests.
///
/// Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459, equations 13 and 14.
pub fn plain_e_step(
    responses: &Responses,
    items: &[SlopeIntercept],
    quadrature: &Quadrature,
) -> PlainCounts {
    let nodes = quadrature.nodes();
    let weights = Population::STANDARD.weights(quadrature);
    let cells = vec![0.0; items.len() * nodes.len()];
    let mut counts = PlainCounts { responses: cells.clone(), correct: cells, log_likelihood: 0.0 };
    for pattern in responses.iter() {
        let score = |correct: bool| f64::from(u8::from(correct));
        let log = |(node, weight): (&f64, &f64)| {
            let terms = pattern.responses.iter().map(|response| {
                let logit = items[response.item()].logit(*node);
                score(response.is_correct()) * logit - softplus(logit)
            });
            weight.ln() + terms.sum::<f64>()
        };
        let logs: Vec<f64> = nodes.iter().zip(&weights).map(log).collect();
        let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - peak).exp()).sum();
        let persons = f64::from(pattern.persons);
        counts.log_likelihood += persons * (peak + sum.ln());
        for (node, log) in logs.iter().enumerate() {
            let weight = persons * (log - peak).exp() / sum;
            for response in pattern.responses {
                let cell = response.item() * nodes.len() + node;
                counts.responses[cell] += weight;
                counts.correct[cell] += weight * score(response.is_correct());
            }
        }
    }
    counts
}

/// A row: person, group, item, correct.
pub type GroupedRow = (String, String, String, bool);

/// A data set with groups as (person, group, item, correct), in the order of the file.
pub fn read_grouped_rows(name: &str) -> Vec<GroupedRow> {
    data(&format!("{name}.csv"))
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [person, group, item] = [0, 1, 2].map(|at| fields[at].to_string());
            (person, group, item, fields[3] == "1")
        })
        .collect()
}

/// Numbers persons in their groups, groups and items as they are met, and validates. Groups with
/// fewer than `min_persons` persons are pooled.
pub fn build_grouped(rows: &[GroupedRow], min_persons: u64) -> Responses {
    let (mut labels, mut groups) = (Vec::new(), PersonGroups::default());
    let (mut items, mut persons, mut names) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut collected = ResponseRows::new(false);
    for (person, group, item, correct) in rows {
        let group_number = *names.entry(group).or_insert_with(|| {
            groups.names.push(group.clone());
            groups.names.len() as u32 - 1
        });
        let person = *persons.entry((person, group)).or_insert_with(|| {
            groups.of_person.push(group_number);
            groups.of_person.len() as u32 - 1
        });
        let number = *items.entry(item).or_insert_with(|| {
            labels.push(item.clone());
            labels.len() as u32 - 1
        });
        collected.push(person, number, *correct, NO_TIME).unwrap();
    }
    let first = RepeatedResponses::First;
    let grouped = GroupedResponses::new(labels, collected, first, &Unmonitored).unwrap();
    grouped.into_responses_of_groups(groups, min_persons, &Unmonitored).unwrap()
}
