//! Cancels, timeouts, kills and others' doings during a run: the items hold one whole set of
//! parameters, and the audit row says what happened.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, Shutdown, error, rows, value};
use postgres::{Client, NoTls};
use std::thread;
use std::time::{Duration, Instant};

/// More replicates than anybody waits for.
const ENDLESS: &str =
    "force => true, standard_errors => 'bootstrap', bootstrap_iterations => 1000000";

/// A bank whose fit takes milliseconds.
fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE TABLE responses AS
                 SELECT p AS user_id, q AS question_id, hashint4(p * 31 + q) % 7 > q % 3 AS is_correct,
                        now() AS answered_at
                 FROM generate_series(1, 400) p, generate_series(1, 8) q;
             CREATE TABLE questions AS SELECT generate_series(1, 8) AS id;
             SELECT irt_add_item_columns('questions')",
        )
        .unwrap();
    (cluster, client)
}

/// Status, SQLSTATE and message of a run, once it has ended.
fn ended(client: &mut Client, run_id: i64) -> (String, String, String) {
    let sql = format!(
        "SELECT status, coalesce(error_sqlstate, ''), coalesce(error_message, '')
         FROM irt_calibration_runs WHERE id = {run_id} AND status <> 'running'"
    );
    let row = patiently(|| rows(client, &sql).pop());
    let mut cells = row.into_iter().map(Option::unwrap_or_default);
    (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap())
}

/// What `look` finds within a minute.
fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "a minute has passed");
        thread::sleep(Duration::from_millis(5));
    }
}

fn start_endless(client: &mut Client) -> i64 {
    let id = value(client, &format!("SELECT irt_start_calibration({ENDLESS})"));
    id.unwrap().parse().unwrap()
}

/// The worker's process, once it computes standard errors.
fn worker(client: &mut Client) -> i32 {
    let sql = "SELECT pid FROM irt_calibration_progress WHERE phase = 'standard errors'";
    let row = patiently(|| rows(client, sql).pop());
    row[0].as_ref().unwrap().parse().unwrap()
}

/// The bank can be calibrated, and nothing of an earlier run is left.
fn works(client: &mut Client) {
    let sql = "SELECT status FROM irt_run_calibration(true, standard_errors => 'none')";
    assert_eq!(value(client, sql).unwrap(), "success");
    let left = "SELECT count(*) FROM irt_calibration_runs WHERE status = 'running'";
    assert_eq!(value(client, left).unwrap(), "0");
    assert_eq!(value(client, "SELECT count(*) FROM irt_calibration_progress").unwrap(), "0");
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(value(client, locks).unwrap(), "0");
    let mixed = "SELECT count(*) FROM questions q LEFT JOIN irt_current_parameters f
                     ON f.bank = 'default' AND f.item = q.id::text
                     AND (f.difficulty, f.discrimination) = (q.irt_difficulty, q.irt_discrimination)
                 WHERE f.item IS NULL OR f.run_id <> (SELECT max(id) FROM irt_calibration_runs)";
    assert_eq!(value(client, mixed).unwrap(), "0");
}

#[test]
fn a_statement_timeout_of_the_caller_stops_the_worker_and_the_session_goes_on() {
    let (_cluster, mut client) = start();
    client.batch_execute("SET statement_timeout = '300ms'").unwrap();
    let begun = Instant::now();
    let stopped = error(&mut client, &format!("SELECT irt_run_calibration({ENDLESS})"));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(stopped.code().code(), "57014");
    client.batch_execute("RESET statement_timeout").unwrap();
    let (status, sqlstate, message) = ended(&mut client, 1);
    assert_eq!((status.as_str(), sqlstate.as_str()), ("failed", "57014"));
    assert!(message.contains("its caller was canceled"), "{message}");
    works(&mut client);
}

#[test]
fn a_cancel_of_the_caller_or_of_the_run_stops_it() {
    let (cluster, mut client) = start();
    let mut caller = cluster.connect();
    let token = caller.cancel_token();
    let waiting = thread::spawn(move || {
        caller.simple_query(&format!("SELECT irt_run_calibration({ENDLESS})"))
    });
    worker(&mut client);
    token.cancel_query(NoTls).unwrap();
    let refused = waiting.join().unwrap().unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "57014");
    assert_eq!(ended(&mut client, 1).1, "57014");

    let run_id = start_endless(&mut client);
    worker(&mut client);
    let cancel = format!("SELECT irt_cancel_calibration({run_id})");
    assert_eq!(value(&mut client, &cancel).unwrap(), "t");
    let (_, sqlstate, message) = ended(&mut client, run_id);
    assert_eq!(
        (sqlstate.as_str(), message.as_str()),
        ("57014", "the calibration was canceled on request")
    );
    assert_eq!(value(&mut client, &cancel).unwrap(), "f");
    works(&mut client);
}

#[test]
fn a_termination_of_the_worker_is_recorded_and_reaches_the_caller() {
    let (cluster, mut client) = start();
    let mut caller = cluster.connect();
    let waiting = thread::spawn(move || {
        error(&mut caller, &format!("SELECT irt_run_calibration({ENDLESS})"))
    });
    let pid = worker(&mut client);
    value(&mut client, &format!("SELECT pg_terminate_backend({pid})"));
    assert_eq!(waiting.join().unwrap().code().code(), "57P01");
    assert_eq!(ended(&mut client, 1).1, "57P01");
    works(&mut client);
}

#[test]
fn a_termination_that_arrives_twice_is_recorded_all_the_same() {
    let (cluster, mut client) = start();
    let run_id = start_endless(&mut client);
    let pid = worker(&mut client);
    // As the postmaster does at a shutdown, which signals a child and its process group.
    for _ in 0..20 {
        cluster.signal(pid, libc::SIGTERM);
        thread::sleep(Duration::from_micros(200));
    }
    assert_eq!(ended(&mut client, run_id).1, "57P01");
    works(&mut client);
}

#[test]
fn a_caller_that_is_terminated_or_whose_client_is_gone_takes_its_run_with_it() {
    let (cluster, mut client) = start();
    let mut caller = cluster.connect();
    let backend = value(&mut caller, "SELECT pg_backend_pid()").unwrap();
    let waiting = thread::spawn(move || {
        caller.simple_query(&format!("SELECT irt_run_calibration({ENDLESS})")).is_err()
    });
    worker(&mut client);
    value(&mut client, &format!("SELECT pg_terminate_backend({backend})"));
    assert!(waiting.join().unwrap());
    assert_eq!(ended(&mut client, 1).1, "57014");

    let mut psql = std::process::Command::new(common::bindir().join("psql"))
        .args(["-X", "-h", "127.0.0.1", "-U", "postgres", "-p", &cluster.port().to_string()])
        .args(["-c", &format!("SELECT irt_run_calibration({ENDLESS})"), "postgres"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    worker(&mut client);
    psql.kill().unwrap();
    psql.wait().unwrap();
    assert_eq!(ended(&mut client, 2).1, "57014");
    works(&mut client);
}

#[test]
fn the_run_of_a_killed_worker_is_recorded_as_interrupted() {
    let (cluster, mut client) = start();
    works(&mut client);
    start_endless(&mut client);
    let pid = worker(&mut client);
    cluster.signal(pid, libc::SIGKILL);
    patiently(|| client.simple_query("SELECT 1").is_err().then_some(()));
    cluster.wait_until_ready();
    let mut client = cluster.connect();
    assert_eq!(value(&mut client, "SELECT count(*) FROM irt_calibration_progress").unwrap(), "0");
    works(&mut client);
    assert_eq!(ended(&mut client, 2).1, "57P01");
}

#[test]
fn a_shutdown_is_recorded_at_once_or_at_the_next_start() {
    let (cluster, mut client) = start();
    start_endless(&mut client);
    worker(&mut client);
    cluster.stop(Shutdown::Fast);
    cluster.start_again();
    let mut client = cluster.connect();
    assert_eq!(ended(&mut client, 1).1, "57P01");
    start_endless(&mut client);
    worker(&mut client);
    cluster.stop(Shutdown::Immediate);
    cluster.start_again();
    let mut client = cluster.connect();
    works(&mut client);
    let (_, sqlstate, message) = ended(&mut client, 2);
    assert_eq!(sqlstate, "57P01");
    assert!(message.starts_with("interrupted"), "{message}");
}

#[test]
fn one_run_at_a_time_per_bank() {
    let (cluster, mut client) = start();
    let run_id = start_endless(&mut client);
    let pid = worker(&mut client);
    let busy = error(&mut client, "SELECT irt_run_calibration(true)");
    assert_eq!(busy.code().code(), "55P03");
    assert!(busy.message().contains(&format!("run {run_id}, process {pid}")), "{}", busy.message());
    let mut cron = cluster.connect();
    cron.batch_execute("SET application_name = 'pg_cron'").unwrap();
    assert_eq!(error(&mut cron, "SELECT irt_run_calibration(true)").code().code(), "55P03");
    let skipped = rows(
        &mut client,
        "SELECT triggered_by, error_sqlstate FROM irt_calibration_runs WHERE status = 'skipped'",
    );
    assert_eq!(skipped, [[Some("cron".into()), Some("55P03".into())]]);
    client.batch_execute("SELECT irt_configure('other', 'responses')").unwrap();
    let other =
        "SELECT status FROM irt_run_calibration(true, standard_errors => 'none', bank => 'other')";
    assert_eq!(value(&mut client, other).unwrap(), "success");
    value(&mut client, &format!("SELECT irt_cancel_calibration({run_id})"));
    ended(&mut client, run_id);
    works(&mut client);
}

#[test]
fn many_sessions_start_at_once_and_one_runs() {
    let (cluster, mut client) = start();
    let sessions: Vec<_> = (0..8)
        .map(|_| {
            let mut session = cluster.connect();
            thread::spawn(move || {
                for _ in 0..10 {
                    let sql = "SELECT irt_run_calibration(true, standard_errors => 'none')";
                    if let Err(busy) = session.simple_query(sql) {
                        assert_eq!(busy.code().unwrap().code(), "55P03", "{busy}");
                    }
                }
            })
        })
        .collect();
    for session in sessions {
        session.join().unwrap();
    }
    let overlapping = "SELECT count(*) FROM irt_calibration_runs a JOIN irt_calibration_runs b
                           ON a.id < b.id AND b.started_at < a.completed_at";
    assert_eq!(value(&mut client, overlapping).unwrap(), "0");
    works(&mut client);
}

#[test]
fn the_timeout_ends_a_run_or_shortens_its_bootstrap() {
    let (_cluster, mut client) = start();
    client.batch_execute("SET irt_calibration.timeout = '5ms'").unwrap();
    let late = error(&mut client, &format!("SELECT irt_run_calibration({ENDLESS})"));
    assert_eq!(late.code().code(), "57014");
    assert!(late.message().contains("irt_calibration.timeout"), "{}", late.message());
    client.batch_execute("SET irt_calibration.timeout = '8s'").unwrap();
    let shortened = rows(
        &mut client,
        &format!(
            "SELECT status, bootstrap_iterations BETWEEN 200 AND 999999 FROM irt_run_calibration({ENDLESS})"
        ),
    );
    assert_eq!(shortened, [[Some("success".into()), Some("t".into())]]);
    works(&mut client);
}

#[test]
fn a_lock_on_the_items_is_waited_for_unless_the_caller_holds_it() {
    let (cluster, mut client) = start();
    client.batch_execute("SET irt_calibration.lock_timeout = '100ms'").unwrap();
    client.batch_execute("BEGIN; UPDATE questions SET id = id").unwrap();
    let own = error(&mut client, "SELECT irt_run_calibration(true, standard_errors => 'none')");
    assert_eq!(own.code().code(), "55P03");
    assert!(own.detail().unwrap().contains("caller's own transaction"));
    client.batch_execute("ROLLBACK").unwrap();
    let mut other = cluster.connect();
    other.batch_execute("BEGIN; UPDATE questions SET id = id").unwrap();
    let waiting = thread::spawn(move || {
        works(&mut client);
        client
    });
    thread::sleep(Duration::from_millis(600));
    other.batch_execute("COMMIT").unwrap();
    waiting.join().unwrap();
}

#[test]
fn a_lock_on_the_responses_is_an_error_that_says_where_to_look() {
    let (cluster, mut client) = start();
    client.batch_execute("SET irt_calibration.lock_timeout = '100ms'").unwrap();
    let mut other = cluster.connect();
    other.batch_execute("BEGIN; LOCK responses").unwrap();
    let locked = error(&mut client, "SELECT irt_run_calibration(true, standard_errors => 'none')");
    assert_eq!(locked.code().code(), "55P03");
    assert!(locked.hint().unwrap().contains("irt_calibration.lock_timeout"), "{locked}");
    other.batch_execute("ROLLBACK").unwrap();
    works(&mut client);
}

#[test]
fn changes_to_the_tables_during_a_run_complete_on_its_snapshot_or_fail_cleanly() {
    let (_cluster, mut client) = start();
    works(&mut client);
    for (change, undo, expected) in [
        ("DELETE FROM responses WHERE user_id < 50", "", "success"),
        (
            "ALTER TABLE responses RENAME TO moved",
            "ALTER TABLE moved RENAME TO responses",
            "success",
        ),
        ("ALTER TABLE questions RENAME TO moved", "ALTER TABLE moved RENAME TO questions", "42P01"),
        ("ALTER TABLE questions RENAME id TO nr", "ALTER TABLE questions RENAME nr TO id", "42703"),
        (
            "ALTER TABLE questions RENAME irt_difficulty TO b",
            "ALTER TABLE questions RENAME b TO irt_difficulty",
            "42703",
        ),
        (
            "ALTER TABLE questions RENAME TO old; CREATE TABLE questions (LIKE old)",
            "DROP TABLE questions; ALTER TABLE old RENAME TO questions",
            "42P01",
        ),
        ("TRUNCATE responses", "", "success"),
    ] {
        let before = rows(&mut client, "SELECT * FROM questions ORDER BY id");
        // Long enough for the change to come in between, on a fast machine too.
        let sql = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', bootstrap_iterations => 4000)";
        let run_id = value(&mut client, sql).unwrap().parse().unwrap();
        worker(&mut client);
        client.batch_execute(change).unwrap();
        let (status, sqlstate, message) = ended(&mut client, run_id);
        client.batch_execute(undo).unwrap();
        if expected == "success" {
            assert_eq!(status, "success", "{change}: {message}");
        } else {
            assert_eq!(sqlstate, expected, "{change}: {message}");
            assert_eq!(
                rows(&mut client, "SELECT * FROM questions ORDER BY id"),
                before,
                "{change}"
            );
        }
    }
}

#[test]
fn a_trigger_that_skips_rows_fails_the_run_instead_of_mixing_parameters() {
    let (_cluster, mut client) = start();
    works(&mut client);
    client
        .batch_execute(
            "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN RETURN CASE WHEN new.id = 3 THEN NULL ELSE new END; END $$;
             CREATE TRIGGER skip BEFORE UPDATE ON questions FOR EACH ROW EXECUTE FUNCTION skip()",
        )
        .unwrap();
    let before = rows(&mut client, "SELECT * FROM questions ORDER BY id");
    let skipped = error(&mut client, "SELECT irt_run_calibration(true)");
    assert_eq!(skipped.code().code(), "55000");
    assert_eq!(skipped.message(), "only 7 of 8 rows of public.questions could be updated");
    assert_eq!(rows(&mut client, "SELECT * FROM questions ORDER BY id"), before);
}

#[test]
fn no_snapshot_and_no_relation_lock_is_held_while_it_computes() {
    let (_cluster, mut client) = start();
    let run_id = start_endless(&mut client);
    let pid = worker(&mut client);
    let held = format!(
        "SELECT backend_xmin IS NULL AND backend_xid IS NULL,
                application_name, backend_type, query LIKE 'irt_calibration: run {run_id} of bank default: standard errors%',
                (SELECT count(*) FROM pg_locks WHERE pid = {pid} AND locktype = 'relation')
         FROM pg_stat_activity WHERE pid = {pid}"
    );
    let cells = ["t", "irt_calibration", "irt_calibration", "t", "0"];
    // Once a second it says how far it is, in a transaction of a moment.
    patiently(|| {
        let row: Vec<String> = rows(&mut client, &held).pop()?.into_iter().flatten().collect();
        (row == cells).then_some(())
    });
    value(&mut client, &format!("SELECT irt_cancel_calibration({run_id})"));
    ended(&mut client, run_id);
}

#[test]
fn a_fit_in_the_session_is_cancelled_like_any_query() {
    let (_cluster, mut client) = start();
    client.batch_execute("SET statement_timeout = '200ms'").unwrap();
    let begun = Instant::now();
    let sql =
        "SELECT count(*) FROM irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses',
                   standard_errors => 'bootstrap', bootstrap_iterations => 1000000)";
    assert_eq!(error(&mut client, sql).code().code(), "57014");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    client.batch_execute("RESET statement_timeout").unwrap();
    let sql = "SELECT count(difficulty) FROM irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses')";
    assert_eq!(value(&mut client, sql).unwrap(), "8");
}

/// rayon alone would leave them to end when they get to it.
#[test]
fn no_thread_of_a_fit_outlives_it() {
    let (_cluster, mut client) = start();
    let process = value(&mut client, "SELECT pg_backend_pid()").unwrap();
    let threads = || std::fs::read_dir(format!("/proc/{process}/task")).unwrap().count();
    let query = "SELECT user_id, question_id, is_correct FROM responses";
    client.batch_execute("SET irt_calibration.max_threads = 3").unwrap();
    for _ in 0..20 {
        client.batch_execute(&format!("SELECT irt_fit_2pl('{query}')")).unwrap();
        assert_eq!(threads(), 1);
    }
    client.batch_execute("SET statement_timeout = '200ms'").unwrap();
    let endless = "standard_errors => 'bootstrap', bootstrap_iterations => 1000000";
    let error = error(&mut client, &format!("SELECT irt_fit_2pl('{query}', {endless})"));
    assert_eq!(error.code().code(), "57014");
    assert_eq!(threads(), 1);
}
