//! What the diagnosis costs next to the fit: times taken in one run on one thread, the least of
//! five, as a Markdown table.
//!
//! `cargo run --release -p irt --example diagnosis_cost`

use std::time::Instant;

use irt::simulate::{Simulation, simulate};
use irt::statistics::{DiagnosticsPlan, diagnose};
use irt::{
    CalibrationSettings, ItemParameters, Population, Quadrature, Unmonitored, calibrate,
    counts_by_node, marginal_log_likelihood,
};

fn least_time(mut work: impl FnMut()) -> f64 {
    (0..5)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn measure(persons: u32, items: u32, answered: f64) -> Result<(), irt::IrtError> {
    let (responses, _) = simulate(&Simulation { persons, items, answered, seed: 1 });
    let (settings, grid) = (CalibrationSettings::default(), Quadrature::default());
    let mut found = None;
    let fit = least_time(|| found = Some(calibrate(&responses, &settings, &Unmonitored)));
    let Some(calibration) = found.transpose()? else { return Ok(()) };
    let parameters: Vec<Option<ItemParameters>> = calibration
        .items
        .iter()
        .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
        .collect();
    let known: Vec<ItemParameters> =
        parameters.iter().map(|item| item.unwrap_or(ItemParameters::new(0.0, 0.0))).collect();
    let everybody = Population::STANDARD;
    let mut outcome = Ok(0.0);
    let e_step = least_time(|| {
        outcome = marginal_log_likelihood(&responses, &known, &grid, everybody, &Unmonitored);
    });
    outcome?;
    let mut outcome = Ok(());
    let general = least_time(|| {
        let counts = counts_by_node(&responses, &known, &grid, everybody, &Unmonitored);
        outcome = counts.map(drop);
    });
    outcome?;
    let diagnosis = |plan: DiagnosticsPlan| {
        least_time(|| {
            let found = diagnose(&responses, &parameters, &[everybody], &grid, plan, &Unmonitored);
            assert!(found.is_ok(), "the diagnosis of simulated data");
        })
    };
    let all = DiagnosticsPlan::default();
    let (full, without_pairs, pass) = (
        diagnosis(all),
        diagnosis(DiagnosticsPlan { pairs: false, ..all }),
        diagnosis(DiagnosticsPlan { pairs: false, s_x2: false, ..all }),
    );
    println!(
        "| {persons} × {items}, {:.0} % | {} | {fit:.3} | {e_step:.3} | {general:.3} | {pass:.3} \
         | {:.3} | {:.3} | {full:.3} | {:.2} | {:.2} |",
        100.0 * answered,
        responses.count(),
        (without_pairs - pass).max(0.0),
        (full - without_pairs).max(0.0),
        full / (0.5 * fit + e_step),
        full / (0.5 * fit + general),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    println!(
        "| persons × items, answered | responses | fit, s | E-step | general E-step | items \
         | S-X² | pairs | diagnosis | of half the fit and an E-step | and a general E-step |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    pool.install(|| {
        measure(2_000, 40, 1.0)?;
        measure(5_000, 200, 0.15)?;
        measure(20_000, 100, 1.0)?;
        measure(200_000, 500, 0.04)?;
        measure(200_000, 500, 0.1)
    })?;
    Ok(())
}
