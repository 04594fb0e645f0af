//! An adaptive test by the statements of docs/adaptive.md, next to catsim.

use crate::common::document::sql_blocks;
use crate::common::{Cluster, rows, value};
use crate::page::{Page, number};
use crate::speed::in_force;
use postgres::Client;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

const PERSONS: usize = 1000;

/// 500 items: a is lognormal(0, .3), b is N(0, 1).
const ITEMS: &str = "
    SELECT i, z1, exp(0.3 * z2)
    FROM (SELECT i, sqrt(-2 * ln(u)) * cos(2 * pi() * v) AS z1, sqrt(-2 * ln(u)) * sin(2 * pi() * v) AS z2
          FROM (SELECT i, 1 - random() AS u, random() AS v FROM generate_series(1, 500) i) uv) z";

/// A person takes the test: answers follow from the true ability.
const TAKE_TEST: &str = "
    CREATE PROCEDURE take_test(truth float8) LANGUAGE plpgsql AS $$
    DECLARE session bigint; question text;
    BEGIN
        INSERT INTO sessions (user_id) VALUES (1) RETURNING id INTO session;
        LOOP
            question := ask(session);
            EXIT WHEN question IS NULL;
            PERFORM answer(session, question, random() < irt_probability(truth, i.discrimination, i.difficulty))
            FROM session_items i WHERE i.session_id = session AND i.question_id = question;
        END LOOP;
    END $$";

/// What came of 1,000 tests.
struct Outcome {
    abilities: Vec<f64>,
    steps: usize,
    seconds: f64,
}

impl Outcome {
    fn row(&self, who: &str, truth: &[f64]) -> Vec<String> {
        let errors: Vec<f64> = self.abilities.iter().zip(truth).map(|(x, y)| x - y).collect();
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / PERSONS as f64;
        let bias = mean(&mut errors.iter().copied());
        let rmse = mean(&mut errors.iter().map(|error| error * error)).sqrt();
        vec![
            who.to_owned(),
            format!("{bias:.3}"),
            format!("{rmse:.3}"),
            format!("{:.1}", self.steps as f64 / PERSONS as f64),
            number(1000.0 * self.seconds / self.steps as f64),
        ]
    }
}

/// The section on adaptive tests.
pub fn next_to_catsim(page: &mut Page, cluster: &Cluster) {
    page.say(
        "**An adaptive test** of 1,000 persons from N(0, 1) with 500 items, a ~ lognormal(0, .3), b ~ N(0, 1): from 0, the most \
         informative item (`randomesque => 1`, no exposure control), until the standard error is below .3 or 30 items were \
         answered. In SQL by the statements above, EAP; catsim 0.21 with its MaxInfoSelector and maximum likelihood. A \
         step: choose an item, answer it, score, decide.",
    );
    let mut client = cluster.connect();
    client.batch_execute("DELETE FROM irt_parameters_in_force; SELECT setseed(0.2)").unwrap();
    in_force(&mut client, ITEMS);
    let truth: Vec<f64> = rows(
        &mut client,
        "SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) FROM generate_series(1, 1000)",
    )
    .into_iter()
    .map(|mut row| row.remove(0).unwrap().parse().unwrap())
    .collect();
    let ours = in_sql(&mut client, &truth, "");
    let exposed = in_sql(&mut client, &truth, "of five");
    let catsim = by_catsim(&mut client, &truth);
    let table = [
        ours.row("in SQL", &truth),
        catsim.row("catsim", &truth),
        exposed.row("in SQL, as documented: one of five, with exposure control", &truth),
    ];
    page.table(&["", "bias", "RMSE", "items a person", "a step, ms"], &table);
}

/// The tests with the functions of docs/adaptive.md; as they are only if `documented` is not empty.
fn in_sql(client: &mut Client, truth: &[f64], documented: &str) -> Outcome {
    let schema = format!("tests{}", documented.len());
    client
        .batch_execute(&format!("CREATE SCHEMA {schema}; SET search_path = {schema}, public"))
        .unwrap();
    let page = include_str!("../../docs/adaptive.md");
    for word in [
        "CREATE TABLE sessions",
        "CREATE VIEW exposure",
        "CREATE FUNCTION ask(",
        "CREATE FUNCTION answer",
    ] {
        let mut block = sql_blocks(page).find(|block| block.contains(word)).unwrap().to_owned();
        if documented.is_empty() {
            block = block
                .replace("randomesque => 5", "randomesque => 1")
                .replace("|| ARRAY(SELECT o.question_id FROM overexposed AS o)", "");
        }
        client.batch_execute(&block).unwrap();
    }
    client.batch_execute(TAKE_TEST).unwrap();
    let start = Instant::now();
    for truth in truth {
        client.simple_query(&format!("CALL take_test({truth})")).unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    let abilities = rows(client, "SELECT ability FROM sessions ORDER BY id");
    let steps = value(client, "SELECT count(*) FROM session_items").unwrap().parse().unwrap();
    let abilities = abilities.into_iter().map(|mut row| row.remove(0).unwrap().parse().unwrap());
    Outcome { abilities: abilities.collect(), steps, seconds }
}

fn by_catsim(client: &mut Client, truth: &[f64]) -> Outcome {
    let items = rows(client, "SELECT discrimination, difficulty FROM irt_parameters_in_force");
    let items: Vec<[f64; 2]> = items
        .into_iter()
        .map(|row| std::array::from_fn(|i| row[i].as_deref().unwrap().parse().unwrap()))
        .collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scores/adaptive_by_catsim.py");
    let mut python =
        Command::new(std::env::var_os("IRT_BENCH_PYTHON").expect("scripts/scores.sh sets it"))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let given = json!({ "items": items, "abilities": truth }).to_string();
    python.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let numbers = |name: &str| -> Vec<f64> {
        found[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    Outcome {
        abilities: numbers("abilities"),
        steps: numbers("items").iter().sum::<f64>() as usize,
        seconds: found["seconds"].as_f64().unwrap(),
    }
}
