//! A newer major by pg_upgrade: banks, history and sequences are as before, and the next run works.
//!
//! Needs a second major with the extension: scripts/test_all_majors.sh names the
//! folder of its programs in IRT_TEST_NEWER_BINDIR.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, catalog, rows, value};
use postgres::Client;
use std::path::Path;

const HISTORY: &str = "
    SELECT b::text FROM irt_item_banks AS b UNION ALL
    SELECT r::text FROM irt_calibration_runs AS r UNION ALL
    SELECT p::text FROM irt_item_parameters AS p UNION ALL
    SELECT last_value || ' ' || is_called FROM irt_calibration_runs_id_seq UNION ALL
    SELECT q::text FROM questions AS q ORDER BY 1";

fn new_responses(client: &mut Client) -> Option<String> {
    value(client, "SELECT new_responses_count FROM irt_should_run_calibration()")
}

#[test]
#[ignore = "needs two majors: make test-all-majors"]
fn pg_upgrade_keeps_everything() {
    let newer = std::env::var("IRT_TEST_NEWER_BINDIR").expect("IRT_TEST_NEWER_BINDIR is not set");
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    for statement in [
        "SELECT irt_add_item_columns('questions')",
        "SELECT irt_configure(standard_errors => 'observed_information')",
        "SELECT irt_run_calibration()",
        "SELECT irt_run_calibration()",
        "DELETE FROM responses WHERE user_id = 1",
        "INSERT INTO responses SELECT user_id + 5000, question_id, is_correct, now() FROM responses LIMIT 70",
    ] {
        client.simple_query(statement).unwrap();
    }
    let history = rows(&mut client, HISTORY);
    let new = new_responses(&mut client);
    let catalog = catalog::of_extension(&mut client);
    drop(client);

    let cluster = cluster.upgraded(Path::new(&newer));
    let mut client = cluster.connect();
    assert_eq!(rows(&mut client, HISTORY), history);
    assert_eq!(new_responses(&mut client), new);
    let now = catalog::of_extension(&mut client);
    let names = |facts: &[String]| -> Vec<String> {
        // How a definition is spelled may differ between majors; what there is may not. Initial
        // rights that are those of any new table need not be recorded, and are not; types of
        // rows, and of arrays of them, are members for pg_upgrade, and the tables' for CREATE EXTENSION.
        let names = facts.iter().map(|fact| fact.split(": ").next().unwrap_or_default().to_owned());
        let mut names: Vec<String> = names
            .filter(|name| !name.starts_with("initial rights") && !name.ends_with("[]"))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    catalog::assert_same(&names(&now), &names(&catalog), "pg_upgrade changed the catalog");
    let run = "SELECT id || ' ' || status FROM irt_run_calibration(min_new_responses => 1)";
    assert_eq!(value(&mut client, run).as_deref(), Some("3 success"));
}
