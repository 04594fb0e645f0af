//! How often the 95 % intervals cover the true parameters: `make coverage`.
//!
//! Simulates tests with known items, calibrates each with observed-information
//! and with bootstrap standard errors, and prints a Markdown table of the share
//! of intervals that contain the truth, averaged over items: all of them, and
//! then those that are easy or hard. Seeded: the same numbers every time.
//!
//! Arguments: replications with the observed information (2,000), how many of them are
//! done with the bootstrap as well (200), bootstrap replicates in each of these (200), and
//! the standard deviation of log a (0.3).

use std::fmt::Write as _;

use irt::simulate::{Simulation, simulate_items, simulate_responses};
use irt::two_pl::SlopeIntercept;
use irt::{
    Calibration, CalibrationSettings, ItemResult, Priors, Quadrature, Responses, StandardErrors,
    Unmonitored, calibrate,
};
use rayon::prelude::*;

/// Items beyond this difficulty are counted in rows of their own, too.
const MODERATE: f64 = 1.5;
/// The easiest and the hardest item are this far from 0.
const EXTREME: f64 = 2.5;

/// Intervals that contain the truth, and intervals there are.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    covered: u32,
    intervals: u32,
}

impl Count {
    fn add(&mut self, interval: Option<(f64, f64)>, truth: f64) {
        if let Some((low, high)) = interval {
            self.intervals += 1;
            self.covered += u32::from(low <= truth && truth <= high);
        }
    }

    fn merge(&mut self, other: Self) {
        self.covered += other.covered;
        self.intervals += other.intervals;
    }

    fn percent(self) -> String {
        if self.intervals == 0 {
            return "–".into();
        }
        format!("{:.1}", 100.0 * f64::from(self.covered) / f64::from(self.intervals))
    }
}

/// The columns of the table: information, bootstrap ± 1.96 SE, bootstrap
/// percentiles, each for a and for b; then items with and without parameters and errors.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    counts: [Count; 6],
    items: u32,
    without: u32,
}

fn normal_interval(estimate: Option<f64>, error: Option<f64>) -> Option<(f64, f64)> {
    let (estimate, error) = (estimate?, error?);
    Some((estimate - 1.96 * error, estimate + 1.96 * error))
}

impl Row {
    fn add_information(&mut self, item: &ItemResult, truth: SlopeIntercept) {
        self.add_normal(0, item, truth);
        self.items += 1;
        self.without += u32::from(item.se_difficulty.is_none());
    }

    fn add_bootstrap(&mut self, item: &ItemResult, truth: SlopeIntercept) {
        self.add_normal(2, item, truth);
        self.counts[4].add(item.discrimination_interval, truth.slope);
        self.counts[5].add(item.difficulty_interval, truth.difficulty());
    }

    fn add_normal(&mut self, first: usize, item: &ItemResult, truth: SlopeIntercept) {
        let slope = normal_interval(item.discrimination, item.se_discrimination);
        self.counts[first].add(slope, truth.slope);
        let difficulty = normal_interval(item.difficulty, item.se_difficulty);
        self.counts[first + 1].add(difficulty, truth.difficulty());
    }

    fn merge(mut self, other: Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            count.merge(more);
        }
        self.items += other.items;
        self.without += other.without;
        self
    }
}

/// Rows for the items within [`MODERATE`], and beyond.
type Rows = [Row; 2];

fn merge(left: Rows, right: Rows) -> Rows {
    [left[0].merge(right[0]), left[1].merge(right[1])]
}

/// A kind of test: how many items there are, which share of them a person meets, and how often
/// an item is met.
#[derive(Debug, Clone, Copy)]
struct Design {
    priors: Priors,
    items: u32,
    answered: f64,
    responses_an_item: u32,
}

impl Design {
    /// Discrimination ~ lognormal(0, `spread`²), difficulties evenly between ± [`EXTREME`].
    fn items(&self, spread: f64) -> Vec<SlopeIntercept> {
        // Simulated items have a spread of 0.3.
        let power = spread / 0.3;
        let drawn = simulate_items(self.items, 2026);
        let gap = 2.0 * EXTREME / f64::from(self.items - 1);
        let difficulties = (0..self.items).map(|number| gap * f64::from(number) - EXTREME);
        let pairs = drawn.iter().zip(difficulties);
        pairs
            .map(|(item, b)| {
                SlopeIntercept::from_discrimination_difficulty(item.slope.powf(power), b)
            })
            .collect()
    }

    fn responses(&self, items: &[SlopeIntercept], number: u32) -> Responses {
        let persons = (f64::from(self.responses_an_item) / self.answered).round() as u32;
        let seed = u64::from(number) + 1;
        let (items_count, answered) = (self.items, self.answered);
        simulate_responses(&Simulation { persons, items: items_count, answered, seed }, items)
    }

    fn calibrate(&self, responses: &Responses, errors: StandardErrors) -> Option<Calibration> {
        let settings = CalibrationSettings {
            min_responses_per_item: 1,
            min_persons: 10,
            quadrature: quadrature(),
            priors: self.priors,
            standard_errors: errors,
            max_memory_bytes: None,
            ..CalibrationSettings::default()
        };
        calibrate(responses, &settings, &Unmonitored).ok()
    }

    /// One simulated test, with `bootstrap` replicates, or with none.
    fn replication(&self, items: &[SlopeIntercept], number: u32, bootstrap: u32) -> Rows {
        let responses = self.responses(items, number);
        let mut rows = Rows::default();
        let of = |truth: &SlopeIntercept| usize::from(truth.difficulty().abs() > MODERATE);
        match self.calibrate(&responses, StandardErrors::ObservedInformation) {
            Some(calibration) => {
                for (item, truth) in calibration.items.iter().zip(items) {
                    rows[of(truth)].add_information(item, *truth);
                }
            }
            None => {
                for truth in items {
                    rows[of(truth)].items += 1;
                    rows[of(truth)].without += 1;
                }
            }
        }
        if bootstrap > 0 {
            let errors =
                StandardErrors::Bootstrap { iterations: bootstrap, seed: u64::from(number) };
            if let Some(calibration) = self.calibrate(&responses, errors) {
                for (item, truth) in calibration.items.iter().zip(items) {
                    rows[of(truth)].add_bootstrap(item, *truth);
                }
            }
        }
        rows
    }
}

/// Half the default grid: its error, 0.0005 in b, is a hundredth of the smallest
/// standard error here, and the table takes half the time.
fn quadrature() -> Quadrature {
    match Quadrature::new(31, 6.0) {
        Ok(quadrature) => quadrature,
        Err(error) => panic!("the grid is valid: {error}"),
    }
}

/// The designs of the table. Without priors, few responses have no finite estimates.
fn designs() -> Vec<Design> {
    let mut designs = Vec::new();
    let priors = Priors::default();
    for responses_an_item in [60, 80, 120, 250, 1000] {
        designs.push(Design { priors, items: 40, answered: 1.0, responses_an_item });
    }
    for responses_an_item in [60, 80, 120, 250] {
        designs.push(Design { priors, items: 80, answered: 0.25, responses_an_item });
    }
    for responses_an_item in [250, 1000] {
        designs.push(Design {
            priors: Priors::flat(),
            items: 40,
            answered: 1.0,
            responses_an_item,
        });
    }
    designs
}

fn print(design: &Design, rows: &Rows) {
    let [moderate, beyond] = *rows;
    for (row, which) in [(moderate.merge(beyond), "0 to 2.5"), (beyond, "1.5 to 2.5")] {
        let [ia, ib, ba, bb, pa, pb] = row.counts.map(Count::percent);
        let priors = if design.priors == Priors::flat() { "off" } else { "default" };
        let mut line = format!("| {priors} | {}, ", design.items);
        let _ = match design.answered {
            1.0 => write!(line, "all answered"),
            share => write!(line, "{:.0} % answered", 100.0 * share),
        };
        let without = 100.0 * f64::from(row.without) / f64::from(row.items);
        println!(
            "{line} | {} | {which} | {ia} | {ba} | {pa} | {ib} | {bb} | {pb} | {without:.2} % |",
            design.responses_an_item
        );
    }
}

fn main() {
    let argument = |at: usize, default: u32| {
        std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (replications, bootstrapped, bootstrap) =
        (argument(1, 2000), argument(2, 200), argument(3, 200));
    let spread = std::env::args().nth(4).and_then(|text| text.parse().ok()).unwrap_or(0.3);
    println!(
        "| priors | items | responses an item | \\|b\\| | a: information | a: bootstrap SE \
         | a: percentiles | b: information | b: bootstrap SE | b: percentiles | without SE |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for design in designs() {
        let items = design.items(spread);
        let rows = (0..replications)
            .into_par_iter()
            .map(|number| {
                let bootstrap = if number < bootstrapped { bootstrap } else { 0 };
                design.replication(&items, number, bootstrap)
            })
            .reduce(Rows::default, merge);
        print(&design, &rows);
    }
}
