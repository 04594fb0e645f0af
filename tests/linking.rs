//! A scale that stays: links, drift, imports, groups and anchors, on a real server.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{CHANCE, Cluster, data, error, rows, value};
use postgres::Client;
use serde_json::Value;

const RUN: &str = "SELECT publication FROM irt_run_calibration(true)";

/// 30 items; a week is a range of persons of a group with their mean ability.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY);
INSERT INTO questions SELECT generate_series(1, 30);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz,
                        school text);
CREATE FUNCTION week(first int, last int, mean float8, school text DEFAULT NULL, harder int DEFAULT 0)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO responses
    SELECT u, q,
           ((chance(u, 1) + chance(u, 2) + chance(u, 3) + chance(u, 4) - 2) * 1.73 + mean
               - (q - 15.5) * 0.12 - CASE q WHEN harder THEN 1 ELSE 0 END)
               * (0.7 + chance(q, 7)) + ln(1 / chance(u * 100 + q, 5) - 1) > 0,
           '2026-01-01'::timestamptz + u * interval '1 minute', school
    FROM generate_series(first, last) u, generate_series(1, 30) q
$$;
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(CHANCE).unwrap();
    client.batch_execute(SETUP).unwrap();
    (cluster, client)
}

fn number(client: &mut Client, sql: &str) -> f64 {
    value(client, sql).unwrap_or_else(|| panic!("{sql} is NULL")).parse().unwrap()
}

/// The mean of b over the items in force.
const MEAN: &str = "SELECT avg(irt_difficulty) FROM questions";

#[test]
fn a_population_that_moves_leaves_the_scale_where_it_was() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 2000, 0)").unwrap();
    let first = "SELECT publication, scale, population_mean, population_sd, link_slope \
                 FROM irt_run_calibration(true)";
    let expected = ["published", "linked", "0", "1"].map(|cell| Some(cell.to_owned()));
    let found = rows(&mut client, first).remove(0);
    assert_eq!((&found[..4], &found[4]), (&expected[..], &None), "nothing to be linked to");
    let before = number(&mut client, MEAN);

    client.batch_execute("TRUNCATE responses; SELECT week(3001, 5000, 0.8)").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    let change = number(&mut client, MEAN) - before;
    assert!(change.abs() < 0.05, "the mean of b moved by {change}");
    let row = rows(
        &mut client,
        "SELECT population_mean, population_sd, link_intercept, link_slope, common_items,
                drifted_items, se_link_intercept, se_link_slope
         FROM irt_calibration_runs WHERE id = 2",
    )
    .remove(0);
    let cell = |place: usize| -> f64 { row[place].as_ref().unwrap().parse().unwrap() };
    assert!((cell(0) - 0.8).abs() < 0.1 && (cell(1) - 1.0).abs() < 0.1, "{row:?}");
    assert_eq!((&row[0], &row[1]), (&row[2], &row[3]), "the reference was N(0, 1)");
    assert_eq!((row[4].as_deref(), row[5].as_deref()), (Some("30"), Some("0")));
    assert!((0.01..0.1).contains(&cell(6)) && (0.01..0.1).contains(&cell(7)), "{row:?}");
    let said = "SELECT string_agg(check_name || ' ' || outcome, ', ' ORDER BY check_name) \
                FROM irt_run_checks WHERE run_id = 2 AND outcome <> 'pass' \
                AND outcome <> 'not_applicable'";
    assert_eq!(value(&mut client, said).as_deref(), Some("population_shift warn"));

    // On scale population every b would have followed, and everybody's score.
    client.batch_execute("SELECT irt_configure(scale => 'population')").unwrap();
    let rehearsed = "SELECT publication FROM irt_run_calibration(true, publish => false)";
    assert_eq!(value(&mut client, rehearsed).as_deref(), Some("not_requested"));
    let shift = "SELECT value FROM irt_run_checks WHERE run_id = 3 AND check_name = 'scale_shift'";
    assert!((number(&mut client, shift) - 0.8).abs() < 0.1);
    let compared = "SELECT avg(difficulty_change) FROM irt_compare_runs(3)";
    assert!((number(&mut client, compared) + 0.8).abs() < 0.1);
}

/// As `make moving`, with the extension's own runs: the mean score of 300 persons, week by week,
/// while the population that is calibrated becomes better by .1 a week.
#[test]
fn ten_weeks_of_a_population_that_moves_leave_the_scores_of_a_cohort_where_they_were() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(900001, 900300, 0); CREATE TABLE cohort AS TABLE responses;
             CREATE TABLE questions_linked AS TABLE questions;
             CREATE TABLE questions_anchored AS TABLE questions;
             CREATE TABLE questions_population AS TABLE questions;
             SELECT irt_configure(scale, 'responses', items => ('questions_' || scale)::regclass)
             FROM unnest('{linked,anchored,population}'::text[]) scale",
        )
        .unwrap();
    let scales = ["linked", "anchored", "population"];
    let mut moves = [const { Vec::new() }; 3];
    for week in 0..=10 {
        let first = 1 + 2000 * week;
        let persons = format!("{first}, {}, {}", first + 1599, 0.1 * f64::from(week));
        client.batch_execute(&format!("TRUNCATE responses; SELECT week({persons})")).unwrap();
        for (scale, moves) in scales.iter().zip(&mut moves) {
            let run = format!("SELECT status FROM irt_run_calibration(true, bank => '{scale}')");
            assert_eq!(value(&mut client, &run).as_deref(), Some("success"));
            if week == 0 {
                let next = format!("SELECT irt_configure('{scale}', scale => '{scale}')");
                client.batch_execute(&next).unwrap();
            }
            // A scale that is new every week is held where it moved too far: it is published here.
            let held = format!(
                "SELECT count(irt_publish(id)) FROM irt_calibration_runs
                 WHERE bank = '{scale}' AND publication = 'held'"
            );
            let held = value(&mut client, &held);
            assert!(held.as_deref() == Some("0") || *scale == "population", "{scale} {week}");
            let score = format!(
                "SELECT avg((score).ability) FROM (
                     SELECT irt_eap(is_correct, irt_discrimination, irt_difficulty) AS score
                     FROM cohort JOIN questions_{scale} ON id = question_id GROUP BY user_id) AS s"
            );
            moves.push(number(&mut client, &score));
        }
    }
    for (scale, scores) in scales.iter().zip(&moves) {
        let moves: Vec<f64> = scores[1..].iter().map(|score| score - scores[0]).collect();
        let root = (moves.iter().map(|by| by * by).sum::<f64>() / 10.0).sqrt();
        let largest = moves.iter().fold(0.0_f64, |largest, by| largest.max(by.abs()));
        println!("{scale}: root mean square {root:.4}, largest {largest:.4}");
        match *scale {
            "population" => assert!(root > 0.33, "{moves:?}"),
            _ => assert!(root <= 0.02 && largest <= 0.05, "{scale}: {moves:?}"),
        }
    }
}

#[test]
fn an_item_that_became_harder_is_flagged_and_left_out_of_the_link() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 2000, 0)").unwrap();
    value(&mut client, RUN);
    client.batch_execute("TRUNCATE responses; SELECT week(3001, 5000, 0, NULL, 9)").unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    let drifted = "SELECT string_agg(item, ' ') FROM irt_item_parameters \
                   WHERE run_id = 2 AND 'drifted' = ANY (flags)";
    assert_eq!(value(&mut client, drifted).as_deref(), Some("9"));
    let compared = "SELECT string_agg(item, ' ') FROM irt_compare_runs(2, 1) WHERE drifted";
    assert_eq!(value(&mut client, compared).as_deref(), Some("9"));
    let counted = "SELECT drifted_items FROM irt_calibration_runs WHERE id = 2";
    assert_eq!(value(&mut client, counted).as_deref(), Some("1"));
    let change = "SELECT difficulty_change FROM irt_compare_runs(2, 1) WHERE item = '9'";
    let change = number(&mut client, change);
    assert!((change - 1.0).abs() < 0.3, "published with its new value: {change}");
}

#[test]
fn what_cannot_be_linked_is_held_and_says_why() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 600, 0)").unwrap();
    value(&mut client, RUN);
    // Other items altogether, but two.
    client
        .batch_execute(
            "INSERT INTO questions SELECT generate_series(103, 130);
             UPDATE responses SET question_id = question_id + 100 WHERE question_id > 2",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("held"));
    let why = "SELECT settings ->> 'not_linked' FROM irt_calibration_runs WHERE id = 2";
    let why = value(&mut client, why).unwrap();
    assert!(why.starts_with("too few common items: 2, at least 3"), "{why}");
    let refused = error(&mut client, "SELECT irt_publish(2)");
    assert_eq!(refused.code().code(), "55000");
    assert!(refused.message().contains("too few common items"), "{}", refused.message());
    assert!(refused.hint().unwrap().contains("scale => 'population'"));
    let groups = "SELECT count(*) FROM irt_run_groups WHERE run_id = 2";
    assert_eq!(value(&mut client, groups).as_deref(), Some("0"), "it is on no scale");
    assert_eq!(
        value(&mut client, "SELECT publication FROM irt_reject(2)").as_deref(),
        Some("rejected")
    );
}

#[test]
fn a_list_of_items_stays_on_the_scale_or_is_held() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 800, 0)").unwrap();
    value(&mut client, RUN);
    client.batch_execute("TRUNCATE responses; SELECT week(3001, 4000, 0.5)").unwrap();
    let list =
        "SELECT publication, items_published FROM irt_run_calibration(true, item_ids => '{4,5}')";
    let expected = ["published", "2"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, list).remove(0), expected);
    client.batch_execute("SELECT irt_configure(scale => 'population')").unwrap();
    let expected = ["held", "0"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, list).remove(0), expected, "beside an older scale");
}

#[test]
fn another_programs_parameters_are_the_scale_where_nothing_is_in_force() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 1500, 0);
             UPDATE questions SET irt_discrimination = 0.7 + chance(id, 7),
                                  irt_difficulty = (id - 15.5) * 0.12 + 2 WHERE id <= 20",
        )
        .unwrap();
    let imported = "SELECT publication, settings -> 'imported_items', common_items
                    FROM irt_run_calibration(true)";
    let expected = ["published", "20", "20"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, imported).remove(0), expected);
    let mean = number(&mut client, "SELECT population_mean FROM irt_calibration_runs");
    assert!((mean - 2.0).abs() < 0.15, "{mean}");
    // Placeholders are no scale.
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 500, 0);
             UPDATE questions SET irt_discrimination = 1, irt_difficulty = 0",
        )
        .unwrap();
    let first = "SELECT publication, settings ? 'imported_items', common_items
                 FROM irt_run_calibration(true)";
    let expected = [Some("published".to_owned()), Some("f".to_owned()), None];
    assert_eq!(rows(&mut client, first).remove(0), expected);
}

#[test]
fn values_of_the_normal_metric_are_recognised() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 3000, 0);
             UPDATE questions SET irt_discrimination = (0.7 + chance(id, 7)) / 1.702,
                                  irt_difficulty = (id - 15.5) * 0.12",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("held"));
    let refused = error(&mut client, "SELECT irt_publish(1)");
    assert!(refused.message().contains("do not agree on a unit"), "{}", refused.message());
}

#[test]
fn anchors_keep_their_values_to_the_bit() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 2000, 0); DELETE FROM responses WHERE question_id > 25;
             ALTER TABLE questions ADD is_anchor boolean DEFAULT false;
             UPDATE questions SET is_anchor = id <= 20;
             SELECT irt_configure(anchor_column => 'is_anchor')",
        )
        .unwrap();
    value(&mut client, RUN);
    let anchors = "SELECT string_agg((id, irt_difficulty, irt_discrimination, irt_se_difficulty,
                       irt_calibrated_at)::text, ' ' ORDER BY id) FROM questions WHERE is_anchor";
    let before = value(&mut client, anchors);
    client
        .batch_execute(
            "SELECT irt_configure(scale => 'anchored');
             TRUNCATE responses; SELECT week(3001, 4500, 1)",
        )
        .unwrap();
    let run = "SELECT publication, scale, items_calibrated, items_skipped, items_published
               FROM irt_run_calibration(true)";
    let expected = ["published", "anchored", "10", "0", "10"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, run).remove(0), expected);
    assert_eq!(value(&mut client, anchors), before);
    let status = "SELECT count(*) FROM irt_item_parameters WHERE run_id = 2
                  AND status = 'anchored' AND se_difficulty IS NULL";
    assert_eq!(value(&mut client, status).as_deref(), Some("20"));
    let mean = number(&mut client, "SELECT population_mean FROM irt_calibration_runs WHERE id = 2");
    assert!((mean - 1.0).abs() < 0.1, "{mean}");
    let new = "SELECT avg(irt_difficulty - (id - 15.5) * 0.12) FROM questions WHERE id > 25";
    assert!(number(&mut client, new).abs() < 0.15);

    client.batch_execute("UPDATE questions SET is_anchor = id = 1").unwrap();
    let few = error(&mut client, RUN);
    assert_eq!(
        (few.code().code(), few.message()),
        ("IR001", "too few anchors: 1 of them were answered, at least 2 are needed")
    );
}

#[test]
fn flipped_keys_hold_an_anchored_bank() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 2000, 0)").unwrap();
    value(&mut client, RUN);
    client
        .batch_execute(
            "SELECT irt_configure(scale => 'anchored'); TRUNCATE responses;
             SELECT week(3001, 5000, 0);
             UPDATE responses SET is_correct = NOT is_correct WHERE question_id % 5 < 2",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("held"));
    let holding = "SELECT count(*) > 0 FROM irt_run_checks WHERE run_id = 2 AND outcome = 'hold'";
    assert_eq!(value(&mut client, holding).as_deref(), Some("t"));
}

#[test]
fn imported_anchors_are_put_in_force_by_the_first_run() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 1500, 0.3);
             UPDATE questions SET irt_discrimination = 0.7 + chance(id, 7),
                                  irt_difficulty = (id - 15.5) * 0.12 WHERE id <= 20;
             SELECT irt_configure(scale => 'anchored')",
        )
        .unwrap();
    let run =
        "SELECT publication, items_calibrated, items_published FROM irt_run_calibration(true)";
    let expected = ["published", "10", "30"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, run).remove(0), expected);
    let anchors = "SELECT count(*) FROM irt_current_parameters c JOIN irt_item_parameters p
                       ON p.run_id = c.run_id AND p.item = c.item
                   WHERE p.status = 'anchored' AND 'imported' = ANY (p.flags)
                     AND c.difficulty = (c.item::int - 15.5) * 0.12";
    assert_eq!(value(&mut client, anchors).as_deref(), Some("20"));
    // They hold the scale from then on: nothing is known of their errors, and nothing is asked.
    let again = "SELECT publication, items_calibrated FROM irt_run_calibration(true)";
    let found = rows(&mut client, again).remove(0);
    assert_eq!(found[0].as_deref(), Some("published"));
}

#[test]
fn persons_belong_to_groups() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT week(1, 900, 0, 'north'), week(1001, 1600, 0.7, 'south'),
                    week(2001, 2005, 0, 'islands'), week(3001, 3300, -0.4, NULL),
                    week(1, 50, 0, 'south');
             SELECT irt_configure(group_column => 'school')",
        )
        .unwrap();
    let run = "SELECT publication, settings ->> 'reference_group_used',
                      settings ->> 'persons_in_several_groups', persons_count
               FROM irt_run_calibration(true)";
    let expected = ["published", "north", "50", "1855"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, run).remove(0), expected);
    let groups = "SELECT group_name, persons_count, mean = 0 AND sd = 1, se_mean IS NULL
                  FROM irt_run_groups ORDER BY group_name COLLATE \"C\"";
    let found: Vec<String> = rows(&mut client, groups)
        .into_iter()
        .map(|row| row.into_iter().map(Option::unwrap).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["(none) 300 f f", "(small) 5 f f", "north 900 t t", "south 650 f f"]);
    let south = "SELECT mean FROM irt_run_groups WHERE group_name = 'south'";
    assert!((number(&mut client, south) - 0.65).abs() < 0.15);

    // The reference stays, though another group is the largest now.
    client
        .batch_execute(
            "SELECT week(4001, 6000, 0.7, 'south'); SELECT irt_configure(scale => 'population')",
        )
        .unwrap();
    let kept = "SELECT settings ->> 'reference_group_used' FROM irt_run_calibration(true)";
    assert_eq!(value(&mut client, kept).as_deref(), Some("north"));
    let scored = "SELECT string_agg(DISTINCT group_name, ' ' ORDER BY group_name) FROM irt_score()";
    assert_eq!(value(&mut client, scored).as_deref(), Some("(none) islands north south"));
    client.batch_execute("SELECT irt_configure(reference_group => 'east')").unwrap();
    let unknown = error(&mut client, RUN);
    assert_eq!(unknown.code().code(), "22023");
    assert!(unknown.message().starts_with("there is no group \"east\""), "{}", unknown.message());
}

#[test]
fn items_that_nobody_joins_with_the_scale_get_no_parameters() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT week(1, 900, 0)").unwrap();
    value(&mut client, RUN);
    // Other persons answer other items: no link leads there.
    client
        .batch_execute(
            "INSERT INTO questions SELECT generate_series(101, 130);
             SELECT week(5001, 5900, 0);
             UPDATE responses SET question_id = question_id + 100 WHERE user_id > 5000",
        )
        .unwrap();
    assert_eq!(value(&mut client, RUN).as_deref(), Some("published"));
    let loose = "SELECT count(*), min(flags::text), count(difficulty) FROM irt_item_parameters
                 WHERE run_id = 2 AND item::int > 100";
    let expected = ["30", "{disconnected}", "0"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, loose).remove(0), expected);
    let held = "SELECT count(irt_difficulty) FROM questions WHERE id > 100";
    assert_eq!(value(&mut client, held).as_deref(), Some("0"));
}

/// A reference's items as rows.
fn items_of(client: &mut Client, table: &str, items: &[Value], a: &str, b: &str) {
    client
        .batch_execute(&format!(
            "CREATE TABLE {table} (item text, difficulty float8, discrimination float8)"
        ))
        .unwrap();
    for item in items {
        let insert = format!("INSERT INTO {table} VALUES ($1, $2, $3)");
        let (name, a, b) = (item["item"].as_str(), item[a].as_f64(), item[b].as_f64());
        client.execute(insert.as_str(), &[&name, &b, &a]).unwrap();
    }
}

#[test]
fn irt_link_agrees_with_equateirt_and_plink() {
    let (_cluster, mut client) = Cluster::with_extension();
    for form in ["A", "B"] {
        let reference: Value =
            serde_json::from_str(&data(&format!("link{form}.reference.json"))).unwrap();
        let items = reference["ml"]["items"].as_array().unwrap();
        items_of(&mut client, &format!("form_{form}"), items, "a", "b");
    }
    for (method, slope, intercept) in [
        ("stocking_lord", 1.182850, 0.476707),
        ("haebara", 1.170381, 0.467263),
        ("mean_sigma", 1.157062, 0.466848),
    ] {
        let link = format!(
            "SELECT slope, intercept, se_slope, common_items, drifted FROM irt_link('TABLE form_B',
                 'SELECT * FROM form_A', '{method}')"
        );
        let row = rows(&mut client, &link).remove(0);
        let cell = |place: usize| -> f64 { row[place].as_ref().unwrap().parse().unwrap() };
        assert!((cell(0) - slope).abs() < 1e-5 && (cell(1) - intercept).abs() < 1e-5, "{row:?}");
        assert_eq!((&row[2], row[3].as_deref()), (&None, Some("20")));
        assert_eq!(row[4].as_deref(), Some("{}"));
    }
}

#[test]
fn irt_fit_2pl_holds_anchors_and_tells_groups() {
    let (_cluster, mut client) = Cluster::with_extension();
    let reference: Value = serde_json::from_str(&data("linkB_anchored.reference.json")).unwrap();
    let fixed: Vec<Value> = reference["fixed_items"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(item, values)| {
            serde_json::json!({ "item": item, "a": values["a"], "b": values["b"] })
        })
        .collect();
    items_of(&mut client, "anchors", &fixed, "a", "b");
    load(&mut client, "linkB.csv", "person int, item text, correct int");
    load(&mut client, "groups2.csv", "person int, school text, item text, correct int");
    let maximum_likelihood =
        "prior_log_discrimination_sd => 'infinity', prior_difficulty_sd => 'infinity'";
    let fit = format!(
        "SELECT item, difficulty, discrimination, status FROM irt_fit_2pl(
             'SELECT person, item, correct FROM linkb', anchors => 'TABLE anchors',
             {maximum_likelihood})"
    );
    let found = rows(&mut client, &fit);
    let estimates = &reference["estimates"];
    for item in estimates["items"].as_array().unwrap() {
        let name = item["item"].as_str();
        let row = found.iter().find(|row| row[0].as_deref() == name).unwrap();
        for (place, key) in [(1, "b"), (2, "a")] {
            let value: f64 = row[place].as_ref().unwrap().parse().unwrap();
            let expected = item[key].as_f64().unwrap();
            assert!((value - expected).abs() < 1e-5, "{name:?} {key}: {value} {expected}");
        }
    }
    let anchored = found.iter().filter(|row| row[3].as_deref() == Some("anchored")).count();
    assert_eq!(anchored, 20);

    let reference: Value = serde_json::from_str(&data("groups2.reference.json")).unwrap();
    let groups = format!(
        "SELECT group_name, mean, sd, se_mean, se_sd FROM irt_fit_groups(
             'SELECT person, item, correct, NULL, school FROM groups2', {maximum_likelihood})
         ORDER BY 1"
    );
    let found = rows(&mut client, &groups);
    for (row, group) in found.iter().zip(reference["estimates"]["groups"].as_array().unwrap()) {
        assert_eq!(row[0].as_deref(), group["group"].as_str());
        for (place, key) in [(1, "mu"), (2, "sigma")] {
            let value: f64 = row[place].as_ref().unwrap().parse().unwrap();
            let expected = group[key].as_f64().unwrap();
            assert!((value - expected).abs() < 1e-5, "{row:?} {key}: {expected}");
        }
    }
    assert_eq!(found.len(), 2);
}

/// A file of tests/data as a table with its name.
fn load(client: &mut Client, file: &str, columns: &str) {
    use std::io::Write;
    let table = file.split('.').next().unwrap();
    client.batch_execute(&format!("CREATE TABLE {table} ({columns})")).unwrap();
    let copy = format!("COPY {table} FROM STDIN (FORMAT csv, HEADER)");
    let mut writer = client.copy_in(copy.as_str()).unwrap();
    writer.write_all(data(file).as_bytes()).unwrap();
    writer.finish().unwrap();
}
