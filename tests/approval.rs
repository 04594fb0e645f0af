//! Who decides what is published: rehearsals, approval, pinned items, the prior of scores.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY, pinned boolean);
INSERT INTO questions SELECT generate_series(1, 8);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean);
INSERT INTO responses
SELECT u, q, sin(u * 12.9898) * 2 - (q - 4.5) * 0.4 + sin(u * 78.233 + q * 37.719) * 1.5 > 0
FROM generate_series(1, 500) u, generate_series(1, 8) q;
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    (cluster, client)
}

fn items(client: &mut Client) -> Vec<Vec<Option<String>>> {
    rows(client, "SELECT * FROM questions ORDER BY id")
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}

#[test]
fn a_rehearsal_changes_nothing_and_can_be_approved_later() {
    let (_cluster, mut client) = start();
    let before = items(&mut client);
    let rehearsal = "SELECT status, publication, items_published::text, items_calibrated::text
                     FROM irt_run_calibration(publish => false)";
    assert_eq!(
        rows(&mut client, rehearsal).remove(0),
        row(&["success", "not_requested", "0", "8"])
    );
    assert_eq!(items(&mut client), before);
    let new = "SELECT new_responses_count FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, new).as_deref(), Some("4000"));
    assert_eq!(value(&mut client, "SELECT irt_last_successful_calibration()"), None);
    let judged = "SELECT interpretation FROM irt_validate_calibration()";
    let nothing = "bank \"default\" has not been calibrated yet";
    assert_eq!(value(&mut client, judged).as_deref(), Some(nothing));
    let estimates = "SELECT count(*) FROM irt_compare_runs(1) WHERE with_difficulty IS NULL";
    assert_eq!(value(&mut client, estimates).as_deref(), Some("8"));
    assert_eq!(value(&mut client, "SELECT kind FROM irt_publish(1)").as_deref(), Some("approved"));
    assert_eq!(value(&mut client, new).as_deref(), Some("0"));
}

#[test]
fn under_approval_every_run_is_held_until_somebody_publishes_it() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT irt_configure(publish => 'after_approval')").unwrap();
    // true asks for no more than the bank allows.
    for publish in ["NULL", "true"] {
        let run =
            format!("SELECT publication FROM irt_run_calibration(true, publish => {publish})");
        assert_eq!(value(&mut client, &run).as_deref(), Some("held"));
    }
    let warned = "SELECT count(*) FROM questions WHERE irt_difficulty IS NOT NULL";
    assert_eq!(value(&mut client, warned).as_deref(), Some("0"));
    let new = "SELECT new_responses_count FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, new).as_deref(), Some("0"), "what is held has been seen");
    value(&mut client, "SELECT irt_publish(2)");
    assert_eq!(value(&mut client, warned).as_deref(), Some("8"));
    let outdated = error(&mut client, "SELECT irt_publish(1)");
    assert_eq!(outdated.code().code(), "55000");
    assert!(outdated.message().contains("not in force any more"), "{}", outdated.message());
}

#[test]
fn who_decides_is_changed_by_those_who_may_publish() {
    let (cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE ROLE runner LOGIN; GRANT EXECUTE ON FUNCTION irt_configure TO runner;
             GRANT SELECT ON responses TO runner; GRANT SELECT, UPDATE ON questions TO runner;
             SELECT irt_configure('theirs', 'responses', items => 'questions', owner => 'runner')",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    let change = "SELECT publish FROM irt_configure('theirs', publish => 'after_approval')";
    assert_eq!(error(&mut runner, change).code().code(), "42501");
    client.batch_execute("GRANT EXECUTE ON FUNCTION irt_publish TO runner").unwrap();
    assert_eq!(value(&mut runner, change).as_deref(), Some("after_approval"));
    let word = error(&mut runner, "SELECT irt_configure('theirs', publish => 'never')");
    assert_eq!(
        (word.code().code(), word.message()),
        ("22023", "publish is 'never', but must be 'automatic' or 'after_approval'")
    );
}

#[test]
fn a_pinned_item_is_estimated_and_not_published() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "UPDATE questions SET pinned = id = 3;
             UPDATE questions SET irt_difficulty = 1.5, irt_discrimination = 1 WHERE id = 3;
             SELECT irt_configure(pin_column => 'pinned')",
        )
        .unwrap();
    let run = "SELECT items_calibrated::text, items_published::text FROM irt_run_calibration()";
    assert_eq!(rows(&mut client, run).remove(0), row(&["8", "7"]));
    let kept = "SELECT irt_difficulty::text, irt_calibrated_at IS NULL FROM questions WHERE id = 3";
    assert_eq!(rows(&mut client, kept).remove(0), row(&["1.5", "t"]));
    let in_force = "SELECT string_agg(item, ' ' ORDER BY item) FROM irt_current_parameters";
    assert_eq!(value(&mut client, in_force).as_deref(), Some("1 2 4 5 6 7 8"));
    let estimated = "SELECT status FROM irt_item_parameters WHERE item = '3'";
    assert_eq!(value(&mut client, estimated).as_deref(), Some("calibrated"));
    client.batch_execute("UPDATE questions SET pinned = NULL").unwrap();
    assert_eq!(value(&mut client, "SELECT items FROM irt_publish(1)"), None, "all of them");
    assert_eq!(value(&mut client, in_force).as_deref(), Some("1 2 3 4 5 6 7 8"));
    let wrong = error(&mut client, "SELECT irt_configure(pin_column => 'irt_difficulty')");
    assert_eq!(wrong.code().code(), "42804");
    let unset = "SELECT pin_column IS NULL FROM irt_configure(pin_column => '')";
    assert_eq!(value(&mut client, unset).as_deref(), Some("t"));
}

#[test]
fn a_publication_remembers_the_prior_of_scores() {
    let (_cluster, mut client) = start();
    client
        .batch_execute("SELECT irt_configure(score_prior_mean => 0.5, score_prior_sd => 2)")
        .unwrap();
    value(&mut client, "SELECT irt_run_calibration()");
    let prior = "SELECT score_prior_mean::text, score_prior_sd::text FROM irt_publications";
    assert_eq!(rows(&mut client, prior).remove(0), row(&["0.5", "2"]));
    let flat = error(&mut client, "SELECT irt_configure(score_prior_sd => 0)");
    assert_eq!(flat.message(), "score_prior_sd is 0, but must be between 0.001 and 1000");
}
