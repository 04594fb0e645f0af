//! How often the 95 % intervals cover the true parameters: `make coverage`.
//!
//! Simulates tests with known items, calibrates each with observed-information
//! and with bootstrap standard errors, with priors off and with the default
//! priors, and prints a Markdown table of the share of intervals that contain
//! the truth, averaged over items. Seeded: the same numbers every time.
//!
//! Arguments: replications (500), bootstrap replicates in each (100), and
//! `off` or `default` for one half of the table.

use irt::simulate::{Simulation, simulate_items, simulate_responses};
use irt::two_pl::SlopeIntercept;
use irt::{
    CalibrationSettings, ItemResult, Priors, Quadrature, StandardErrors, Unmonitored, calibrate,
};
use rayon::prelude::*;

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
/// percentiles, each for a and for b; then items without parameters or errors.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    counts: [Count; 6],
    without: u32,
}

fn normal_interval(estimate: Option<f64>, error: Option<f64>) -> Option<(f64, f64)> {
    let (estimate, error) = (estimate?, error?);
    Some((estimate - 1.96 * error, estimate + 1.96 * error))
}

impl Row {
    fn add(&mut self, information: &ItemResult, bootstrap: &ItemResult, truth: SlopeIntercept) {
        let (a, b) = (truth.slope, truth.difficulty());
        for (first, item) in [(0, information), (2, bootstrap)] {
            let slope = normal_interval(item.discrimination, item.se_discrimination);
            self.counts[first].add(slope, a);
            self.counts[first + 1].add(normal_interval(item.difficulty, item.se_difficulty), b);
        }
        self.counts[4].add(bootstrap.discrimination_interval, a);
        self.counts[5].add(bootstrap.difficulty_interval, b);
        self.without += u32::from(information.se_difficulty.is_none());
    }

    fn merge(mut self, other: Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            count.merge(more);
        }
        self.without += other.without;
        self
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

fn replication(design: &Simulation, items: &[SlopeIntercept], priors: Priors, b: u32) -> Row {
    let responses = simulate_responses(design, items);
    let run = |standard_errors| {
        let settings = CalibrationSettings {
            min_responses_per_item: 50,
            min_persons: 10,
            quadrature: quadrature(),
            priors,
            standard_errors,
            max_memory_bytes: None,
        };
        calibrate(&responses, &settings, &Unmonitored)
    };
    let information = run(StandardErrors::ObservedInformation);
    let bootstrap = run(StandardErrors::Bootstrap { iterations: b, seed: design.seed });
    let mut row = Row::default();
    match (information, bootstrap) {
        (Ok(information), Ok(bootstrap)) => {
            let pairs = information.items.iter().zip(&bootstrap.items).zip(items);
            pairs.for_each(|((x, y), truth)| row.add(x, y, *truth));
        }
        _ => row.without += items.len() as u32,
    }
    row
}

fn main() {
    let argument = |at: usize, default: u32| {
        std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (replications, b) = (argument(1, 500), argument(2, 100));
    let half = std::env::args().nth(3);
    println!(
        "| priors | items | persons | a: information | a: bootstrap SE | a: percentiles \
         | b: information | b: bootstrap SE | b: percentiles | without SE |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let both = [("off", Priors::flat()), ("default", Priors::default())];
    for (name, priors) in
        both.into_iter().filter(|(name, _)| half.as_deref().is_none_or(|h| h == *name))
    {
        for item_count in [20, 40] {
            let items = simulate_items(item_count, 2026);
            for persons in [250, 500, 1000, 5000] {
                let row = (0..replications)
                    .into_par_iter()
                    .map(|number| {
                        let seed = u64::from(number) + 1;
                        let design = Simulation { persons, items: item_count, answered: 1.0, seed };
                        replication(&design, &items, priors, b)
                    })
                    .reduce(Row::default, Row::merge);
                let percent = row.counts.map(Count::percent);
                let without = 100.0 * f64::from(row.without) / f64::from(replications * item_count);
                println!(
                    "| {name} | {item_count} | {persons} | {} | {} | {} | {} | {} | {} | {without:.2} % |",
                    percent[0], percent[2], percent[4], percent[1], percent[3], percent[5]
                );
            }
        }
    }
}
