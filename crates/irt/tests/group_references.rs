//! Two groups, and an anchored run, against independent references.
#![allow(clippy::unwrap_used)]

mod common;

use common::{build_grouped, data, read_grouped_rows, read_responses, settings};
use irt::{
    Anchors, Calibration, CalibrationSettings, GroupResult, ItemParameters, ItemStatus, Priors,
    StandardErrors, Unmonitored, calibrate,
};
use serde_json::Value;

fn reference(name: &str) -> Value {
    serde_json::from_str(&data(&format!("{name}.reference.json"))).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn near(what: &str, found: f64, expected: f64, error: f64) -> f64 {
    let gap = (found - expected).abs();
    assert!(gap <= 1e-5_f64.max(1e-5 * error), "{what}: {found} instead of {expected}");
    gap
}

fn near_error(what: &str, found: Option<f64>, expected: f64) -> f64 {
    let gap = (found.unwrap() / expected - 1.0).abs();
    assert!(gap <= 1e-3, "{what}: the standard error is {found:?} instead of {expected}");
    gap
}

/// Returns the largest differences: of estimates, and of standard errors, relatively.
fn compare(
    found: &Calibration,
    group: &GroupResult,
    expected: &Value,
    of_group: &Value,
) -> [f64; 2] {
    let log_likelihood = number(expected, "log_likelihood");
    let gap = (found.log_likelihood - log_likelihood).abs();
    // The references have ten digits.
    assert!(gap <= 1e-5, "log-likelihood {} instead of {log_likelihood}", found.log_likelihood);
    let (mut worst, mut worst_error) = (0.0_f64, 0.0_f64);
    let (se_mean, se_sd) = (number(of_group, "se_mu"), number(of_group, "se_sigma"));
    worst = worst.max(near("mean", group.mean, number(of_group, "mu"), se_mean));
    worst = worst.max(near("sd", group.sd, number(of_group, "sigma"), se_sd));
    worst_error = worst_error.max(near_error("mean", group.se_mean, se_mean));
    worst_error = worst_error.max(near_error("sd", group.se_sd, se_sd));
    let items = expected["items"].as_array().unwrap();
    assert_eq!(found.calibrated().count(), items.len());
    for (item, expected) in found.calibrated().zip(items) {
        assert_eq!(item.item, expected["item"].as_str().unwrap());
        let (se_a, se_b) = (number(expected, "se_a"), number(expected, "se_b"));
        let (a, b) = (item.discrimination.unwrap(), item.difficulty.unwrap());
        worst = worst.max(near(&item.item, a, number(expected, "a"), se_a));
        worst = worst.max(near(&item.item, b, number(expected, "b"), se_b));
        worst_error = worst_error.max(near_error(&item.item, item.se_discrimination, se_a));
        worst_error = worst_error.max(near_error(&item.item, item.se_difficulty, se_b));
    }
    println!("within {worst:.1e}, SEs within {worst_error:.1e}, {} E-steps", found.em_iterations);
    [worst, worst_error]
}

#[test]
fn two_groups() {
    let responses = build_grouped(&read_grouped_rows("groups2"), 10);
    let expected = reference("groups2")["estimates"].clone();
    let settings = CalibrationSettings {
        reference_group: Some("g1".into()),
        ..settings(Priors::flat(), StandardErrors::ObservedInformation)
    };
    let found = calibrate(&responses, &settings, &Unmonitored).unwrap();
    let [first, second] = &found.groups[..] else { panic!("two groups") };
    assert_eq!((first.name.as_deref(), second.name.as_deref()), (Some("g1"), Some("g2")));
    assert!(first.is_reference && !second.is_reference);
    assert_eq!((first.mean, first.sd, first.se_mean, first.se_sd), (0.0, 1.0, None, None));
    compare(&found, second, &expected, &expected["groups"][1]);
    let sum = first.log_likelihood + second.log_likelihood;
    assert!((sum - found.log_likelihood).abs() < 1e-7);
}

#[test]
fn an_anchored_run() {
    let reference = reference("linkB_anchored");
    let anchors: Anchors = reference["fixed_items"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(item, at)| (item.clone(), ItemParameters::new(number(at, "a"), number(at, "b"))))
        .collect();
    let settings = CalibrationSettings {
        anchors: anchors.clone(),
        ..settings(Priors::flat(), StandardErrors::ObservedInformation)
    };
    let found = calibrate(&read_responses("linkB"), &settings, &Unmonitored).unwrap();
    let expected = &reference["estimates"];
    compare(&found, &found.groups[0], expected, expected);
    assert_eq!(found.items.len(), 40);
    let anchored = found.items.iter().filter(|item| item.status == ItemStatus::Anchored);
    let anchored: Vec<_> = anchored.collect();
    assert_eq!(anchored.len(), 20);
    for item in anchored {
        let given = anchors.get(&item.item).unwrap();
        assert_eq!(item.discrimination, Some(given.discrimination));
        assert_eq!(item.difficulty, Some(given.difficulty));
        assert_eq!((item.se_discrimination, item.se_difficulty), (None, None));
    }
    assert_eq!(found.with_parameters().count(), 40);
}
