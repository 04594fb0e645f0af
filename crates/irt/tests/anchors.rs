//! Anchored runs: the population is found, wherever it is, and new items get onto the scale.
#![allow(clippy::unwrap_used)]

mod common;

use common::groups::{GroupDesign, Truth, simulate_groups};
use common::{GroupedRow, build, build_grouped, settings};
use irt::{
    Anchors, Calibration, CalibrationSettings, Flag, IrtError, ItemParameters, ItemStatus, Priors,
    StandardErrors, Unmonitored, calibrate,
};

fn anchors(truth: &Truth, count: usize) -> Anchors {
    truth.items.iter().take(count).cloned().collect()
}

fn with(anchors: Anchors, priors: Priors) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 20,
        anchors,
        ..settings(priors, StandardErrors::ObservedInformation)
    }
}

fn run(rows: &[GroupedRow], settings: &CalibrationSettings) -> Calibration {
    calibrate(&build_grouped(rows, 1), settings, &Unmonitored).unwrap()
}

#[test]
fn anchors_alone_recover_the_population() {
    let groups = [("g", 4000, 0.4, 1.2)];
    let (rows, truth) = simulate_groups(&GroupDesign::new(&groups, 30, 1.0, 1));
    let found = run(&rows, &with(anchors(&truth, 30), Priors::default()));
    let group = &found.groups[0];
    assert!((group.mean - 0.4).abs() < 4.0 * group.se_mean.unwrap(), "{group:?}");
    assert!((group.sd - 1.2).abs() < 4.0 * group.se_sd.unwrap(), "{group:?}");
    // 4,000 persons: 1.2 / √4000 = .019, and a little for what 30 items leave open.
    assert!((0.018..0.022).contains(&group.se_mean.unwrap()), "{group:?}");
    assert!(!group.is_reference && !group.leaves_grid);
    assert_eq!((found.calibrated().count(), found.with_parameters().count()), (0, 30));
}

/// Ten anchors, a population at +2 or at -2.5, and twenty items with 30 responses each or so.
#[test]
fn a_far_population_is_found_and_items_with_few_responses_get_estimates() {
    for (seed, mean) in [(2, 2.0), (3, -2.5)] {
        let groups = [("g", 600, mean, 1.0)];
        let (mut rows, truth) = simulate_groups(&GroupDesign::new(&groups, 30, 1.0, seed));
        rows.retain(|(person, _, item, _)| {
            let (person, item): (u32, u32) = (person.parse().unwrap(), item[1..].parse().unwrap());
            item < 10 || person % 20 == item - 10
        });
        let found = run(&rows, &with(anchors(&truth, 10), Priors::default()));
        let group = &found.groups[0];
        assert!((group.mean - mean).abs() < 4.0 * group.se_mean.unwrap(), "{group:?}");
        for item in &found.items[10..] {
            assert_eq!(item.responses_count, 30);
            // With 30 responses, some are all alike that far out.
            if item.status == ItemStatus::Skipped {
                assert!(matches!(item.flags[0], Flag::AllCorrect | Flag::AllIncorrect));
                continue;
            }
            let at = &truth.items[item.item[1..].parse::<usize>().unwrap()].1;
            let (b, error) = (item.difficulty.unwrap(), item.se_difficulty.unwrap());
            assert!((b - at.difficulty).abs() < 4.0 * error, "{item:?} {at:?}");
        }
        assert!(found.calibrated().count() >= 15);
    }
}

#[test]
fn flat_priors_find_a_far_population_too() {
    let groups = [("g", 2000, 2.0, 0.8), ("h", 500, -1.0, 1.1)];
    let (rows, truth) = simulate_groups(&GroupDesign::new(&groups, 24, 0.8, 4));
    let found = run(&rows, &with(anchors(&truth, 8), Priors::flat()));
    for (group, (mean, sd)) in found.groups.iter().zip([(2.0, 0.8), (-1.0, 1.1)]) {
        assert!((group.mean - mean).abs() < 4.0 * group.se_mean.unwrap(), "{group:?}");
        assert!((group.sd - sd).abs() < 4.0 * group.se_sd.unwrap(), "{group:?}");
    }
    for (item, (_, at)) in found.items.iter().zip(&truth.items).skip(8) {
        let gap = (item.difficulty.unwrap() - at.difficulty).abs();
        assert!(gap < 4.5 * item.se_difficulty.unwrap(), "{item:?} {at:?}");
    }
}

/// 25,000 persons are enough for the search to begin with a sample of them on a coarser grid.
#[test]
fn many_persons_are_sampled_on_the_way_and_end_at_the_same_place() {
    let groups = [("g", 25_000, 1.5, 1.2)];
    let (rows, truth) = simulate_groups(&GroupDesign::new(&groups, 12, 0.9, 5));
    let found = run(&rows, &with(anchors(&truth, 6), Priors::default()));
    let group = &found.groups[0];
    assert!((group.mean - 1.5).abs() < 4.0 * group.se_mean.unwrap(), "{group:?}");
    for (item, (_, at)) in found.items.iter().zip(&truth.items).skip(6) {
        let gap = (item.difficulty.unwrap() - at.difficulty).abs();
        assert!(gap < 4.0 * item.se_difficulty.unwrap(), "{item:?} {at:?}");
    }
}

/// Anchors count with any number of responses, also when all are alike.
#[test]
fn anchors_with_few_or_constant_responses_stay_in() {
    let groups = [("g", 300, 0.0, 1.0)];
    let (mut rows, truth) = simulate_groups(&GroupDesign::new(&groups, 12, 1.0, 6));
    for (person, _, item, correct) in &mut rows {
        match item.as_str() {
            "I000" => *correct = true,
            "I001" if person.len() > 1 => *item = "I002".into(),
            _ => {}
        }
    }
    let found = run(&rows, &with(anchors(&truth, 6), Priors::default()));
    for (item, (_, given)) in found.items.iter().zip(&truth.items).take(6) {
        assert_eq!(item.status, ItemStatus::Anchored);
        assert_eq!(item.discrimination.unwrap().to_bits(), given.discrimination.to_bits());
        assert_eq!(item.difficulty.unwrap().to_bits(), given.difficulty.to_bits());
        assert_eq!((item.se_difficulty, item.se_discrimination), (None, None));
        assert!(!item.flags.contains(&Flag::NoStandardError));
    }
    assert_eq!(
        (found.items[0].proportion_correct, found.items[1].responses_count),
        (Some(1.0), 10)
    );
    let bootstrap = CalibrationSettings {
        standard_errors: StandardErrors::Bootstrap { iterations: 30, seed: 1 },
        ..with(anchors(&truth, 6), Priors::default())
    };
    let drawn = run(&rows, &bootstrap);
    assert_eq!(drawn.bootstrap_failures, 0);
    assert!(drawn.groups[0].se_mean.is_some() && drawn.items[11].se_difficulty.is_some());
    assert_eq!(drawn.items[3].se_difficulty, None);
}

#[test]
fn what_cannot_hold_the_scale_is_refused() {
    let groups = [("g", 200, 0.0, 1.0)];
    let (rows, truth) = simulate_groups(&GroupDesign::new(&groups, 8, 1.0, 7));
    let plain: Vec<_> = rows.iter().cloned().map(|(p, _, item, x)| (p, item, x)).collect();
    let responses = build(&plain);
    let attempt = |anchors| calibrate(&responses, &with(anchors, Priors::default()), &Unmonitored);
    assert_eq!(attempt(anchors(&truth, 1)), Err(IrtError::TooFewAnchors { found: 1, required: 2 }));
    let nobody =
        [("x", 1.0), ("y", 2.0)].map(|(item, a)| (item.to_string(), ItemParameters::new(a, 0.0)));
    let found = attempt(nobody.into_iter().collect());
    assert_eq!(found, Err(IrtError::TooFewAnchors { found: 0, required: 2 }));
    for (a, b) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (1.0, f64::INFINITY)] {
        let mut bad = anchors(&truth, 4);
        bad.0.insert("I002".into(), ItemParameters::new(a, b));
        let error = attempt(bad).unwrap_err();
        assert!(matches!(&error, IrtError::InvalidAnchor { item, .. } if item == "I002"));
        assert!(error.to_string().contains("I002") && !error.hint().is_empty());
    }
    assert!(attempt(anchors(&truth, 2)).is_ok());
}

/// Items whose persons answered fewer than two anchors.
#[test]
fn components_without_two_anchors_are_skipped() {
    let groups = [("g", 300, 0.5, 1.0)];
    let (mut rows, truth) = simulate_groups(&GroupDesign::new(&groups, 10, 1.0, 8));
    let (others, other_truth) =
        simulate_groups(&GroupDesign::new(&[("g", 300, 0.5, 1.0)], 6, 1.0, 9));
    rows.extend(
        others.into_iter().map(|(p, g, item, x)| (format!("o{p}"), g, format!("o{item}"), x)),
    );
    for second in [1, 2] {
        let mut known = anchors(&truth, 4);
        for (item, at) in other_truth.items.iter().take(second) {
            known.0.insert(format!("o{item}"), *at);
        }
        let found = run(&rows, &with(known, Priors::default()));
        for item in &found.items {
            let off = item.item.starts_with('o') && second == 1;
            assert_eq!(item.status == ItemStatus::Skipped, off, "{item:?}");
            assert_eq!(item.flags.contains(&Flag::Disconnected), off);
        }
        let components: Vec<_> = found.components.iter().flatten().collect();
        assert_eq!(components.iter().max(), Some(&&(second as u32 - 1)));
    }
}

/// Anchors at the estimates of a free run change nothing: that is a maximum in the rest as well.
#[test]
fn anchors_at_the_estimates_of_a_free_run_reproduce_it() {
    let groups = [("g", 1500, 0.0, 1.0)];
    let (rows, _) = simulate_groups(&GroupDesign::new(&groups, 16, 0.9, 10));
    let free = run(&rows, &with(Anchors::default(), Priors::flat()));
    let known: Anchors = free.items[..15]
        .iter()
        .map(|item| {
            let at = ItemParameters::new(item.discrimination.unwrap(), item.difficulty.unwrap());
            (item.item.clone(), at)
        })
        .collect();
    let found = run(&rows, &with(known, Priors::flat()));
    let (one, two) = (&free.items[15], &found.items[15]);
    assert!((one.difficulty.unwrap() - two.difficulty.unwrap()).abs() < 1e-4);
    assert!((one.discrimination.unwrap() - two.discrimination.unwrap()).abs() < 1e-4);
    assert!(found.groups[0].mean.abs() < 1e-4 && (found.groups[0].sd - 1.0).abs() < 1e-4);
    assert!((free.log_likelihood - found.log_likelihood).abs() < 1e-5);
}
