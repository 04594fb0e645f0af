//! The ability grid and the priors, from SQL: what is refused, what is recorded, and what becomes
//! of banks that an older version configured.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, value};
use postgres::Client;
use serde_json::Value;

/// Complete responses under the names that need no configuring; ability and difficulty are normal.
fn complete(persons: u32, items: u32) -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(&format!(
            "SELECT setseed(.5);
             CREATE TABLE responses AS
                 WITH person AS (SELECT p, sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) t
                                 FROM generate_series(1, {persons}) p),
                      item AS MATERIALIZED (SELECT i, 4 * (i - .5) / {items} - 2 b
                                            FROM generate_series(1, {items}) i)
                 SELECT p AS user_id, i AS question_id, random() < 1 / (1 + exp(b - t)) AS is_correct
                 FROM person, item"
        ))
        .unwrap();
    (cluster, client)
}

fn run(client: &mut Client, arguments: &str) -> Value {
    let sql = format!("SELECT to_jsonb(r) FROM irt_run_calibration({arguments}) AS r");
    serde_json::from_str(&value(client, &sql).unwrap()).unwrap()
}

/// Of the last run's calibrated items: how many, and how many are flagged.
fn flagged(client: &mut Client) -> String {
    let counts =
        "SELECT count(*) || ' ' || count(*) FILTER (WHERE 'quadrature_limited' = ANY (flags))
                  FROM irt_item_parameters WHERE status = 'calibrated'
                  AND run_id = (SELECT max(id) FROM irt_calibration_runs)";
    value(client, counts).unwrap()
}

#[test]
fn a_long_test_takes_more_nodes_and_says_so() {
    let (cluster, mut client) = complete(200, 300);
    let run = run(&mut client, "standard_errors => 'none'");
    assert_eq!(run["settings"]["quadrature_nodes"], 61);
    assert_eq!(run["settings"]["quadrature_nodes_used"], 121);
    assert_eq!(flagged(&mut client), "300 0");
    let told = cluster.psql(&[
        "-c",
        "SELECT count(difficulty) FROM irt_fit_2pl('TABLE responses', standard_errors => 'none')",
    ]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("the ability grid had 121 nodes instead of 61"), "{told}");
}

#[test]
fn what_an_older_version_configured_runs_with_flags_or_fails_by_name() {
    let (_cluster, mut client) = complete(300, 8);
    client.batch_execute("SELECT irt_configure(standard_errors => 'none')").unwrap();
    let usual = run(&mut client, "force => true");
    assert_eq!(usual["settings"]["quadrature_nodes_used"], 61);
    assert_eq!(flagged(&mut client), "8 0");
    // 0.2.0 accepted 1 to 30.
    client.batch_execute("UPDATE irt_item_banks SET quadrature_bound = 1").unwrap();
    assert_eq!(run(&mut client, "force => true")["status"], "success");
    assert_eq!(flagged(&mut client), "8 8");
    // Other settings can be changed; the bound only to one that holds the population.
    client.batch_execute("SELECT irt_configure(min_persons => 20)").unwrap();
    let refused = error(&mut client, "SELECT irt_configure(quadrature_bound => 2)");
    assert_eq!(refused.message(), "quadrature_bound is 2, but must be between 3 and 30");
    client.batch_execute("SELECT irt_configure(quadrature_bound => 6)").unwrap();
    // 0.2.0 accepted -1000 to 1000.
    client.batch_execute("UPDATE irt_item_banks SET prior_log_discrimination_mean = 50").unwrap();
    let failed = error(&mut client, "SELECT irt_run_calibration(force => true)");
    assert_eq!(failed.code().code(), "22023");
    let expected = "prior_log_discrimination_mean is 50, but must be between -5 and 5";
    assert_eq!(failed.message(), expected);
    let recorded = "SELECT error_message FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    assert_eq!(value(&mut client, recorded).as_deref(), Some(expected));
    client.batch_execute("SELECT irt_configure(prior_log_discrimination_mean => 0)").unwrap();
    assert_eq!(run(&mut client, "force => true")["status"], "success");
}
