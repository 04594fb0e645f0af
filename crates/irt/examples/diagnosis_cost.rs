//! What the diagnosis costs next to the fit: seconds on the processor, on one thread, as a Markdown
//! table. Linux only.
//!
//! `cargo run --release -p irt --example diagnosis_cost`

use irt::simulate::{Simulation, simulate};
use irt::statistics::{DiagnosticsPlan, diagnose};
use irt::{
    CalibrationSettings, ItemParameters, Population, Quadrature, Unmonitored, calibrate,
    counts_by_node, marginal_log_likelihood,
};

/// Seconds that this thread has been on a processor: other things that the machine does are no part.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    1e-9 * nanoseconds.unwrap_or(f64::INFINITY)
}

/// Seconds that work takes on average, done again and again for a second or more: the processor's time
/// is told in whole ticks.
fn time(mut work: impl FnMut()) -> f64 {
    let start = processor_time();
    let mut times = 0;
    while times < 3 || processor_time() - start < 1.0 {
        work();
        times += 1;
    }
    (processor_time() - start) / f64::from(times)
}

fn measure(persons: u32, items: u32, answered: f64) -> Result<(), irt::IrtError> {
    let (responses, _) = simulate(&Simulation { persons, items, answered, seed: 1 });
    let (settings, grid) = (CalibrationSettings::default(), Quadrature::default());
    let mut found = None;
    let fit = time(|| found = Some(calibrate(&responses, &settings, &Unmonitored)));
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
    let e_step = time(|| {
        outcome = marginal_log_likelihood(&responses, &known, &grid, everybody, &Unmonitored);
    });
    outcome?;
    let mut outcome = Ok(());
    let general = time(|| {
        let counts = counts_by_node(&responses, &known, &grid, everybody, &Unmonitored);
        outcome = counts.map(drop);
    });
    outcome?;
    let diagnosis = |plan: DiagnosticsPlan| {
        time(|| {
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
        "| {persons} × {items}, {:.0} % | {} | {fit:.4} | {e_step:.4} | {general:.4} | {pass:.4} \
         | {:.4} | {:.4} | {full:.4} | {:.2} | {:.2} |",
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
