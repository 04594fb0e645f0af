//! Aggregates next to avg(), whole banks next to loading them, and single requests.

use crate::common::value;
use crate::page::{Page, median, number, thousands};
use postgres::Client;
use std::fs;
use std::time::Instant;

/// How often each statement is timed.
const TIMES: usize = 3;

/// What a statement took: seconds, and seconds of the backend's processor time, all threads.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
}

/// The medians of several executions.
fn cost(client: &mut Client, statement: &str) -> Cost {
    let pid = value(client, "SELECT pg_backend_pid()").unwrap();
    client.simple_query(statement).unwrap();
    let costs: Vec<Cost> = (0..TIMES)
        .map(|_| {
            let (cpu, start) = (cpu_seconds(&pid), Instant::now());
            client.simple_query(statement).unwrap();
            let wall = start.elapsed().as_secs_f64();
            Cost { wall, cpu: cpu_seconds(&pid) - cpu }
        })
        .collect();
    Cost {
        wall: median(costs.iter().map(|cost| cost.wall)),
        cpu: median(costs.iter().map(|cost| cost.cpu)),
    }
}

/// User and system time of a process so far: fields 14 and 15 of its stat, in hundredths.
fn cpu_seconds(pid: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Responses of so many persons to 100 items, with the items' parameters in each row, in no order.
fn responses(client: &mut Client, table: &str, persons: u32) {
    client
        .batch_execute(&format!(
            "SELECT setseed(0.1);
             CREATE TABLE {table} AS
             SELECT p AS user_id, q AS question_id, a, b,
                    random() < irt_probability(1.5 * sin(p * 12.9898), a, b) AS is_correct
             FROM generate_series(1, {persons}) p, generate_series(1, 100) q,
                  LATERAL (SELECT 1 + 0.5 * sin(q) AS a, 2 * cos(q * 1.7) AS b) i
             ORDER BY random();
             ANALYZE {table}"
        ))
        .unwrap();
    client.simple_query(&format!("VACUUM {table}")).unwrap();
}

/// Aggregates grouped by person, next to the cheapest one that does anything.
pub fn aggregates(page: &mut Page, client: &mut Client) {
    page.say(
        "**Aggregates.** 2,000,000 responses of 20,000 persons in no order, parameters in the same rows; `SELECT user_id, \
         irt_eap(is_correct, a, b) … GROUP BY user_id` next to `avg(is_correct::int)`; medians of three, in one session \
         with the default settings and no parallel workers.",
    );
    responses(client, "answers", 20_000);
    client.batch_execute("SET max_parallel_workers_per_gather = 0").unwrap();
    let grouped = |aggregate: &str| {
        format!(
            "SELECT count(x) FROM (SELECT user_id, {aggregate} AS x FROM answers GROUP BY user_id OFFSET 0) g"
        )
    };
    let avg = cost(client, &grouped("avg(is_correct::int)"));
    let mut rows = vec![row("avg(is_correct::int)", avg, avg)];
    for method in ["irt_eap", "irt_map", "irt_mle", "irt_wle"] {
        let cost = cost(client, &grouped(&format!("{method}(is_correct, a, b)")));
        rows.push(row(method, cost, avg));
    }
    client.batch_execute("RESET max_parallel_workers_per_gather; DROP TABLE answers").unwrap();
    page.table(&["aggregate", "s", "CPU s", "÷ avg", "CPU ÷ avg"], &rows);
}

fn row(what: &str, cost: Cost, base: Cost) -> Vec<String> {
    let ratio = |one: f64, other: f64| number(one / other);
    let (wall, cpu) = (ratio(cost.wall, base.wall), ratio(cost.cpu, base.cpu));
    vec![what.to_owned(), number(cost.wall), number(cost.cpu), wall, cpu]
}

/// irt_score, next to loading.
pub fn whole_banks(page: &mut Page, client: &mut Client) {
    page.say(
        "**Whole banks.** irt_score on all threads, 100 responses a person. Loading: irt_score at a moment at which nothing \
         was in force, which reads, groups and returns as many rows. mirt 1.47's `fscores` takes 3.3 CPU seconds for the EAP of \
         20,000 × 100 on a machine of this kind, with the data in memory.",
    );
    let mut rows = Vec::new();
    for (persons, methods) in [(20_000, &["eap"][..]), (100_000, &["eap", "map", "mle", "wle"])] {
        responses(client, "responses", persons);
        client.batch_execute("DELETE FROM irt_parameters_in_force").unwrap();
        in_force(
            client,
            "SELECT q, 2 * cos(q * 1.7), 1 + 0.5 * sin(q) FROM generate_series(1, 100) q",
        );
        let call = |arguments: &str| format!("SELECT count(ability) FROM irt_score({arguments})");
        let loading = cost(client, &call("at => '2000-01-01'"));
        let count = thousands(u64::from(persons) * 100);
        rows.push(row(&format!("{count}: loading"), loading, loading));
        for method in methods {
            let cost = cost(client, &call(&format!("method => '{method}'")));
            rows.push(row(&format!("{count}: {method}"), cost, loading));
        }
        client.batch_execute("DROP TABLE responses").unwrap();
    }
    page.table(&["responses", "s", "CPU s", "÷ loading", "CPU ÷ loading"], &rows);
}

/// Puts the items (item, difficulty, discrimination) of a query in force, whatever they come from.
pub fn in_force(client: &mut Client, items: &str) {
    client
        .batch_execute(&format!(
            "INSERT INTO irt_parameters_in_force (bank, item, difficulty, discrimination, run_id, publication_id)
             SELECT 'default', i.*, 0, 0 FROM ({items}) i;
             ANALYZE irt_parameters_in_force"
        ))
        .unwrap();
}

/// What an application waits for.
pub fn requests(page: &mut Page, client: &mut Client) {
    page.say("**Requests.** Over one local connection, 1,000 items in force; 2,000 requests each, as text.");
    client
        .batch_execute(
            "DELETE FROM irt_parameters_in_force;
             CREATE TABLE responses AS
             SELECT p AS user_id, (p * 7 + q * 31) % 1000 + 1 AS question_id, (p + q) % 3 > 0 AS is_correct
             FROM generate_series(1, 5000) p, generate_series(1, 30) q;
             CREATE INDEX ON responses (user_id); ANALYZE responses",
        )
        .unwrap();
    in_force(client, "SELECT q, 3 * sin(q), 1 + 0.5 * cos(q) FROM generate_series(1, 1000) q");
    let score = |n: usize| {
        format!(
            "SELECT (irt_eap(r.is_correct, p.discrimination, p.difficulty)).*
             FROM responses r JOIN irt_parameters_in_force p
                  ON p.bank = 'default' AND p.item = r.question_id::text WHERE r.user_id = {n}"
        )
    };
    let next = |n: usize| {
        let ability = (n % 400) as f64 / 100.0 - 2.0;
        format!(
            "SELECT * FROM irt_next_items({ability}, '{{1,2,3,4,5,6,7,8,9,10}}', randomesque => 5)"
        )
    };
    let mut rows = Vec::new();
    let mut measure = |what: &str, request: &dyn Fn(usize) -> String| {
        let mut times: Vec<f64> = (1..=2000)
            .map(|n| {
                let statement = request(n);
                let start = Instant::now();
                client.simple_query(&statement).unwrap();
                1000.0 * start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        rows.push(vec![what.to_owned(), number(times[1000]), number(times[1900])]);
    };
    measure("irt_eap of a person's 30 answers", &score);
    measure("irt_next_items", &next);
    page.table(&["request", "median, ms", "95 %, ms"], &rows);
    client.batch_execute("DROP TABLE responses").unwrap();
}
