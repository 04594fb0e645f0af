//! A population that moves, and what becomes of the scores of persons who do not: `make moving`.
//!
//! ```text
//! moving [REPLICATIONS] [PICTURE]
//! ```
//!
//! 40 items that never change are calibrated week by week while the persons who answer become
//! better by .1 a week. A fixed cohort is scored with what is in force after every run, by scale:
//! its mean EAP should stay where it was. Prints a Markdown table, and writes a picture of the
//! weeks to PICTURE. Seeded: the same numbers every time.

mod bank;
mod persons;
mod picture;

use bank::{Bank, Scale, free};
use irt::scoring::{Answer, ScorePrior, eap};
use irt::simulate::simulate_items;
use irt::{ItemParameters, Quadrature};
use persons::{Keeps, Persons};
use rayon::prelude::*;

const ITEMS: u32 = 40;
/// Persons of the first week, and of a window.
const PERSONS: usize = 1600;
/// Persons who are scored in every week.
const COHORT: usize = 300;
/// The population moves by so much a week …
const MOVES: f64 = 0.1;
/// … and turns back after so many.
const TURNS: usize = 10;

/// Which persons the runs see.
#[derive(Debug, Clone, Copy)]
struct Design {
    weeks: usize,
    keeps: Keeps,
    /// New persons a week.
    new: usize,
}

const DESIGNS: [Design; 5] = [
    Design { weeks: 10, keeps: Keeps::Window, new: PERSONS },
    Design { weeks: 10, keeps: Keeps::Window, new: PERSONS / 4 },
    Design { weeks: 10, keeps: Keeps::All, new: PERSONS },
    Design { weeks: 40, keeps: Keeps::Window, new: PERSONS },
    Design { weeks: 40, keeps: Keeps::All, new: PERSONS / 4 },
];

/// What one bank did in one replication.
#[derive(Debug, Clone, Default)]
struct Course {
    /// By week: the cohort's mean EAP less that of week 0.
    moves: Vec<f64>,
    /// ln(unit of the scale in the last week / that of week 0).
    stretch: f64,
    drifted: usize,
    held: usize,
}

/// The population's mean in a week: up, and down again.
fn mean(week: usize) -> f64 {
    let phase = week % (2 * TURNS);
    MOVES * if phase <= TURNS { phase } else { 2 * TURNS - phase } as f64
}

/// The courses of all scales, over the same responses.
fn replicate(design: Design, seed: u64) -> Vec<Course> {
    let items = simulate_items(ITEMS, seed);
    let labels: Vec<String> = (0..ITEMS).map(|item| format!("I{item:03}")).collect();
    let mut cohort = Persons::new(seed, 2);
    cohort.come(COHORT, 0.0, &items);
    let mut persons = Persons::new(seed, 3);
    persons.come(PERSONS, 0.0, &items);
    let first = free(&persons.responses(&labels));
    let mut banks = Scale::ALL.map(|scale| Bank::new(scale, &first));
    let score = |bank: &Bank| mean_eap(&cohort, &bank.parameters(&labels));
    let at_first = score(&banks[0]);
    let unit_at_first = banks[0].unit(&labels, &items);
    let mut courses = vec![Course::default(); banks.len()];
    for week in 1..=design.weeks {
        persons.come(design.new, mean(week), &items);
        if design.keeps == Keeps::Window {
            persons.keep(PERSONS);
        }
        let responses = persons.responses(&labels);
        let found = free(&responses);
        for (bank, course) in banks.iter_mut().zip(&mut courses) {
            match bank.run(&responses, &found) {
                Ok(drifted) => course.drifted += drifted,
                Err(_) => course.held += 1,
            }
            course.moves.push(score(bank) - at_first);
        }
    }
    for (bank, course) in banks.iter().zip(&mut courses) {
        course.stretch = libm::log(bank.unit(&labels, &items) / unit_at_first);
    }
    courses
}

/// The mean EAP of a cohort under N(0, 1).
fn mean_eap(cohort: &Persons, items: &[ItemParameters]) -> f64 {
    let (prior, quadrature) = (ScorePrior::default(), Quadrature::default());
    let score = |answers: &Vec<bool>| {
        let answers: Vec<Answer> = items
            .iter()
            .zip(answers)
            .map(|(item, correct)| Answer { item: *item, correct: *correct })
            .collect();
        match eap(&answers, prior, &quadrature) {
            Ok(score) => score.ability,
            Err(error) => panic!("known items score: {error}"),
        }
    };
    cohort.answers().iter().map(score).sum::<f64>() / COHORT as f64
}

fn root_mean_square(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    libm::sqrt(values.map(|value| value * value).sum::<f64>() / count)
}

/// A line of the table, of one scale in one design.
fn line(design: Design, scale: Scale, courses: &[&Course]) -> String {
    let moves = courses.iter().flat_map(|course| course.moves.iter().copied());
    let last = courses.iter().filter_map(|course| course.moves.last().copied());
    let largest = moves.clone().fold(0.0, |largest: f64, found| largest.max(found.abs()));
    let runs = courses.len() * design.weeks;
    let count = |value: fn(&Course) -> usize| courses.iter().map(|course| value(course)).sum();
    let (drifted, held): (usize, usize) = (count(|found| found.drifted), count(|found| found.held));
    let keeps = match design.keeps {
        Keeps::All => format!("all until then, {} more a week", design.new),
        Keeps::Window if design.new == PERSONS => format!("{PERSONS}, all new"),
        Keeps::Window => format!("{PERSONS}, {} of them new", design.new),
    };
    format!(
        "| {} | {keeps} | {} | {:.4} | {:.4} | {:.4} | {:.1} % | {} | {held} |",
        design.weeks,
        scale.name(),
        root_mean_square(moves),
        largest,
        root_mean_square(last),
        100.0 * root_mean_square(courses.iter().map(|course| course.stretch)),
        match scale {
            Scale::Linked => {
                format!("{:.2} %", 100.0 * drifted as f64 / (runs * ITEMS as usize) as f64)
            }
            Scale::Population | Scale::Anchored => "–".to_owned(),
        },
    )
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let replications =
        arguments.next().map_or(20, |count| count.parse().unwrap_or_else(|_| panic!("how many?")));
    let path = arguments.next();
    println!(
        "| weeks | a run's persons | scale | move, RMS | largest | RMS in the last week \
         | unit, RMS | items flagged drifted | runs held |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (number, design) in DESIGNS.into_iter().enumerate() {
        let found: Vec<Vec<Course>> =
            (1..=replications).into_par_iter().map(|seed| replicate(design, seed)).collect();
        let of_scale = |place: usize| -> Vec<&Course> {
            found.iter().map(|courses| &courses[place]).collect()
        };
        for (place, scale) in Scale::ALL.into_iter().enumerate() {
            println!("{}", line(design, scale, &of_scale(place)));
        }
        if let (0, Some(path)) = (number, &path) {
            let courses: Vec<(&str, Vec<&[f64]>)> = Scale::ALL
                .into_iter()
                .enumerate()
                .map(|(place, scale)| {
                    let moves = of_scale(place).into_iter().map(|course| &course.moves[..]);
                    (scale.name(), moves.collect())
                })
                .collect();
            let written = std::fs::write(path, picture::svg(&courses));
            written.unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
}
