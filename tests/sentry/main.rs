//! What Sentry is told, by a listener that keeps it and by a real server; and twelve ways to fail.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../common/mod.rs"]
mod common;

mod bugsink;
mod end_to_end;
mod faults;
mod https;
mod listener;

use common::{Cluster, error, value};
use listener::{ACCEPTED, Listener};
use postgres::Client;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// One and the same moment, in seconds, is rounded otherwise than as a text.
const ROUNDING: f64 = 1e-5;

/// What no report may contain.
const KEY: &str = "5ec2e7000000000000000000000000ff";

/// A server with LSAT7 and the extension.
fn lsat7() -> (Cluster, Client) {
    let cluster = Cluster::with_settings("log_min_messages = warning");
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute("SELECT irt_add_item_columns('questions')").unwrap();
    (cluster, client)
}

fn report_to(client: &mut Client, dsn: &str) {
    client
        .batch_execute(&format!("LOAD 'irt_calibration'; SET irt_calibration.sentry_dsn = '{dsn}'"))
        .unwrap();
}

fn report_to_port(client: &mut Client, port: u16) {
    report_to(client, &format!("http://{KEY}@127.0.0.1:{port}/1"));
}

/// What the server's log says of reports that failed.
fn warnings(cluster: &Cluster) -> Vec<String> {
    let log = cluster.log();
    let said = log.lines().filter(|line| line.contains("could not report to Sentry"));
    said.map(str::to_owned).collect()
}

/// Waits until no worker is left, and with it all that it had to tell.
fn wait_for_workers(client: &mut Client) {
    let workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'irt_calibration'";
    let deadline = Instant::now() + Duration::from_secs(60);
    while value(client, workers).as_deref() != Some("0") {
        assert!(Instant::now() < deadline, "a worker does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_failure_is_an_event_with_all_that_helps() {
    let (_cluster, mut client) = lsat7();
    let listener = Listener::start(ACCEPTED);
    report_to_port(&mut client, listener.port);
    client
        .batch_execute(
            "SET irt_calibration.environment = 'staging';
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT irt_configure('few', 'few', min_new_responses => 1)",
        )
        .unwrap();
    let failed = error(&mut client, "SELECT irt_run_calibration(bank => 'few')");
    wait_for_workers(&mut client);
    let items = listener.items();
    assert_eq!(items.len(), 1, "{items:?}");
    let (kind, event) = &items[0];
    assert_eq!(kind, "event");
    assert_eq!(event["exception"]["values"][0]["type"], "IR001");
    assert_eq!(event["exception"]["values"][0]["value"], failed.message());
    assert_eq!(event["contexts"]["advice"]["hint"], failed.hint().unwrap());
    assert_eq!(event["fingerprint"], json!(["irt_calibration", "IR001", "fitting"]));
    assert_eq!(event["release"], concat!("irt_calibration@", env!("CARGO_PKG_VERSION")));
    assert_eq!(event["environment"], "staging");
    assert!(!event["server_name"].as_str().unwrap().is_empty());
    let tags = json!({"bank": "few", "run_id": "1", "sqlstate": "IR001", "phase": "fitting",
                      "triggered_by": "manual"});
    assert_eq!(event["tags"], tags);
    assert_eq!(event["contexts"]["run"]["new_responses_count"], 25);
    assert!(event["contexts"]["settings"].as_object().unwrap().len() > 5);
    let phases: Vec<&Value> = event["breadcrumbs"]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|crumb| &crumb["message"])
        .collect();
    assert_eq!(phases, ["checking", "loading", "fitting"]);
    let head = &listener.requests()[0];
    assert!(head.starts_with("POST /api/1/envelope/ "), "{head}");
}

/// A bank whose newest publication was rolled back, so that its next run awaits a decision.
fn roll_back(client: &mut Client, bank: &str) {
    let run = format!("SELECT irt_run_calibration(bank => '{bank}', standard_errors => 'none')");
    client.simple_query(&run).unwrap();
    client.simple_query(&format!("SELECT irt_rollback('{bank}')")).unwrap();
    wait_for_workers(client);
}

#[test]
fn a_held_run_is_a_warning_with_its_checks_and_decisions_are_nobody_s_business() {
    let (_cluster, mut client) = lsat7();
    client.batch_execute("SELECT irt_configure('other', 'responses', items => '-')").unwrap();
    roll_back(&mut client, "default");
    roll_back(&mut client, "other");
    let listener = Listener::start(ACCEPTED);
    report_to_port(&mut client, listener.port);
    for bank in ["default", "other", "other"] {
        let sql = format!(
            "SELECT irt_run_calibration(true, bank => '{bank}', standard_errors => 'none')"
        );
        client.simple_query(&sql).unwrap();
    }
    wait_for_workers(&mut client);
    let items = listener.items();
    assert_eq!(items.len(), 3, "{items:?}");
    assert!(items.iter().all(|(kind, event)| kind == "event" && event["level"] == "warning"));
    let fingerprints: Vec<&Value> = items.iter().map(|(_, event)| &event["fingerprint"]).collect();
    let expected =
        ["default", "other", "other"].map(|bank| json!(["irt_calibration", "held", bank]));
    assert_eq!(fingerprints, expected.iter().collect::<Vec<_>>());
    let event = &items[0].1;
    let message = "run 3 of bank \"default\" is held, not published: after a rollback somebody has to \
                   approve a run";
    assert_eq!(event["message"], message);
    let checks = event["contexts"]["checks"].as_object().unwrap();
    let since =
        json!({"value": 1.0, "warn_above": "infinity", "hold_above": 0.5, "outcome": "hold"});
    assert_eq!(checks["since_rollback"], since);
    assert_eq!(checks["reversed_items"]["outcome"], "pass");
    let recorded =
        "SELECT count(*) FROM irt_run_checks WHERE run_id = 3 AND outcome <> 'not_applicable'";
    assert_eq!(value(&mut client, recorded), Some((checks.len() - 1).to_string()), "and its type");
    assert_eq!(event["contexts"]["run"]["publication"], "held");
    assert_eq!(event["contexts"]["run"]["items_published"], 0);
    assert!(event["contexts"]["advice"]["hint"].as_str().unwrap().contains("irt_publish(3)"));
    let tags = json!({"bank": "default", "run_id": "3", "phase": "publishing",
                      "triggered_by": "manual"});
    assert_eq!(event["tags"], tags);
    for decision in ["irt_publish(3)", "irt_rollback()", "irt_reject(4)", "irt_publish(5)"] {
        client.simple_query(&format!("SELECT {decision}")).unwrap();
    }
    let run = "SELECT irt_run_calibration(true, bank => 'other', standard_errors => 'none')";
    client.simple_query(run).unwrap();
    wait_for_workers(&mut client);
    assert_eq!(listener.items().len(), 3, "neither a decision nor a published run is an event");
}

#[test]
fn nothing_personal_is_told() {
    let (cluster, mut client) = lsat7();
    let listener = Listener::start(ACCEPTED);
    report_to_port(&mut client, listener.port);
    client
        .batch_execute(
            "CREATE TABLE answers (user_id text, question_id text, is_correct int);
             INSERT INTO answers SELECT 'Ada-' || p, 'q' || i, (p + i) % 2
                 FROM generate_series(1, 30) p, generate_series(1, 5) i;
             INSERT INTO answers VALUES ('Ada-0', 'q1', 4711);
             CREATE VIEW broken AS SELECT user_id::int AS user_id, question_id, is_correct FROM answers;
             SELECT irt_configure('answers', 'answers', min_new_responses => 1),
                    irt_configure('broken', 'broken', min_new_responses => 1)",
        )
        .unwrap();
    for (bank, sqlstate, told_to_the_caller) in
        [("answers", "22023", "4711"), ("broken", "22P02", "Ada-")]
    {
        let sql = format!("SELECT irt_run_calibration(bank => '{bank}')");
        let failed = error(&mut client, &sql);
        assert_eq!(failed.code().code(), sqlstate);
        assert!(failed.message().contains(told_to_the_caller), "{}", failed.message());
    }
    wait_for_workers(&mut client);
    let requests = listener.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(KEY), "Sentry is to know who asks");
        for secret in ["Ada-", "4711", KEY] {
            assert!(!body.contains(secret), "{secret} in {body}");
        }
    }
    assert!(!cluster.log().lines().any(|line| line.contains(KEY) && !line.contains("SET irt_")));
}

#[test]
fn runs_are_traced_at_the_sample_rate() {
    let (_cluster, mut client) = lsat7();
    let listener = Listener::start(ACCEPTED);
    report_to_port(&mut client, listener.port);
    client.batch_execute("SET irt_calibration.traces_sample_rate = 1").unwrap();
    // Five items: shorter than anybody's look.
    let run = "SELECT irt_run_calibration(standard_errors => 'observed_information')";
    client.simple_query(run).unwrap();
    wait_for_workers(&mut client);
    client.batch_execute("SET irt_calibration.traces_sample_rate = 0").unwrap();
    client
        .simple_query("SELECT irt_run_calibration(standard_errors => 'none', force => true)")
        .unwrap();
    wait_for_workers(&mut client);
    let items = listener.items();
    assert_eq!(items.len(), 1, "{items:?}");
    let (kind, trace) = &items[0];
    assert_eq!(
        (kind.as_str(), &trace["transaction"]),
        ("transaction", &json!("irt_run_calibration"))
    );
    let spans = trace["spans"].as_array().unwrap();
    let phases: Vec<&Value> = spans.iter().map(|span| &span["description"]).collect();
    let expected = ["checking", "loading", "fitting", "standard errors", "publishing"];
    assert_eq!(phases, expected);
    let root = &trace["contexts"]["trace"];
    assert_eq!(root["status"], "ok");
    for span in spans {
        assert_eq!(
            (&span["parent_span_id"], &span["trace_id"]),
            (&root["span_id"], &root["trace_id"])
        );
    }
    // Seconds, or a text: the protocol has both.
    let mut moment = |value: &Value| -> f64 {
        let Some(text) = value.as_str() else { return value.as_f64().unwrap() };
        let sql = format!("SELECT extract(epoch FROM timestamptz '{text}')");
        crate::value(&mut client, &sql).unwrap().parse().unwrap()
    };
    let mut before = moment(&trace["start_timestamp"]);
    for span in spans {
        let (start, end) = (moment(&span["start_timestamp"]), moment(&span["timestamp"]));
        assert!(before <= start + ROUNDING && start <= end + ROUNDING, "{span}");
        before = end;
    }
    assert!(before <= moment(&trace["timestamp"]) + ROUNDING);
    assert_eq!(trace["contexts"]["run"]["items_calibrated"], 5);
}

#[test]
fn a_scheduled_run_checks_in_with_its_monitor() {
    let cluster = Cluster::with_settings("shared_preload_libraries = 'pg_cron'");
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION pg_cron; CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute("SELECT irt_add_item_columns('questions')").unwrap();
    client.batch_execute("SELECT irt_schedule_calibration('7 4 * * 2')").unwrap();
    let listener = Listener::start(ACCEPTED);
    report_to_port(&mut client, listener.port);
    client.batch_execute("SET irt_calibration.sentry_monitor = 'weekly'").unwrap();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    wait_for_workers(&mut client);
    assert!(listener.items().is_empty(), "a person's run is not what the monitor waits for");
    client.batch_execute("SET application_name = 'pg_cron'").unwrap();
    client.simple_query("SELECT irt_run_calibration()").unwrap();
    wait_for_workers(&mut client);
    error(&mut client, "SELECT irt_run_calibration(seed => 1, standard_errors => 'x')");
    wait_for_workers(&mut client);
    let check_ins: Vec<Value> = listener
        .items()
        .into_iter()
        .filter(|(kind, _)| kind == "check_in")
        .map(|(_, check_in)| check_in)
        .collect();
    let statuses: Vec<&Value> = check_ins.iter().map(|check_in| &check_in["status"]).collect();
    assert_eq!(statuses, ["in_progress", "ok", "in_progress", "error"]);
    assert_eq!(check_ins[0]["check_in_id"], check_ins[1]["check_in_id"]);
    assert_ne!(check_ins[0]["check_in_id"], check_ins[2]["check_in_id"]);
    for check_in in &check_ins {
        assert_eq!(check_in["monitor_slug"], "weekly");
        let config = json!({"schedule": {"type": "crontab", "value": "7 4 * * 2"},
                            "checkin_margin": 10, "max_runtime": 30, "timezone": "GMT"});
        assert_eq!(check_in["monitor_config"], config);
    }
    assert!(check_ins[1]["duration"].as_f64().unwrap() > 0.0);
}

#[test]
fn without_a_dsn_nothing_is_opened() {
    let (cluster, mut client) = lsat7();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'x')").unwrap_err();
    wait_for_workers(&mut client);
    assert!(!cluster.log().contains("Sentry"));
}
