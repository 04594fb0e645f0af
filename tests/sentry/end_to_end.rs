//! Nobody is watching at 4 AM: real pg_cron, a real Sentry-compatible server, the runner.
//!
//! Every way to end, by schedule and by bin/run_irt_calibration, and all that
//! is left of it: the run's row, pg_cron's history, the items, the event, the
//! exit code. pg_cron's shortest interval is a minute: all jobs fire in the same.

use crate::bugsink::Bugsink;
use crate::common::{Cluster, bindir, rows, value};
use crate::wait_for_workers;
use postgres::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

/// How a bank's run ends, and what tells so.
struct Ending {
    bank: &'static str,
    status: &'static str,
    sqlstate: Option<&'static str>,
    phase: &'static str,
    exit_code: i32,
}

const ENDINGS: [Ending; 5] = [
    Ending { bank: "default", status: "success", sqlstate: None, phase: "", exit_code: 0 },
    Ending { bank: "held", status: "success", sqlstate: None, phase: "publishing", exit_code: 0 },
    Ending {
        bank: "dropped",
        status: "failed",
        sqlstate: Some("42P01"),
        phase: "checking",
        exit_code: 3,
    },
    Ending {
        bank: "revoked",
        status: "failed",
        sqlstate: Some("42501"),
        phase: "checking",
        exit_code: 1,
    },
    Ending {
        bank: "few",
        status: "failed",
        sqlstate: Some("IR001"),
        phase: "fitting",
        exit_code: 2,
    },
];

/// A server that reports to `dsn`, with LSAT7, and a runner with a bank for every ending.
fn prepare(dsn: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(&format!(
        "shared_preload_libraries = 'pg_cron, irt_calibration'\nirt_calibration.sentry_dsn = '{dsn}'"
    ));
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client
        .batch_execute(
            "CREATE EXTENSION pg_cron; CREATE EXTENSION irt_calibration;
             SELECT irt_add_item_columns('questions');
             UPDATE questions SET irt_calibrated_at = '2020-01-01';
             CREATE TABLE doomed AS SELECT * FROM responses;
             CREATE TABLE secret AS SELECT * FROM responses;
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             CREATE ROLE runner LOGIN;
             GRANT USAGE ON SCHEMA cron TO runner;
             GRANT EXECUTE ON FUNCTION irt_configure, irt_run_calibration, irt_schedule_calibration TO runner;
             GRANT SELECT ON responses, doomed, secret, few TO runner;
             GRANT SELECT, UPDATE ON questions TO runner",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    runner
        .batch_execute(
            "SELECT irt_configure('dropped', 'doomed'), irt_configure('revoked', 'secret'),
                    irt_configure('few', 'few', min_new_responses => 1),
                    irt_configure('held', 'responses', standard_errors => 'none'),
                    irt_configure(standard_errors => 'none')",
        )
        .unwrap();
    // After a rollback the next run is held.
    runner.simple_query("SELECT irt_run_calibration(bank => 'held')").unwrap();
    client.simple_query("SELECT irt_rollback('held')").unwrap();
    for Ending { bank, .. } in &ENDINGS {
        let sql = format!("SELECT irt_schedule_calibration('* * * * *', '{bank}')");
        runner.simple_query(&sql).unwrap();
    }
    client.batch_execute("DROP TABLE doomed; REVOKE SELECT ON secret FROM runner").unwrap();
    (cluster, client)
}

/// Waits until `sql` yields 't'.
fn wait_for(client: &mut Client, what: &str, sql: &str) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while value(client, sql).as_deref() != Some("t") {
        assert!(Instant::now() < deadline, "no {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The exit code of bin/run_irt_calibration.
fn exit_code(cluster: &Cluster, bank: &str) -> Option<i32> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bin/run_irt_calibration")
        .args(["--bank", bank])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", format!("{}:{path}", bindir().display()))
        .env_remove("DATABASE_URL")
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", cluster.port().to_string())
        .env("PGUSER", "runner")
        .env("PGDATABASE", "postgres")
        .output();
    output.unwrap().status.code()
}

/// The event of every run that failed or was held, by run_id; there is one for each.
fn events_by_run(bugsink: &Bugsink, expected: usize) -> BTreeMap<String, Value> {
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut events = bugsink.events();
    while events.len() < expected {
        assert!(Instant::now() < deadline, "{} events: {}", events.len(), bugsink.log());
        std::thread::sleep(Duration::from_millis(200));
        events = bugsink.events();
    }
    assert_eq!(events.len(), expected, "only failures and held runs are events, and each is one");
    let by_run = |event: Value| (event["tags"]["run_id"].as_str().unwrap().to_owned(), event);
    let events: BTreeMap<String, Value> = events.into_iter().map(by_run).collect();
    assert_eq!(events.len(), expected, "{:?}", events.keys());
    events
}

#[test]
fn what_happens_at_night_is_known_in_the_morning() {
    let bugsink = Bugsink::start();
    let (cluster, mut client) = prepare(&bugsink.dsn);
    wait_for(
        &mut client,
        "end of every job",
        "SELECT count(DISTINCT jobid) = 5 FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')",
    );
    client.batch_execute("UPDATE cron.job SET active = false").unwrap();
    wait_for(
        &mut client,
        "end of the last job",
        "SELECT bool_and(status IN ('succeeded', 'failed')) FROM cron.job_run_details",
    );
    for Ending { bank, status, sqlstate, .. } in &ENDINGS {
        let ended = rows(
            &mut client,
            &format!(
                "SELECT r.status, r.error_sqlstate, r.triggered_by, d.status, d.return_message <> ''
                 FROM irt_calibration_runs r
                 JOIN cron.job j ON j.jobname = 'irt_calibration_' || r.bank
                 JOIN cron.job_run_details d USING (jobid)
                 WHERE r.bank = '{bank}' AND r.triggered_by <> 'manual' ORDER BY r.id, d.runid LIMIT 1"
            ),
        )
        .remove(0);
        let job = if *status == "success" { "succeeded" } else { "failed" };
        let expected = [Some(*status), *sqlstate, Some("cron"), Some(job), Some("t")];
        assert_eq!(ended, expected.map(|text| text.map(str::to_owned)), "{bank}");
    }
    let moved = "SELECT bool_and(irt_calibrated_at > now() - interval '1 hour') FROM questions";
    assert_eq!(value(&mut client, moved).as_deref(), Some("t"));

    for Ending { bank, exit_code: expected, .. } in &ENDINGS {
        // The default bank's is skipped now, which is no failure either.
        assert_eq!(exit_code(&cluster, bank), Some(*expected), "{bank}");
    }
    wait_for_workers(&mut client);
    let failed = rows(
        &mut client,
        "SELECT id, bank, error_sqlstate, error_message FROM irt_calibration_runs WHERE status = 'failed'",
    );
    assert!(failed.len() >= 6, "three by schedule, three by the runner");
    let held = "SELECT id FROM irt_calibration_runs WHERE publication = 'held'";
    let held = rows(&mut client, held);
    assert_eq!(held.len(), 1, "its responses are not new to the next one");
    let events = events_by_run(&bugsink, failed.len() + 1);
    let event = &events[held[0][0].as_deref().unwrap()];
    assert_eq!((&event["level"], &event["tags"]["bank"]), (&"warning".into(), &"held".into()));
    assert_eq!(event["contexts"]["checks"]["since_rollback"]["outcome"], "hold");
    for run in failed {
        let run: Vec<String> = run.into_iter().map(Option::unwrap).collect();
        let [id, bank, sqlstate, message] = &run[..] else { unreachable!() };
        let ending = ENDINGS.iter().find(|ending| ending.bank == bank).unwrap();
        let event = &events[id];
        let tags = [
            ("bank", bank.as_str()),
            ("sqlstate", sqlstate),
            ("phase", ending.phase),
            ("triggered_by", "cron"),
        ];
        for (tag, expected) in tags {
            assert_eq!(event["tags"][tag], expected, "{tag} of run {id}");
        }
        assert_eq!(event["exception"]["values"][0]["type"], *sqlstate);
        assert_eq!(event["exception"]["values"][0]["value"], *message);
    }
}
