//! A bank of a server, calibrated once a week.

use crate::common::{rows, value};
use crate::random::Random;
use crate::responses::Persons;
use crate::tally::Tally;
use crate::{Design, Scale};
use postgres::Client;
use std::io::Write as _;

/// After so many weeks another bank begins, with other items.
const WEEKS_OF_A_BANK: usize = 60;

/// The weeks of a design, each with the responses of then and a run.
pub fn simulate(
    client: &mut Client,
    number: usize,
    design: &Design,
    scale: Scale,
    weeks: usize,
) -> Tally {
    let table = format!("responses_{number}");
    client
        .batch_execute(&format!(
            "SET irt_calibration.max_threads = 1;
             CREATE UNLOGGED TABLE {table} (user_id int, question_id int, is_correct boolean)"
        ))
        .unwrap();
    let seed = std::env::var("IRT_WEEKS_SEED").map_or(1, |seed| seed.parse::<u64>().unwrap());
    let mut random = Random(seed << 32 | number as u64);
    let mut tally = Tally::default();
    let mut banks = 0;
    while tally.weeks < weeks {
        banks += 1;
        let bank = format!("bank {number}.{banks}");
        value(client, &scale.configure(&bank, &table));
        let mut persons = Persons::new(design.items, seed << 32 | (number * 1000 + banks) as u64);
        // The first run of a bank has nothing to be compared with.
        persons.next_week(design, &mut random);
        run(client, &table, &bank, &persons);
        let end = weeks.min(tally.weeks + WEEKS_OF_A_BANK);
        while tally.weeks < end && persons.next_week(design, &mut random) {
            run(client, &table, &bank, &persons);
            tally.weeks += 1;
        }
        add_checks(client, &bank, &mut tally);
    }
    tally
}

fn run(client: &mut Client, table: &str, bank: &str, persons: &Persons) {
    client.batch_execute(&format!("TRUNCATE {table}")).unwrap();
    let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN")).unwrap();
    copy.write_all(persons.lines().as_bytes()).unwrap();
    copy.finish().unwrap();
    let run = format!("SELECT publication FROM irt_run_calibration(true, bank => '{bank}')");
    assert!(value(client, &run).is_some(), "no success");
}

fn add_checks(client: &mut Client, bank: &str, tally: &mut Tally) {
    let held = format!(
        "SELECT count(*) FROM irt_calibration_runs WHERE bank = '{bank}' AND publication = 'held'"
    );
    tally.held += value(client, &held).unwrap().parse::<usize>().unwrap();
    let of_bank = format!(
        "FROM irt_run_checks AS c JOIN irt_calibration_runs AS r ON r.id = c.run_id \
         WHERE r.bank = '{bank}'"
    );
    let warned = format!("SELECT count(DISTINCT c.run_id) {of_bank} AND c.outcome = 'warn'");
    tally.warned += value(client, &warned).unwrap().parse::<usize>().unwrap();
    let values =
        format!("SELECT c.check_name, c.outcome, c.value {of_bank} AND c.value IS NOT NULL");
    for row in rows(client, &values) {
        let [Some(name), Some(outcome), Some(value)] = &row[..] else { panic!("{row:?}") };
        tally.add(name, outcome, value.parse().unwrap());
    }
}
