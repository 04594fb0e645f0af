//! Decisions beside runs: who waits for whom, what is outdated, and where nothing can be decided.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;
use std::time::{Duration, Instant};

const RUN: &str = "SELECT publication FROM irt_run_calibration(true, standard_errors => 'none')";

/// LSAT7, and two publications: of 600 persons, and of 900 of the 1,000. Reading the
/// responses takes key 7, which anybody can hold.
fn start() -> (Cluster, Client) {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client
        .batch_execute(
            "CREATE EXTENSION irt_calibration; SELECT irt_add_item_columns('questions');
             CREATE TABLE seen (persons int); INSERT INTO seen VALUES (6);
             CREATE VIEW answers AS SELECT r.* FROM responses r
                 WHERE (SELECT pg_advisory_lock_shared(7) IS NOT NULL) AND user_id % 10 < (SELECT persons FROM seen);
             SELECT irt_configure('default', 'answers', items => 'questions')",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    client.batch_execute("UPDATE seen SET persons = 9").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    client.batch_execute("UPDATE seen SET persons = 10").unwrap();
    (cluster, client)
}

fn wait_for(client: &mut Client, sql: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while value(client, sql).as_deref() != Some(expected) {
        assert!(Instant::now() < deadline, "{sql} is never {expected}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

const PHASE: &str = "SELECT max(phase) FROM irt_calibration_progress";

fn items(client: &mut Client) -> Vec<Vec<Option<String>>> {
    rows(client, "SELECT * FROM questions ORDER BY id")
}

/// A run that has read its responses, or waits to read them, has no lock that a decision needs.
#[test]
fn a_decision_does_not_wait_for_a_long_run() {
    let (cluster, mut client) = start();
    let mut other = cluster.connect();
    // Whoever waits longer than this is refused with 55P03.
    client.batch_execute("SET lock_timeout = '1s'").unwrap();
    for (phase, key) in [("loading", "SELECT pg_advisory_lock(7)"), ("standard errors", "SELECT 1")]
    {
        value(&mut other, key);
        let start = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', bootstrap_iterations => 1000000)";
        let run = value(&mut client, start).unwrap();
        wait_for(&mut client, PHASE, phase);
        value(&mut client, "SELECT irt_rollback()");
        value(&mut client, "SELECT irt_publish(2)");
        wait_for(&mut client, PHASE, phase);
        assert_eq!(
            value(&mut client, &format!("SELECT irt_cancel_calibration({run})")).as_deref(),
            Some("t")
        );
        value(&mut other, "SELECT pg_advisory_unlock_all()");
        wait_for(&mut client, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0");
    }
}

/// What a run was compared with is not in force any more when it ends: nobody knows how it stands
/// to what is.
#[test]
fn a_run_that_somebody_overtook_is_held_and_cannot_be_published() {
    for decision in ["SELECT irt_rollback()", "SELECT irt_publish(1)"] {
        let (cluster, mut client) = start();
        let mut other = cluster.connect();
        // Beyond the checks that a rollback holds.
        value(&mut client, "SELECT irt_set_check('since_rollback', NULL, 'infinity')");
        value(&mut other, "SELECT pg_advisory_lock(7)");
        let start = "SELECT irt_start_calibration(true, standard_errors => 'none')";
        let run = value(&mut client, start).unwrap();
        wait_for(&mut client, PHASE, "loading");
        value(&mut client, decision);
        let before = items(&mut client);
        value(&mut other, "SELECT pg_advisory_unlock_all()");
        let status = format!("SELECT status FROM irt_calibration_runs WHERE id = {run}");
        wait_for(&mut client, &status, "success");
        let row = format!("SELECT publication FROM irt_calibration_runs WHERE id = {run}");
        assert_eq!(value(&mut client, &row).as_deref(), Some("held"), "{decision}");
        assert_eq!(items(&mut client), before, "{decision}");
        let refused = error(&mut client, &format!("SELECT irt_publish({run})"));
        assert_eq!(refused.code().code(), "55000", "{decision}: {}", refused.message());
        // The next one is compared with what is in force now.
        wait_for(&mut client, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0");
        assert_eq!(value(&mut client, RUN).as_deref(), Some("published"), "{decision}");
    }
}

/// What an older version left becomes publications once, whoever uses the bank first.
#[test]
fn a_decision_beside_a_first_run_does_not_make_it_fail() {
    let (cluster, mut client) = start();
    client
        .batch_execute(
            "DELETE FROM irt_parameters_in_force; DELETE FROM irt_publications; DELETE FROM irt_run_checks;
             UPDATE irt_calibration_runs
                 SET publication = NULL, items_published = NULL, compared_with = NULL",
        )
        .unwrap();
    let mut other = cluster.connect();
    value(&mut other, "SELECT pg_advisory_lock(7)");
    let start = "SELECT irt_start_calibration(true, standard_errors => 'none')";
    let run = value(&mut client, start).unwrap();
    wait_for(&mut client, "SELECT count(*) FROM pg_locks WHERE objid = 7 AND NOT granted", "1");
    value(&mut client, "SELECT irt_rollback()");
    value(&mut other, "SELECT pg_advisory_unlock_all()");
    let row = format!(
        "SELECT concat_ws(' ', status, publication, error_sqlstate) FROM irt_calibration_runs WHERE id = {run}"
    );
    wait_for(&mut client, &row, "success held");
    let kinds = "SELECT string_agg(kind, ' ' ORDER BY id) FROM irt_publications";
    assert_eq!(value(&mut client, kinds).as_deref(), Some("automatic automatic restored"));
}

/// A bank that is dropped while somebody publishes is dropped with what he published.
#[test]
fn dropping_a_bank_waits_for_who_publishes() {
    let (cluster, mut client) = start();
    value(&mut client, "SELECT irt_rollback()");
    value(&mut client, "SELECT irt_rollback()");
    client.batch_execute("BEGIN; SELECT irt_publish(1)").unwrap();
    let mut other = cluster.connect();
    let drop = std::thread::spawn(move || {
        other.batch_execute("SELECT irt_drop_bank('default')").map_err(|error| format!("{error:?}"))
    });
    let mut third = cluster.connect();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    wait_for(&mut third, waits, "1");
    client.batch_execute("COMMIT").unwrap();
    assert_eq!(drop.join().unwrap(), Ok(()));
    let left = "SELECT (SELECT count(*) FROM irt_publications)
        + (SELECT count(*) FROM irt_parameters_in_force) + (SELECT count(*) FROM irt_calibration_runs)";
    assert_eq!(value(&mut client, left).as_deref(), Some("0"));
}

/// Two who decide at once: the second waits for the first, and acts on what is in force then.
#[test]
fn the_second_of_two_decisions_waits_for_the_first() {
    let (cluster, mut client) = start();
    let mut other = cluster.connect();
    client.batch_execute("BEGIN; SELECT irt_rollback()").unwrap();
    let second = std::thread::spawn(move || value(&mut other, "SELECT undoes FROM irt_rollback()"));
    let mut third = cluster.connect();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    wait_for(&mut third, waits, "1");
    client.batch_execute("COMMIT").unwrap();
    assert_eq!(second.join().unwrap().as_deref(), Some("1"));
    let left = "SELECT count(*) FROM questions WHERE irt_difficulty IS NOT NULL";
    assert_eq!(value(&mut client, left).as_deref(), Some("0"));
}

/// The caller's transaction decides: what it rolls back did not happen, NOTIFY included.
#[test]
fn a_decision_that_is_rolled_back_did_not_happen() {
    let (_cluster, mut client) = start();
    let before = items(&mut client);
    let publications = "SELECT count(*) FROM irt_publications";
    for decision in ["SELECT irt_rollback()", "SELECT irt_publish(1)"] {
        client.batch_execute("BEGIN").unwrap();
        value(&mut client, decision);
        assert_ne!(items(&mut client), before, "{decision}");
        client.batch_execute("ROLLBACK").unwrap();
        assert_eq!(items(&mut client), before, "{decision}");
        assert_eq!(value(&mut client, publications).as_deref(), Some("2"), "{decision}");
    }
    value(&mut client, "SELECT irt_rollback()");
}

#[test]
fn nothing_is_decided_in_a_read_only_transaction() {
    let (_cluster, mut client) = start();
    for call in [
        "irt_publish(1)",
        "irt_rollback()",
        "irt_reject(1)",
        "irt_set_check('items_lost', 0.1, 0.3)",
        "irt_forget_runs('default', now())",
        "irt_drop_bank('default')",
    ] {
        client.batch_execute("BEGIN READ ONLY").unwrap();
        let refused = error(&mut client, &format!("SELECT {call}"));
        assert_eq!(refused.code().code(), "25006", "{call}: {}", refused.message());
        client.batch_execute("ROLLBACK").unwrap();
    }
}

/// A snapshot from before somebody else's decision does not see it: the server says so.
#[test]
fn an_old_snapshot_decides_nothing() {
    let (cluster, mut client) = start();
    for (decided, call, isolation) in [
        ("irt_publish(1)", "irt_publish(1)", "REPEATABLE READ"),
        ("irt_publish(2)", "irt_rollback()", "REPEATABLE READ"),
        ("irt_publish(1)", "irt_rollback()", "SERIALIZABLE"),
    ] {
        let mut stale = cluster.connect();
        stale.batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT 1")).unwrap();
        value(&mut client, &format!("SELECT {decided}"));
        let before = items(&mut client);
        let refused = error(&mut stale, &format!("SELECT {call}"));
        assert_eq!(refused.code().code(), "40001", "{call}: {}", refused.message());
        assert_eq!(items(&mut client), before);
    }
}
