//! Data sets and settings that the tests share.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::HashMap;
use std::path::PathBuf;

use irt::{
    CalibrationSettings, NO_TIME, Priors, Quadrature, RepeatedResponses, ResponseRows, Responses,
    StandardErrors, Unmonitored,
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
    }
}
