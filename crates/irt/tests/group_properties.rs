//! Whatever the responses, groups, anchors and priors: finite numbers, or an error that says why.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GroupedRow, build_grouped};
use irt::{
    Anchors, CalibrationSettings, IrtError, ItemParameters, ItemStatus, Priors, StandardErrors,
    Unmonitored, calibrate,
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
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

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
