//! New responses to published items, and one dimension or two.
#![allow(clippy::unwrap_used)]

use irt::simulate::{Simulation, draw_responses, simulate_items, simulate_responses};
use irt::statistics::{PublishedItem, check_dimensions, diagnose_new_responses};
use irt::two_pl::SlopeIntercept;
use irt::{
    ItemParameters, NO_TIME, Population, Quadrature, RepeatedResponses, ResponseRows, Responses,
    Unmonitored,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn parameters(item: &SlopeIntercept) -> ItemParameters {
    ItemParameters::new(item.slope, item.difficulty())
}

/// Of persons whose mean is `mean`: items are moved the other way, which is the same.
fn new_responses(items: &[SlopeIntercept], mean: f64, seed: u64) -> Responses {
    let moved: Vec<SlopeIntercept> = items
        .iter()
        .map(|item| SlopeIntercept { intercept: item.intercept + item.slope * mean, ..*item })
        .collect();
    simulate_responses(&Simulation { persons: 500, items: 30, answered: 0.9, seed }, &moved)
}

#[test]
fn an_item_that_moved_drifted_and_other_persons_are_no_drift() {
    let published: Vec<SlopeIntercept> = simulate_items(30, 5);
    let mut now = published.clone();
    // One Newton step overshoots where nearly everybody succeeds or fails.
    let is_central = |item: &SlopeIntercept| item.slope > 1.1 && item.difficulty().abs() < 0.7;
    let steep = published.iter().position(is_central).unwrap();
    now[steep].intercept -= 0.7 * now[steep].slope;
    let items: Vec<Option<PublishedItem>> = published
        .iter()
        .map(|item| Some(PublishedItem { parameters: parameters(item), se_difficulty: Some(0.06) }))
        .collect();
    let (grid, everybody) = (Quadrature::default(), [Population::STANDARD]);
    for (seed, mean) in [(1, 0.0), (2, 0.8), (3, -0.5)] {
        let responses = new_responses(&now, mean, seed);
        let rows = diagnose_new_responses(&responses, &items, &everybody, &grid, &Unmonitored);
        let rows = rows.unwrap();
        assert_eq!(rows.len(), 30);
        let drifted: Vec<usize> =
            rows.iter().filter(|row| row.differs).map(|row| row.item).collect();
        assert_eq!(drifted, [steep], "mean {mean}");
        let delta = rows[steep].delta_difficulty.unwrap();
        assert!((delta - 0.7).abs() < 0.3, "{delta}");
    }
}

/// Two abilities that correlate to .5, the first for even items.
fn two_dimensional(persons: u32, items: u32, seed: u64) -> Responses {
    let truth = simulate_items(items, seed);
    let [common, own] = [0.5f64, 0.5].map(f64::sqrt);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Nearly normal: the sum of twelve uniform numbers.
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let abilities: Vec<[f64; 3]> = (0..persons).map(|_| [normal(), normal(), normal()]).collect();
    let mut rows = ResponseRows::new(false);
    let mut rng = ChaCha8Rng::seed_from_u64(seed + 1);
    for (person, shares) in abilities.iter().enumerate() {
        for (number, item) in truth.iter().enumerate() {
            let ability = common * shares[0] + own * shares[1 + number % 2];
            let correct = rng.random::<f64>() < item.probability(ability);
            rows.push(person as u32, number as u32, correct, NO_TIME).unwrap();
        }
    }
    let labels = (0..items).map(|item| format!("I{item:04}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
}

#[test]
fn two_dimensions_are_noticed_and_one_is_not() {
    let design = Simulation { persons: 800, items: 20, answered: 0.8, seed: 4 };
    let truth = simulate_items(20, 4);
    let items: Vec<Option<ItemParameters>> =
        truth.iter().map(|item| Some(parameters(item))).collect();
    let (grid, everybody) = (Quadrature::default(), [Population::STANDARD]);
    let check = |responses: &Responses, items: &[Option<ItemParameters>]| {
        check_dimensions(responses, items, &everybody, &grid, 39, 1, &Unmonitored).unwrap()
    };
    let one = check(&simulate_responses(&design, &truth), &items);
    assert_eq!(one.replicates.len(), 39);
    assert!(one.p.unwrap() > 0.05, "{one:?}");
    let responses = two_dimensional(800, 20, 4);
    let calibration =
        irt::calibrate(&responses, &irt::CalibrationSettings::default(), &Unmonitored).unwrap();
    let fitted: Vec<Option<ItemParameters>> = calibration
        .items
        .iter()
        .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
        .collect();
    let two = check(&responses, &fitted);
    assert_eq!(two.p, Some(1.0 / 40.0), "{two:?}");
    assert_eq!(two, check(&responses, &fitted), "the same seed");
}

#[test]
fn without_enough_responses_nothing_is_said() {
    let truth = simulate_items(5, 1);
    let mut rows = ResponseRows::new(false);
    let design = Simulation { persons: 99, items: 5, answered: 1.0, seed: 1 };
    draw_responses(&design, &truth, |person, item, correct| {
        rows.push(person, item, correct, NO_TIME).unwrap();
    });
    let labels = (0..5).map(|item| format!("I{item}")).collect();
    let responses =
        Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap();
    let items: Vec<Option<PublishedItem>> = truth
        .iter()
        .map(|item| Some(PublishedItem { parameters: parameters(item), se_difficulty: None }))
        .collect();
    let (grid, everybody) = (Quadrature::default(), [Population::STANDARD]);
    let rows = diagnose_new_responses(&responses, &items, &everybody, &grid, &Unmonitored).unwrap();
    assert!(rows.is_empty());
}
