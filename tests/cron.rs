//! Schedules, with the real pg_cron: jobs that fire, and what is said where it is out of reach.
//!
//! pg_cron's shortest interval is a minute, so the jobs that must fire do so in few tests.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::document::documented_section;
use common::{Cluster, error, rows, value};
use postgres::Client;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A server with pg_cron in database postgres, LSAT7, and the extension.
fn with_cron() -> (Cluster, Client) {
    with_cron_and("")
}

/// The same; `settings` are more lines for postgresql.conf.
fn with_cron_and(settings: &str) -> (Cluster, Client) {
    let cluster =
        Cluster::with_settings(&format!("shared_preload_libraries = 'pg_cron'\n{settings}"));
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_cron; CREATE EXTENSION irt_calibration").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    (cluster, client)
}

fn schedule(client: &mut Client, arguments: &str) -> String {
    value(client, &format!("SELECT irt_schedule_calibration({arguments})")).unwrap()
}

/// Waits until `sql` yields 't'.
fn wait_for(client: &mut Client, what: &str, patience: u64, sql: &str) {
    let deadline = Instant::now() + Duration::from_secs(patience);
    while value(client, sql).as_deref() != Some("t") {
        assert!(Instant::now() < deadline, "no {what} within {patience} s");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn jobs_fire_and_both_histories_say_how_it_went() {
    let (_cluster, mut client) = with_cron();
    client
        .batch_execute(
            "CREATE TABLE doomed AS SELECT * FROM responses;
             CREATE VIEW busy AS SELECT * FROM responses WHERE (SELECT pg_sleep(300) IS NOT NULL);
             CREATE VIEW old AS SELECT * FROM responses WHERE user_id < 0;
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT irt_configure('gone', 'doomed'), irt_configure('busy', 'busy'),
                    irt_configure('old', 'old'), irt_configure('few', 'few', min_new_responses => 1),
                    irt_configure(standard_errors => 'none');
             DROP TABLE doomed",
        )
        .unwrap();
    for bank in ["default", "gone", "busy", "old", "few"] {
        schedule(&mut client, &format!("'* * * * *', '{bank}'"));
    }
    // A person's run that has the bank until it is cancelled, however fast the machine.
    client.simple_query("SELECT irt_start_calibration(true, bank => 'busy')").unwrap();
    wait_for(
        &mut client,
        "job has ended",
        100,
        "SELECT count(DISTINCT jobid) = 5 FROM cron.job_run_details
         WHERE status IN ('succeeded', 'failed')",
    );
    client.batch_execute("UPDATE cron.job SET active = false").unwrap();
    client
        .simple_query("SELECT irt_cancel_calibration(run_id) FROM irt_calibration_progress")
        .unwrap();
    let ended = |client: &mut Client, bank: &str| -> Vec<Option<String>> {
        rows(
            client,
            &format!(
                "SELECT r.status, r.error_sqlstate, d.status, d.return_message
                 FROM irt_calibration_runs r
                 JOIN cron.job j ON j.jobname = 'irt_calibration_' || r.bank
                 JOIN cron.job_run_details d USING (jobid)
                 WHERE r.bank = '{bank}' AND r.triggered_by = 'cron' ORDER BY r.id, d.runid LIMIT 1"
            ),
        )
        .remove(0)
    };
    for (bank, status, sqlstate, job, message) in [
        ("default", "success", None, "succeeded", ""),
        ("old", "skipped", None, "succeeded", ""),
        ("gone", "failed", Some("42P01"), "failed", "does not exist any more"),
        ("few", "failed", Some("IR001"), "failed", "person"),
        ("busy", "skipped", Some("55P03"), "failed", "is being calibrated by run"),
    ] {
        let row = ended(&mut client, bank);
        assert_eq!(row[0].as_deref(), Some(status), "{bank}: {row:?}");
        assert_eq!(row[1].as_deref(), sqlstate, "{bank}: {row:?}");
        assert_eq!(row[2].as_deref(), Some(job), "{bank}: {row:?}");
        assert!(row[3].as_deref().unwrap_or_default().contains(message), "{bank}: {row:?}");
    }
    let moved = "SELECT bool_and(irt_calibrated_at IS NOT NULL) FROM questions";
    assert_eq!(value(&mut client, moved).as_deref(), Some("t"));
}

/// How the image runs jobs: pg_cron's own worker makes the call, without a connection.
#[test]
fn jobs_in_background_workers_are_cron_s_as_well() {
    let (_cluster, mut client) = with_cron_and("cron.use_background_workers = on");
    client
        .batch_execute(
            "CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT irt_configure('few', 'few', min_new_responses => 1),
                    irt_configure(standard_errors => 'none')",
        )
        .unwrap();
    for bank in ["default", "few"] {
        schedule(&mut client, &format!("'* * * * *', '{bank}'"));
    }
    wait_for(
        &mut client,
        "job has ended",
        180,
        "SELECT count(DISTINCT jobid) = 2 FROM cron.job_run_details
         WHERE status IN ('succeeded', 'failed')",
    );
    let ended = rows(
        &mut client,
        "SELECT DISTINCT ON (r.bank) r.bank, r.status, r.triggered_by, d.status,
                d.return_message LIKE '%' || r.error_message || '%'
         FROM irt_calibration_runs r
         JOIN cron.job j ON j.jobname = 'irt_calibration_' || r.bank
         JOIN cron.job_run_details d USING (jobid)
         WHERE d.status <> 'running' ORDER BY r.bank, r.id, d.runid",
    );
    let text = |words: [&str; 4]| words.map(|word| Some(word.to_owned())).to_vec();
    let mut success = text(["default", "success", "cron", "succeeded"]);
    success.push(None);
    let mut failure = text(["few", "failed", "cron", "failed"]);
    failure.push(Some("t".to_owned()));
    assert_eq!(ended, [success, failure]);
}

#[test]
fn a_bank_has_one_job_and_loses_it() {
    let (_cluster, mut client) = with_cron();
    let first = schedule(&mut client, "");
    assert_eq!(schedule(&mut client, "'30 2 * * *'"), first, "the same job, changed");
    let job = "SELECT jobname, schedule, command, database, username FROM cron.job";
    let expected = [
        "irt_calibration_default",
        "30 2 * * *",
        "SELECT run.status FROM public.irt_run_calibration(bank => 'default') AS run",
        "postgres",
        "postgres",
    ];
    assert_eq!(rows(&mut client, job), [expected.map(|text| Some(text.to_owned()))]);
    let unschedule = "SELECT irt_unschedule_calibration()";
    assert_eq!(value(&mut client, unschedule).as_deref(), Some("t"));
    assert_eq!(value(&mut client, unschedule).as_deref(), Some("f"));
    client.batch_execute("SELECT irt_configure('it''s; --', 'responses')").unwrap();
    schedule(&mut client, "bank => 'it''s; --'");
    let command = value(&mut client, "SELECT command FROM cron.job").unwrap();
    assert_eq!(value(&mut client, &command).as_deref(), Some("success"), "{command}");
}

/// What would be refused at night is refused at once: another's bank, or relations of somebody who
/// is not trusted.
#[test]
fn only_a_bank_that_the_role_may_run_is_scheduled() {
    let (cluster, mut client) = with_cron();
    client
        .batch_execute(
            "CREATE ROLE runner LOGIN; GRANT USAGE ON SCHEMA cron TO runner; CREATE ROLE app;
             GRANT EXECUTE ON FUNCTION irt_run_calibration, irt_schedule_calibration TO runner;
             ALTER TABLE responses OWNER TO app; SELECT irt_configure('apps', 'responses', owner => 'app')",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    for bank in ["apps", "default"] {
        let call = format!("SELECT irt_schedule_calibration(bank => '{bank}')");
        let refused = error(&mut runner, &call);
        assert_eq!(refused.code().code(), "42501", "{bank}");
        assert!(refused.message().contains("belongs to role \"app\""), "{refused:?}");
    }
    client.batch_execute("GRANT app TO runner").unwrap();
    schedule(&mut runner, "bank => 'apps'");
    schedule(&mut runner, "");
}

#[test]
fn the_notice_says_when() {
    let (cluster, _client) = with_cron();
    let says = |schedule: &str| {
        let sql = format!("SELECT irt_schedule_calibration('{schedule}')");
        let output = cluster.psql(&["-c", &sql]);
        String::from_utf8(output.stderr).unwrap()
    };
    let sundays = says("0 4 * * 0");
    assert!(
        sundays.contains("bank \"default\" will be calibrated at '0 4 * * 0', GMT"),
        "{sundays}"
    );
    assert_eq!(sundays.matches("Sun 2").count(), 3, "{sundays}");
    assert_eq!(sundays.matches(" 04:00").count(), 3, "{sundays}");
    // The 29th of February, or a Monday in it; the 30th of February never comes.
    let leap = says("15 3 29 feb *");
    assert!(leap.contains("-02-29 03:15"), "{leap}");
    assert!(says("0 0 30 2 *").contains("does not come in the next eight years"));
    let either = says("*/20 9-10,22 13 * 5");
    assert!(either.contains("Fri ") && either.contains("09:"), "{either}");
}

/// What the server's own calendar says about the next moments is what the notice says.
#[test]
fn the_moments_are_those_of_the_calendar() {
    let (cluster, mut client) = with_cron();
    for (schedule, condition) in [
        ("5 4 1 * *", "extract(day FROM m) = 1 AND m::time = '04:05'"),
        ("0 0 * * 7", "extract(dow FROM m) = 0 AND m::time = '00:00'"),
        (
            "*/15 6 10-12 1,7 *",
            "extract(day FROM m) BETWEEN 10 AND 12 AND extract(month FROM m) IN (1, 7)
          AND extract(hour FROM m) = 6 AND extract(minute FROM m)::int % 15 = 0",
        ),
        (
            "0 12 31 * mon",
            "(extract(day FROM m) = 31 OR extract(dow FROM m) = 1) AND m::time = '12:00'",
        ),
    ] {
        let moments = value(
            &mut client,
            &format!(
                "SELECT string_agg(to_char(m, 'Dy YYYY-MM-DD HH24:MI'), ', ') FROM (
                     SELECT m FROM generate_series(date_trunc('minute', now() AT TIME ZONE 'GMT')
                         + interval '1 minute', now() AT TIME ZONE 'GMT' + interval '400 days',
                         interval '1 minute') m
                     WHERE {condition} ORDER BY m LIMIT 3) AS next"
            ),
        )
        .unwrap();
        let sql = format!("SELECT irt_schedule_calibration('{schedule}')");
        let said = String::from_utf8(cluster.psql(&["-c", &sql]).stderr).unwrap();
        assert!(said.contains(&moments), "{schedule}: {said}, but {moments}");
    }
}

#[test]
fn what_would_fail_at_night_fails_at_once() {
    let (cluster, mut client) = with_cron();
    client
        .batch_execute(
            "CREATE ROLE runner LOGIN; CREATE ROLE group_only;
             GRANT EXECUTE ON FUNCTION irt_schedule_calibration, irt_unschedule_calibration TO runner, group_only",
        )
        .unwrap();
    let schedule = "SELECT irt_schedule_calibration()";
    let mut runner = cluster.connect_as("runner", "postgres");
    let refused = error(&mut runner, schedule);
    assert_eq!(refused.code().code(), "42501");
    let hint = refused.hint().unwrap().to_owned();
    assert_eq!(hint, "GRANT EXECUTE ON FUNCTION public.irt_run_calibration TO runner;");
    client.batch_execute(&hint).unwrap();
    let hint = error(&mut runner, schedule).hint().unwrap().to_owned();
    assert_eq!(hint, "GRANT USAGE ON SCHEMA cron TO runner;");
    client.batch_execute(&hint).unwrap();
    runner.simple_query(schedule).unwrap();
    assert_eq!(value(&mut client, "SELECT username FROM cron.job").as_deref(), Some("runner"));
    assert_eq!(value(&mut runner, "SELECT irt_unschedule_calibration()").as_deref(), Some("t"));
    for (sql, sqlstate, message) in [
        (
            "SELECT irt_schedule_calibration('at four')",
            "22023",
            "schedule is 'at four', but must be",
        ),
        ("SELECT irt_schedule_calibration(NULL)", "22004", "schedule must not be NULL"),
        ("SELECT irt_schedule_calibration(bank => NULL)", "22004", "bank must not be NULL"),
        ("SELECT irt_unschedule_calibration(NULL)", "22004", "bank must not be NULL"),
        ("SELECT irt_schedule_calibration(bank => 'nix')", "22023", "bank \"nix\" does not exist"),
        ("SELECT irt_unschedule_calibration(repeat('x', 60))", "22023", "60 bytes long"),
        ("SET ROLE group_only; SELECT irt_schedule_calibration()", "28000", "may not log in"),
    ] {
        let refused = error(&mut client, sql);
        assert_eq!(refused.code().code(), sqlstate, "{sql}");
        assert!(refused.message().contains(message), "{sql}: {}", refused.message());
        assert!(refused.hint().is_some(), "{sql}");
    }
}

/// pg_cron connects as the job's role, and has no password.
#[test]
fn a_password_that_pg_cron_does_not_have_is_warned_of() {
    let (cluster, mut client) = with_cron();
    client
        .batch_execute(
            "CREATE ROLE nightly; CREATE ROLE runner LOGIN IN ROLE nightly;
             GRANT USAGE ON SCHEMA cron TO runner;
             GRANT EXECUTE ON FUNCTION irt_schedule_calibration, irt_run_calibration TO runner",
        )
        .unwrap();
    let heard = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&heard);
    let mut config = cluster.config("runner", "postgres");
    config.notice_callback(move |notice| {
        if notice.severity() == "WARNING" {
            log.lock().unwrap().push_str(notice.message());
        }
    });
    // The file is read as it is, the server goes on with what it was.
    let mut runner = config.connect(postgres::NoTls).unwrap();
    let mut warns = |lines: &str| {
        std::fs::write(cluster.folder().join("pg_hba.conf"), lines).unwrap();
        schedule(&mut runner, "");
        std::mem::take(&mut *heard.lock().unwrap())
    };
    const TRUST: &str = "host all all all trust\n";
    let password = "pg_cron will not be able to run this job: it connects to localhost as role \
                    runner, pg_hba.conf asks it for a password (scram-sha-256), and it has none";
    for (line, expected) in [
        ("", ""),
        ("host all all 127.0.0.1/32 scram-sha-256", password),
        ("host postgres runner 127.0.0.0 255.0.0.0 scram-sha-256", password),
        ("hostnossl postgres,other +nightly localhost scram-sha-256", password),
        ("host other all all md5", ""),
        ("host all postgres,+pg_monitor samehost md5", ""),
        ("hostssl all all all md5", ""),
        ("host all all ::1/128 md5", ""),
        ("host all all 10.0.0.0/8 md5", ""),
        ("local all all md5", ""),
        ("host all all 127.0.0.1/32 md5\nhost nonsense", ""),
    ] {
        assert_eq!(warns(&format!("{line}\n{TRUST}")), expected, "{line}");
    }
    assert!(warns("local all all trust\n").ends_with("pg_hba.conf has no line that lets it in"));
    assert!(warns("host all all samenet reject\n").ends_with("pg_hba.conf rejects it"));
}

#[test]
fn background_workers_need_no_password() {
    let (cluster, _client) = with_cron_and("cron.use_background_workers = on");
    std::fs::write(cluster.folder().join("pg_hba.conf"), "host all all all md5\n").unwrap();
    let said = cluster.psql(&["-c", "SELECT irt_schedule_calibration()"]).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("NOTICE") && !said.contains("WARNING"), "{said}");
}

/// The worker that a held run has is the last one. A job of the held bank's neighbour waits, gives
/// up, fails, and is on record. `settings`: how pg_cron runs jobs.
fn a_job_without_a_worker_is_on_record(settings: &str) {
    let (_cluster, mut client) =
        with_cron_and(&format!("max_logical_replication_workers = 0\n{settings}"));
    client
        .batch_execute(
            "ALTER ROLE postgres SET irt_calibration.worker_timeout = '100ms';
             CREATE VIEW held AS SELECT * FROM responses WHERE (SELECT pg_sleep(3600) IS NOT NULL);
             SELECT irt_configure('held', 'held')",
        )
        .unwrap();
    // In a statement of its own: the worker sees what is committed.
    client.batch_execute("SELECT irt_start_calibration(true, bank => 'held')").unwrap();
    let held = "SELECT phase = 'loading' FROM irt_calibration_progress";
    wait_for(&mut client, "held run", 60, held);
    schedule(&mut client, "'* * * * *'");
    wait_for(
        &mut client,
        "row",
        100,
        "SELECT count(*) > 0 FROM irt_calibration_runs WHERE bank = 'default' AND status = 'failed'",
    );
    client.batch_execute("UPDATE cron.job SET active = false").unwrap();
    let job = "SELECT status, return_message LIKE '%no background worker was free within 0.1 s%'
               FROM cron.job_run_details ORDER BY runid LIMIT 1";
    assert_eq!(rows(&mut client, job), [[Some("failed".to_owned()), Some("t".to_owned())]]);
    let row = "SELECT error_sqlstate, triggered_by,
                   error_message LIKE 'no background worker was free within 0.1 s%'
               FROM irt_calibration_runs WHERE bank = 'default' ORDER BY id LIMIT 1";
    let expected = ["53400", "cron", "t"].map(|text| Some(text.to_owned()));
    assert_eq!(rows(&mut client, row), [expected]);
}

#[test]
fn a_job_without_a_worker_is_on_record_as_a_client() {
    // pg_cron's own, and the held run's.
    a_job_without_a_worker_is_on_record("max_worker_processes = 2");
}

#[test]
fn a_job_without_a_worker_is_on_record_as_a_background_worker() {
    // The job's as well.
    a_job_without_a_worker_is_on_record(
        "max_worker_processes = 3\ncron.use_background_workers = on",
    );
}

#[test]
fn without_pg_cron_the_hint_is_what_to_do() {
    let cluster = Cluster::start();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let refused = error(&mut client, "SELECT irt_schedule_calibration()");
    assert_eq!((refused.code().code(), refused.message()), ("55000", "pg_cron is not loaded"));
    assert!(refused.hint().unwrap().contains("shared_preload_libraries = 'pg_cron'"));
}

/// The statements of a hint "where, who: statements".
fn statements(refused: &postgres::error::DbError) -> &str {
    let (place, statements) = refused.hint().unwrap().split_once(": ").unwrap();
    assert_eq!(place, "In database postgres, as a superuser");
    statements
}

#[test]
fn from_another_database_the_hint_is_a_statement_that_works() {
    let (cluster, mut home) = with_cron();
    // Not even pg_cron is there yet.
    home.batch_execute("DROP EXTENSION irt_calibration; DROP EXTENSION pg_cron").unwrap();
    home.batch_execute("CREATE DATABASE \"my shop\"").unwrap();
    home.batch_execute("CREATE DATABASE other").unwrap();
    home.batch_execute("CREATE ROLE \"shop's runner\" LOGIN").unwrap();
    let expected = |schedule: &str| {
        let name = "irt_calibration_default@my shop";
        vec![
            [name, schedule, "my shop", "shop's runner"].map(|text| Some(text.to_owned())).to_vec(),
        ]
    };
    let jobs =
        "SELECT jobname, schedule, database, username FROM cron.job WHERE database = 'my shop'";
    let mut owner = cluster.connect_as("postgres", "my shop");
    owner
        .batch_execute(
            "CREATE EXTENSION irt_calibration;
             GRANT EXECUTE ON FUNCTION irt_schedule_calibration, irt_unschedule_calibration, irt_run_calibration
                 TO \"shop's runner\"",
        )
        .unwrap();
    let mut shop = cluster.connect_as("shop's runner", "my shop");
    for schedule in ["7 3 * * 6", "8 3 * * 6"] {
        let refused = error(&mut shop, &format!("SELECT irt_schedule_calibration('{schedule}')"));
        assert_eq!(refused.message(), "pg_cron lives in database postgres");
        home.batch_execute(statements(&refused)).unwrap();
        assert_eq!(rows(&mut home, jobs), expected(schedule));
    }
    let mut other = cluster.connect_as("postgres", "other");
    other.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let refused = error(&mut other, "SELECT irt_schedule_calibration()");
    home.batch_execute(statements(&refused)).unwrap();
    let refused = error(&mut shop, "SELECT irt_unschedule_calibration()");
    home.batch_execute(statements(&refused)).unwrap();
    let left = "SELECT string_agg(database, ', ') FROM cron.job";
    assert_eq!(value(&mut home, left).as_deref(), Some("other"));
    home.batch_execute("DROP EXTENSION pg_cron").unwrap();
    home.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let refused = error(&mut home, "SELECT irt_schedule_calibration()");
    assert_eq!(refused.hint(), Some("As a superuser: CREATE EXTENSION pg_cron;"));
}

#[test]
fn the_statements_of_the_operations_page_work() {
    let (_cluster, mut client) = with_cron();
    let blocks = documented_section("Schedules");
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        client.simple_query(block).unwrap_or_else(|error| panic!("{block}: {error:?}"));
    }
}
