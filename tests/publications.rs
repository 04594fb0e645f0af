//! What is in force: publications, approvals, rollbacks, and what the items table then holds.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{CHANCE, Cluster, error, rows, value};
use postgres::Client;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RUN: &str = "SELECT publication FROM irt_run_calibration(true)";

/// 400 persons answer 10 items of rising difficulty; weeks after the first one add persons.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY);
INSERT INTO questions SELECT generate_series(1, 10);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
CREATE FUNCTION week(first int, last int, flipped int DEFAULT 0) RETURNS void LANGUAGE sql AS $$
    INSERT INTO responses
    SELECT u, q,
           ((chance(u, 1) + chance(u, 2) + chance(u, 3) + chance(u, 4) - 2) * 2.1
               - (q - 5.5) * 0.4 + ln(1 / chance(u * 100 + q, 5) - 1) > 0) <> (q <= flipped),
           '2026-01-01'::timestamptz + u * interval '1 minute'
    FROM generate_series(first, last) u, generate_series(1, 10) q
$$;
SELECT week(1, 400);
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(CHANCE).unwrap();
    client.batch_execute(SETUP).unwrap();
    (cluster, client)
}

/// What the application sees.
fn items(client: &mut Client) -> Vec<Vec<Option<String>>> {
    rows(client, "SELECT * FROM questions ORDER BY id")
}

/// The table of what is in force, the items table, and the replay of all publications say the same.
fn agrees(client: &mut Client) {
    let replayed = "SELECT count(*) FROM irt_current_parameters f
        FULL JOIN irt_parameters_at('default', clock_timestamp()) a ON a.item = f.item
        WHERE (f.item, f.difficulty, f.discrimination, f.run_id, f.publication_id, f.published_at)
            IS DISTINCT FROM
              (a.item, a.difficulty, a.discrimination, a.run_id, a.publication_id, a.published_at)";
    assert_eq!(value(client, replayed).as_deref(), Some("0"));
    // The table says since when the values are what they are: a publication that stands.
    let since = "SELECT count(*) FROM irt_parameters_in_force f
        JOIN irt_current_parameters c USING (bank, item)
        JOIN irt_publications p ON p.id = f.publication_id AND p.run_id = f.run_id
        JOIN irt_item_parameters i ON i.run_id = f.run_id AND i.item = f.item
        WHERE (f.difficulty, f.discrimination, f.se_difficulty, f.covariance)
                  IS NOT DISTINCT FROM (i.difficulty, i.discrimination, i.se_difficulty, i.covariance)
          AND (f.difficulty, f.discrimination) = (c.difficulty, c.discrimination)
          AND f.publication_id <= c.publication_id
          AND NOT EXISTS (SELECT FROM irt_publications u WHERE u.undoes = p.id)";
    assert_eq!(value(client, since), value(client, "SELECT count(*) FROM irt_parameters_in_force"));
    let shown = "SELECT count(*) FROM questions q
        LEFT JOIN irt_parameters_in_force f ON f.item = q.id::text
        WHERE (q.irt_difficulty, q.irt_discrimination, q.irt_se_difficulty, q.irt_calibration_n)
            IS DISTINCT FROM (f.difficulty, f.discrimination, f.se_difficulty, f.responses_count)";
    assert_eq!(value(client, shown).as_deref(), Some("0"));
}

#[test]
fn a_run_publishes_and_a_rollback_puts_back_what_was_before() {
    let (_cluster, mut client) = start();
    let empty = items(&mut client);
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    let first = items(&mut client);
    agrees(&mut client);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    assert_ne!(items(&mut client), first);
    agrees(&mut client);

    let undone =
        "SELECT kind, undoes, items, items_count, run_id, note FROM irt_rollback(note => 'no')";
    let row = rows(&mut client, undone).remove(0);
    let expected = ["restored", "2", "{}", "10", "1", "no"].map(|cell| Some(cell.to_owned()));
    assert_eq!(row, expected);
    assert_eq!(items(&mut client), first, "to the bit, when they were calibrated included");
    agrees(&mut client);
    value(&mut client, "SELECT irt_rollback()");
    assert_eq!(items(&mut client), empty);
    agrees(&mut client);
    let nothing = error(&mut client, "SELECT irt_rollback()");
    assert_eq!(nothing.code().code(), "55000");
    assert!(nothing.hint().unwrap().contains("irt_publications"));
}

#[test]
fn after_a_rollback_runs_are_held_until_somebody_decides() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    value(&mut client, RUN);
    value(&mut client, "SELECT irt_rollback()");
    let before = items(&mut client);
    assert_eq!(value(&mut client, RUN).as_deref(), Some("held"));
    assert_eq!(items(&mut client), before);
    let why = "SELECT check_name, value FROM irt_run_checks WHERE run_id = 3 AND outcome = 'hold'";
    let expected = ["since_rollback", "1"].map(|cell| Some(cell.to_owned())).to_vec();
    assert_eq!(rows(&mut client, why), [expected]);
    // It is the bank's last success: its responses are not new.
    let enough = "SELECT should_run, new_responses_count FROM irt_should_run_calibration(1)";
    assert_eq!(rows(&mut client, enough).remove(0)[1].as_deref(), Some("0"));

    let kind = value(&mut client, "SELECT kind FROM irt_publish(3, 'looked at')");
    assert_eq!(kind.as_deref(), Some("approved"));
    agrees(&mut client);
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    agrees(&mut client);
}

#[test]
fn flipped_keys_hold_a_run_and_correct_ones_let_the_next_one_publish() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    let before = items(&mut client);
    client.batch_execute("SELECT week(401, 1200, 4)").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("held"));
    assert_eq!(items(&mut client), before);
    let holding = "SELECT string_agg(check_name, ' ') FROM irt_run_checks WHERE outcome = 'hold'";
    let names = value(&mut client, holding).unwrap();
    assert!(names.contains("difficulty_disagreement"), "{names}");
    client.batch_execute("UPDATE responses SET is_correct = NOT is_correct WHERE user_id > 400 AND question_id <= 4").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    agrees(&mut client);
}

#[test]
fn a_rejected_run_does_not_count_and_cannot_be_published() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 1200, 4)").unwrap();
    value(&mut client, RUN);
    let word = "SELECT publication, settings -> 'rejected' ->> 'note' FROM irt_reject(2, 'keys')";
    let expected = ["rejected", "keys"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, word).remove(0), expected);
    let refused = error(&mut client, "SELECT irt_publish(2)");
    assert_eq!((refused.code().code(), refused.message()), ("55000", "run 2 was rejected"));
    let new = "SELECT new_responses_count FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, new).as_deref(), Some("8000"));
    let published = error(&mut client, "SELECT irt_reject(1)");
    assert_eq!(published.message(), "run 1 is not held: its publication is published");
}

#[test]
fn a_list_of_items_publishes_those_and_says_how_many() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    let limited = "SELECT items_published FROM irt_run_calibration(true, item_ids => '{2,3}')";
    assert_eq!(value(&mut client, limited).as_deref(), Some("2"));
    let contained = "SELECT items FROM irt_publications ORDER BY id DESC LIMIT 1";
    assert_eq!(value(&mut client, contained).as_deref(), Some("{2,3}"));
    agrees(&mut client);
    let sources = "SELECT run_id, count(*) FROM irt_current_parameters GROUP BY 1 ORDER BY 1";
    let expected =
        [["1", "8"], ["2", "2"]].map(|row| row.map(|cell| Some(cell.to_owned())).to_vec());
    assert_eq!(rows(&mut client, sources), expected);
    value(&mut client, "SELECT irt_rollback()");
    agrees(&mut client);
}

#[test]
fn every_past_moment_is_still_known() {
    let (_cluster, mut client) = start();
    let mut moments = Vec::new();
    for step in 0..12 {
        let from = 401 + step * 60;
        client.batch_execute(&format!("SELECT week({from}, {})", from + 59)).unwrap();
        let act = match step {
            3 => {
                "SELECT irt_run_calibration(true, item_ids => '{1,2,3}', standard_errors => 'none')"
            }
            5 | 6 | 9 => "SELECT irt_rollback()",
            8 => "SELECT irt_publish(2)",
            _ => "SELECT irt_run_calibration(true, standard_errors => 'none')",
        };
        if step == 7 {
            client
                .batch_execute("SELECT irt_set_check('since_rollback', NULL, 'infinity')")
                .unwrap();
        }
        value(&mut client, act);
        agrees(&mut client);
        let now = value(&mut client, "SELECT clock_timestamp()").unwrap();
        moments.push((now, rows(&mut client, PUBLISHED)));
    }
    for (moment, published) in moments {
        let then = format!(
            "SELECT item, difficulty, discrimination FROM irt_parameters_at('default', '{moment}')
             ORDER BY item"
        );
        assert_eq!(rows(&mut client, &then), published, "at {moment}");
    }
}

const PUBLISHED: &str = "SELECT id::text, irt_difficulty, irt_discrimination FROM questions
    WHERE irt_difficulty IS NOT NULL ORDER BY id::text";

#[test]
fn rows_that_do_not_change_are_not_written() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    let before = rows(&mut client, "SELECT xmin, xmax, ctid, * FROM questions ORDER BY id");
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    assert_eq!(rows(&mut client, "SELECT xmin, xmax, ctid, * FROM questions ORDER BY id"), before);
    // What is in force stays as well, and of the run that said so last.
    let written =
        "SELECT string_agg(DISTINCT publication_id::text, ' ') FROM irt_parameters_in_force";
    assert_eq!(value(&mut client, written).as_deref(), Some("1"));
    let newest = "SELECT string_agg(DISTINCT publication_id || ' ' || run_id, ', ')
        FROM irt_current_parameters";
    assert_eq!(value(&mut client, newest).as_deref(), Some("2 2"));
    agrees(&mut client);
    client.batch_execute("UPDATE questions SET irt_difficulty = 9 WHERE id = 4").unwrap();
    value(&mut client, RUN);
    agrees(&mut client);
}

/// A decision sends the rows whose values change, and fills those that hold none.
#[test]
fn a_decision_writes_what_changes_and_what_is_missing() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    client
        .batch_execute(
            "CREATE TABLE kept AS TABLE questions;
             UPDATE irt_calibration_runs SET publication = 'held', compared_with = 2 WHERE id = 2",
        )
        .unwrap();
    value(&mut client, "SELECT publication FROM irt_run_calibration(true, publish => false)");
    client
        .batch_execute(
            "UPDATE irt_item_parameters SET difficulty = difficulty + 1
             WHERE run_id = 2 AND item IN ('3', '4');
             UPDATE questions SET irt_difficulty = NULL, irt_calibrated_at = NULL WHERE id = 5",
        )
        .unwrap();
    let places = "SELECT id, ctid, xmin FROM questions WHERE id NOT IN (3, 4, 5) ORDER BY id";
    let in_force = "SELECT item, ctid, xmin, run_id FROM irt_parameters_in_force
        WHERE item NOT IN ('3', '4') ORDER BY item";
    let before = (rows(&mut client, places), rows(&mut client, in_force));
    value(&mut client, "SELECT irt_publish(2)");
    agrees(&mut client);
    assert_eq!((rows(&mut client, places), rows(&mut client, in_force)), before);
    // When a run ended is said of the values that it brought.
    let moved = "SELECT string_agg(q.id::text, ' ' ORDER BY q.id) FROM questions q
        JOIN irt_calibration_runs r ON r.id = 2 AND r.completed_at = q.irt_calibrated_at";
    assert_eq!(value(&mut client, moved).as_deref(), Some("3 4"));
    value(&mut client, "SELECT irt_rollback()");
    agrees(&mut client);
    assert_eq!(items(&mut client), rows(&mut client, "SELECT * FROM kept ORDER BY id"));
}

#[test]
fn to_publish_what_is_in_force_is_refused_unless_a_rollback_waits_for_it() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    value(&mut client, RUN);
    let refused = error(&mut client, "SELECT irt_publish(2)");
    assert_eq!(refused.code().code(), "55000");
    assert!(refused.message().contains("run 2 is in force already"), "{}", refused.message());
    assert!(refused.hint().unwrap().contains("irt_rollback('default')"), "{refused:?}");
    value(&mut client, "SELECT irt_rollback()");
    let before = items(&mut client);
    // It changes no value, and lets runs publish again.
    assert_eq!(value(&mut client, "SELECT kind FROM irt_publish(1)").as_deref(), Some("restored"));
    assert_eq!(items(&mut client), before);
    agrees(&mut client);
    assert_eq!(error(&mut client, "SELECT irt_publish(1)").code().code(), "55000");
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    // A list of its items is something else than the whole run.
    let list = "SELECT items_published FROM irt_run_calibration(true, item_ids => '{1,2}')";
    assert_eq!(value(&mut client, list).as_deref(), Some("2"));
    value(&mut client, "SELECT irt_publish(3)");
    agrees(&mut client);
}

#[test]
fn a_decision_that_cannot_see_the_newest_publication_is_refused() {
    let (cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    value(&mut client, RUN);
    let mut stale = cluster.connect();
    stale.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
    value(&mut client, "SELECT irt_rollback()");
    let refused = error(&mut stale, "SELECT irt_publish(1)");
    assert_eq!(refused.code().code(), "40001");
    let _ = stale.simple_query("ROLLBACK");
    client.batch_execute("BEGIN READ ONLY").unwrap();
    assert_eq!(error(&mut client, "SELECT irt_publish(1)").code().code(), "25006");
    let _ = client.simple_query("ROLLBACK");
    agrees(&mut client);
}

#[test]
fn what_was_in_force_cannot_be_deleted_by_accident_and_a_bank_can_be_dropped() {
    let (_cluster, mut client) = start();
    value(&mut client, RUN);
    let refused = error(&mut client, "DELETE FROM irt_calibration_runs");
    assert_eq!(refused.code().code(), "23503");
    value(&mut client, "SELECT irt_drop_bank('default')");
    let left = "SELECT (SELECT count(*) FROM irt_calibration_runs)
        + (SELECT count(*) FROM irt_publications) + (SELECT count(*) FROM irt_parameters_in_force)
        + (SELECT count(*) FROM irt_item_parameters) + (SELECT count(*) FROM irt_run_checks)";
    assert_eq!(value(&mut client, left).as_deref(), Some("0"));
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
}

#[test]
fn forgotten_runs_are_those_that_no_score_needs() {
    let (_cluster, mut client) = start();
    for week in 0..4 {
        let from = 401 + week * 100;
        client.batch_execute(&format!("SELECT week({from}, {})", from + 99)).unwrap();
        value(&mut client, RUN);
    }
    let since = "SELECT completed_at FROM irt_calibration_runs WHERE id = 3";
    let since = value(&mut client, since).unwrap();
    let then = format!("SELECT * FROM irt_parameters_at('default', '{since}') ORDER BY item");
    let known = rows(&mut client, &then);
    let forget = format!("SELECT irt_forget_runs('default', '{since}')");
    assert_eq!(value(&mut client, &forget).as_deref(), Some("1"));
    assert_eq!(value(&mut client, &forget).as_deref(), Some("0"));
    assert_eq!(rows(&mut client, &then), known);
    agrees(&mut client);
    value(&mut client, "SELECT irt_rollback()");
    value(&mut client, "SELECT irt_rollback()");
    agrees(&mut client);
    let refused = error(&mut client, "SELECT irt_rollback()");
    assert_eq!(refused.code().code(), "55000");
    assert!(refused.message().contains("forgotten"), "{}", refused.message());
}

/// A bank's name in the hint: irt_rollback() alone would take back another bank's parameters.
#[test]
fn refusals_say_what_to_do_in_their_own_bank() {
    let (_cluster, mut client) = start();
    value(&mut client, "SELECT irt_configure('it''s', 'responses', items => '-')");
    let run = "SELECT publication FROM irt_run_calibration(true, bank => 'it''s')";
    assert_eq!(value(&mut client, run).as_deref(), Some("published"));
    let published = error(&mut client, "SELECT irt_reject(1)");
    assert!(published.hint().unwrap().contains("irt_rollback('it''s')"), "{published:?}");
    value(&mut client, "SELECT irt_rollback('it''s')");
    assert_eq!(value(&mut client, run).as_deref(), Some("held"));
    value(&mut client, "SELECT irt_reject(2)");
    let again = "SELECT irt_run_calibration(force => true, bank => 'it''s');";
    let rejected = error(&mut client, "SELECT irt_publish(2)");
    assert!(rejected.hint().unwrap().contains(again), "{rejected:?}");
    assert_eq!(value(&mut client, run).as_deref(), Some("held"));
    value(&mut client, "SELECT irt_publish(1)");
    let outdated = error(&mut client, "SELECT irt_publish(3)");
    assert!(outdated.hint().unwrap().contains(again), "{outdated:?}");
}

/// A rollback that is committed while a run waits to publish: irt_publish would refuse the run, so
/// its warning says something else.
#[test]
fn a_run_that_was_overtaken_says_to_calibrate_again() {
    let (cluster, mut client) = start();
    value(&mut client, RUN);
    client.batch_execute("SELECT week(401, 800)").unwrap();
    let mut decider = cluster.connect();
    decider.batch_execute("BEGIN; SELECT irt_rollback()").unwrap();
    let hints = Arc::new(Mutex::new(Vec::new()));
    let (mut config, heard) = (cluster.config("postgres", "postgres"), Arc::clone(&hints));
    config.notice_callback(move |notice| {
        let hint = notice.hint().unwrap_or_default();
        heard.lock().unwrap().push(format!("{} {hint}", notice.message()));
    });
    let mut runner = config.connect(postgres::NoTls).unwrap();
    let run = std::thread::spawn(move || value(&mut runner, RUN));
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    let deadline = Instant::now() + Duration::from_secs(60);
    while value(&mut client, waits).as_deref() == Some("0") {
        assert!(Instant::now() < deadline, "the run does not wait for the publishing lock");
        std::thread::sleep(Duration::from_millis(10));
    }
    decider.batch_execute("COMMIT").unwrap();
    assert_eq!(run.join().unwrap().as_deref(), Some("held"));
    let said = hints.lock().unwrap().join("\n");
    assert!(said.contains("rolled back while it ran"), "{said}");
    assert!(said.contains("SELECT irt_run_calibration(force => true);"), "{said}");
    assert!(!said.contains("irt_publish"), "{said}");
    assert_eq!(error(&mut client, "SELECT irt_publish(2)").code().code(), "55000");
}

#[test]
fn nobody_decides_beside_a_first_publication_that_he_cannot_see() {
    let (cluster, mut client) = start();
    client.batch_execute("SELECT irt_configure(publish => 'after_approval')").unwrap();
    value(&mut client, RUN);
    value(&mut client, RUN);
    let mut stale = cluster.connect();
    stale
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TABLE x (); SELECT 1")
        .unwrap();
    value(&mut client, "SELECT irt_publish(1)");
    let refused = error(&mut stale, "SELECT irt_publish(2)");
    assert_eq!(refused.code().code(), "40001");
    let _ = stale.simple_query("ROLLBACK");
    agrees(&mut client);
}
