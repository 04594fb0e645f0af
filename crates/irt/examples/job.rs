//! The estimator's side of `make bench`: simulates responses, and fits them with a stop-watch.
//!
//! ```text
//! job simulate PERSONS ITEMS ANSWERED SEED       CSV of person, item, correct on standard output
//! job fit PERSONS ITEMS ANSWERED SEED METHOD     the same responses, fitted on one thread
//! ```
//!
//! METHOD: `none`, `observed_information`, or a number of bootstrap replicates.
//! `fit` prints one line of JSON; then CSV of item, a, b and their standard errors.

use std::io::{BufWriter, Write};
use std::time::Instant;

use irt::simulate::{Simulation, draw_responses, simulate, simulate_items};
use irt::{CalibrationSettings, Priors, Quadrature, StandardErrors, Unmonitored, calibrate};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["simulate", design @ ..] => write_responses(&parse(design)?),
        ["fit", design @ .., method] => fit(&parse(design)?, method),
        _ => Err("usage: job simulate|fit PERSONS ITEMS ANSWERED SEED [METHOD]".into()),
    }
}

fn parse(words: &[&str]) -> Result<Simulation, Failure> {
    let [persons, items, answered, seed] = words else {
        return Err("PERSONS ITEMS ANSWERED SEED are needed".into());
    };
    Ok(Simulation {
        persons: persons.parse()?,
        items: items.parse()?,
        answered: answered.parse()?,
        seed: seed.parse()?,
    })
}

fn write_responses(design: &Simulation) -> Result<(), Failure> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut outcome = Ok(());
    draw_responses(design, &simulate_items(design.items, design.seed), |person, item, correct| {
        if outcome.is_ok() {
            outcome = writeln!(output, "{person},{item},{}", u8::from(correct));
        }
    });
    outcome?;
    Ok(output.flush()?)
}

fn fit(design: &Simulation, method: &str) -> Result<(), Failure> {
    let standard_errors = match method {
        "none" => StandardErrors::None,
        "observed_information" => StandardErrors::ObservedInformation,
        iterations => StandardErrors::Bootstrap { iterations: iterations.parse()?, seed: 1 },
    };
    let settings = CalibrationSettings {
        min_responses_per_item: 50,
        min_persons: 10,
        quadrature: Quadrature::default(),
        priors: Priors::flat(),
        standard_errors,
        max_memory_bytes: None,
        ..CalibrationSettings::default()
    };
    let (responses, _) = simulate(design);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let (cpu, start) = (cpu_seconds()?, Instant::now());
    let calibration = pool.install(|| calibrate(&responses, &settings, &Unmonitored))?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds()? - cpu;
    println!(
        "{{\"seconds\": {seconds}, \"cpu_seconds\": {cpu}, \"responses\": {}, \"e_steps\": {}, \
         \"bootstrap_e_steps\": {}, \"peak_megabytes\": {}}}",
        responses.count(),
        calibration.em_iterations,
        calibration.bootstrap_e_steps,
        peak_megabytes()?
    );
    let text = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for item in calibration.calibrated() {
        println!(
            "{},{},{},{},{}",
            item.item,
            text(item.discrimination),
            text(item.difficulty),
            text(item.se_discrimination),
            text(item.se_difficulty)
        );
    }
    Ok(())
}

/// Processor time of this process so far, user and system, in the kernel's ticks of 10 ms.
fn cpu_seconds() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.split(' ').collect();
    Ok((fields[13].parse::<f64>()? + fields[14].parse::<f64>()?) / 100.0)
}

/// The most memory that was resident at a time.
fn peak_megabytes() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.ok_or("no VmHWM")?.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
