//! How well a group's mean and standard deviation are recovered, and the items that come with it.
//!
//! ```text
//! group_recovery [REPLICATIONS]
//! ```
//!
//! Simulated replications with the seeds 1, 2, …; as a Markdown table: bias, root mean squared
//! error, and how often the 95 % interval of the estimate contains the truth.

use irt::simulate::simulate_items;
use irt::two_pl::SlopeIntercept;
use irt::{
    Anchors, Calibration, CalibrationSettings, GroupedResponses, ItemParameters, NO_TIME,
    PersonGroups, Priors, RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored,
    calibrate,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// The group whose parameters are recovered.
const MEAN: f64 = 0.8;
const SD: f64 = 1.3;
/// Items, of which half are anchors, or common to both groups.
const ITEMS: u32 = 40;

/// A normal number, by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
}

/// Groups of so many persons; a group answers the items that `answers` says.
fn simulate(
    groups: &[(f64, f64, u32)],
    items: &[SlopeIntercept],
    answers: impl Fn(usize, usize) -> bool,
    seed: u64,
) -> Responses {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = ResponseRows::new(false);
    let mut of_group = PersonGroups::default();
    for (group, (mean, sd, persons)) in groups.iter().enumerate() {
        of_group.names.push(format!("g{group}"));
        for _ in 0..*persons {
            let person = of_group.of_person.len() as u32;
            of_group.of_person.push(group as u32);
            let ability = mean + sd * normal(&mut rng);
            for (item, at) in items.iter().enumerate() {
                let correct = rng.random::<f64>() < at.probability(ability);
                if answers(group, item) {
                    let pushed = rows.push(person, item as u32, correct, NO_TIME);
                    pushed.unwrap_or_else(|error| panic!("{error}"));
                }
            }
        }
    }
    let labels = (0..items.len()).map(label).collect();
    GroupedResponses::new(labels, rows, RepeatedResponses::First, &Unmonitored)
        .and_then(|grouped| grouped.into_responses_of_groups(of_group, 1, &Unmonitored))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn label(item: usize) -> String {
    format!("I{item:03}")
}

/// Estimates of one parameter, with the truth and the standard error.
#[derive(Default, Clone)]
struct Recovered(Vec<[f64; 3]>);

impl Recovered {
    fn add(&mut self, estimate: f64, truth: f64, error: Option<f64>) {
        self.0.push([estimate, truth, error.unwrap_or(f64::NAN)]);
    }

    fn print(&self, design: &str, parameter: &str) {
        let count = self.0.len() as f64;
        let mean = |value: fn(&[f64; 3]) -> f64| self.0.iter().map(value).sum::<f64>() / count;
        let bias = mean(|[estimate, truth, _]| estimate - truth);
        let squared = mean(|[estimate, truth, _]| (estimate - truth) * (estimate - truth));
        let error = mean(|[_, _, error]| *error);
        let covered = mean(|[estimate, truth, error]| {
            f64::from(u8::from((estimate - truth).abs() <= 1.959_964 * error))
        });
        println!(
            "| {design} | {parameter} | {bias:+.4} | {:.4} | {error:.4} | {:.1} % |",
            libm::sqrt(squared),
            100.0 * covered
        );
    }
}

/// Mean, sd, a and b of one design.
#[derive(Default, Clone)]
struct Table([Recovered; 4]);

impl Table {
    fn add(&mut self, found: &Calibration, group: usize, items: &[SlopeIntercept]) {
        let found_group = &found.groups[group];
        self.0[0].add(found_group.mean, MEAN, found_group.se_mean);
        self.0[1].add(found_group.sd, SD, found_group.se_sd);
        for item in found.calibrated() {
            let number: usize = item.item[1..].parse().unwrap_or(0);
            let truth = items[number];
            let estimates = item.discrimination.zip(item.difficulty);
            let (a, b) = estimates.unwrap_or((f64::NAN, f64::NAN));
            self.0[2].add(a, truth.slope, item.se_discrimination);
            self.0[3].add(b, truth.difficulty(), item.se_difficulty);
        }
    }

    fn merge(mut self, other: Self) -> Self {
        for (one, other) in self.0.iter_mut().zip(other.0) {
            one.0.extend(other.0);
        }
        self
    }
}

fn fit(responses: &Responses, anchors: Anchors, priors: Priors) -> Calibration {
    let settings = CalibrationSettings {
        priors,
        standard_errors: StandardErrors::ObservedInformation,
        reference_group: anchors.is_empty().then(|| "g0".to_owned()),
        anchors,
        ..CalibrationSettings::default()
    };
    calibrate(responses, &settings, &Unmonitored).unwrap_or_else(|error| panic!("{error}"))
}

fn main() {
    let replications: u64 =
        std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    let half = ITEMS as usize / 2;
    let anchored = |seed: u64, priors: Priors| {
        let items = simulate_items(ITEMS, seed);
        let responses = simulate(&[(MEAN, SD, 1000)], &items, |_, _| true, seed);
        let known = |item: usize| {
            let at = ItemParameters::new(items[item].slope, items[item].difficulty());
            (label(item), at)
        };
        let mut table = Table::default();
        table.add(&fit(&responses, (0..half).map(known).collect(), priors), 0, &items);
        table
    };
    // The first quarter of the items is answered by the reference group alone, the last by the
    // other: 20 are common.
    let common = |seed: u64, priors: Priors| {
        let items = simulate_items(ITEMS, seed);
        let (from, to) = (half / 2, half / 2 + half);
        let answers = |group: usize, item: usize| if group == 0 { item < to } else { item >= from };
        let responses = simulate(&[(0.0, 1.0, 1000), (MEAN, SD, 1000)], &items, answers, seed);
        let mut table = Table::default();
        table.add(&fit(&responses, Anchors::default(), priors), 1, &items);
        table
    };
    println!("| design | priors | parameter | bias | RMSE | mean SE | coverage |");
    println!("|---|---|---|---|---|---|---|");
    for (priors, word) in [(Priors::default(), "default"), (Priors::flat(), "off")] {
        let all = |one: &(dyn Fn(u64, Priors) -> Table + Sync)| {
            let tables = (1..=replications).into_par_iter().map(|seed| one(seed, priors));
            tables.collect::<Vec<_>>().into_iter().fold(Table::default(), Table::merge)
        };
        for (design, table) in [
            ("20 anchors, 20 new items, 1,000 persons", all(&anchored)),
            ("two groups of 1,000 persons, 20 common items of 40", all(&common)),
        ] {
            for (recovered, parameter) in table.0.iter().zip(["mean", "sd", "a", "b"]) {
                recovered.print(&format!("{design} | {word}"), parameter);
            }
        }
    }
}
