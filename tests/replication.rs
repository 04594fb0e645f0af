//! Standbys, promoted ones, and subscribers: what they show of runs, and that a bank goes on there.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, Shutdown, error, rows, value};
use postgres::Client;
use std::thread;
use std::time::{Duration, Instant};

const RUN: &str = "SELECT status FROM irt_run_calibration(true, standard_errors => 'none')";

/// All runs, the oldest first.
const RUNS: &str =
    "SELECT string_agg(concat_ws(' ', id, bank, status, error_sqlstate), ', ' ORDER BY id)
                    FROM irt_calibration_runs";

/// LSAT7 and the extension, and bank `held`, whose runs never end.
fn start(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(settings);
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client
        .batch_execute(
            "CREATE EXTENSION irt_calibration;
             SELECT irt_add_item_columns('questions');
             CREATE VIEW endless AS SELECT * FROM responses WHERE (SELECT pg_sleep(3600) IS NOT NULL);
             SELECT irt_configure('held', 'endless')",
        )
        .unwrap();
    (cluster, client)
}

/// Waits until `sql` yields `expected`.
fn wait_for(client: &mut Client, sql: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = value(client, sql);
        if found.as_deref() == Some(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{sql}: {found:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_standby_shows_no_progress_and_its_promotion_ends_what_ran() {
    let (primary, mut client) = start("");
    client.batch_execute(RUN).unwrap();
    client.simple_query("SELECT irt_start_calibration(true, bank => 'held')").unwrap();
    let loading = "SELECT string_agg(phase, ' ') FROM irt_calibration_progress";
    wait_for(&mut client, loading, "loading");
    let standby = primary.standby();
    let mut there = standby.connect();
    wait_for(&mut there, RUNS, "1 default success, 2 held running");
    wait_for(&mut there, "SELECT count(*) FROM irt_running_calibrations", "1");
    assert_eq!(rows(&mut there, "TABLE irt_calibration_progress").len(), 0);
    assert_eq!(value(&mut there, "SELECT irt_cancel_calibration(2)").as_deref(), Some("f"));
    // What is in force can be read there, and not decided.
    let in_force = "SELECT count(*) FROM irt_parameters_at('default', now())";
    assert_eq!(value(&mut there, in_force).as_deref(), Some("5"));
    for call in [
        "irt_publish(1)",
        "irt_rollback()",
        "irt_reject(1)",
        "irt_set_check('items_lost', 0.1, 0.3)",
        "irt_forget_runs('default', now())",
        "irt_drop_bank('default')",
    ] {
        let refused = error(&mut there, &format!("SELECT {call}"));
        assert_eq!(refused.code().code(), "25006", "{call}: {}", refused.message());
    }

    primary.stop(Shutdown::Immediate);
    value(&mut there, "SELECT pg_promote()");
    assert_eq!(value(&mut there, RUNS).as_deref(), Some("1 default success, 2 held running"));
    assert_eq!(value(&mut there, "SELECT undoes FROM irt_rollback()").as_deref(), Some("1"));
    assert_eq!(value(&mut there, in_force).as_deref(), Some("0"));
    // A run of any bank says so.
    assert_eq!(value(&mut there, RUN).as_deref(), Some("success"));
    let ended = "1 default success, 2 held failed 57P01, ";
    let found = value(&mut there, RUNS).unwrap();
    assert!(found.starts_with(ended) && found.ends_with(" default success"), "{found}");
    assert_eq!(value(&mut there, "SELECT count(*) FROM irt_running_calibrations").unwrap(), "0");
}

#[test]
fn canceling_what_nobody_runs_any_more_says_so() {
    let (cluster, mut client) = start("");
    client.simple_query("SELECT irt_start_calibration(true, bank => 'held')").unwrap();
    // It is alive: a run of another bank does not declare it failed.
    assert_eq!(value(&mut client, RUN).as_deref(), Some("success"));
    assert_eq!(value(&mut client, RUNS).as_deref(), Some("1 held running, 2 default success"));
    cluster.stop(Shutdown::Immediate);
    cluster.start_again();
    let mut client = cluster.connect();
    client.batch_execute("BEGIN READ ONLY; SELECT irt_cancel_calibration(1); COMMIT").unwrap();
    assert_eq!(value(&mut client, RUNS).as_deref(), Some("1 held running, 2 default success"));
    assert_eq!(value(&mut client, "SELECT irt_cancel_calibration(1)").as_deref(), Some("f"));
    assert_eq!(value(&mut client, RUNS).as_deref(), Some("1 held failed 57P01, 2 default success"));
}

/// What a dump of data alone, or rows that were copied by hand, leave behind.
#[test]
fn a_sequence_that_is_behind_the_rows_catches_up() {
    let (_cluster, mut client) = start("");
    client
        .batch_execute(
            "INSERT INTO irt_calibration_runs (id, bank, status, triggered_by) OVERRIDING SYSTEM VALUE
             VALUES (1, 'default', 'failed', 'manual'), (40, 'default', 'failed', 'manual');
             CREATE TABLE old_runs AS SELECT 'success' AS status, now() - interval '1 day' AS started_at",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("success"));
    client
        .batch_execute(
            "INSERT INTO irt_calibration_runs (id, bank, status, triggered_by) OVERRIDING SYSTEM VALUE
             VALUES (42, 'default', 'failed', 'manual')",
        )
        .unwrap();
    assert_eq!(value(&mut client, "SELECT irt_adopt_runs('old_runs')").as_deref(), Some("1"));
    assert_eq!(value(&mut client, RUN).as_deref(), Some("success"));
    let ids = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, ids).as_deref(), Some("1 40 41 42 43 44"));
}

#[test]
fn a_subscriber_is_refused_until_it_goes_on_alone() {
    let (publisher, mut client) = start("wal_level = logical");
    client.batch_execute(RUN).unwrap();
    client
        .batch_execute(
            "CREATE PUBLICATION p FOR TABLE irt_calibration_runs, irt_item_parameters,
                 irt_publications, irt_parameters_in_force",
        )
        .unwrap();
    let (_subscriber, mut there) = start("wal_level = logical");
    there
        .batch_execute(&format!(
            "CREATE SUBSCRIPTION \"my copy\"
             CONNECTION 'host=127.0.0.1 port={} user=postgres dbname=postgres' PUBLICATION p
             WITH (slot_name = 'copy')",
            publisher.port()
        ))
        .unwrap();
    wait_for(&mut there, "SELECT count(*) FROM irt_calibration_runs", "1");
    wait_for(&mut there, "SELECT count(*) FROM irt_publications", "1");
    wait_for(&mut there, "SELECT count(*) FROM irt_parameters_in_force", "5");
    let message = "subscription \"my copy\" writes the runs of this database";
    assert_eq!(error(&mut there, "SELECT irt_publish(1)").message(), message);
    let refused = error(&mut there, RUN);
    assert_eq!(refused.code().code(), "55000");
    assert_eq!(refused.message(), message);
    let (_, statements) = refused.hint().unwrap().split_once("alone: ").unwrap();
    let (statements, _) = statements.rsplit_once("; its next run").unwrap();
    for statement in statements.split("; ") {
        there.batch_execute(statement).unwrap();
    }
    assert_eq!(value(&mut there, RUN).as_deref(), Some("success"));
    let all = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM irt_calibration_runs";
    assert_eq!(value(&mut there, all).as_deref(), Some("1 2"));
    let publications =
        "SELECT string_agg(id || ' ' || kind, ', ' ORDER BY id) FROM irt_publications";
    assert_eq!(value(&mut there, publications).as_deref(), Some("1 automatic, 2 automatic"));
}
