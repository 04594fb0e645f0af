//! Estimates, log-likelihoods and standard errors against independent references.
#![allow(clippy::unwrap_used)]

mod common;

use common::{data, read_responses, settings};
use irt::{Calibration, ItemStatus, Priors, StandardErrors, Unmonitored, calibrate};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    ml: Estimates,
    map: Option<Estimates>,
}

#[derive(Deserialize)]
struct Estimates {
    log_likelihood: f64,
    log_prior: Option<f64>,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    item: String,
    a: f64,
    b: f64,
    se_a: f64,
    se_b: f64,
}

fn compare(what: &str, result: &Calibration, expected: &Estimates) {
    let gap = (result.log_likelihood - expected.log_likelihood).abs();
    assert!(gap <= 1e-6, "{what}: log-likelihood off by {gap:e}");
    if let Some(log_prior) = expected.log_prior {
        assert!((result.log_prior - log_prior).abs() <= 1e-6, "{what}: log prior");
    }
    assert_eq!(result.items.len(), expected.items.len());
    let (mut worst, mut worst_error) = (0.0f64, 0.0f64);
    for (found, reference) in result.items.iter().zip(&expected.items) {
        assert_eq!(found.item, reference.item);
        assert_eq!(found.status, ItemStatus::Calibrated);
        let (a, b) = (found.discrimination.unwrap(), found.difficulty.unwrap());
        for (name, value, wanted, error) in
            [("a", a, reference.a, reference.se_a), ("b", b, reference.b, reference.se_b)]
        {
            let gap = (value - wanted).abs();
            worst = worst.max(gap);
            let item = &found.item;
            assert!(gap <= 1e-5f64.max(1e-5 * error), "{what}: {name} of {item} off by {gap:e}");
        }
        for (value, wanted) in [
            (found.se_discrimination.unwrap(), reference.se_a),
            (found.se_difficulty.unwrap(), reference.se_b),
        ] {
            let gap = (value / wanted - 1.0).abs();
            worst_error = worst_error.max(gap);
            assert!(gap <= 1e-3, "{what}: SE of {} off by {gap:e}", found.item);
        }
    }
    println!(
        "{what}: {} cycles, parameters within {worst:.1e}, SEs within {worst_error:.1e} relatively",
        result.em_iterations
    );
}

#[test]
fn four_reference_sets_with_and_without_priors() {
    for name in ["lsat6", "lsat7", "sim1", "sim2"] {
        let reference: Reference =
            serde_json::from_str(&data(&format!("{name}.reference.json"))).unwrap();
        let responses = read_responses(name);
        let run = |priors| {
            let settings = settings(priors, StandardErrors::ObservedInformation);
            calibrate(&responses, &settings, &Unmonitored).unwrap()
        };
        compare(&format!("{name} ml"), &run(Priors::flat()), &reference.ml);
        if let Some(map) = &reference.map {
            compare(&format!("{name} map"), &run(Priors::default()), map);
        }
    }
}
