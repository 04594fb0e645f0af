//! What an ended run tells those who watch: a line in every kind of log, and a notification.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::Cluster;
use postgres::fallible_iterator::FallibleIterator;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A server with LSAT7 that logs in all three formats.
fn logging_cluster() -> Cluster {
    let cluster = Cluster::with_settings(
        "logging_collector = on\nlog_destination = 'stderr,csvlog,jsonlog'\n\
         log_directory = 'log'\nlog_filename = 'irt.log'",
    );
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    cluster
}

/// The lines about ended runs in a file of the log folder, when there are `count` of them.
fn run_lines(cluster: &Cluster, file: &str, count: usize) -> Vec<String> {
    let path = cluster.folder().join("log").join(file);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let log = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<String> = log
            .lines()
            .filter(|line| line.contains("irt_calibration: run=") && line.contains("LOG"))
            .map(str::to_owned)
            .collect();
        if lines.len() >= count {
            return lines;
        }
        assert!(Instant::now() < deadline, "{file}: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `key=value` pairs after the prefix.
fn pairs(message: &str) -> Vec<(String, String)> {
    let words = message.strip_prefix("irt_calibration: ").unwrap().split(' ');
    words
        .map(|word| {
            let (key, value) =
                word.split_once('=').unwrap_or_else(|| panic!("{word} in {message}"));
            (key.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn every_log_has_one_line_for_each_run() {
    let cluster = logging_cluster();
    let mut client = cluster.connect();
    client
        .simple_query(
            "SELECT irt_run_calibration(standard_errors => 'bootstrap', bootstrap_iterations => 5)",
        )
        .unwrap();
    client.simple_query("SELECT irt_run_calibration()").unwrap();
    client
        .simple_query("SELECT irt_run_calibration(seed => -1, standard_errors => 'x')")
        .unwrap_err();
    let json_lines = run_lines(&cluster, "irt.json", 3);
    assert_eq!(json_lines.len(), 3, "{json_lines:?}");
    let messages: Vec<String> = json_lines
        .iter()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["error_severity"], "LOG");
            entry["message"].as_str().unwrap().to_owned()
        })
        .collect();
    let ended: Vec<String> = messages
        .iter()
        .map(|message| pairs(message).into_iter().find(|(key, _)| key == "status").unwrap().1)
        .collect();
    assert_eq!(ended, ["success", "skipped", "failed"]);
    let success: Vec<String> = pairs(&messages[0]).into_iter().map(|(key, _)| key).collect();
    let expected = "run bank status items_calibrated items_skipped new_responses_count persons \
                    responses em_iterations bootstrap_iterations duration_seconds publication \
                    items_published scale";
    assert_eq!(success, expected.split_whitespace().collect::<Vec<_>>());
    assert!(messages[0].contains(" publication=published "), "{}", messages[0]);
    assert!(messages[0].contains(" items_published=5"), "{}", messages[0]);
    assert!(messages[2].contains(" sqlstate=22023 "), "{}", messages[2]);
    for file in ["irt.csv", "irt.log"] {
        let lines = run_lines(&cluster, file, 3);
        for (line, message) in lines.iter().zip(&messages) {
            assert!(line.contains(message.as_str()), "{file}: {line}");
        }
        assert_eq!(lines.len(), 3, "{lines:?}");
    }
}

#[test]
fn a_listener_hears_of_every_ended_run() {
    let cluster = logging_cluster();
    let mut listener = cluster.connect();
    listener.batch_execute("LISTEN irt_calibration").unwrap();
    let mut client = cluster.connect();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    client.simple_query("SELECT irt_run_calibration()").unwrap();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'x')").unwrap_err();
    client.simple_query("SELECT irt_rollback()").unwrap();
    // What the caller gets is what everybody is told.
    let held = "SELECT publication, items_published, compared_with \
                FROM irt_run_calibration(true, standard_errors => 'none')";
    let held = common::rows(&mut client, held).remove(0);
    assert_eq!(held, ["held", "0", "2"].map(|cell| Some(cell.to_owned())));
    client.simple_query("SELECT irt_publish(4)").unwrap();
    let mut notifications = listener.notifications();
    let heard: Vec<Value> = notifications
        .timeout_iter(Duration::from_secs(60))
        .take(6)
        .map(|notification| Ok(serde_json::from_str(notification.payload()).unwrap()))
        .collect()
        .unwrap();
    let expected = json!([
        {"run_id": 1, "bank": "default", "status": "success", "publication": "published",
         "items_calibrated": 5, "items_published": 5, "error_sqlstate": null,
         "link_slope": null, "link_intercept": null, "drifted_items": null},
        {"run_id": 2, "bank": "default", "status": "skipped", "publication": null,
         "items_calibrated": null, "items_published": null, "error_sqlstate": null,
         "link_slope": null, "link_intercept": null, "drifted_items": null},
        {"run_id": 3, "bank": "default", "status": "failed", "publication": null,
         "items_calibrated": null, "items_published": null, "error_sqlstate": "22023",
         "link_slope": null, "link_intercept": null, "drifted_items": null},
        {"run_id": null, "bank": "default", "publication": "rolled back"},
        {"run_id": 4, "bank": "default", "status": "success", "publication": "held",
         "items_calibrated": 5, "items_published": 0, "error_sqlstate": null,
         "link_slope": null, "link_intercept": null, "drifted_items": null},
        {"run_id": 4, "bank": "default", "publication": "approved"},
    ]);
    assert_eq!(Value::from(heard), expected);
}
