//! docs/operations.md tells the truth: the roles that it makes can do what it says, and no more.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::document::{documented_section, documented_sql};
use common::{Cluster, error, rows, value};
use postgres::fallible_iterator::FallibleIterator;

/// A server with LSAT7, the extension, and the roles of docs/operations.md.
fn with_roles() -> Cluster {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut owner = cluster.connect();
    owner.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    owner.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    owner.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    owner
        .batch_execute("CREATE ROLE ada LOGIN IN ROLE item_reader; CREATE ROLE stranger LOGIN")
        .unwrap();
    cluster
}

#[test]
fn a_runner_runs_but_cannot_touch_history() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let run = "SELECT status FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(value(&mut runner, run).as_deref(), Some("success"));
    for forbidden in [
        "SELECT * FROM irt_calibration_runs",
        "UPDATE irt_calibration_runs SET status = 'failed'",
        "DELETE FROM irt_item_parameters",
        "INSERT INTO irt_item_banks (bank) VALUES ('mine')",
        "SELECT irt_add_item_columns('questions')",
    ] {
        assert_eq!(error(&mut runner, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_reader_looks_but_cannot_run() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    runner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    let mut reader = cluster.connect_as("ada", "postgres");
    reader.simple_query(&documented_sql("irt_calibration_progress;")).unwrap();
    let calibrated = "SELECT count(*) FROM irt_item_parameters WHERE status = 'calibrated'";
    assert_eq!(value(&mut reader, calibrated).as_deref(), Some("5"));
    for forbidden in ["SELECT irt_run_calibration()", "DELETE FROM irt_calibration_runs"] {
        assert_eq!(error(&mut reader, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_stranger_can_do_nothing() {
    let cluster = with_roles();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    for forbidden in [
        "SELECT * FROM irt_item_banks",
        "SELECT * FROM irt_calibration_runs",
        "SELECT * FROM irt_item_parameters",
        "SELECT * FROM irt_calibration_progress",
        "SELECT irt_configure()",
        "SELECT irt_run_calibration()",
        "SELECT irt_start_calibration()",
        "SELECT irt_cancel_calibration(1)",
        "SELECT irt_fit_2pl('SELECT 1, 1, true')",
        "SELECT irt_should_run_calibration()",
    ] {
        assert_eq!(error(&mut stranger, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_stranger_who_takes_a_banks_lock_is_found() {
    let cluster = with_roles();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    let lock =
        "SELECT pg_advisory_lock('irt_calibration_runs'::regclass::oid::int, hashtext('default'))";
    stranger.simple_query(lock).unwrap();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let run = "SELECT status FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(error(&mut runner, run).code().code(), "55P03");
    let mut owner = cluster.connect();
    let holder = rows(&mut owner, &documented_sql("FROM pg_locks"));
    assert_eq!(holder.len(), 1);
    assert_eq!(holder[0][0], value(&mut stranger, "SELECT pg_backend_pid()"));
    assert_eq!(holder[0][1].as_deref(), Some("stranger"));
    stranger.simple_query("SELECT pg_advisory_unlock_all()").unwrap();
    assert_eq!(value(&mut runner, run).as_deref(), Some("success"));
}

#[test]
fn whoever_may_run_says_how_it_came_about() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    runner.simple_query("SET application_name = 'pg_cron'").unwrap();
    let run = "SELECT triggered_by FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(value(&mut runner, run).as_deref(), Some("cron"));
}

/// The table of the job that docs/operations.md speaks of, with all that an application gives a
/// table, under names that are ours too.
const PYTHON_JOB: &str = "
    CREATE TABLE irt_calibration_runs (
        id serial PRIMARY KEY, job_id varchar(255) UNIQUE, status varchar(50), triggered_by varchar(100),
        started_at timestamptz, completed_at timestamptz, duration_seconds double precision,
        questions_calibrated int, questions_skipped int, mean_difficulty double precision,
        mean_discrimination double precision, new_responses_since_last int, error_message text);
    CREATE INDEX irt_calibration_runs_started_at_idx ON irt_calibration_runs (started_at);
    INSERT INTO irt_calibration_runs (job_id, status, triggered_by, started_at)
    VALUES ('weekly-1', 'completed', 'cron', '2020-01-05 04:00+00'),
           ('weekly-2', 'completed', 'cron', '2020-01-12 04:00+00'),
           ('weekly-3', 'failed', 'cron', '2020-01-19 04:00+00');
    ALTER TABLE responses ALTER answered_at SET DEFAULT now();
    UPDATE responses SET answered_at = '2020-01-11'::timestamptz + user_id % 3 * interval '1 day'";

#[test]
fn a_python_jobs_history_moves_in() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute(PYTHON_JOB).unwrap();
    let blocks = documented_section("Moving from a Python job");
    assert_eq!(blocks.len(), 3);
    client.batch_execute(blocks[0]).unwrap();
    assert_eq!(value(&mut client, blocks[1]).as_deref(), Some("3"));
    let decision = rows(&mut client, blocks[2]);
    // Those of the 13th: the last success began on the 12th at four.
    let text = |text: &str| Some(text.to_owned());
    let new = value(
        &mut client,
        "SELECT count(*) FROM responses WHERE answered_at > '2020-01-12 04:00+00'",
    );
    assert_eq!(decision[1][..2], [text("t"), new.clone()]);
    assert!(new.unwrap().parse::<i64>().unwrap() > 1000);
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    // The dump knows the sequence of our table, not of the other one.
    let dumped = "SELECT count(*) FROM pg_extension, unnest(extconfig) c
                  WHERE extname = 'irt_calibration'
                  AND c = pg_get_serial_sequence('irt_calibration_runs', 'id')::regclass";
    assert_eq!(value(&mut client, dumped).as_deref(), Some("1"));
    client.batch_execute(documented_section("Cleaning history")[0]).unwrap();
    // Rows of runs stay.
    let left = "SELECT string_agg(status, ' ' ORDER BY started_at) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, left).as_deref(), Some("success success failed success"));
}

#[test]
fn it_lives_beside_an_applications_migrations() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    // The application's own table of that name, with columns of its own.
    client.batch_execute("CREATE TABLE irt_calibration_runs (id serial, state text)").unwrap();
    let before = "SELECT string_agg(attname, ' ') FROM pg_attribute
                  WHERE attrelid = 'questions'::regclass AND attnum > 0 AND NOT attisdropped";
    let columns = value(&mut client, before);
    let blocks = documented_section("Beside an application's migrations");
    let [up, run, down] = blocks[..] else { panic!("{blocks:?}") };
    // Migration tools execute all of it in one transaction.
    client.batch_execute(&format!("BEGIN; {up} COMMIT")).unwrap();
    let run = rows(&mut client, run);
    assert_eq!(run[0][2].as_deref(), Some("success"));
    client.batch_execute("SELECT state FROM irt_calibration_runs").unwrap();
    let calibrated = "SELECT count(irt_difficulty) FROM questions";
    assert_eq!(value(&mut client, calibrated).as_deref(), Some("5"));
    assert_eq!(
        value(&mut client, "SELECT should_run FROM irt.irt_should_run_calibration()").as_deref(),
        Some("f")
    );
    client.batch_execute(&format!("BEGIN; {down} COMMIT")).unwrap();
    assert_eq!(value(&mut client, before), columns);
    client.batch_execute("SELECT state FROM irt_calibration_runs").unwrap();
}

#[test]
fn what_the_documentation_warns_of_is_so() {
    let cluster = with_roles();
    let mut owner = cluster.connect();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    // One run for every column.
    let expanded = "SELECT (irt_run_calibration(force => true, standard_errors => 'none')).*";
    let columns = rows(&mut runner, expanded)[0].len();
    let runs = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut owner, runs), Some(columns.to_string()));
    // A forged notification.
    owner.batch_execute("LISTEN irt_calibration").unwrap();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    stranger
        .batch_execute(r#"NOTIFY irt_calibration, '{"run_id": 99, "status": "success"}'"#)
        .unwrap();
    let mut notifications = owner.notifications();
    let forged = notifications
        .timeout_iter(std::time::Duration::from_secs(60))
        .any(|told| Ok(told.payload().contains("99")))
        .unwrap();
    assert!(forged);
    drop(notifications);
    // Who sees a DSN.
    owner
        .batch_execute(
            "LOAD 'irt_calibration'; ALTER DATABASE postgres SET irt_calibration.sentry_dsn = 'secret';
             CREATE ROLE watcher LOGIN IN ROLE pg_monitor",
        )
        .unwrap();
    let load = "SELECT irt_last_successful_calibration()";
    let show = "SHOW irt_calibration.sentry_dsn";
    let mut watcher = cluster.connect_as("watcher", "postgres");
    watcher.simple_query(load).unwrap();
    assert_eq!(value(&mut watcher, show).as_deref(), Some("secret"));
    let mut stranger = cluster.connect_as("stranger", "postgres");
    stranger.simple_query(load).unwrap();
    assert_eq!(error(&mut stranger, show).code().code(), "42501");
    let stored = "SELECT setconfig::text ~ 'secret' FROM pg_db_role_setting
                  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'postgres')";
    assert_eq!(value(&mut stranger, stored).as_deref(), Some("t"));
}
