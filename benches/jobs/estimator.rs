//! The estimator alone, next to girth. The programs are crates/irt/examples and fit_by_girth.py.

use crate::page::{Page, number, thousands};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

/// The programs that are timed.
pub struct Programs {
    /// Folder of `job` and `cost`.
    examples: PathBuf,
    /// A Python with girth.
    python: PathBuf,
}

/// Simulated responses.
#[derive(Clone, Copy)]
pub struct Design {
    persons: u32,
    items: u32,
    /// The share of items that a person answers.
    answered: f64,
}

/// One fit of ours.
struct Fit {
    seconds: f64,
    figures: Value,
    /// Discrimination, difficulty, and their standard errors, of every item.
    items: Vec<[f64; 4]>,
}

impl Design {
    /// Of so many persons and items.
    pub const fn new(persons: u32, items: u32, answered: f64) -> Self {
        Self { persons, items, answered }
    }

    fn arguments(self) -> [String; 4] {
        [
            self.persons.to_string(),
            self.items.to_string(),
            self.answered.to_string(),
            "1".to_owned(),
        ]
    }
}

impl Programs {
    /// As scripts/bench.sh made them.
    pub fn of_the_environment() -> Self {
        let path = |name| PathBuf::from(std::env::var_os(name).expect("scripts/bench.sh sets it"));
        Self { examples: path("IRT_BENCH_EXAMPLES"), python: path("IRT_BENCH_PYTHON") }
    }

    /// Responses as CSV of person, item, correct.
    pub fn simulate(&self, design: Design) -> ChildStdout {
        let mut command = Command::new(self.examples.join("job"));
        command.arg("simulate").args(design.arguments()).stdout(Stdio::piped());
        command.spawn().unwrap().stdout.unwrap()
    }

    /// The fit whose time is the median of several.
    fn median_fit(&self, times: usize, design: Design, method: &str) -> Fit {
        let mut fits: Vec<Fit> = (0..times).map(|_| self.fit(design, method)).collect();
        fits.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        fits.swap_remove(times / 2)
    }

    fn fit(&self, design: Design, method: &str) -> Fit {
        let mut command = Command::new(self.examples.join("job"));
        let text = output(command.arg("fit").args(design.arguments()).arg(method));
        let (first, rows) = text.split_once('\n').unwrap();
        let figures: Value = serde_json::from_str(first).unwrap();
        let cell = |cell: &str| cell.parse().unwrap_or(f64::NAN);
        let items = rows.lines().map(|row| {
            let mut cells = row.split(',').skip(1).map(cell);
            std::array::from_fn(|_| cells.next().unwrap())
        });
        Fit { seconds: figures["seconds"].as_f64().unwrap(), items: items.collect(), figures }
    }

    /// girth's fit of the same responses, and `refits` of resampled persons.
    fn girth(&self, design: Design, refits: usize) -> Value {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/jobs/fit_by_girth.py");
        let mut command = Command::new(&self.python);
        command.arg(script).args([design.persons.to_string(), design.items.to_string()]);
        command.arg(refits.to_string()).stdin(self.simulate(design));
        serde_json::from_str(&output(&mut command)).unwrap()
    }
}

fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The section on girth.
pub fn against_girth(page: &mut Page, programs: &Programs, full: bool) {
    page.say("## The fit, next to girth");
    page.say(
        "girth.twopl_mml at its defaults, run once, on the same responses in a matrix in memory; ours without \
         priors, the median of five runs; one thread each. The distance is the largest over items and parameters \
         between girth's answer and the optimum, in standard errors.",
    );
    let designs =
        [Design::new(2000, 40, 1.0), Design::new(20_000, 100, 1.0), Design::new(5000, 200, 0.15)];
    let rows: Vec<_> = designs.iter().map(|&design| compared(programs, design)).collect();
    let header = [
        "persons × items",
        "girth, s",
        "ours, s",
        "E-steps",
        "times faster",
        "with observed information, in fits",
        "girth's distance, SE",
    ];
    page.table(&header, &rows);
    incumbents_job(page, programs, if full { 20 } else { 5 });
    sparse(page, programs);
}

fn compared(programs: &Programs, design: Design) -> Vec<String> {
    let exact = programs.median_fit(5, design, "observed_information");
    let ours = programs.median_fit(5, design, "none");
    let girth = programs.girth(design, 0);
    let seconds = girth["seconds"].as_f64().unwrap();
    let found = floats(&girth["discrimination"]).into_iter().zip(floats(&girth["difficulty"]));
    let distances = found.zip(&exact.items).flat_map(|((a, b), [exact_a, exact_b, se_a, se_b])| {
        [((a - exact_a) / se_a).abs(), ((b - exact_b) / se_b).abs()]
    });
    let Design { persons, items, answered } = design;
    vec![
        format!("{} × {items}, {:.0} % answered", thousands(persons.into()), 100.0 * answered),
        number(seconds),
        number(ours.seconds),
        ours.figures["e_steps"].to_string(),
        number(seconds / ours.seconds),
        number(exact.seconds / ours.seconds),
        // f64::max ignores what is no number.
        number(distances.fold(0.0, f64::max)),
    ]
}

/// The job that this replaces: a fit, and 2,000 refits.
fn incumbents_job(page: &mut Page, programs: &Programs, timed: usize) {
    const REPLICATES: u32 = 2000;
    let design = Design::new(500, 50, 1.0);
    let ours = programs.median_fit(3, design, &REPLICATES.to_string());
    let girth = programs.girth(design, timed);
    let refits = floats(&girth["refits"]);
    let mean = refits.iter().sum::<f64>() / refits.len() as f64;
    let whole = girth["seconds"].as_f64().unwrap() + f64::from(REPLICATES) * mean;
    page.say(&format!(
        "The whole job that it replaces, 500 × 50, a fit and {} bootstrap refits: girth {} s (a fit and {timed} \
         refits were timed, the others are in proportion), ours {} s on one thread, the median of three runs: {} \
         times faster.",
        thousands(REPLICATES.into()),
        number(whole),
        number(ours.seconds),
        number(whole / ours.seconds)
    ));
}

fn sparse(page: &mut Page, programs: &Programs) {
    let fit = programs.median_fit(3, Design::new(200_000, 500, 0.04), "none").figures;
    page.say(&format!(
        "200,000 × 500 with 96 % missing ({} responses): {} CPU seconds, {} E-steps, {} MB at the peak, the \
         simulation included.",
        thousands(fit["responses"].as_u64().unwrap()),
        number(fit["cpu_seconds"].as_f64().unwrap()),
        fit["e_steps"],
        fit["peak_megabytes"]
    ));
}

/// The section on standard errors: a table that `cost` prints.
pub fn standard_errors(page: &mut Page, programs: &Programs) {
    page.say("## What standard errors cost");
    page.say(output(&mut Command::new(programs.examples.join("cost"))).trim_end());
}
