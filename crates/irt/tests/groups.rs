//! Several groups of persons: an oracle, invariances, and groups that are odd.
#![allow(clippy::unwrap_used)]

mod common;

use common::groups::{
    GroupDesign, PlainModel, Truth, estimates, inverse_information, largest_slope, simulate_groups,
};
use common::{GroupedRow, build_grouped, settings};
use irt::{
    Anchors, Calibration, CalibrationSettings, Flag, IrtError, ItemParameters, ItemStatus, Priors,
    StandardErrors, Unmonitored, calibrate,
};

const INFORMATION: StandardErrors = StandardErrors::ObservedInformation;

fn with(priors: Priors, errors: StandardErrors) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 20,
        joint_covariance: true,
        ..settings(priors, errors)
    }
}

fn run(rows: &[GroupedRow], settings: &CalibrationSettings) -> Calibration {
    calibrate(&build_grouped(rows, 1), settings, &Unmonitored).unwrap()
}

/// Three groups that answered parts of six items.
fn three_groups(seed: u64) -> GroupDesign {
    let groups = [("east", 400, 0.0, 1.0), ("north", 300, 0.7, 1.2), ("west", 350, -0.5, 0.8)];
    GroupDesign::new(&groups, 6, 0.75, seed)
}

/// The first two items of the truth as anchors, or none.
fn anchors(truth: &Truth, count: usize) -> Anchors {
    truth.items.iter().take(count).cloned().collect()
}

/// The estimate is where the plain likelihood does not rise, and its standard errors and joint
/// covariance are those of the inverse of the plain Hessian.
fn check_against_the_oracle(rows: &[GroupedRow], settings: &CalibrationSettings) {
    let found = run(rows, settings);
    let model = PlainModel::new(rows, settings, &found);
    let at = estimates(&found, &model);
    let slope = largest_slope(&model, &at);
    assert!(slope < 1e-3, "the likelihood rises by {slope} a unit");
    let inverse = inverse_information(&model, &at);
    let mut number = 0;
    let close = |what: &str, found: Option<f64>, number: usize| {
        let expected = inverse[(number, number)].sqrt();
        let ratio = found.unwrap() / expected;
        assert!((ratio - 1.0).abs() < 1e-3, "{what}: {found:?} instead of {expected}");
    };
    for item in found.calibrated() {
        close(&item.item, item.se_discrimination, number);
        close(&item.item, item.se_difficulty, number + 1);
        number += 2;
    }
    let joint = found.joint_covariance.as_ref().unwrap();
    assert_eq!(joint.items.len(), number / 2);
    for row in 0..number {
        for column in 0..number {
            let scale = (inverse[(row, row)] * inverse[(column, column)]).sqrt();
            let gap = joint.covariance.get(row, column) - inverse[(row, column)];
            assert!(gap.abs() < 1e-3 * scale, "covariance {row}, {column}: {gap}");
        }
    }
    for group in found.groups.iter().filter(|group| !group.is_reference) {
        close("mean", group.se_mean, number);
        close("sd", group.se_sd, number + 1);
        number += 2;
    }
    assert_eq!(number, at.len());
    let plain = model.log_likelihood(&at);
    assert!((found.log_likelihood - plain).abs() < 1e-7, "{} {plain}", found.log_likelihood);
    for group in &found.groups {
        // That of the point before the last step, which is within the tolerance of the search.
        let part = model.log_likelihood_of(group.name.as_deref().unwrap(), &at);
        assert!((group.log_likelihood - part).abs() < 1e-4, "{} {part}", group.log_likelihood);
    }
}

#[test]
fn groups_agree_with_a_plain_likelihood() {
    for (seed, priors) in [(1, Priors::flat()), (2, Priors::default())] {
        let (rows, _) = simulate_groups(&three_groups(seed));
        check_against_the_oracle(&rows, &with(priors, INFORMATION));
    }
}

#[test]
fn anchored_groups_agree_with_a_plain_likelihood() {
    for (seed, priors) in [(3, Priors::flat()), (4, Priors::default())] {
        let (rows, truth) = simulate_groups(&three_groups(seed));
        let settings =
            CalibrationSettings { anchors: anchors(&truth, 3), ..with(priors, INFORMATION) };
        check_against_the_oracle(&rows, &settings);
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads_and_in_any_order() {
    let (rows, truth) = simulate_groups(&three_groups(5));
    let mut shuffled = rows.clone();
    shuffled.sort_by_key(|row| {
        let number: u64 = row.0.parse().unwrap();
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ row.2.bytes().map(u64::from).sum::<u64>()
    });
    shuffled.iter_mut().for_each(|row| row.0.push('x'));
    assert_ne!(rows[..50], shuffled[..50]);
    let bootstrap = StandardErrors::Bootstrap { iterations: 20, seed: 7 };
    for (errors, count) in [(INFORMATION, 0), (INFORMATION, 2), (bootstrap, 0), (bootstrap, 2)] {
        let settings = CalibrationSettings {
            anchors: anchors(&truth, count),
            ..with(Priors::default(), errors)
        };
        let on = |threads: usize, rows: &[GroupedRow]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(rows, &settings))
        };
        let expected = on(1, &rows);
        for threads in [2, 16] {
            assert_eq!(expected, on(threads, &rows));
        }
        assert_eq!(expected, on(2, &shuffled));
    }
}

#[test]
fn other_names_of_the_groups_change_their_order_only() {
    let (rows, _) = simulate_groups(&three_groups(6));
    let renamed: Vec<GroupedRow> = rows
        .iter()
        .cloned()
        .map(|(person, group, item, correct)| {
            let name = match group.as_str() {
                "east" => "z",
                "north" => "y",
                _ => "x",
            };
            (person, name.to_string(), item, correct)
        })
        .collect();
    let settings = with(Priors::default(), INFORMATION);
    let (found, other) = (run(&rows, &settings), run(&renamed, &settings));
    // East is the largest: the reference either way.
    assert!(found.groups[0].is_reference && other.groups[2].is_reference);
    for (one, two) in found.groups.iter().zip(other.groups.iter().rev()) {
        assert_eq!(one.persons_count, two.persons_count);
        assert!((one.mean - two.mean).abs() < 1e-5 && (one.sd - two.sd).abs() < 1e-5);
    }
    for (one, two) in found.items.iter().zip(&other.items) {
        assert!((one.difficulty.unwrap() - two.difficulty.unwrap()).abs() < 1e-5);
        let ratio = one.se_difficulty.unwrap() / two.se_difficulty.unwrap();
        assert!((ratio - 1.0).abs() < 1e-5);
    }
}

/// Another reference group is another origin and unit: b' = (b − mean) / sd, a' = a · sd. On a
/// fixed grid the likelihood differs by its truncation only.
#[test]
fn another_reference_is_another_unit() {
    let (rows, _) = simulate_groups(&three_groups(7));
    let by = |name: &str| {
        let reference_group = Some(name.to_string());
        run(&rows, &CalibrationSettings { reference_group, ..with(Priors::flat(), INFORMATION) })
    };
    let (east, north) = (by("east"), by("north"));
    assert!(north.groups[1].is_reference);
    let (mean, sd) = (east.groups[1].mean, east.groups[1].sd);
    assert!((north.groups[0].mean + mean / sd).abs() < 1e-3);
    assert!((north.groups[0].sd - 1.0 / sd).abs() < 1e-3);
    for (one, two) in east.items.iter().zip(&north.items) {
        let expected = (one.difficulty.unwrap() - mean) / sd;
        assert!((two.difficulty.unwrap() - expected).abs() < 1e-3);
        let expected = one.discrimination.unwrap() * sd;
        assert!((two.discrimination.unwrap() - expected).abs() < 1e-3);
    }
}

#[test]
fn bootstrap_and_information_agree_on_groups() {
    let groups = [("a", 800, 0.0, 1.0), ("b", 800, 0.5, 1.3)];
    let (rows, _) = simulate_groups(&GroupDesign::new(&groups, 12, 1.0, 8));
    let bootstrap = StandardErrors::Bootstrap { iterations: 400, seed: 3 };
    let drawn = run(&rows, &with(Priors::default(), bootstrap));
    let known = run(&rows, &with(Priors::default(), INFORMATION));
    assert_eq!((drawn.bootstrap_failures, &drawn.joint_covariance), (0, &None));
    let (drawn, known) = (&drawn.groups[1], &known.groups[1]);
    assert_eq!((drawn.mean, drawn.sd), (known.mean, known.sd));
    // 400 replicates: 3.5 % of Monte Carlo error.
    for (x, y) in [(drawn.se_mean, known.se_mean), (drawn.se_sd, known.se_sd)] {
        let ratio = x.unwrap() / y.unwrap();
        assert!((ratio - 1.0).abs() < 0.12, "{ratio}");
    }
}

/// One group answered everything correctly, another alternates between all and nothing.
#[test]
fn a_group_without_a_maximum_is_held_at_the_bound_and_flagged() {
    let (mut rows, _) = simulate_groups(&three_groups(9));
    let alone = run(&rows, &with(Priors::default(), INFORMATION));
    for person in 0..30 {
        for item in 0..6 {
            let item = format!("I{item:03}");
            rows.push((person.to_string(), "perfect".into(), item.clone(), true));
            rows.push((person.to_string(), "two kinds".into(), item, person % 2 == 0));
        }
    }
    let found = run(&rows, &with(Priors::default(), INFORMATION));
    let group = |name: &str| found.groups.iter().find(|g| g.name.as_deref() == Some(name)).unwrap();
    let perfect = group("perfect");
    assert!(perfect.leaves_grid && perfect.mean > 3.0, "{perfect:?}");
    assert!(perfect.se_mean.is_none() || perfect.mean < 6.0);
    let both = group("two kinds");
    assert!(both.leaves_grid && both.sd > 1.5 && both.mean.abs() < 1.5, "{both:?}");
    for (one, two) in alone.items.iter().zip(&found.items) {
        assert!((one.difficulty.unwrap() - two.difficulty.unwrap()).abs() < 0.3);
        assert!(two.se_difficulty.is_some());
    }
}

/// One person tells no standard deviation: it is held at its bound, which no finer grid could reach.
#[test]
fn a_group_of_one_person_costs_no_finer_grid() {
    let (mut rows, _) = simulate_groups(&three_groups(14));
    let alone = run(&rows, &with(Priors::default(), INFORMATION));
    for item in 0..6 {
        rows.push(("hermit".into(), "hut".into(), format!("I{item:03}"), item < 3));
    }
    let found = run(&rows, &with(Priors::default(), INFORMATION));
    assert_eq!(found.quadrature_nodes, alone.quadrature_nodes);
    let hut = found.groups.iter().find(|group| group.name.as_deref() == Some("hut")).unwrap();
    // Half the distance of two nodes.
    assert!((hut.sd - 0.1).abs() < 1e-9 && hut.se_sd.is_none(), "{hut:?}");
    for (one, two) in alone.items.iter().zip(&found.items) {
        assert!((one.difficulty.unwrap() - two.difficulty.unwrap()).abs() < 0.02);
        assert!(two.se_difficulty.is_some());
        assert!(!two.flags.contains(&Flag::QuadratureLimited), "{two:?}");
    }
}

#[test]
fn many_small_groups_far_apart() {
    let groups: Vec<(String, u32, f64, f64)> = (0..40)
        .map(|number| {
            // The unit is that of a group of 400.
            let persons = if number == 20 { 400 } else { 15 };
            (format!("g{number:02}"), persons, -2.0 + 0.1 * f64::from(number), 1.0)
        })
        .collect();
    let named: Vec<_> = groups.iter().map(|(n, p, m, s)| (n.as_str(), *p, *m, *s)).collect();
    let (rows, truth) = simulate_groups(&GroupDesign::new(&named, 20, 0.8, 10));
    let found = run(&rows, &with(Priors::default(), INFORMATION));
    assert!(found.groups.len() == 40 && found.groups[20].is_reference);
    let mean = |numbers: std::ops::Range<usize>| {
        let count = numbers.len() as f64;
        found.groups[numbers].iter().map(|group| group.mean).sum::<f64>() / count
    };
    assert!((mean(30..40) - mean(0..10) - 3.0).abs() < 0.5, "{} {}", mean(30..40), mean(0..10));
    assert_eq!(found.calibrated().count(), truth.items.len());
}

#[test]
fn groups_that_do_not_meet() {
    let (mut rows, _) = simulate_groups(&three_groups(11));
    let (others, _) = simulate_groups(&GroupDesign::new(&[("far", 200, 0.0, 1.0)], 4, 1.0, 12));
    rows.extend(others.into_iter().map(|(p, g, item, x)| (p, g, format!("far {item}"), x)));
    let found = run(&rows, &with(Priors::default(), INFORMATION));
    assert_eq!(found.groups.len(), 3, "nobody of the far group is in the fit");
    for (item, component) in found.items.iter().zip(&found.components) {
        let far = item.item.starts_with("far");
        assert_eq!(item.status == ItemStatus::Skipped, far, "{item:?}");
        assert_eq!(item.flags.contains(&Flag::Disconnected), far);
        assert_eq!(component.is_none(), far);
    }
    let by_far = CalibrationSettings {
        reference_group: Some("far".into()),
        ..with(Priors::default(), INFORMATION)
    };
    let found = run(&rows, &by_far);
    assert_eq!((found.groups.len(), found.calibrated().count()), (1, 4));
    assert!(found.groups[0].is_reference);
}

#[test]
fn small_groups_are_pooled_and_unknown_ones_refused() {
    let (rows, _) = simulate_groups(&three_groups(13));
    let responses = build_grouped(&rows, 360);
    let names: Vec<_> =
        responses.groups().iter().map(|group| group.name.clone().unwrap()).collect();
    assert_eq!(names, ["(small)", "east"]);
    assert_eq!(responses.groups()[0].persons + responses.groups()[1].persons, responses.persons());
    let of = |group: usize| responses.iter().filter(move |pattern| pattern.group == group);
    for (number, group) in responses.groups().iter().enumerate() {
        let persons: u64 = of(number).map(|pattern| u64::from(pattern.persons)).sum();
        assert_eq!(persons, group.persons);
    }
    let settings = CalibrationSettings {
        reference_group: Some("nowhere".into()),
        ..with(Priors::default(), INFORMATION)
    };
    let groups = vec!["(small)".to_string(), "east".to_string()];
    let refused = calibrate(&responses, &settings, &Unmonitored);
    assert_eq!(refused, Err(IrtError::UnknownGroup { name: "nowhere".into(), groups }));
}

#[test]
fn messages_name_the_group() {
    let stopped = |item: &str, group: Option<&str>| IrtError::NotConverged {
        termination: "x",
        cycles: 1,
        log_likelihood: -1.0,
        largest_step: 1.0,
        item: item.into(),
        group: group.map(String::from),
        tolerance: 1e-6,
    };
    assert!(stopped("q7", None).to_string().contains("at item \"q7\""));
    let at_group = stopped("", Some("west"));
    assert!(at_group.to_string().contains("standard deviation of group \"west\""));
    assert_ne!(at_group.hint(), stopped("q7", None).hint());
    let unknown = IrtError::UnknownGroup { name: "x".into(), groups: vec![] };
    assert!(unknown.to_string().contains("persons are not grouped"));
}

#[test]
fn one_named_group_has_the_bits_of_nobody_grouped() {
    let groups = [("only", 500, 0.0, 1.0)];
    let (rows, _) = simulate_groups(&GroupDesign::new(&groups, 8, 0.9, 14));
    let plain: Vec<_> = rows.iter().cloned().map(|(p, _, item, x)| (p, item, x)).collect();
    let settings = with(Priors::default(), INFORMATION);
    let found = run(&rows, &settings);
    let mut alone = calibrate(&common::build(&plain), &settings, &Unmonitored).unwrap();
    assert_eq!(alone.groups[0].name.take(), None);
    alone.groups[0].name = Some("only".into());
    assert_eq!(found, alone);
    let at = |item: &irt::ItemResult| {
        ItemParameters::new(item.discrimination.unwrap(), item.difficulty.unwrap())
    };
    assert!(found.calibrated().all(|item| at(item).discrimination > 0.0));
}
