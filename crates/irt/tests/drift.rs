//! Items that changed between two calibrations, and scales that must not be linked.
#![allow(clippy::unwrap_used)]

mod common;

use common::settings;
use irt::linking::{
    CommonItem, DRIFT_DISTANCE, ItemErrors, Link, LinkingMethod, curve_distance, find_drift,
    link_scales,
};
use irt::simulate::{Simulation, simulate_items, simulate_responses};
use irt::two_pl::SlopeIntercept;
use irt::{IrtError, ItemParameters, Priors, Quadrature, StandardErrors, Unmonitored, calibrate};

fn grid() -> Quadrature {
    Quadrature::default()
}

/// A calibration of `items` by 2,000 persons of their own, with standard errors.
fn calibrated(items: &[SlopeIntercept], seed: u64) -> Vec<(ItemParameters, ItemErrors)> {
    let design = Simulation { persons: 2000, items: items.len() as u32, answered: 1.0, seed };
    let responses = simulate_responses(&design, items);
    let settings = settings(Priors::default(), StandardErrors::ObservedInformation);
    let found = calibrate(&responses, &settings, &Unmonitored).unwrap();
    found
        .items
        .iter()
        .map(|item| {
            let errors = ItemErrors {
                discrimination: item.se_discrimination.unwrap(),
                difficulty: item.se_difficulty.unwrap(),
            };
            (ItemParameters::new(item.discrimination.unwrap(), item.difficulty.unwrap()), errors)
        })
        .collect()
}

/// 40 items, two windows of 2,000 persons each, one item harder by .6 in the second. The contract
/// is 95 % found and .5 % of stable items flagged; 40 replications of 39 stable items tell .5 %
/// from 1.2 % at two standard errors, and 95 % from 88 %.
#[test]
fn planted_drift_is_found_and_stable_items_are_left_alone() {
    const REPLICATIONS: u64 = 40;
    let (mut found, mut false_alarms, mut stable, mut worst) = (0, 0, 0, 0.0f64);
    let truth = simulate_items(40, 20_261_124);
    // An item of middling difficulty and discrimination.
    let middling = |item: &SlopeIntercept| item.difficulty().abs() + (item.slope - 1.0).abs();
    let planted =
        (0..40).min_by(|x, y| middling(&truth[*x]).total_cmp(&middling(&truth[*y]))).unwrap();
    for replication in 0..REPLICATIONS {
        let mut drifted = truth.clone();
        let item = &mut drifted[planted];
        *item = SlopeIntercept::from_discrimination_difficulty(item.slope, item.difficulty() + 0.6);
        let onto = calibrated(&truth, 1000 + replication);
        let from = calibrated(&drifted, 2000 + replication);
        let common: Vec<CommonItem> = from
            .iter()
            .zip(&onto)
            .map(|(from, onto)| CommonItem {
                from_errors: Some(from.1),
                onto_errors: Some(onto.1),
                ..CommonItem::new(from.0, onto.0)
            })
            .collect();
        let result = link_scales(&common, LinkingMethod::default(), &grid()).unwrap();
        found += u64::from(result.drifted[planted]);
        false_alarms += result.drifted.iter().filter(|drifted| **drifted).count() as u64
            - u64::from(result.drifted[planted]);
        stable += 39;
        worst = worst.max(result.link.intercept.abs());
        assert!((result.link.slope - 1.0).abs() < 0.15 && result.link.intercept.abs() < 0.15);
    }
    println!("{found} of {REPLICATIONS} found, {false_alarms} of {stable} stable items flagged");
    assert!(found * 100 >= 88 * REPLICATIONS);
    assert!(false_alarms * 1000 <= 12 * stable);
}

/// Twelve stable items, on a scale that is A = 1.25, B = −.4 away.
fn twelve() -> Vec<CommonItem> {
    let link = Link { slope: 1.25, intercept: -0.4 };
    (0..12)
        .map(|number| {
            let number = f64::from(number);
            let from = ItemParameters::new(0.7 + 0.1 * number, 0.4 * number - 2.0);
            let noise = 0.02 * (number * 2.4).sin();
            let onto = link.item(from);
            let onto =
                ItemParameters::new(onto.discrimination * (1.0 + noise), onto.difficulty - noise);
            CommonItem::new(from, onto)
        })
        .collect()
}

#[test]
fn drifted_and_reversed_items_are_left_out_and_the_link_is_the_others() {
    for method in LinkingMethod::ALL {
        let mut common = twelve();
        assert!(!find_drift(&common, method, &grid()).unwrap().drifted.contains(&true));
        common[5].onto.difficulty += 0.8;
        common[8].onto.discrimination *= -1.0;
        let found = link_scales(&common, method, &grid()).unwrap();
        let flagged: Vec<usize> = (0..12).filter(|item| found.drifted[*item]).collect();
        assert_eq!(flagged, [5, 8], "{method:?}");
        assert_eq!(found.linked_by.len(), 10);
        let others: Vec<CommonItem> = twelve()
            .into_iter()
            .enumerate()
            .filter(|(item, _)| !found.drifted[*item])
            .map(|(_, item)| item)
            .collect();
        assert_eq!(found.link, method.link(&others, &grid()).unwrap());
        // Nine items are too few to tell the one that drifted from the rest.
        let few = find_drift(&common[..9], method, &grid()).unwrap();
        assert!(!few.drifted.contains(&true));
    }
}

#[test]
fn a_change_that_is_small_or_unsure_is_no_drift() {
    let drifted = |by: f64, error: Option<f64>| {
        let mut common = twelve();
        common[5].onto.difficulty += by;
        for item in &mut common {
            item.from_errors =
                error.map(|difficulty| ItemErrors { discrimination: 1.0, difficulty });
        }
        find_drift(&common, LinkingMethod::default(), &grid()).unwrap().drifted[5]
    };
    assert!(drifted(0.8, None) && drifted(0.8, Some(0.1)));
    // It stands out, but its curve has moved by less than .05.
    assert!(!drifted(0.2, None));
    // It may be chance.
    assert!(!drifted(0.8, Some(0.3)));
    let item = ItemParameters::new(1.0, 0.0);
    let moved = ItemParameters::new(1.0, 0.25);
    assert!(curve_distance(item, moved, &grid()) > DRIFT_DISTANCE);
}

#[test]
fn at_most_half_are_said_to_have_drifted() {
    let mut common = twelve();
    for (number, item) in common.iter_mut().enumerate().take(7) {
        item.onto.difficulty += 1.5 + 0.5 * number as f64;
    }
    let found = find_drift(&common, LinkingMethod::default(), &grid()).unwrap();
    assert!(found.drifted.iter().filter(|drifted| **drifted).count() <= 6);
}

#[test]
fn scales_that_must_not_be_linked_are_refused_with_the_numbers() {
    let link =
        |common: &[CommonItem]| link_scales(common, LinkingMethod::default(), &grid()).map(|_| ());
    let too_few = link(&twelve()[..2]).unwrap_err();
    assert_eq!(too_few, IrtError::TooFewCommonItems { found: 2, required: 3 });
    for count in [5, 12] {
        let changed = |change: &dyn Fn(&mut CommonItem)| {
            let mut common = twelve()[..count].to_vec();
            common.iter_mut().for_each(change);
            link(&common).unwrap_err()
        };
        let normal = changed(&|item| item.onto.discrimination /= 1.702);
        assert!(normal.hint().contains("1.702"), "{normal}");
        let IrtError::LinkSlopesDisagree { by_discriminations, by_difficulties, .. } = normal
        else {
            panic!("{normal}");
        };
        assert!((by_discriminations / by_difficulties / 1.702 - 1.0).abs() < 0.05);
        let stretched = changed(&|item| item.onto.discrimination *= 1.4);
        let disagree = |error: &IrtError| {
            matches!(error, IrtError::LinkSlopesDisagree { normal_metric: false, .. })
        };
        assert!(disagree(&stretched), "{stretched}");
        // Placeholders.
        let placeholders = changed(&|item| item.onto = ItemParameters::new(1.0, 0.0));
        let not_found = matches!(placeholders, IrtError::LinkNotFound { .. });
        assert!(not_found || disagree(&placeholders), "{placeholders}");
        let nan = changed(&|item| item.onto.difficulty = f64::NAN);
        assert!(matches!(nan, IrtError::InvalidItemParameters { item: 1, .. }));
    }
}
