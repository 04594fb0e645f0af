//! `make misspecified`: what a run says of responses that the model describes, and of others.
//!
//! A bank of 60 items is calibrated from forms of 2,000 persons of N(0, 1). Then each of eleven data
//! sets takes the responses' place, and the bank, on scale linked and with its defaults, is
//! calibrated again. The runs are those of the extension, on a throw-away server. Prints a Markdown
//! table; with the argument `rates`, one of many data sets of the first five kinds. Seeded.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a simulation that fails must stop")]

#[path = "../simulation/bank.rs"]
mod bank;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../simulation/random.rs"]
mod random;
mod rates;
mod worlds;

use bank::{in_force, replace_answers};
use common::{Cluster, value};
use irt::ItemParameters;
use irt::simulate::simulate_items;
use postgres::Client;
use random::Random;
use worlds::{ITEMS, Response, World};

fn lines(responses: Vec<Response>) -> impl Iterator<Item = String> {
    responses.into_iter().map(|(person, item, correct)| {
        format!("{person}\t{item}\t{}\n", if correct { 't' } else { 'f' })
    })
}

/// One value of a query, and "none" for NULL.
fn said(client: &mut Client, sql: &str) -> String {
    value(client, sql).unwrap_or_else(|| "none".to_owned())
}

fn truth() -> Vec<ItemParameters> {
    let items = simulate_items(ITEMS as u32, 7);
    items.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect()
}

fn line(client: &mut Client, number: usize, name: &str, world: World) -> String {
    let bank = format!("b{number}");
    let truth = truth();
    let mut random = Random(number as u64);
    bank::create(client, &bank, ITEMS);
    let forms = World::Normal(0.0, 1.0).responses(&truth, &[], &mut random);
    replace_answers(client, &bank, lines(forms));
    let run = format!("SELECT publication FROM irt_run_calibration(true, bank => '{bank}')");
    assert_eq!(value(client, &run).as_deref(), Some("published"));
    let known = in_force(client, &bank, 0);
    replace_answers(client, &bank, lines(world.responses(&truth, &known, &mut random)));
    let publication = said(client, &run);
    let newest = format!("(SELECT max(id) FROM irt_calibration_runs WHERE bank = '{bank}')");
    let checks = said(
        client,
        &format!(
            "SELECT string_agg(check_name || ' ' || round(value::numeric, 2) ||
                 CASE outcome WHEN 'hold' THEN ' holds' ELSE '' END, ', ' ORDER BY outcome, check_name)
             FROM irt_run_checks WHERE run_id = {newest} AND outcome IN ('warn', 'hold')"
        ),
    );
    let flags = said(
        client,
        &format!(
            "SELECT string_agg(flag || ' ' || count, ', ' ORDER BY count DESC, flag)
             FROM (SELECT flag, count(*) FROM irt_item_parameters, unnest(flags) AS flag
                   WHERE run_id = {newest} GROUP BY 1) AS f"
        ),
    );
    let not_linked = format!(
        "SELECT CASE WHEN settings ? 'not_linked' THEN ', not linked' ELSE '' END
         FROM irt_calibration_runs WHERE id = {newest}"
    );
    let publication = publication + &said(client, &not_linked);
    let pairs = format!("SELECT count(*) FROM irt_item_pairs WHERE run_id = {newest}");
    let pairs = said(client, &pairs);
    let dimensions = format!(
        "SELECT round(largest_share::numeric, 3) || ', p = ' || round(p::numeric, 2)
         FROM irt_check_dimensions('{bank}', 40)"
    );
    let dimensions = said(client, &dimensions);
    format!("| {name} | {publication} | {checks} | {flags} | {pairs} | {dimensions} |")
}

fn main() {
    if std::env::args().any(|argument| argument == "rates") {
        return rates::print();
    }
    let cluster = Cluster::with_settings("synchronous_commit = off");
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    println!(
        "| responses | the run is | checks that warn or hold | flagged items of 60 | pairs | largest share |"
    );
    println!("|---|---|---|---|---|---|");
    for (number, (name, world)) in World::ALL.into_iter().enumerate() {
        let line = line(&mut client, number + 1, name, world);
        eprintln!("{line}");
        println!("{line}");
    }
}
