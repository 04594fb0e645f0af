//! What standard errors cost next to the fit: `make bench`.
//!
//! Ratios of times taken in one run on one thread, the median of five, as a
//! Markdown table; and E-steps per bootstrap replicate, which are counted.

use std::time::Instant;

use irt::simulate::{Simulation, simulate};
use irt::{
    Calibration, CalibrationSettings, Priors, Quadrature, Responses, StandardErrors, Unmonitored,
    calibrate,
};

fn run(responses: &Responses, standard_errors: StandardErrors) -> (f64, Calibration) {
    let settings = CalibrationSettings {
        min_responses_per_item: 50,
        min_persons: 10,
        quadrature: Quadrature::default(),
        priors: Priors::default(),
        standard_errors,
        max_memory_bytes: None,
        ..CalibrationSettings::default()
    };
    let start = Instant::now();
    match calibrate(responses, &settings, &Unmonitored) {
        Ok(calibration) => (start.elapsed().as_secs_f64(), calibration),
        Err(error) => panic!("simulated responses are calibrated: {error}"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(persons: u32, items: u32, answered: f64, iterations: u32) {
    let design = Simulation { persons, items, answered, seed: 1 };
    let (responses, _) = simulate(&design);
    let bootstrap = StandardErrors::Bootstrap { iterations, seed: 1 };
    let times = |errors| median((0..5).map(|_| run(&responses, errors).0).collect());
    let fit = times(StandardErrors::None);
    let information = times(StandardErrors::ObservedInformation) - fit;
    let (all, calibration) = run(&responses, bootstrap);
    println!(
        "| {persons} × {items}, {:.0} % answered | {} | {:.2} | {:.2} | {:.1} | {:.4} |",
        100.0 * answered,
        calibration.em_iterations,
        information / fit,
        calibration.bootstrap_e_steps as f64 / f64::from(iterations),
        all / fit,
        fit,
    );
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.unwrap_or_else(|error| panic!("one thread can be started: {error}"));
    println!(
        "| persons × items | E-steps of the fit | observed information, in fits \
         | E-steps a replicate | fit and bootstrap, in fits | fit, seconds |"
    );
    println!("|---|---|---|---|---|---|");
    pool.install(|| {
        measure(1000, 5, 1.0, 2000);
        measure(500, 50, 1.0, 2000);
        measure(400, 150, 0.25, 200);
        measure(2000, 40, 1.0, 200);
        measure(5000, 200, 0.15, 20);
        measure(20000, 100, 1.0, 20);
    });
}
