//! New items from adaptive sessions, on scale anchored, next to a calibration that is told the
//! persons' true mean and standard deviation: `make moving`.
//!
//! A bank of 200 items is calibrated from forms; then a better population answers 30 of them each,
//! chosen by information, and new items beside. The runs are those of the extension, on a
//! throw-away server, with a bank's defaults. Prints a Markdown table. Seeded.
//!
//! IRT_ADAPTIVE says how many replications there are (12).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a simulation that fails must stop")]

#[path = "../simulation/bank.rs"]
mod bank;
#[path = "../../tests/common/mod.rs"]
mod common;
mod known;
#[path = "../simulation/random.rs"]
mod random;
mod sessions;

use bank::{in_force, number, replace_answers};
use common::{Cluster, rows, value};
use irt::ItemParameters;
use irt::simulate::simulate_items;
use known::with_known_persons;
use postgres::Client;
use random::Random;
use sessions::{KNOWN, NEW, People, Session};

/// Who answered forms, N(0, 1), and who answers adaptive sessions.
const FORMS: usize = 3000;
const PERSONS: usize = 3000;
const MEAN: f64 = 0.5;
const SD: f64 = 1.1;

/// Squared errors of b, and runs.
#[derive(Default)]
struct Tally {
    run: f64,
    known: f64,
    items: usize,
    held: usize,
    warned: Vec<String>,
    groups: Vec<[f64; 2]>,
}

fn lines(sessions: &[Session]) -> impl Iterator<Item = String> + '_ {
    sessions.iter().enumerate().map(|(person, session)| session.lines(person))
}

fn replicate(client: &mut Client, seed: u64, tally: &mut Tally) {
    let truth: Vec<ItemParameters> = simulate_items((KNOWN + NEW) as u32, seed)
        .iter()
        .map(|item| ItemParameters::new(item.slope, item.difficulty()))
        .collect();
    let mut people = People { items: &truth, random: Random(seed << 20) };
    let bank = format!("b{seed}");
    bank::create(client, &bank, KNOWN);
    let forms: Vec<Session> = (0..FORMS)
        .map(|_| {
            let ability = people.random.normal();
            people.form(ability)
        })
        .collect();
    replace_answers(client, &bank, lines(&forms));
    let run = format!("SELECT publication FROM irt_run_calibration(true, bank => '{bank}')");
    assert_eq!(value(client, &run).as_deref(), Some("published"));
    let known = in_force(client, &bank, 0);

    let adaptive: Vec<Session> = (0..PERSONS)
        .map(|_| {
            let ability = MEAN + SD * people.random.normal();
            people.adaptive(ability, &known)
        })
        .collect();
    replace_answers(client, &bank, lines(&adaptive));
    client
        .batch_execute(&format!(
            "INSERT INTO items_{bank} (id) SELECT generate_series({KNOWN}, {});
             SELECT irt_configure('{bank}', scale => 'anchored')",
            KNOWN + NEW - 1
        ))
        .unwrap();
    if value(client, &run).as_deref() != Some("published") {
        tally.held += 1;
        let publish = "SELECT kind FROM irt_publish((SELECT max(id) FROM irt_calibration_runs))";
        value(client, publish);
    }
    let loud = "SELECT check_name || ' ' || outcome || ' ' || round(value::numeric, 3)
                FROM irt_run_checks WHERE run_id = (SELECT max(id) FROM irt_calibration_runs)
                AND outcome IN ('warn', 'hold')";
    tally.warned.extend(rows(client, loud).into_iter().map(|mut row| row.remove(0).unwrap()));
    let population = "SELECT population_mean, population_sd FROM irt_calibration_runs
                      ORDER BY id DESC LIMIT 1";
    let found = rows(client, population).remove(0);
    tally.groups.push([number(&found[0]), number(&found[1])]);

    let new = in_force(client, &bank, KNOWN);
    let best = with_known_persons(&adaptive, &known, MEAN, SD);
    for (place, truth) in truth[KNOWN..].iter().enumerate() {
        tally.run += (new[place].difficulty - truth.difficulty).powi(2);
        tally.known += (best[place].difficulty - truth.difficulty).powi(2);
    }
    tally.items += NEW;
}

fn main() {
    let replications = std::env::var("IRT_ADAPTIVE").map_or(12, |count| count.parse().unwrap());
    let cluster = Cluster::with_settings("synchronous_commit = off");
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let mut tally = Tally::default();
    for seed in 1..=replications {
        replicate(&mut client, seed, &mut tally);
        eprintln!("{seed} of {replications}: {:?}", tally.warned);
    }
    let rmse = |sum: f64| (sum / tally.items as f64).sqrt();
    let mean = |k: usize| {
        tally.groups.iter().map(|group| group[k]).sum::<f64>() / tally.groups.len() as f64
    };
    println!(
        "| replications | new items | RMSE of b, the run's | RMSE of b, persons' mean and sd known \
         | ratio | mean and sd found (true: {MEAN}, {SD}) | runs held | warnings |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    println!(
        "| {replications} | {} | {:.4} | {:.4} | {:.3} | {:.3}, {:.3} | {} | {} |",
        tally.items,
        rmse(tally.run),
        rmse(tally.known),
        rmse(tally.run) / rmse(tally.known),
        mean(0),
        mean(1),
        tally.held,
        tally.warned.len(),
    );
}
