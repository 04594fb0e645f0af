//! Small, hostile but legal data: a sensible answer or a typed refusal.
#![allow(clippy::unwrap_used)]

mod common;

use common::settings;
use irt::simulate::{Simulation, simulate_items};
use irt::{
    Calibration, CalibrationSettings, Flag, IrtError, ItemResult, ItemStatus, NO_TIME, Priors,
    RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored, calibrate,
};

/// Responses of `persons` to `items` simulated items, as a matrix that tests can spoil.
fn matrix(persons: usize, items: usize, seed: u64) -> Vec<Vec<Option<bool>>> {
    let design = Simulation { persons: persons as u32, items: items as u32, answered: 1.0, seed };
    let truth = simulate_items(design.items, seed);
    let responses = irt::simulate::simulate_responses(&design, &truth);
    let mut rows = Vec::new();
    for pattern in responses.iter() {
        let answers = pattern.responses.iter().map(|response| Some(response.is_correct()));
        let row: Vec<_> = answers.collect();
        rows.extend(std::iter::repeat_n(row, pattern.persons as usize));
    }
    rows
}

fn responses(matrix: &[Vec<Option<bool>>]) -> Responses {
    let mut rows = ResponseRows::new(false);
    for (person, row) in matrix.iter().enumerate() {
        for (item, x) in row.iter().enumerate() {
            if let Some(x) = x {
                rows.push(person as u32, item as u32, *x, NO_TIME).unwrap();
            }
        }
    }
    let items = matrix.first().map_or(0, Vec::len);
    let labels = (0..items).map(|item| format!("i{item:03}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
}

fn lenient(priors: Priors) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 1,
        min_persons: 2,
        ..settings(priors, StandardErrors::ObservedInformation)
    }
}

fn run(
    matrix: &[Vec<Option<bool>>],
    settings: &CalibrationSettings,
) -> Result<Calibration, IrtError> {
    let result = calibrate(&responses(matrix), settings, &Unmonitored);
    if let Ok(calibration) = &result {
        calibration.items.iter().for_each(check);
    }
    result
}

fn check(item: &ItemResult) {
    let numbers = [
        item.difficulty,
        item.discrimination,
        item.se_difficulty,
        item.se_discrimination,
        item.covariance,
        item.information_peak,
        item.proportion_correct,
        item.point_biserial,
    ];
    assert!(numbers.iter().flatten().all(|number| number.is_finite()), "{item:?}");
    let calibrated = item.status == ItemStatus::Calibrated;
    assert_eq!(calibrated, item.difficulty.is_some() && item.discrimination.is_some());
    assert!(item.se_difficulty.is_none_or(|error| error > 0.0));
}

#[test]
fn constant_items_are_skipped_and_the_others_are_as_without_them() {
    for priors in [Priors::default(), Priors::flat()] {
        let clean = matrix(300, 8, 1);
        let mut spoiled = clean.clone();
        for row in &mut spoiled {
            row.extend([Some(true), Some(false)]);
        }
        let expected = run(&clean, &lenient(priors)).unwrap();
        let found = run(&spoiled, &lenient(priors)).unwrap();
        assert_eq!(found.items[8].flags, [Flag::AllCorrect]);
        assert_eq!(found.items[9].flags, [Flag::AllIncorrect]);
        assert_eq!(found.items[8].status, ItemStatus::Skipped);
        for (x, y) in found.items.iter().zip(&expected.items) {
            // Persons stand in another order, so sums over them may round differently.
            let gap = x.point_biserial.unwrap() - y.point_biserial.unwrap();
            assert!(gap.abs() < 1e-12);
            assert_eq!(x, &ItemResult { point_biserial: x.point_biserial, ..y.clone() });
        }
    }
}

#[test]
fn a_reversed_item_is_said_to_be_one() {
    let mut data = matrix(1000, 10, 2);
    for row in &mut data {
        row[3] = row[3].map(|x| !x);
    }
    let flat = run(&data, &lenient(Priors::flat())).unwrap();
    assert!(flat.items[3].discrimination.unwrap() < -0.5);
    assert!(flat.items[3].flags.contains(&Flag::NegativeDiscrimination));
    assert!(flat.items[3].flags.contains(&Flag::NegativePointBiserial));
    let prior = run(&data, &lenient(Priors::default())).unwrap();
    assert!(prior.items[3].discrimination.unwrap() > 0.0);
    assert!(prior.items[3].flags.contains(&Flag::NegativePointBiserial));
    assert!(prior.items[3].flags.contains(&Flag::LowDiscrimination));
}

#[test]
fn a_scale_that_starts_upside_down_is_turned() {
    // Most items are reversed: the sign that makes the sum of discriminations positive wins.
    let mut data = matrix(1000, 9, 3);
    for row in &mut data {
        for x in &mut row[..6] {
            *x = x.map(|x| !x);
        }
    }
    let found = run(&data, &lenient(Priors::flat())).unwrap();
    let sum: f64 = found.items.iter().filter_map(|item| item.discrimination).sum();
    assert!(sum > 0.0);
    assert!(found.items[..6].iter().all(|item| item.discrimination.unwrap() > 0.0));
    assert!(found.items[6..].iter().all(|item| item.discrimination.unwrap() < 0.0));
}

#[test]
fn an_item_that_separates_perfectly() {
    // Item 10 is correct exactly for those with at least 5 of the 10 others.
    let mut data = matrix(800, 10, 4);
    for row in &mut data {
        let score = row.iter().flatten().filter(|x| **x).count();
        row.push(Some(score >= 5));
    }
    let prior = run(&data, &lenient(Priors::default())).unwrap();
    assert!(prior.items[10].discrimination.unwrap() > 2.0);
    let flat = run(&data, &lenient(Priors::flat())).unwrap();
    let item = &flat.items[10];
    assert!(
        item.flags.contains(&Flag::QuadratureLimited) || item.flags.contains(&Flag::NotIdentified),
        "{item:?}"
    );
    assert!(flat.calibrated().count() >= 10);
}

#[test]
fn a_duplicate_item() {
    let mut data = matrix(800, 10, 5);
    for row in &mut data {
        let copy = row[4];
        row.push(copy);
    }
    let prior = run(&data, &lenient(Priors::default())).unwrap();
    let gap = prior.items[4].difficulty.unwrap() - prior.items[10].difficulty.unwrap();
    assert!(gap.abs() < 1e-6);
    let flat = run(&data, &lenient(Priors::flat())).unwrap();
    assert!(flat.calibrated().count() >= 8);
}

#[test]
fn items_with_one_to_nine_responses() {
    let mut data = matrix(400, 15, 6);
    for (person, row) in data.iter_mut().enumerate() {
        for few in 1..=9 {
            if person % 400 >= few {
                row[few + 5] = None;
            }
        }
    }
    let prior = run(&data, &lenient(Priors::default())).unwrap();
    assert!(prior.items[..6].iter().all(|item| item.status == ItemStatus::Calibrated));
    let strict = CalibrationSettings { min_responses_per_item: 10, ..lenient(Priors::default()) };
    let strict = run(&data, &strict).unwrap();
    for few in 1..=9 {
        assert_eq!(strict.items[few + 5].flags[0], Flag::FewResponses);
        assert_eq!(strict.items[few + 5].responses_count, few as u64);
    }
    match run(&data, &lenient(Priors::flat())) {
        Ok(flat) => assert!(flat.items[..6].iter().all(|item| item.difficulty.is_some())),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn thirty_persons() {
    for seed in 0..20 {
        let data = matrix(30, 12, 100 + seed);
        run(&data, &lenient(Priors::default())).unwrap();
        match run(&data, &lenient(Priors::flat())) {
            Ok(_) | Err(IrtError::TooFewItems { .. }) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
}

#[test]
fn two_items_need_a_prior() {
    let data = matrix(500, 2, 7);
    assert_eq!(run(&data, &lenient(Priors::default())).unwrap().calibrated().count(), 2);
    assert_eq!(
        run(&data, &lenient(Priors::flat())),
        Err(IrtError::TooFewItems {
            eligible: 0,
            items: 2,
            few_responses: 0,
            all_correct: 0,
            all_incorrect: 0,
            not_identified: 2,
            disconnected: 0,
            most_responses: 0,
            min_responses_per_item: lenient(Priors::flat()).min_responses_per_item,
            would_do: None,
        })
    );
}

#[test]
fn items_that_nobody_links() {
    let mut data = matrix(1200, 12, 8);
    for (person, row) in data.iter_mut().enumerate() {
        // Three groups of persons, each with items of its own: six, four and two.
        let own = match person % 7 {
            1 => 10..12,
            even if even % 2 == 0 => 0..6,
            _ => 6..10,
        };
        for (item, x) in row.iter_mut().enumerate() {
            if !own.contains(&item) {
                *x = None;
            }
        }
    }
    let flat = run(&data, &lenient(Priors::flat())).unwrap();
    for item in &flat.items[..10] {
        assert!(item.flags.contains(&Flag::Disconnected), "{item:?}");
        assert_eq!(item.status, ItemStatus::Calibrated);
    }
    for item in &flat.items[10..] {
        assert_eq!(item.flags.first(), Some(&Flag::NotIdentified));
    }
    let prior = run(&data, &lenient(Priors::default())).unwrap();
    assert!(prior.items.iter().all(|item| item.flags.contains(&Flag::Disconnected)));
}

#[test]
fn too_little_is_refused_with_numbers() {
    let data = matrix(9, 5, 9);
    let few = settings(Priors::default(), StandardErrors::None);
    let error = run(&data, &few).unwrap_err();
    assert_eq!(error, IrtError::TooFewPersons { found: 9, required: 10 });
    assert_eq!(error.enough().unwrap(), "1 more person would do, or min_persons => 9.");
    assert_eq!(
        run(&[], &few),
        Err(IrtError::NoResponses { min_persons: 10, min_responses_per_item: 50 })
    );
}

/// Whatever threshold the error names does, and one more does not.
#[test]
fn what_would_be_enough_is_enough() {
    let mut data = matrix(49, 5, 9);
    for (person, row) in data.iter_mut().enumerate() {
        // Item 0 is all correct; 1 has 49 responses, 2 has 31, 3 has 20, 4 has none.
        row[0] = Some(true);
        row[2] = row[2].filter(|_| person < 31);
        row[3] = row[3].filter(|_| person < 20);
        row[4] = None;
    }
    let mut settings = settings(Priors::default(), StandardErrors::None);
    let error = run(&data, &settings).unwrap_err();
    assert!(
        error.to_string().ends_with("; the best covered of those with few has 49 of 50"),
        "{error}"
    );
    let said = "With min_responses_per_item => 31 two items could be calibrated.";
    assert_eq!(error.enough().unwrap(), said);
    for (least, items) in [(31, 2), (32, 0), (20, 3)] {
        settings.min_responses_per_item = least;
        let calibrated = run(&data, &settings).map_or(0, |result| result.calibrated().count());
        assert_eq!(calibrated, items, "{least}");
    }
    settings.min_responses_per_item = 32;
    // One item is in already: the second is what is missing.
    assert_eq!(run(&data, &settings).unwrap_err().enough().unwrap(), said);
    data.iter_mut().for_each(|row| row[2] = None);
    data.iter_mut().for_each(|row| row[3] = None);
    settings.min_responses_per_item = 50;
    let said = run(&data, &settings).unwrap_err().enough().unwrap();
    assert!(said.starts_with("A lower min_responses_per_item would not do"), "{said}");
}

/// Up to their bounds priors may pull anywhere, but never to what responses cannot have.
#[test]
fn priors_at_their_bounds() {
    let data = matrix(300, 8, 10);
    let flat = f64::INFINITY;
    for (mean_a, sd_a) in
        [(5.0, 0.001), (5.0, 0.5), (-5.0, 0.001), (-5.0, 0.5), (0.0, 1e3), (0.0, flat)]
    {
        for (mean_b, sd_b) in [(0.0, 2.0), (10.0, 0.001), (-10.0, 0.001), (10.0, 1e3), (0.0, flat)]
        {
            let priors = Priors::new(mean_a, sd_a, mean_b, sd_b).unwrap();
            match run(&data, &lenient(priors)) {
                Ok(found) => assert!(found.log_likelihood < 0.0, "{priors:?}"),
                Err(IrtError::TooFewItems { .. } | IrtError::NotConverged { .. }) => {}
                Err(error) => panic!("{priors:?}: {error}"),
            }
        }
    }
}
