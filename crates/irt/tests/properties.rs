//! Properties that hold for any sparse 0/1 matrix.
//!
//! `PROPTEST_CASES` new ones are tried where that is set (`make properties`: 100,000), else the same
//! 1,000.
#![allow(clippy::unwrap_used)]

mod common;

use common::plain_e_step;
use common::random::cases;
use irt::two_pl::SlopeIntercept;
use irt::{
    Calibration, CalibrationSettings, Flag, IrtError, ItemStatus, NO_TIME, Priors, Quadrature,
    RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored, calibrate,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Person, item, correct, time.
type Row = (u32, u32, bool, i64);

/// How a matrix is made hostile beyond random holes.
#[derive(Debug, Clone, Copy)]
enum Spoil {
    Nothing,
    ConstantItems,
    SingleResponses,
    DuplicatePersons,
    Blocks,
    Separation,
    Repeats,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let spoil = prop_oneof![
        Just(Spoil::Nothing),
        Just(Spoil::ConstantItems),
        Just(Spoil::SingleResponses),
        Just(Spoil::DuplicatePersons),
        Just(Spoil::Blocks),
        Just(Spoil::Separation),
        Just(Spoil::Repeats),
    ];
    (1u32..60, 1u32..10, spoil, 0.05f64..1.0).prop_flat_map(|(persons, items, spoil, density)| {
        let cells = (persons * items) as usize;
        let row_times = vec(prop_oneof![Just(NO_TIME), (0i64..4)], cells);
        (vec(0.0f64..1.0, cells), vec(any::<bool>(), cells), row_times).prop_map(
            move |(present, correct, times)| {
                let mut rows: Vec<Row> = (0..cells)
                    .filter(|cell| present[*cell] < density)
                    .map(|cell| {
                        let (person, item) = (cell as u32 / items, cell as u32 % items);
                        (person, item, correct[cell], times[cell])
                    })
                    .collect();
                spoil_rows(&mut rows, spoil, items);
                rows
            },
        )
    })
}

fn spoil_rows(rows: &mut Vec<Row>, spoil: Spoil, items: u32) {
    match spoil {
        Spoil::Nothing => {}
        Spoil::ConstantItems => {
            rows.iter_mut().filter(|row| row.1 < 2).for_each(|row| row.2 = row.1 == 0);
        }
        Spoil::SingleResponses => rows.retain(|row| row.1 == row.0 % items),
        Spoil::DuplicatePersons => {
            let copies: Vec<Row> =
                rows.iter().map(|row| (row.0 + 1000, row.1, row.2, row.3)).collect();
            rows.extend(copies);
        }
        Spoil::Blocks => rows.retain(|row| row.1 % 2 == row.0 % 2),
        Spoil::Separation => {
            rows.iter_mut().filter(|row| row.1 == 0).for_each(|row| row.2 = row.0 % 2 == 0);
            rows.iter_mut().filter(|row| row.1 == 1).for_each(|row| row.2 = row.0 % 2 == 0);
        }
        Spoil::Repeats => {
            let again: Vec<Row> =
                rows.iter().step_by(2).map(|row| (row.0, row.1, !row.2, 2)).collect();
            rows.extend(again);
        }
    }
}

fn priors() -> impl Strategy<Value = Priors> {
    prop_oneof![
        Just(Priors::default()),
        Just(Priors::flat()),
        Just(Priors::new(0.0, f64::INFINITY, 0.3, 2.0).unwrap()),
        Just(Priors::new(-0.5, 1.5, 0.0, f64::INFINITY).unwrap()),
    ]
}

fn settings(priors: Priors) -> CalibrationSettings {
    CalibrationSettings {
        min_responses_per_item: 1,
        min_persons: 2,
        quadrature: Quadrature::new(31, 6.0).unwrap(),
        priors,
        standard_errors: StandardErrors::ObservedInformation,
        max_memory_bytes: None,
        ..CalibrationSettings::default()
    }
}

fn build(rows: &[Row], label: impl Fn(u32) -> String) -> Responses {
    let items = rows.iter().map(|row| row.1).max().map_or(0, |last| last + 1);
    let mut collected = ResponseRows::new(true);
    for (person, item, correct, time) in rows {
        collected.push(*person, *item, *correct, *time).unwrap();
    }
    let labels = (0..items).map(label).collect();
    Responses::from_rows(labels, collected, RepeatedResponses::Last, &Unmonitored).unwrap()
}

fn label(item: u32) -> String {
    format!("item {item:04}")
}

/// Every number as its bits, so that equality means equality.
fn bits(result: &Result<Calibration, IrtError>) -> String {
    match result {
        Err(error) => format!("{error:?}"),
        Ok(calibration) => {
            let numbers = |item: &irt::ItemResult| {
                [
                    item.difficulty,
                    item.discrimination,
                    item.se_difficulty,
                    item.se_discrimination,
                    item.covariance,
                    item.point_biserial,
                    item.proportion_correct,
                ]
                .map(|number| number.map(f64::to_bits))
            };
            let items: Vec<_> = calibration
                .items
                .iter()
                .map(|item| (&item.item, numbers(item), &item.flags))
                .collect();
            format!(
                "{items:?} {:?} {}",
                calibration.log_likelihood.to_bits(),
                calibration.em_iterations
            )
        }
    }
}

fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn an_estimate_is_finite_and_inside_the_support_or_the_error_is_typed(
        rows in rows(),
        priors in priors(),
    ) {
        let responses = build(&rows, label);
        match calibrate(&responses, &settings(priors), &Unmonitored) {
            Err(IrtError::NoResponses { .. } | IrtError::TooFewPersons { .. } | IrtError::TooFewItems { .. }) => {}
            Err(error) => prop_assert!(false, "{error} {priors:?} {rows:?}"),
            Ok(calibration) => {
                prop_assert!(calibration.log_likelihood.is_finite());
                prop_assert!(calibration.log_likelihood <= 0.0);
                prop_assert!(calibration.calibrated().count() >= 2);
                for item in &calibration.items {
                    match item.status {
                        ItemStatus::Anchored => prop_assert!(false, "there is no anchor"),
                        ItemStatus::Skipped => prop_assert!(!item.flags.is_empty()),
                        ItemStatus::Calibrated => {
                            let a = item.discrimination.unwrap();
                            let b = item.difficulty.unwrap();
                            prop_assert!(a.is_finite() && b.is_finite());
                            let at = SlopeIntercept::from_discrimination_difficulty(a, b);
                    prop_assert!(priors.log_density(at) > f64::NEG_INFINITY);
                            let share = item.proportion_correct.unwrap();
                            prop_assert!(share > 0.0 && share < 1.0);
                        }
                    }
                    for error in [item.se_difficulty, item.se_discrimination].into_iter().flatten() {
                        prop_assert!(error.is_finite() && error > 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn order_of_rows_names_of_persons_and_threads_change_nothing(
        rows in rows(),
        priors in priors(),
        seed in any::<u64>(),
    ) {
        let expected = {
            let responses = build(&rows, label);
            bits(&on_threads(1, || calibrate(&responses, &settings(priors), &Unmonitored)))
        };
        let mut shuffled = rows.clone();
        // A permutation that depends on the seed alone.
        shuffled.sort_by_key(|row| {
            (u64::from(row.0) << 32 | u64::from(row.1)).wrapping_mul(seed | 1).rotate_left(17)
        });
        shuffled.iter_mut().for_each(|row| row.0 = 5000 - row.0);
        let responses = build(&shuffled, label);
        let found = bits(&on_threads(3, || calibrate(&responses, &settings(priors), &Unmonitored)));
        prop_assert_eq!(expected, found);
    }

    #[test]
    fn with_flat_priors_small_components_are_found_and_not_estimated(rows in rows()) {
        let responses = build(&rows, label);
        let result = calibrate(&responses, &settings(Priors::flat()), &Unmonitored);
        let Ok(calibration) = result else { return Ok(()) };
        let estimated: Vec<u32> = (0..calibration.items.len() as u32)
            .filter(|item| calibration.items[*item as usize].status == ItemStatus::Calibrated)
            .collect();
        let items = calibration.items.len();
        // Joined by persons, transitively, by brute force.
        let mut joined = vec![vec![false; items]; items];
        for x in &rows {
            for y in rows.iter().filter(|y| y.0 == x.0) {
                if estimated.contains(&x.1) && estimated.contains(&y.1) {
                    joined[x.1 as usize][y.1 as usize] = true;
                }
            }
        }
        for via in 0..items {
            for from in 0..items {
                for to in 0..items {
                    joined[from][to] |= joined[from][via] && joined[via][to];
                }
            }
        }
        let sizes: Vec<usize> = estimated
            .iter()
            .map(|item| joined[*item as usize].iter().filter(|joined| **joined).count())
            .collect();
        prop_assert!(sizes.iter().all(|size| *size >= 3), "{sizes:?}");
        let several = sizes.iter().any(|size| *size < estimated.len());
        for item in calibration.calibrated() {
            prop_assert_eq!(several, item.flags.contains(&Flag::Disconnected));
        }
        for item in &estimated {
            let row = &joined[*item as usize];
            let sum: f64 = (0..items)
                .filter(|other| row[*other])
                .filter_map(|other| calibration.items[other].discrimination)
                .sum();
            prop_assert!(sum > 0.0);
        }
    }

    #[test]
    fn nothing_near_an_estimate_is_better(rows in rows(), priors in priors()) {
        let responses = build(&rows, label);
        let settings = settings(priors);
        let Ok(calibration) = calibrate(&responses, &settings, &Unmonitored) else { return Ok(()) };
        // The objective by the plain E-step, over the responses to calibrated items.
        let number: Vec<Option<u32>> = calibration
            .items
            .iter()
            .scan(0, |next, item| {
                let calibrated = item.status == ItemStatus::Calibrated;
                *next += u32::from(calibrated);
                Some(calibrated.then(|| *next - 1))
            })
            .collect();
        let kept: Vec<Row> = rows
            .iter()
            .filter_map(|row| number[row.1 as usize].map(|item| (row.0, item, row.2, row.3)))
            .collect();
        let kept = build(&kept, label);
        let grid = Quadrature::new(calibration.quadrature_nodes as usize, 6.0).unwrap();
        let objective = |parameters: &[(f64, f64)]| {
            let items: Vec<SlopeIntercept> = parameters
                .iter()
                .map(|(a, b)| SlopeIntercept::from_discrimination_difficulty(*a, *b))
                .collect();
            let prior: f64 = items.iter().map(|item| priors.log_density(*item)).sum();
            plain_e_step(&kept, &items, &grid).log_likelihood + prior
        };
        let estimate: Vec<(f64, f64)> = calibration
            .calibrated()
            .map(|item| (item.discrimination.unwrap(), item.difficulty.unwrap()))
            .collect();
        let height = objective(&estimate);
        prop_assert!(
            (height - calibration.log_likelihood - calibration.log_prior).abs() < 1e-8 * (1.0 - height)
        );
        let item = rows.len() % estimate.len();
        for (by_a, by_b) in [(1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-3), (0.0, -1e-3)] {
            let mut moved = estimate.clone();
            moved[item].0 += by_a * estimate[item].0.abs();
            moved[item].1 += by_b * (1.0 + estimate[item].1.abs());
            prop_assert!(objective(&moved) <= height + 1e-9 * (1.0 - height), "{item}");
        }
    }
}
