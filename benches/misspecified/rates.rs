//! How often single items are flagged where the model describes the responses, or only the shape of
//! the population is another: many data sets of each, by crates/irt alone.

use super::random::Random;
use super::truth;
use super::worlds::{ITEMS, Response, World};
use irt::linking::{CommonItem, ItemErrors, LinkingMethod, link_scales};
use irt::statistics::{DiagnosticsPlan, FitFlag, diagnose};
use irt::{
    Calibration, CalibrationSettings, ItemParameters, ItemResult, NO_TIME, Population, Quadrature,
    RepeatedResponses, ResponseRows, Responses, StandardErrors, Unmonitored, calibrate,
};

/// Data sets of each kind.
const SEEDS: u64 = 24;
/// The worlds, of those of the table, that come first in it.
const WORLDS: usize = 5;

/// Prints a Markdown table.
pub fn print() {
    println!("| responses | data sets | guessing | drifted | data sets with drifted items |");
    println!("|---|---|---|---|---|");
    for (name, world) in World::ALL.into_iter().take(WORLDS) {
        let (mut items, mut guessing, mut drifted, mut sets) = (0, 0, 0, 0);
        for seed in 1..=SEEDS {
            let found = flagged(world, &mut Random(1000 * seed + 17));
            items += found.items;
            guessing += found.guessing;
            drifted += found.drifted;
            sets += usize::from(found.drifted > 0);
        }
        let percent = |count: usize| format!("{:.2} %", 100.0 * count as f64 / items as f64);
        println!("| {name} | {SEEDS} | {} | {} | {sets} |", percent(guessing), percent(drifted));
    }
}

/// Common items, and how many of them are flagged.
struct Flagged {
    items: usize,
    guessing: usize,
    drifted: usize,
}

/// Forms by N(0, 1) are calibrated, then the responses of a world, and linked to them.
fn flagged(world: World, random: &mut Random) -> Flagged {
    let truth = truth();
    let forms = responses(World::Normal(0.0, 1.0).responses(&truth, &[], random));
    let onto = calibrated(&forms);
    let in_force: Vec<ItemParameters> =
        onto.items.iter().map(|item| parameters(item).unwrap()).collect();
    let now = responses(world.responses(&truth, &in_force, random));
    let from = calibrated(&now);
    let pairs = from.items.iter().zip(&onto.items);
    let common: Vec<CommonItem> = pairs.filter_map(|(from, onto)| common(from, onto)).collect();
    let quadrature = Quadrature::default();
    let linked = link_scales(&common, LinkingMethod::default(), &quadrature).unwrap();
    let items: Vec<Option<ItemParameters>> = from.items.iter().map(parameters).collect();
    let (everybody, plan) = ([Population::STANDARD], DiagnosticsPlan::default());
    let fit = diagnose(&now, &items, &everybody, &quadrature, plan, &Unmonitored).unwrap();
    let guessed = fit.items.iter().flatten();
    Flagged {
        items: common.len(),
        guessing: guessed.filter(|item| item.flags.contains(&FitFlag::Guessing)).count(),
        drifted: linked.drifted.iter().filter(|drifted| **drifted).count(),
    }
}

fn responses(all: Vec<Response>) -> Responses {
    let mut rows = ResponseRows::new(false);
    for (person, item, correct) in all {
        rows.push(person as u32, item as u32, correct, NO_TIME).unwrap();
    }
    let labels = (0..ITEMS).map(|item| format!("I{item:02}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
}

fn calibrated(responses: &Responses) -> Calibration {
    let settings = CalibrationSettings {
        standard_errors: StandardErrors::ObservedInformation,
        ..CalibrationSettings::default()
    };
    calibrate(responses, &settings, &Unmonitored).unwrap()
}

fn parameters(item: &ItemResult) -> Option<ItemParameters> {
    Some(ItemParameters::new(item.discrimination?, item.difficulty?))
}

fn common(from: &ItemResult, onto: &ItemResult) -> Option<CommonItem> {
    let errors = |item: &ItemResult| {
        let (discrimination, difficulty) = (item.se_discrimination?, item.se_difficulty?);
        Some(ItemErrors { discrimination, difficulty })
    };
    Some(CommonItem {
        from: parameters(from)?,
        onto: parameters(onto)?,
        from_errors: errors(from),
        onto_errors: errors(onto),
    })
}
