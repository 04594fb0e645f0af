//! What groups and anchors cost: `cargo run --release -p irt --example group_cost`.
//!
//! Ratios of times taken in turn on one thread, medians, as a Markdown table.

use std::time::Instant;

use irt::simulate::{Simulation, draw_responses, simulate_items};
use irt::{
    Anchors, Calibration, CalibrationSettings, GroupedResponses, ItemParameters, NO_TIME,
    PersonGroups, RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored,
    calibrate,
};

/// The simulated persons in so many groups; item labels as those of the simulation.
fn responses(design: &Simulation, groups: u32) -> Responses {
    let mut rows = ResponseRows::new(false);
    let items = simulate_items(design.items, design.seed);
    draw_responses(design, &items, |person, item, correct| {
        rows.push(person, item, correct, NO_TIME).unwrap_or_else(|error| panic!("{error}"));
    });
    let names = (0..groups).map(|group| format!("g{group:03}")).collect();
    let of_person = (0..design.persons).map(|person| person % groups).collect();
    let groups = PersonGroups { names, of_person };
    GroupedResponses::new(labels(design), rows, RepeatedResponses::First, &Unmonitored)
        .and_then(|grouped| grouped.into_responses_of_groups(groups, 1, &Unmonitored))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn labels(design: &Simulation) -> Vec<String> {
    (0..design.items).map(|item| format!("I{item:08}")).collect()
}

fn timed(responses: &Responses, settings: &CalibrationSettings) -> (f64, Calibration) {
    let start = Instant::now();
    match calibrate(responses, settings, &Unmonitored) {
        Ok(calibration) => (start.elapsed().as_secs_f64(), calibration),
        Err(error) => panic!("simulated responses are calibrated: {error}"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One in turn with the other.
fn compare(what: &str, [one, other]: [(&Responses, &CalibrationSettings); 2], times: usize) {
    let mut seconds = [Vec::new(), Vec::new()];
    let mut e_steps = [0, 0];
    for _ in 0..times {
        for (number, (responses, settings)) in [one, other].into_iter().enumerate() {
            let (time, found) = timed(responses, settings);
            seconds[number].push(time);
            e_steps[number] = found.em_iterations;
        }
    }
    let [without, with] = seconds.map(median);
    println!(
        "| {what} | {} | {} | {without:.3} | {with:.3} | {:.2} |",
        e_steps[0],
        e_steps[1],
        with / without
    );
}

fn groups(persons: u32, items: u32, answered: f64, times: usize) {
    let design = Simulation { persons, items, answered, seed: 1 };
    let one = responses(&design, 1);
    for (errors, word) in
        [(StandardErrors::None, "fit"), (StandardErrors::ObservedInformation, "fit and SEs")]
    {
        let settings =
            CalibrationSettings { standard_errors: errors, ..CalibrationSettings::default() };
        for count in [2, 100] {
            let many = responses(&design, count);
            let share = 100.0 * answered;
            let what = format!("{persons} × {items}, {share:.0} %, {count} groups, {word}");
            compare(&what, [(&one, &settings), (&many, &settings)], times);
        }
    }
}

/// 15 new items in a bank of 500, next to the calibration of all 515.
fn anchored(persons: u32, answered: f64, times: usize) {
    let design = Simulation { persons, items: 515, answered, seed: 2 };
    let responses = responses(&design, 1);
    let items = simulate_items(design.items, design.seed);
    let known = labels(&design).into_iter().zip(&items).take(500);
    let anchors: Anchors =
        known.map(|(label, at)| (label, ItemParameters::new(at.slope, at.difficulty()))).collect();
    for (errors, word) in
        [(StandardErrors::None, "fit"), (StandardErrors::ObservedInformation, "fit and SEs")]
    {
        let free =
            CalibrationSettings { standard_errors: errors, ..CalibrationSettings::default() };
        let fixed = CalibrationSettings { anchors: anchors.clone(), ..free.clone() };
        let what = format!("{} responses, 15 new of 515 items, {word}", responses.count());
        compare(&what, [(&responses, &free), (&responses, &fixed)], times);
    }
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.unwrap_or_else(|error| panic!("one thread can be started: {error}"));
    println!("| work | E-steps without | with | seconds without | with | ratio |");
    println!("|---|---|---|---|---|---|");
    pool.install(|| {
        groups(2000, 40, 1.0, 15);
        groups(5000, 200, 0.15, 7);
        groups(20_000, 100, 1.0, 5);
        anchored(333_333, 30.0 / 515.0, 1);
    });
}
