//! Whatever the responses, groups, anchors and priors: finite numbers, or an error that says why.
//!
//! `PROPTEST_CASES` new inputs are tried where that is set, else the same 24.
#![allow(clippy::unwrap_used)]

mod common;

use common::random::cases;
use common::{GroupedRow, build_grouped};
use irt::{
    Anchors, CalibrationSettings, GroupResult, IrtError, ItemParameters, ItemStatus, Priors,
    StandardErrors, Unmonitored, calibrate,
};
use proptest::prelude::*;

/// Persons in up to four groups, and what they answered of up to seven items.
fn rows() -> impl Strategy<Value = Vec<GroupedRow>> {
    let person = (0_u32..4, prop::collection::vec(prop::option::weighted(0.7, any::<bool>()), 7));
    prop::collection::vec(person, 5..90).prop_map(|persons| {
        let rows = persons.into_iter().enumerate().flat_map(|(number, (group, answers))| {
            let answered = answers.into_iter().enumerate();
            answered.filter_map(move |(item, correct)| {
                let name = |prefix: &str, of: usize| format!("{prefix}{of}");
                let (person, group) = (number.to_string(), name("g", group as usize));
                correct.map(|correct| (person, group, name("i", item), correct))
            })
        });
        rows.collect()
    })
}

fn anchors() -> impl Strategy<Value = Anchors> {
    let anchor = (0_usize..7, 0.3..2.5_f64, -2.5..2.5_f64);
    prop::collection::vec(anchor, 0..5).prop_map(|anchors| {
        anchors
            .into_iter()
            .map(|(item, a, b)| (format!("i{item}"), ItemParameters::new(a, b)))
            .collect()
    })
}

fn priors() -> impl Strategy<Value = Priors> {
    prop_oneof![
        8 => Just(Priors::default()),
        6 => Just(Priors::flat()),
        4 => Just(Priors::new(0.0, 0.5, 0.0, f64::INFINITY).unwrap()),
        // Hundreds of searches each.
        1 => Just(Priors::new(0.0, f64::INFINITY, 0.0, 2.0).unwrap()),
    ]
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_groups_and_anchors_give_finite_numbers_or_say_why_not(
        rows in rows(),
        anchors in anchors(),
        priors in priors(),
    ) {
        let settings = CalibrationSettings {
            min_responses_per_item: 1,
            min_persons: 1,
            priors,
            anchors,
            joint_covariance: true,
            standard_errors: StandardErrors::ObservedInformation,
            ..CalibrationSettings::default()
        };
        match calibrate(&build_grouped(&rows, 1), &settings, &Unmonitored) {
            Err(
                IrtError::NoResponses { .. }
                | IrtError::TooFewItems { .. }
                | IrtError::TooFewPersons { .. }
                | IrtError::TooFewAnchors { .. },
            ) => {}
            // Without a prior on discrimination, small groups and their items can climb for ever.
            Err(IrtError::NotConverged { .. }) if priors.discrimination_is_flat() => {}
            Err(error) => prop_assert!(false, "{error}"),
            Ok(found) => {
                prop_assert!(found.log_likelihood.is_finite() && found.log_likelihood <= 0.0);
                for item in found.with_parameters() {
                    let (a, b) = (item.discrimination.unwrap(), item.difficulty.unwrap());
                    prop_assert!(a.is_finite() && b.is_finite());
                    let anchored = item.status == ItemStatus::Anchored;
                    prop_assert_eq!(anchored, settings.anchors.get(&item.item).is_some());
                }
                prop_assert!(!found.groups.is_empty());
                for group in &found.groups {
                    prop_assert!(group.mean.abs() <= 6.0 && group.sd > 0.0 && group.sd <= 6.0);
                    prop_assert!(group.log_likelihood.is_finite());
                    for error in [group.se_mean, group.se_sd].into_iter().flatten() {
                        prop_assert!(error.is_finite() && error > 0.0 && !group.is_reference);
                    }
                }
                let references = found.groups.iter().filter(|group| group.is_reference).count();
                prop_assert_eq!(references, usize::from(settings.anchors.is_empty()));
                if let Some(joint) = &found.joint_covariance {
                    prop_assert_eq!(joint.items.len(), found.calibrated().count());
                }
            }
        }
    }
}

/// Many answers of few persons in many groups: (person, group, item, correct).
fn grouped(rows: &[(u32, u32, u32, u8)]) -> Vec<GroupedRow> {
    let row = |&(person, group, item, correct): &(u32, u32, u32, u8)| {
        (person.to_string(), format!("g{group}"), format!("i{item}"), correct == 1)
    };
    rows.iter().map(row).collect()
}

fn groups_of(rows: &[(u32, u32, u32, u8)], anchors: Anchors) -> Vec<GroupResult> {
    let settings = CalibrationSettings {
        min_responses_per_item: 1,
        min_persons: 1,
        anchors,
        joint_covariance: true,
        standard_errors: StandardErrors::ObservedInformation,
        ..CalibrationSettings::default()
    };
    calibrate(&build_grouped(&grouped(rows), 1), &settings, &Unmonitored).unwrap().groups
}

fn is_at_its_bounds(group: &GroupResult) -> bool {
    group.mean == 6.0 && (group.sd - 0.1).abs() < 1e-6 && group.leaves_grid
}

/// Found by the property: groups of one person climb along a tail, convex and all but flat.
#[test]
fn a_group_whose_responses_are_all_alike_ends_at_its_bounds() {
    let anchors = [("i3", 0.3, 0.0), ("i6", 1.525_185_416_172_805, -2.187_046_594_684_548)];
    let anchors = anchors.map(|(item, a, b)| (item.to_string(), ItemParameters::new(a, b)));
    let rows = [(2, 0, 3, 1), (2, 0, 6, 1), (3, 1, 6, 1)];
    let groups = groups_of(&rows, anchors.into_iter().collect());
    assert!(groups.iter().all(is_at_its_bounds), "{groups:?}");
}

/// Found by the property: a step's rounding took a group off its bound by 3e-10.
#[test]
fn a_group_at_its_bounds_stays_there() {
    #[rustfmt::skip]
    let rows = [
        (0, 3, 2, 0), (0, 3, 4, 0), (0, 3, 5, 1), (1, 0, 1, 1), (1, 0, 3, 1), (2, 3, 1, 0),
        (2, 3, 3, 0), (2, 3, 5, 0), (3, 2, 0, 0), (3, 2, 1, 0), (3, 2, 2, 0), (3, 2, 4, 0),
        (4, 3, 0, 0), (4, 3, 2, 1), (4, 3, 3, 1), (4, 3, 5, 0), (5, 2, 3, 0), (5, 2, 4, 1),
        (5, 2, 5, 1), (6, 2, 0, 1), (6, 2, 3, 0), (6, 2, 4, 0), (6, 2, 5, 1), (7, 3, 2, 0),
    ];
    let groups = groups_of(&rows, Anchors::default());
    assert!(is_at_its_bounds(&groups[0]), "{groups:?}");
}
