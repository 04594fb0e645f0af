//! How often `check_dimensions` rejects one dimension, where there is one and where there are two:
//! a table of docs/method.md, "Does the model fit".
//!
//! `cargo run --release -p irt --example dimension_rates [replications]`

use irt::simulate::simulate_items;
use irt::statistics::check_dimensions;
use irt::{
    CalibrationSettings, ItemParameters, NO_TIME, Population, Quadrature, RepeatedResponses,
    ResponseRows, Responses, Unmonitored, calibrate,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Replicates of each check.
const REPLICATES: u32 = 99;

/// Persons, items, and the probability that a person meets an item.
#[derive(Clone, Copy)]
struct Design {
    persons: u32,
    items: u32,
    answered: f64,
}

/// Every second item asks for another ability, which correlates by `r` with the first.
fn draw(design: Design, r: f64, seed: u64) -> Outcome<Responses> {
    let items = simulate_items(design.items, seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1);
    let mut rows = ResponseRows::new(false);
    for person in 0..design.persons {
        let [one, other] = normals(&mut rng);
        let abilities = [one, r * one + (1.0 - r * r).sqrt() * other];
        for (number, item) in (0..).zip(&items) {
            let (met, chance): (f64, f64) = (rng.random(), rng.random());
            if met < design.answered {
                let p = item.probability(abilities[number as usize % 2]);
                rows.push(person, number, chance < p, NO_TIME)?;
            }
        }
    }
    let labels = (0..items.len()).map(|item| format!("I{item:03}")).collect();
    Ok(Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored)?)
}

/// Box & Muller (1958).
fn normals(rng: &mut ChaCha8Rng) -> [f64; 2] {
    let (size, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    let (size, angle) = ((-2.0 * size.ln()).sqrt(), std::f64::consts::TAU * angle);
    [size * angle.cos(), size * angle.sin()]
}

/// The largest share of one data set, and its p.
fn replicate(design: Design, r: f64, seed: u64) -> Outcome<(f64, f64)> {
    let responses = draw(design, r, seed)?;
    let calibration = calibrate(&responses, &CalibrationSettings::default(), &Unmonitored)?;
    let items: Vec<Option<ItemParameters>> = calibration
        .items
        .iter()
        .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
        .collect();
    let (everybody, grid) = ([Population::STANDARD], Quadrature::default());
    let found =
        check_dimensions(&responses, &items, &everybody, &grid, REPLICATES, seed, &Unmonitored)?;
    let share = found.observed.largest_share.ok_or("there are pairs")?;
    Ok((share, found.p.ok_or("there are pairs")?))
}

fn main() -> Outcome<()> {
    let replications: u64 =
        std::env::args().nth(1).map_or(Ok(200), |replications| replications.parse())?;
    println!("| persons × items, answered | r | largest share, mean | p ≤ .05 | p ≤ .01 |");
    println!("|---|---|---|---|---|");
    let design = |persons, items, answered| Design { persons, items, answered };
    for design in [design(1_000, 20, 1.0), design(1_000, 40, 0.5), design(300, 20, 1.0)] {
        for r in [1.0, 0.8, 0.5] {
            let mut shares = 0.0;
            let mut rejected = [0; 2];
            for seed in 1..=replications {
                let (share, p) = replicate(design, r, seed)?;
                shares += share;
                for (count, level) in rejected.iter_mut().zip([0.05, 0.01]) {
                    *count += u64::from(p <= level);
                }
            }
            let percent = |count: u64| 100.0 * count as f64 / replications as f64;
            println!(
                "| {} × {}, {:.0} % | {r} | {:.3} | {:.1} % | {:.1} % |",
                design.persons,
                design.items,
                100.0 * design.answered,
                shares / replications as f64,
                percent(rejected[0]),
                percent(rejected[1]),
            );
        }
    }
    Ok(())
}
