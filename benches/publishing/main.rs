//! `make publishing`: what it costs to decide what is in force, next to a join of the two tables that
//! the answer follows from. Prints Markdown for docs/scale.md.
//!
//! Runs are rows that SQL writes, because no responses are needed to publish. Everything that is
//! compared is timed in turn, in one session, warm; medians of five.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that fails must stop")]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::{Cluster, value};
use postgres::Client;
use std::time::Instant;

const SETTINGS: &str = "max_wal_size = 8GB\nautovacuum = off\nshared_buffers = 512MB";

/// Items of the bank with the many items, and how many of them the second run changes.
const ITEMS: u32 = 1_000_000;
const CHANGED: u32 = 1_000;

/// Items and publications of the bank with the long history; each publication after the first
/// contains so many.
const ITEMS_OF_HISTORY: u32 = 100_000;
const PUBLICATIONS: u32 = 500;
const PART: u32 = 200;

const TIMES: usize = 5;

/// What both sides are joined by, as one would count it.
const JOIN: &str = "SELECT count(*) FROM irt_item_parameters i JOIN irt_parameters_in_force f
    ON f.bank = 'many' AND f.item = i.item WHERE i.run_id = 2";

/// The same, reading what is compared.
const COMPARISON: &str = "SELECT count(*) FROM irt_item_parameters i JOIN irt_parameters_in_force f
    ON f.bank = 'many' AND f.item = i.item WHERE i.run_id = 2 AND
    (i.difficulty, i.discrimination, i.se_difficulty, i.se_discrimination, i.covariance,
     i.information_peak, i.responses_count) IS DISTINCT FROM
    (f.difficulty, f.discrimination, f.se_difficulty, f.se_discrimination, f.covariance,
     f.information_peak, f.responses_count)";

fn main() {
    let cluster = Cluster::with_settings(SETTINGS);
    let mut client = cluster.connect();
    client
        .batch_execute(
            "CREATE EXTENSION irt_calibration;
             CREATE TABLE responses (user_id int, question_id int, is_correct boolean);
             CREATE TABLE questions (id int PRIMARY KEY);
             SELECT irt_add_item_columns('questions');",
        )
        .unwrap();
    println!("| | seconds | ÷ the join |\n|---|---|---|");
    many_items(&mut client);
    long_history(&mut client);
}

/// A million items, of which a run changes a thousand.
fn many_items(client: &mut Client) {
    client
        .batch_execute(&format!(
            "INSERT INTO questions SELECT generate_series(1, {ITEMS});
             SELECT irt_configure('many', 'responses', items => 'questions')"
        ))
        .unwrap();
    let first = run(client, "many", ITEMS, "0");
    let moved = format!("CASE WHEN i % {} = 0 THEN 0.1 ELSE 0 END", ITEMS / CHANGED);
    let started = Instant::now();
    run(client, "many", ITEMS, &moved);
    let recording = started.elapsed().as_secs_f64();
    let started = Instant::now();
    value(client, &format!("SELECT irt_publish({first})"));
    let all = started.elapsed().as_secs_f64();
    client.batch_execute("VACUUM ANALYZE").unwrap();
    be_compared(client, "many");
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..TIMES {
        for (times, sql) in times.iter_mut().zip([
            JOIN,
            COMPARISON,
            "SELECT irt_publish(2)",
            "SELECT irt_rollback('many')",
        ]) {
            times.push(timed(client, sql));
        }
    }
    let [join, comparison, publish, rollback] = times.map(median);
    let row = |what: &str, seconds: f64| {
        println!("| {what} | {seconds:.2} | {:.1} |", seconds / join);
    };
    row("join of the run's items with those in force, `count(*)`", join);
    row("the same join, comparing the seven values of both", comparison);
    row("`irt_publish`, 1,000 of 1,000,000 items changed, items table included", publish);
    row("`irt_rollback` of that", rollback);
    row("`irt_publish`, all of 1,000,000 items are new", all);
    row("recording a run of 1,000,000 items, by INSERT", recording);
    row(
        "`SELECT count(*), sum(difficulty) FROM irt_current_parameters`",
        repeated(client, "SELECT count(*), sum(difficulty) FROM irt_current_parameters"),
    );
}

/// A hundred thousand items, and five hundred publications.
fn long_history(client: &mut Client) {
    client.batch_execute("SELECT irt_configure('long', 'responses', items => '-')").unwrap();
    let run_id = run(client, "long", ITEMS_OF_HISTORY, "0");
    value(client, &format!("SELECT irt_publish({run_id})"));
    for place in 1..PUBLICATIONS {
        let run_id = run(client, "long", PART, &place.to_string());
        be_compared(client, "long");
        value(client, &format!("SELECT irt_publish({run_id})"));
    }
    client.batch_execute("VACUUM ANALYZE").unwrap();
    for (what, sql) in [
        (
            "`irt_parameters_at`, 100,000 items and 500 publications",
            "SELECT count(*), sum(difficulty) FROM irt_parameters_at('long', now())",
        ),
        (
            "`irt_current_parameters` of that bank",
            "SELECT count(*), sum(difficulty) FROM irt_current_parameters WHERE bank = 'long'",
        ),
        (
            "`irt_current_parameters`, one item",
            "SELECT difficulty FROM irt_current_parameters WHERE bank = 'long' AND item = '77'",
        ),
    ] {
        println!("| {what} | {:.3} | |", repeated(client, sql));
    }
}

/// A run that can be published, as one that was not asked to publish leaves it. `moved`: what is
/// added to the difficulty of item i.
fn run(client: &mut Client, bank: &str, items: u32, moved: &str) -> i64 {
    let sql = format!(
        "WITH run AS (
             INSERT INTO irt_calibration_runs (bank, status, triggered_by, completed_at,
                 publication, items_calibrated, settings)
             VALUES ('{bank}', 'success', 'manual', clock_timestamp(), 'not_requested', {items}, '{{}}')
             RETURNING id),
         parameters AS (
             INSERT INTO irt_item_parameters (run_id, item, difficulty, discrimination,
                 se_difficulty, se_discrimination, covariance, information_peak, responses_count,
                 proportion_correct, point_biserial, status)
             SELECT run.id, i::text, b, 1 + 0.5 * cos(i), 0.1, 0.1, 0.001, b, 500, 0.5, 0.3, 'calibrated'
             FROM run, generate_series(1, {items}) i, LATERAL (SELECT sin(i) + {moved} AS b) d)
         SELECT id FROM run"
    );
    value(client, &sql).unwrap().parse().unwrap()
}

/// Says that a bank's runs that nobody decided about were compared with what is in force.
fn be_compared(client: &mut Client, bank: &str) {
    client
        .batch_execute(&format!(
            "UPDATE irt_calibration_runs SET compared_with =
                 (SELECT max(id) FROM irt_publications WHERE bank = '{bank}')
             WHERE bank = '{bank}' AND publication = 'not_requested'"
        ))
        .unwrap();
}

fn timed(client: &mut Client, sql: &str) -> f64 {
    let started = Instant::now();
    client.simple_query(sql).unwrap();
    started.elapsed().as_secs_f64()
}

fn repeated(client: &mut Client, sql: &str) -> f64 {
    median((0..TIMES).map(|_| timed(client, sql)).collect())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
