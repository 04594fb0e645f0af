//! What a run finds out of its items' fit, on a real server.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{CHANCE, Cluster, rows, value};
use postgres::Client;

const RUN: &str = "SELECT publication FROM irt_run_calibration(true)";

/// Persons of a group answer 20 items, of which one may be harder for them than for others.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY);
INSERT INTO questions SELECT generate_series(1, 20);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz,
                        school text);
CREATE FUNCTION answer(first int, last int, school text DEFAULT NULL, harder int DEFAULT 0)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO responses
    SELECT u, q,
           ((chance(u, 1) + chance(u, 2) + chance(u, 3) + chance(u, 4) - 2) * 1.73
               - (q - 10.5) * 0.15 - CASE q WHEN harder THEN 1 ELSE 0 END)
               * (0.9 + chance(q, 7)) + ln(1 / chance(u * 100 + q, 5) - 1) > 0,
           clock_timestamp(), school
    FROM generate_series(first, last) u, generate_series(1, 20) q
$$;
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(CHANCE).unwrap();
    client.batch_execute(SETUP).unwrap();
    (cluster, client)
}

fn flagged(client: &mut Client, run: i32, flag: &str) -> String {
    let items = format!(
        "SELECT COALESCE(string_agg(item, ' ' ORDER BY item::int), '') FROM irt_item_parameters
         WHERE run_id = {run} AND '{flag}' = ANY (flags)"
    );
    value(client, &items).unwrap()
}

fn check(client: &mut Client, run: i32, name: &str) -> Option<String> {
    let check =
        format!("SELECT value FROM irt_run_checks WHERE run_id = {run} AND check_name = '{name}'");
    value(client, &check)
}

#[test]
fn a_wrong_key_is_flagged_and_counted() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(1, 1000);
             UPDATE responses SET is_correct = NOT is_correct WHERE question_id = 7",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    assert_eq!(flagged(&mut client, 1, "reversed"), "7");
    assert_eq!(check(&mut client, 1, "reversed_items").as_deref(), Some("0.05"));
    assert!(check(&mut client, 1, "misfitting_items").is_some());
    let curves = "SELECT count(*), min(array_length(curve_observed, 1)), max(array_length(r.curve_ability, 1))
                  FROM irt_item_fit f JOIN irt_calibration_runs r ON r.id = f.run_id";
    let expected = ["20", "61", "61"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, curves).remove(0), expected);
    // All persons answered the same items: S-X2 is of all of them.
    let s_x2 = "SELECT count(s_x2) FROM irt_item_fit WHERE s_x2_df > 0 AND s_x2_p BETWEEN 0 AND 1";
    assert_eq!(value(&mut client, s_x2).as_deref(), Some("20"));
    let counted = "SELECT sum(c) FROM irt_run_groups, unnest(ability_counts) AS c";
    assert_eq!(value(&mut client, counted).as_deref(), Some("1000"));
}

#[test]
fn an_item_that_is_harder_for_one_group_is_flagged() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(1, 1500, 'north'), answer(2001, 3500, 'south', 12);
             SELECT irt_configure(group_column => 'school')",
        )
        .unwrap();
    value(&mut client, RUN);
    assert_eq!(flagged(&mut client, 1, "differs_by_group"), "12");
    let row = "SELECT delta_difficulty > 0.6, delta_z > 5, responses_count FROM irt_item_groups
               WHERE item = '12' AND group_name = 'south'";
    let expected = ["t", "t", "1500"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, row).remove(0), expected);
}

#[test]
fn new_responses_show_a_change_that_the_old_ones_hide() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(1, 4000)").unwrap();
    value(&mut client, RUN);
    client.batch_execute("SELECT answer(5001, 5500, NULL, 9)").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    assert_eq!(flagged(&mut client, 2, "drifted"), "9");
    let new = "SELECT delta_difficulty > 0.5, responses_count FROM irt_item_groups
               WHERE run_id = 2 AND item = '9' AND group_name = '(new)'";
    let expected = ["t", "500"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, new).remove(0), expected);
    let scores = "SELECT sum(c), max(score_change_max) IS NOT NULL
                  FROM irt_run_groups g, unnest(score_change_counts) AS c WHERE g.run_id = 2";
    let expected = ["4500", "t"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, scores).remove(0), expected);
}

#[test]
fn diagnostics_are_kept_for_some_runs_and_can_be_switched_off() {
    let (_cluster, mut client) = start();
    client
        .batch_execute("SELECT answer(1, 300); SELECT irt_configure(keep_diagnostics => 2)")
        .unwrap();
    for _ in 0..4 {
        value(&mut client, RUN);
    }
    let kept =
        "SELECT string_agg(DISTINCT run_id::text, ' ' ORDER BY run_id::text) FROM irt_item_fit";
    assert_eq!(value(&mut client, kept).as_deref(), Some("3 4"));
    client
        .batch_execute("SELECT irt_configure(diagnostics => false, keep_diagnostics => 0)")
        .unwrap();
    value(&mut client, RUN);
    assert_eq!(check(&mut client, 5, "misfitting_items"), None);
    assert!(check(&mut client, 5, "reversed_items").is_some(), "by the point-biserials");
    let fit = "SELECT count(*) FROM irt_item_fit WHERE run_id = 5";
    assert_eq!(value(&mut client, fit).as_deref(), Some("0"));
}
