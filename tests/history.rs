//! Looking back: irt_validate_calibration, irt_calibration_history, irt_item_history.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

/// A server with LSAT7 and the extension.
fn start() -> (Cluster, Client) {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    (cluster, client)
}

fn run(client: &mut Client, arguments: &str) {
    let sql = format!("SELECT irt_run_calibration(force => true, {arguments})");
    client.simple_query(&sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn numbers(row: &[Option<String>]) -> Vec<Option<f64>> {
    row.iter().map(|text| text.as_ref().map(|text| text.parse().unwrap())).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let product = |a: &[f64], b: &[f64], ma: f64, mb: f64| {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>()
    };
    product(x, y, mx, my) / (product(x, x, mx, mx) * product(y, y, my, my)).sqrt()
}

#[test]
fn b_goes_with_minus_the_logit_of_the_proportion_correct() {
    let (_cluster, mut client) = start();
    run(&mut client, "standard_errors => 'observed_information'");
    let items: Vec<Vec<f64>> = rows(
        &mut client,
        "SELECT difficulty, proportion_correct, se_difficulty, se_discrimination FROM irt_item_parameters",
    )
    .iter()
    .map(|row| numbers(row).into_iter().map(Option::unwrap).collect())
    .collect();
    let column = |i: usize| -> Vec<f64> { items.iter().map(|item| item[i]).collect() };
    let b = column(0);
    let expected: Vec<f64> = column(1).iter().map(|p| -(p / (1.0 - p)).ln()).collect();
    let squares: Vec<f64> = b.iter().zip(&expected).map(|(b, x)| (b - x).powi(2)).collect();
    let found = rows(&mut client, "SELECT * FROM irt_validate_calibration()").remove(0);
    let [r, rmse, count, se_b, se_a] = numbers(&found[..5])[..] else { panic!("{found:?}") };
    for (found, expected) in [
        (r, correlation(&b, &expected)),
        (rmse, mean(&squares).sqrt()),
        (count, 5.0),
        (se_b, mean(&column(2))),
        (se_a, mean(&column(3))),
    ] {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?}, but {expected}");
    }
    let words = "b orders the items as the proportions correct do; no item was found that does not fit \
                 the model; no item is flagged; b is precise, if the model holds";
    assert_eq!(found[5].as_deref(), Some(words));
}

/// Rows that a run would have left stand in for it: here they can be chosen.
#[test]
fn the_words_follow_the_documented_thresholds() {
    let (_cluster, mut client) = Cluster::with_extension();
    let reference = include_str!("../docs/reference.md");
    for threshold in ["correlation ≥ 0.9", "0.6 to 0.9", "< 0.6", "rmse > 0.02", "≤ 0.5; > 0.5"]
    {
        assert!(reference.contains(threshold), "{threshold}");
    }
    let sql = "SELECT correlation::numeric(3, 2), items_count, interpretation FROM irt_validate_calibration()";
    let nothing =
        vec![None, Some("0".into()), Some("bank \"default\" has not been calibrated yet".into())];
    assert_eq!(rows(&mut client, sql), [nothing]);
    client
        .batch_execute(
            "INSERT INTO irt_calibration_runs (bank, status, triggered_by, persons_count)
             VALUES ('default', 'success', 'manual', 100)",
        )
        .unwrap();
    // b of items whose proportions correct are .2, .4, .5, .6, .8; se; r; words.
    for (b, se, r, words) in [
        ("{}", "NULL", None, "too few items to compare"),
        ("{1,0.5}", "0.1", None, "too few items to compare"),
        ("{1,1,1,1,1}", "0.6", None, "no variance to compare"),
        ("{0.1,0.1,0.1}", "0.6", None, "no variance to compare"),
        (
            "{1,0.5,0,-0.5,-1}",
            "0.5",
            Some("0.98"),
            "b orders the items as the proportions correct do",
        ),
        ("{1,-0.5,0,0.5,-1}", "0.1", Some("0.73"), "much as the proportions correct do"),
        ("{1,-0.9,0,0.9,-1}", "0.1", Some("0.53"), "otherwise than the proportions correct do"),
        ("{-1,-0.5,0,0.5,1}", "0.51", Some("-0.98"), "otherwise than the proportions correct do"),
    ] {
        client
            .batch_execute(&format!(
                "DELETE FROM irt_item_parameters;
                 INSERT INTO irt_item_parameters (run_id, item, status, difficulty, discrimination,
                                                  responses_count, proportion_correct, se_difficulty)
                 SELECT 1, i, 'calibrated', b, 1, 100, ('{{.2,.4,.5,.6,.8}}'::float8[])[i], {se}
                 FROM unnest('{b}'::float8[]) WITH ORDINALITY AS x (b, i);
                 INSERT INTO irt_item_parameters (run_id, item, status, proportion_correct)
                 VALUES (1, 'all correct', 'skipped', 1)"
            ))
            .unwrap();
        let found = rows(&mut client, sql).remove(0);
        assert_eq!(found[0].as_deref(), r, "{b}");
        let said = found[2].as_deref().unwrap();
        assert!(said.contains(words), "{b}: {said}");
        let precision = match se {
            "NULL" => "the precision of b is unknown",
            "0.1" | "0.5" => "b is precise, if the model holds",
            _ => "b is imprecise: collect more responses",
        };
        assert!(said.contains(precision), "{b}: {said}");
        assert!(said.contains("whether keys and model are right was not tested"), "{b}: {said}");
    }
    // One person less got the last item: b is not compared with the proportions any more.
    for (settings, words) in [
        ("{}", "nothing is compared: the run's priors are not on record"),
        ("{\"prior_difficulty_sd\": \"Infinity\"}", "as expected of those who answered"),
        ("{\"prior_difficulty_sd\": 2}", "as expected of those who answered"),
        ("{\"prior_difficulty_sd\": 0.5}", "priors pull the expected proportions correct away"),
    ] {
        client
            .batch_execute(&format!(
                "UPDATE irt_item_parameters SET responses_count = 99 WHERE item = '5';
                 UPDATE irt_calibration_runs SET settings = '{settings}'::jsonb || CASE '{settings}' WHEN '{{}}'
                     THEN '{{}}'::jsonb ELSE '{{\"prior_difficulty_mean\": 0, \"prior_log_discrimination_mean\": 0,
                                             \"prior_log_discrimination_sd\": 0.5}}' END"
            ))
            .unwrap();
        let said = rows(&mut client, sql).remove(0).remove(2).unwrap();
        assert!(said.contains(words), "{settings}: {said}");
    }
}

/// 1,500 persons, 60 items, a random. `sees` says which persons get an item, `key` turns answers.
fn simulate(client: &mut Client, sees: &str, key: &str) {
    client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS answers;
             SELECT setseed(0.3);
             CREATE TABLE answers AS
             WITH person AS (SELECT p, sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS theta
                             FROM generate_series(1, 1500) p),
                  item AS (SELECT i, (i - 30) / 12.0 AS b, 0.7 + random() AS a FROM generate_series(1, 60) i),
                  seen AS (SELECT *, random() < 1 / (1 + exp(-a * (theta - b))) AS correct
                           FROM person, item WHERE {sees})
             SELECT p AS user_id, i AS question_id, CASE WHEN {key} THEN NOT correct ELSE correct END AS is_correct
             FROM seen;
             SELECT irt_configure('answers', 'answers', standard_errors => 'none')"
        ))
        .unwrap();
    run(client, "bank => 'answers'");
}

#[test]
fn who_got_which_items_is_neither_praised_nor_warned_of() {
    let (_cluster, mut client) = Cluster::with_extension();
    let sql = "SELECT correlation, rmse, interpretation FROM irt_validate_calibration('answers')";
    let designs = [
        ("adaptive", "abs(theta - b) < 0.7", "false"),
        ("sparse", "random() < 0.3", "false"),
        ("sparse with a third of the keys flipped", "random() < 0.3", "i % 3 = 0"),
        ("complete", "true", "false"),
        ("complete with a third of the keys flipped", "true", "i % 3 = 0"),
    ];
    for (design, sees, key) in designs {
        simulate(&mut client, sees, key);
        let found = rows(&mut client, sql).remove(0);
        let said = found[2].as_deref().unwrap();
        let [r, rmse] = numbers(&found[..2])[..] else { panic!("{found:?}") };
        for claim in ["strong", "weak", "agreement", "keys are right", "model is right"] {
            assert!(!said.contains(claim), "{design}: {said}");
        }
        let verdict = match key {
            "false" => "no item was found that does not fit the model",
            _ => "items reversed (people who know more get it wrong)",
        };
        assert!(said.contains(verdict), "{design}: {said}");
        let complete = sees == "true";
        // Adaptive data have negative point-biserials where the keys are right.
        let flagged = design == "adaptive" || key != "false";
        assert_eq!(said.contains("negative_point_biserial: "), flagged, "{design}: {said}");
        assert_eq!(said.contains("check the key"), flagged && complete, "{design}: {said}");
        let words = match complete {
            true => "b orders the items",
            false => "the proportions correct are as expected of those who answered",
        };
        assert!(said.contains(words), "{design}: {said}");
        if !complete {
            // At the mode only the prior on b parts them.
            assert!(
                r.unwrap() > 0.999 && (1e-6..0.02).contains(&rmse.unwrap()),
                "{design}: {found:?}"
            );
        }
    }
}

#[test]
fn changes_are_those_since_the_success_before() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE VIEW early AS SELECT * FROM responses WHERE user_id % 2 = 0;
             CREATE TABLE job AS SELECT 'success' AS status, now() - interval '1 year' AS started_at,
                 4 AS items_calibrated, 0.5 AS mean_difficulty;
             SELECT irt_adopt_runs('job'), irt_configure('forms', 'early', min_new_responses => 1)",
        )
        .unwrap();
    run(&mut client, "standard_errors => 'none', bank => 'forms'");
    run(&mut client, "standard_errors => 'none'");
    client
        .simple_query(
            "CREATE OR REPLACE VIEW early AS SELECT * FROM responses; SELECT irt_run_calibration()",
        )
        .unwrap();
    run(&mut client, "standard_errors => 'none', bank => 'forms'");
    let history = rows(
        &mut client,
        "SELECT id, status, previous_id, items_calibrated_change, round(mean_difficulty_change::numeric, 6)
         FROM irt_calibration_history ORDER BY id",
    );
    let first = value(
        &mut client,
        "SELECT round((mean_difficulty - 0.5)::numeric, 6) FROM irt_calibration_runs WHERE id = 3",
    );
    let second = value(
        &mut client,
        "SELECT round((b.mean_difficulty - a.mean_difficulty)::numeric, 6)
         FROM irt_calibration_runs a, irt_calibration_runs b WHERE (a.id, b.id) = (2, 5)",
    );
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(history[0], [text("1"), text("success"), None, None, None]);
    assert_eq!(history[1], [text("2"), text("success"), None, None, None]);
    assert_eq!(history[2], [text("3"), text("success"), text("1"), text("1"), first]);
    assert_eq!(history[3], [text("4"), text("skipped"), text("3"), None, None]);
    assert_eq!(history[4], [text("5"), text("success"), text("2"), text("0"), second]);
    // What became of them: an adopted one, a published one, a skipped one, and after a rollback.
    client.simple_query("SELECT irt_rollback('forms')").unwrap();
    run(&mut client, "standard_errors => 'none', bank => 'forms'");
    let decided =
        "SELECT string_agg(concat_ws(' ', id, publication, items_published), ', ' ORDER BY id)
        FROM irt_calibration_history";
    let decided_so = "1, 2 published 5, 3 published 5, 4, 5 published 5, 6 held 0";
    assert_eq!(value(&mut client, decided).as_deref(), Some(decided_so));
    let largest = rows(
        &mut client,
        "SELECT largest_difficulty_change = (SELECT max(abs(p.difficulty - q.difficulty))
                    FROM irt_item_parameters p JOIN irt_item_parameters q USING (item)
                    WHERE (p.run_id, q.run_id) = (5, 2)) AND largest_discrimination_change > 0,
                abs(log_likelihood_per_response_change) BETWEEN 1e-9 AND 0.1
         FROM irt_calibration_history WHERE id = 5",
    );
    assert_eq!(largest, [[text("t"), text("t")]]);
    let item = rows(
        &mut client,
        "SELECT run_id, status, flags, difficulty_change = difficulty - lag(difficulty) OVER (ORDER BY run_id),
                se_difficulty, responses_count, completed_at IS NOT NULL
         FROM irt_item_history('Item.3', 'forms') WHERE run_id < 6 ORDER BY run_id DESC",
    );
    assert_eq!(
        item,
        [
            vec![
                text("5"),
                text("calibrated"),
                text("{}"),
                text("t"),
                None,
                text("1000"),
                text("t")
            ],
            vec![text("2"), text("calibrated"), text("{}"), None, None, text("500"), text("t")],
        ]
    );
    assert!(rows(&mut client, "SELECT * FROM irt_item_history('nix')").is_empty());
    // An index finds the success before: a long history is not searched again for every run.
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").unwrap();
    let plan = rows(&mut client, "EXPLAIN SELECT id, previous_id FROM irt_calibration_history");
    let plan: Vec<String> = plan.into_iter().map(|mut line| line.remove(0).unwrap()).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("irt_calibration_runs_success_idx"), "{plan}");
    assert!(plan.contains("< ROW(r.started_at, r.id)"), "{plan}");
}

#[test]
fn looking_takes_the_rights_of_a_reader_and_works_on_a_standby() {
    let (cluster, mut client) = start();
    run(&mut client, "standard_errors => 'none'");
    client.batch_execute("CREATE ROLE ada LOGIN; CREATE ROLE zoe LOGIN").unwrap();
    let looks =
        ["SELECT * FROM irt_validate_calibration()", "SELECT * FROM irt_item_history('Item.1')"];
    let mut ada = cluster.connect_as("ada", "postgres");
    for sql in looks {
        let refused = error(&mut ada, sql);
        assert_eq!(refused.code().code(), "42501", "{sql}");
        client.batch_execute(refused.hint().unwrap()).unwrap();
        let refused = error(&mut ada, sql);
        assert_eq!(refused.hint(), Some("GRANT SELECT ON public.irt_item_parameters TO ada;"));
        client.batch_execute("REVOKE SELECT ON irt_calibration_runs FROM ada").unwrap();
    }
    let denied = error(&mut ada, "SELECT * FROM irt_calibration_history");
    assert_eq!(denied.code().code(), "42501");
    client
        .batch_execute(
            "GRANT SELECT ON irt_calibration_runs, irt_item_parameters TO ada;
             GRANT SELECT ON irt_calibration_history TO zoe",
        )
        .unwrap();
    assert_eq!(
        value(&mut ada, "SELECT items_count FROM irt_validate_calibration()").as_deref(),
        Some("5")
    );
    let mut zoe = cluster.connect_as("zoe", "postgres");
    let seen = "SELECT largest_difficulty_change IS NULL AND mean_difficulty < 0 FROM irt_calibration_history";
    assert_eq!(value(&mut zoe, seen).as_deref(), Some("t"));
    for (sql, sqlstate) in [
        ("SELECT irt_validate_calibration(NULL)", "22004"),
        ("SELECT irt_item_history(NULL)", "22004"),
        ("SELECT irt_item_history('Item.1', NULL)", "22004"),
        ("SELECT irt_validate_calibration('nix')", "22023"),
        ("SELECT irt_item_history('Item.1', 'nix')", "22023"),
    ] {
        assert_eq!(error(&mut client, sql).code().code(), sqlstate, "{sql}");
    }
    let standby = cluster.standby();
    let mut there = standby.connect();
    for sql in looks {
        assert_eq!(rows(&mut there, sql), rows(&mut client, sql), "{sql}");
    }
}
