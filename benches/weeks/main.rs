//! `make weeks`: how often the checks warn of an ordinary week, or hold its run.
//!
//! Items keep their parameters and persons are always drawn from N(0, 1), so every hold is a false
//! alarm. The runs are those of the extension, on a throw-away server: one bank per design, one run
//! per week. Prints a Markdown table. Seeded: the same numbers every time.
//!
//! The argument is the bank's scale, `population` or `linked`. IRT_WEEKS says how many weeks there
//! are in each design (300), IRT_WEEKS_SEED draws others.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a simulation that fails must stop")]

mod bank;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../simulation/random.rs"]
mod random;
mod responses;
mod tally;

use bank::simulate;
use common::Cluster;
use responses::Keeps;
use std::sync::Mutex;
use tally::Tally;

/// A bank, as its weeks go by.
#[derive(Debug, Clone, Copy)]
pub struct Design {
    /// Which persons a run sees.
    keeps: Keeps,
    /// About how many; a cumulative bank begins with the first number and ends with the second.
    persons: (usize, usize),
    /// All of them are answered by everybody.
    items: u32,
}

/// The scale of the banks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Whoever answered is N(0, 1).
    Population,
    /// Common items put a run on the scale in force.
    Linked,
}

impl Scale {
    fn from_arguments() -> Self {
        match std::env::args().skip(1).find(|word| !word.starts_with("-")).as_deref() {
            Some("population") => Self::Population,
            Some("linked") => Self::Linked,
            other => panic!("the scale is to be population or linked, not {other:?}"),
        }
    }

    /// The statement that makes a bank of this scale. Links and drift need standard errors; without
    /// them the numbers on scale population are the same, and sooner there.
    pub fn configure(self, bank: &str, table: &str) -> String {
        let (scale, errors) = match self {
            Self::Population => ("population", "none"),
            Self::Linked => ("linked", "observed_information"),
        };
        format!(
            "SELECT irt_configure('{bank}', '{table}', scale => '{scale}', \
                                  standard_errors => '{errors}')"
        )
    }
}

fn designs() -> Vec<Design> {
    let mut designs = Vec::new();
    for items in [10, 30, 60] {
        designs.push(Design { keeps: Keeps::All, persons: (500, 2000), items });
        for persons in [500, 1000, 2000] {
            for keeps in [Keeps::Window, Keeps::NewestOnly] {
                designs.push(Design { keeps, persons: (persons, persons), items });
            }
        }
    }
    designs
}

fn main() {
    let scale = Scale::from_arguments();
    let weeks = std::env::var("IRT_WEEKS").map_or(300, |weeks| weeks.parse().unwrap());
    let cluster = Cluster::with_settings("max_connections = 30\nsynchronous_commit = off");
    cluster.connect().batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let designs = designs();
    let done: Mutex<Vec<Option<Tally>>> = Mutex::new(vec![None; designs.len()]);
    // The largest first, so that no thread is left with one at the end.
    let waiting = Mutex::new((0..designs.len()).collect::<Vec<_>>());
    waiting.lock().unwrap().sort_by_key(|&at| designs[at].persons.1 * designs[at].items as usize);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some(at) = next else { return };
                    let tally = simulate(&mut cluster.connect(), at, &designs[at], scale, weeks);
                    eprintln!("{}", tally.line(&designs[at]));
                    done.lock().unwrap()[at] = Some(tally);
                }
            });
        }
    });
    let tallies: Vec<Tally> = done.into_inner().unwrap().into_iter().flatten().collect();
    println!("{}", Tally::HEAD);
    for (tally, design) in tallies.iter().zip(&designs) {
        println!("{}", tally.line(design));
    }
    println!("{}", Tally::sum(&tallies).total());
}
