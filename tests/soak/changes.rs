//! Changes of responses and questions while a run is at work.
//!
//! While it computes it holds no lock, so every change goes through at once. Then
//! it completes on its snapshot, or fails and leaves the table as it was.

use crate::common::{Cluster, rows, value};
use crate::figures::say;
use crate::random::Random;
use crate::{is_soaking, stage, volume};
use postgres::Client;
use std::time::{Duration, Instant};

/// A change, and how a run ends that has loaded already: with success, or with this SQLSTATE.
struct Change {
    sql: &'static str,
    ends: Result<(), &'static str>,
}

const fn harmless(sql: &'static str) -> Change {
    Change { sql, ends: Ok(()) }
}

const fn fatal(sql: &'static str, sqlstate: &'static str) -> Change {
    Change { sql, ends: Err(sqlstate) }
}

const CHANGES: [Change; 24] = [
    harmless("DROP TABLE r"),
    harmless("ALTER TABLE r RENAME TO r_renamed"),
    harmless("ALTER TABLE r RENAME is_correct TO was_correct"),
    harmless("ALTER TABLE r ALTER is_correct TYPE int USING is_correct::int"),
    harmless("ALTER TABLE r DROP COLUMN user_id"),
    harmless("TRUNCATE r"),
    harmless("REVOKE SELECT ON r FROM calibrator"),
    harmless("ALTER TABLE r ENABLE ROW LEVEL SECURITY"),
    harmless("ALTER TABLE r SET SCHEMA attic"),
    harmless("DELETE FROM r; VACUUM FULL r"),
    fatal("DROP TABLE q", "42P01"),
    fatal("ALTER TABLE q RENAME TO q_renamed", "42P01"),
    fatal("ALTER TABLE q SET SCHEMA attic", "42P01"),
    fatal("ALTER TABLE q RENAME irt_difficulty TO b", "42703"),
    fatal("ALTER TABLE q DROP COLUMN irt_discrimination", "42703"),
    // Numbers go into it as text; the next run will refuse the column.
    harmless("ALTER TABLE q ALTER irt_difficulty TYPE text"),
    fatal("ALTER TABLE q ALTER id TYPE text", "42883"),
    fatal("REVOKE UPDATE ON q FROM calibrator", "42501"),
    fatal("ALTER TABLE q ENABLE ROW LEVEL SECURITY", "42501"),
    fatal("ALTER TABLE q ADD CHECK (irt_discrimination < 0) NOT VALID", "23514"),
    fatal(
        "BEGIN; DROP TABLE q; CREATE TABLE q (LIKE questions); GRANT ALL ON q TO PUBLIC; COMMIT",
        "42P01",
    ),
    harmless("TRUNCATE q"),
    harmless("DELETE FROM q WHERE id < 150"),
    harmless("VACUUM FULL q"),
];

#[test]
fn a_run_survives_changes_of_its_tables_or_leaves_them_as_they_were() {
    let (cluster, mut client) = set();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let mut longest = Duration::ZERO;
    // tests/faults.rs has some of these too, at the same phase: here a third is enough.
    let changes = CHANGES.iter().step_by(if is_soaking() { 1 } else { 3 });
    let mut kinds = 0;
    for change in changes {
        kinds += 1;
        reset(&mut client);
        let run = start(&mut runner, "standard_errors => 'bootstrap', bootstrap_iterations => 10");
        await_phase(&mut client, run, "standard errors");
        let before = items(&mut client);
        let asked = Instant::now();
        apply(&mut client, change.sql).unwrap_or_else(|error| panic!("{}: {error}", change.sql));
        longest = longest.max(asked.elapsed());
        assert_ended(&mut client, run, change, before.as_deref(), true);
    }
    say(&format!(
        "changes: {kinds} kinds while standard errors were computed, each done at once (the slowest \
         took {:.0} ms, its own work included), each run ended as it should",
        longest.as_secs_f64() * 1e3
    ));
}

#[test]
fn changes_at_any_moment_are_survived_too() {
    let (cluster, mut client) = set();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let mut random = Random::of_test(4);
    let (mut successes, mut tries) = (0, 0);
    while tries < volume(8, 300) {
        let change = &CHANGES[random.below(CHANGES.len())];
        reset(&mut client);
        let run = start(&mut runner, "standard_errors => 'bootstrap', bootstrap_iterations => 2");
        std::thread::sleep(random.moment(Duration::from_millis(250)));
        let before = items(&mut client);
        apply(&mut client, change.sql).unwrap();
        successes += usize::from(assert_ended(&mut client, run, change, before.as_deref(), false));
        tries += 1;
    }
    say(&format!(
        "changes: {tries} at random moments of a run, {successes} runs completed, {} failed cleanly",
        tries - successes
    ));
}

/// A server with a role of its own for the runs, since a superuser may do anything.
fn set() -> (Cluster, Client) {
    let (cluster, mut client) = stage::set();
    client
        .batch_execute(
            "CREATE ROLE calibrator LOGIN; CREATE SCHEMA attic;
             GRANT USAGE ON SCHEMA attic TO calibrator;
             GRANT EXECUTE ON FUNCTION irt_start_calibration TO calibrator",
        )
        .unwrap();
    (cluster, client)
}

/// Tables as they were at first, and the bank that reads and writes them.
fn reset(client: &mut Client) {
    client
        .batch_execute(
            "DROP TABLE IF EXISTS r, q, r_renamed, q_renamed, attic.r, attic.q;
             CREATE TABLE r (LIKE responses);
             INSERT INTO r SELECT * FROM responses;
             CREATE TABLE q (LIKE questions INCLUDING ALL);
             INSERT INTO q SELECT * FROM questions;
             GRANT SELECT ON r, q TO calibrator;
             GRANT UPDATE ON q TO calibrator;
             SELECT irt_configure('changing', 'r', items => 'q')",
        )
        .unwrap();
}

fn start(runner: &mut Client, arguments: &str) -> i64 {
    let start = format!("SELECT irt_start_calibration(true, bank => 'changing', {arguments})");
    value(runner, &start).unwrap().parse().unwrap()
}

fn await_phase(client: &mut Client, run: i64, phase: &str) {
    let reached = format!(
        "SELECT count(*) FROM irt_calibration_progress WHERE run_id = {run} AND phase = '{phase}'"
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while value(client, &reached).as_deref() != Some("1") {
        assert!(Instant::now() < deadline, "run {run} does not reach {phase}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Statement by statement: VACUUM allows no transaction around it.
fn apply(client: &mut Client, sql: &str) -> Result<(), postgres::Error> {
    sql.split("; ").try_for_each(|statement| client.batch_execute(statement))
}

/// What is in the items table, under whatever name it goes now; `None`: it is gone.
fn items(client: &mut Client) -> Option<String> {
    let name = value(
        client,
        "SELECT coalesce(to_regclass('q'), to_regclass('q_renamed'), to_regclass('attic.q'))",
    )?;
    let published = rows(client, &format!("SELECT to_jsonb(t) FROM {name} t ORDER BY t.id::text"));
    // A renamed, dropped or retyped column is not the run's doing: what it publishes are numbers.
    let stamps = published.into_iter().flatten().flatten().map(|row| {
        let row: serde_json::Value = serde_json::from_str(&row).unwrap();
        format!(
            "{} {}",
            row["id"].as_str().map_or(row["id"].to_string(), str::to_owned),
            row["irt_calibrated_at"]
        )
    });
    Some(stamps.collect::<Vec<_>>().join(","))
}

/// Asserts how the run ended. True for success.
fn assert_ended(
    client: &mut Client,
    run: i64,
    change: &Change,
    before: Option<&str>,
    strictly: bool,
) -> bool {
    let sql = change.sql;
    let row = await_end(client, run);
    if row.starts_with("success") {
        assert!(!strictly || change.ends.is_ok(), "{sql}: {row}");
        return true;
    }
    assert!(row.starts_with("failed"), "{sql}: {row}");
    let expected = change.ends.err();
    assert!(!strictly || expected.is_some_and(|code| row.contains(code)), "{sql}: {row}");
    assert!(!row.contains("XX000"), "{sql}: {row}");
    let replaced = ["DROP TABLE q", "TRUNCATE q", "DELETE FROM q"].iter().any(|s| sql.contains(s));
    if !replaced {
        assert_eq!(items(client).as_deref(), before, "{sql}: {row}");
    }
    false
}

fn await_end(client: &mut Client, run: i64) -> String {
    let row = format!(
        "SELECT concat_ws(' ', status, error_sqlstate, error_message) FROM irt_calibration_runs \
         WHERE id = {run}"
    );
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let ended = value(client, &row).unwrap();
        if ended != "running" {
            await_unlocked(client);
            return ended;
        }
        assert!(Instant::now() < deadline, "run {run} does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The next run must not meet this one's lock.
fn await_unlocked(client: &mut Client) {
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    while value(client, locks).as_deref() != Some("0") {
        std::thread::sleep(Duration::from_millis(2));
    }
}
