//! More items than the search factors a matrix of: standard errors from the observed information
//! all the same, up to where memory ends it.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};

use irt::simulate::{Simulation, draw_responses, simulate_items};
use irt::{
    Calibration, CalibrationSettings, Flag, IrtError, Monitor, NO_TIME, Phase, Priors, Quadrature,
    RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored, calibrate,
};

/// Items of one group of persons; two groups have more than the search factors.
const ITEMS: u32 = 1010;
/// Some 80 responses an item.
const DESIGN: Simulation = Simulation { persons: 2000, items: ITEMS, answered: 0.04, seed: 1 };

/// 128 bytes a pair of items are 261 MB here; the responses are 2 MB.
const ENOUGH: u64 = 280 << 20;
const TOO_LITTLE: u64 = 240 << 20;

/// Responses of one or two groups of persons, each to items of its own.
fn responses(groups: u32) -> Responses {
    let mut rows = ResponseRows::new(false);
    for group in 0..groups {
        let design = Simulation { seed: u64::from(group) + 1, ..DESIGN };
        draw_responses(&design, &simulate_items(ITEMS, design.seed), |person, item, correct| {
            let (person, item) = (group * design.persons + person, group * ITEMS + item);
            rows.push(person, item, correct, NO_TIME).unwrap();
        });
    }
    let labels = (0..groups * ITEMS).map(|item| format!("I{item:08}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
}

fn settings(max_memory_bytes: Option<u64>) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 1,
        min_persons: 10,
        quadrature: Quadrature::new(31, 6.0).unwrap(),
        priors: Priors::default(),
        standard_errors: StandardErrors::ObservedInformation,
        max_memory_bytes,
        ..CalibrationSettings::default()
    }
}

fn run(responses: &Responses, max_memory_bytes: Option<u64>) -> Calibration {
    calibrate(responses, &settings(max_memory_bytes), &Unmonitored).unwrap()
}

/// Two groups share nothing, so that the errors of the first are what they are without the second.
/// Where the search factors the matrix itself, no limit keeps the standard errors from it.
#[test]
fn two_groups_of_items_have_the_standard_errors_of_either_alone() {
    let (one, both) = (run(&responses(1), Some(1 << 20)), run(&responses(2), Some(ENOUGH)));
    assert!(both.calibrated().count() > 2000);
    let mut compared = 0;
    for (alone, together) in one.calibrated().zip(both.calibrated()) {
        assert_eq!(alone.item, together.item);
        let pairs = [
            (alone.se_discrimination, together.se_discrimination),
            (alone.se_difficulty, together.se_difficulty),
            (alone.covariance, together.covariance),
        ];
        for (x, y) in pairs {
            let (x, y) = (x.unwrap(), y.unwrap());
            assert!((x - y).abs() < 1e-4 * x.abs().max(0.01), "{}: {x} {y}", alone.item);
        }
        compared += 1;
    }
    assert!(compared > 1000);
    assert!(both.items.iter().all(|item| !item.flags.contains(&Flag::NoStandardError)));
}

#[test]
fn memory_ends_the_standard_errors_and_nothing_else() {
    let calibration = run(&responses(2), Some(TOO_LITTLE));
    assert!(calibration.calibrated().count() > 2000);
    for item in calibration.calibrated() {
        assert_eq!(item.se_difficulty, None);
        assert!(item.flags.contains(&Flag::NoStandardError));
    }
}

/// Asks to stop from when the standard errors begin.
struct Stop(AtomicBool);

impl Monitor for Stop {
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn progress(&self, phase: Phase, _done: u64, _total: u64) {
        if phase == Phase::StandardErrors {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn they_can_be_interrupted() {
    let stop = Stop(AtomicBool::new(false));
    let result = calibrate(&responses(2), &settings(None), &stop);
    assert_eq!(result.err(), Some(IrtError::Interrupted));
}
