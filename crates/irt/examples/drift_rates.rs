//! How often items are said to have drifted, that did and that did not: `make moving`.
//!
//! ```text
//! drift_rates [REPLICATIONS]
//! ```
//!
//! 40 items are calibrated in two windows of other persons and linked. In half of the replications
//! one of them has become harder in the second. Prints a Markdown table. Seeded: the same numbers
//! every time.

use irt::linking::{CommonItem, ItemErrors, LinkingMethod, link_scales};
use irt::simulate::{Simulation, simulate_items, simulate_responses};
use irt::two_pl::SlopeIntercept;
use irt::{
    CalibrationSettings, ItemParameters, Quadrature, StandardErrors, Unmonitored, calibrate,
};
use rayon::prelude::*;

const ITEMS: usize = 40;
/// Items further out tell little of where they are.
const MODERATE: f64 = 1.5;

/// Items that are flagged, of those that there are.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    flagged: u64,
    items: u64,
}

impl Share {
    fn add(&mut self, flagged: bool) {
        self.flagged += u64::from(flagged);
        self.items += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self { flagged: self.flagged + other.flagged, items: self.items + other.items }
    }

    fn percent(self, digits: usize) -> String {
        format!("{:.digits$} %", 100.0 * self.flagged as f64 / self.items.max(1) as f64)
    }
}

/// Stable items; items that drifted; those of them that were within [`MODERATE`]; the link's
/// intercept squared, which ought to be 0, and how many of them.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    stable: Share,
    drifted: Share,
    moderate: Share,
    intercepts: (f64, u32),
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        let (one, two) = (self.intercepts, other.intercepts);
        Self {
            stable: self.stable.plus(other.stable),
            drifted: self.drifted.plus(other.drifted),
            moderate: self.moderate.plus(other.moderate),
            intercepts: (one.0 + two.0, one.1 + two.1),
        }
    }
}

/// A calibration by persons of its own, with standard errors.
fn calibrated(
    items: &[SlopeIntercept],
    persons: u32,
    seed: u64,
) -> Vec<(ItemParameters, ItemErrors)> {
    let design = Simulation { persons, items: ITEMS as u32, answered: 1.0, seed };
    let settings = CalibrationSettings {
        standard_errors: StandardErrors::ObservedInformation,
        ..CalibrationSettings::default()
    };
    let found = calibrate(&simulate_responses(&design, items), &settings, &Unmonitored)
        .unwrap_or_else(|error| panic!("simulated responses are calibrated: {error}"));
    let values = found.items.iter().filter_map(|item| {
        let parameters = ItemParameters::new(item.discrimination?, item.difficulty?);
        let discrimination = item.se_discrimination?;
        Some((parameters, ItemErrors { discrimination, difficulty: item.se_difficulty? }))
    });
    let values: Vec<_> = values.collect();
    assert_eq!(values.len(), ITEMS, "every item has parameters and errors");
    values
}

/// One link of two windows; `harder`: by how much the item has drifted, if one has.
fn replicate(persons: u32, harder: Option<f64>, seed: u64) -> Tally {
    let truth = simulate_items(ITEMS as u32, seed);
    let planted = harder.map(|by| (seed as usize % ITEMS, by));
    let mut now = truth.clone();
    if let Some((item, by)) = planted {
        let SlopeIntercept { slope, .. } = now[item];
        let difficulty = now[item].difficulty() + by;
        now[item] = SlopeIntercept::from_discrimination_difficulty(slope, difficulty);
    }
    let onto = calibrated(&truth, persons, seed + 1_000_000);
    let from = calibrated(&now, persons, seed + 2_000_000);
    let common: Vec<CommonItem> = from
        .into_iter()
        .zip(onto)
        .map(|((from, from_errors), (onto, onto_errors))| CommonItem {
            from,
            onto,
            from_errors: Some(from_errors),
            onto_errors: Some(onto_errors),
        })
        .collect();
    let linked = link_scales(&common, LinkingMethod::default(), &Quadrature::default())
        .unwrap_or_else(|error| panic!("stable items link: {error}"));
    let mut tally = Tally::default();
    for (item, flagged) in linked.drifted.iter().enumerate() {
        match planted {
            Some((drifted, _)) if drifted == item => {
                tally.drifted.add(*flagged);
                if truth[item].difficulty().abs() <= MODERATE {
                    tally.moderate.add(*flagged);
                }
            }
            _ => tally.stable.add(*flagged),
        }
    }
    tally.intercepts = (linked.link.intercept * linked.link.intercept, 1);
    tally
}

fn main() {
    let replications = std::env::args().nth(1);
    let replications: u64 =
        replications.map_or(400, |count| count.parse().unwrap_or_else(|_| panic!("how many?")));
    println!(
        "| persons a window | one item harder by | stable items flagged | the item found \
         | found where \\|b\\| ≤ {MODERATE} | intercept of the link, RMS |"
    );
    println!("|---|---|---|---|---|---|");
    for persons in [1000, 2000, 5000] {
        for harder in [None, Some(0.6)] {
            let tallies = (1..=replications).into_par_iter();
            let tally = tallies
                .map(|seed| replicate(persons, harder, seed))
                .reduce(Tally::default, Tally::plus);
            let (sum, count) = tally.intercepts;
            let found = |share: Share| match harder {
                Some(_) => format!("{} of {}", share.percent(1), share.items),
                None => "–".to_owned(),
            };
            println!(
                "| {persons} | {} | {} of {} | {} | {} | {:.3} |",
                harder.map_or("–".to_owned(), |by| by.to_string()),
                tally.stable.percent(2),
                tally.stable.items,
                found(tally.drifted),
                found(tally.moderate),
                libm::sqrt(sum / f64::from(count)),
            );
        }
    }
}
