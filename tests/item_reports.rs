//! What is said of items: do they fit, what is to be done, are they enough, is one ability enough?

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::document::documented_section;
use common::{CHANCE, Cluster, data, error, rows, value};
use postgres::Client;
use serde_json::Value;

/// `answers(persons, items, correlation)` has answers to items whose two halves measure abilities with
/// that correlation, every second person of group b. Item 3 has a wrong key, item 5 is guessed by 3
/// of 10, item 8 is harder in group b. Uniform numbers by hashes: the same on every server.
const ANSWERS: &str = "
CREATE FUNCTION normal(number bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT sqrt(-2 * ln(chance(number, salt))) * cos(2 * pi() * chance(number, salt + 1))
$$;
CREATE FUNCTION answers(persons int, items int, correlation float8, wrong bool)
RETURNS TABLE (user_id int, question_id int, is_correct bool, school text) LANGUAGE sql AS $$
    SELECT u, q, (chance(u * 1000 + q, 9) < CASE WHEN wrong AND q = 5 THEN .3 ELSE 0 END
                  OR 1.4 * (CASE WHEN q > items / 2 THEN correlation * one
                                 + sqrt(1 - correlation * correlation) * other ELSE one END
                            - (q - 1) * 3.0 / items + 1.5
                            - CASE WHEN wrong AND q = 5 THEN 1.8 ELSE 0 END
                            - CASE WHEN wrong AND q = 8 AND u % 2 = 0 THEN 1.2 ELSE 0 END)
                     + ln(1 / chance(u * 1000 + q, 10) - 1) > 0) <> (wrong AND q = 3),
           CASE u % 2 WHEN 0 THEN 'b' ELSE 'a' END
    FROM (SELECT u, normal(u, 1) AS one, normal(u, 3) AS other FROM generate_series(1, persons) u) p,
         generate_series(1, items) q
$$";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(CHANCE).unwrap();
    client.batch_execute(ANSWERS).unwrap();
    (cluster, client)
}

/// The same with a bank 'default' of these answers, calibrated.
fn with_run(answers: &str, standard_errors: &str) -> (Cluster, Client) {
    let (cluster, mut client) = start();
    client
        .batch_execute(&format!(
            "CREATE TABLE responses AS SELECT * FROM {answers};
             CREATE TABLE questions AS SELECT DISTINCT question_id AS id, question_id % 2 AS \"Odd one\"
                 FROM responses;
             SELECT irt_add_item_columns('questions')"
        ))
        .unwrap();
    run(&mut client, &format!("standard_errors => '{standard_errors}'"));
    (cluster, client)
}

/// Runs; what was done before must be committed, so that the worker sees it.
fn run(client: &mut Client, arguments: &str) {
    let sql = format!("SELECT irt_run_calibration(true, {arguments})");
    client.simple_query(&sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn number(cell: &Option<String>) -> f64 {
    cell.as_ref().unwrap().parse().unwrap()
}

#[test]
fn lsat7_fits_as_mirt_says() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let reference: Value = serde_json::from_str(&data("lsat7_fit.reference.json")).unwrap();
    let (residuals, s_x2) = (&reference["mirt"]["infit_outfit_EAP"], &reference["mirt"]["S_X2"]);
    let found = rows(
        &mut client,
        "SELECT infit, outfit, z_infit, z_outfit, s_x2, s_x2_df, s_x2_p, item, responses_count, flags,
                rmsd < 0.05 AND abs(mean_deviation) < 0.01 AND guessing_z IS NOT NULL
         FROM irt_fit_items('SELECT user_id, question_id, is_correct FROM responses',
             prior_log_discrimination_sd => 'infinity', prior_difficulty_sd => 'infinity')
         ORDER BY item",
    );
    assert_eq!(found.len(), 5);
    for (place, row) in found.iter().enumerate() {
        assert_eq!(row[7].as_deref(), residuals["item"][place].as_str());
        for (cell, expected) in [
            &residuals["infit"],
            &residuals["outfit"],
            &residuals["z.infit"],
            &residuals["z.outfit"],
            &s_x2["S_X2"],
            &s_x2["df.S_X2"],
            &s_x2["p.S_X2"],
        ]
        .into_iter()
        .enumerate()
        {
            let expected = expected[place].as_f64().unwrap();
            let found = number(&row[cell]);
            assert!((found - expected).abs() < 1e-4, "{row:?}: {found}, but {expected}");
        }
        assert_eq!(row[8].as_deref(), Some("1000"));
        assert_eq!((row[9].as_deref(), row[10].as_deref()), (Some("{}"), Some("t")));
    }
}

#[test]
fn wrong_keys_guessing_and_groups_are_found_in_a_query() {
    let (_cluster, mut client) = start();
    let flags = |client: &mut Client, query: &str| -> Vec<(String, String)> {
        let sql = format!(
            "SELECT item, flags FROM irt_fit_items($$ {query} $$) WHERE flags <> '{{}}' ORDER BY item::int"
        );
        let row = |mut row: Vec<Option<String>>| (row.remove(0).unwrap(), row.remove(0).unwrap());
        rows(client, &sql).into_iter().map(row).collect()
    };
    let has = |found: &[(String, String)], item: &str, flag: &str| {
        found.iter().any(|(name, flags)| name == item && flags.contains(flag))
    };
    let columns = "user_id, question_id, is_correct";
    let good = format!("SELECT {columns} FROM answers(4000, 20, 1, false)");
    assert_eq!(flags(&mut client, &good), []);
    let bad = format!("SELECT {columns} FROM answers(4000, 20, 1, true)");
    let found = flags(&mut client, &bad);
    assert!(
        has(&found, "3", "reversed") && has(&found, "3", "negative_point_biserial"),
        "{found:?}"
    );
    assert!(has(&found, "5", "guessing"), "{found:?}");
    assert!(!has(&found, "8", "differs_by_group"), "{found:?}");
    // By group item 8 stands out, whichever group is the reference.
    let grouped = format!("SELECT {columns}, NULL, school FROM answers(4000, 20, 1, true)");
    let found = flags(&mut client, &grouped);
    assert!(has(&found, "8", "differs_by_group") && has(&found, "3", "reversed"), "{found:?}");
    // What has no parameters has a row, its flag, and no fit.
    let sql = format!(
        "SELECT flags, rmsd, s_x2_df FROM irt_fit_items($$ {good} UNION ALL SELECT 1, 99, true $$,
             min_responses_per_item => 5) WHERE item = '99'"
    );
    let few = [Some("{few_responses}".to_owned()), None, None];
    assert_eq!(rows(&mut client, &sql), [few]);
    for (call, sqlstate) in [
        ("irt_fit_items(NULL)", "22004"),
        ("irt_fit_items('SELECT 1, 1, true', min_persons => NULL)", "22004"),
        ("irt_fit_items('SELECT 1, 1, true', quadrature_nodes => 4)", "22023"),
        ("irt_fit_items('SELECT 1, 1, true', standard_errors => 'none')", "42883"),
        ("irt_fit_items('SELECT 1')", "22023"),
        ("irt_fit_items('SELECT 1, 1, true')", "IR001"),
    ] {
        let refused = error(&mut client, &format!("SELECT {call}"));
        assert_eq!(refused.code().code(), sqlstate, "{call}: {refused:?}");
    }
}

#[test]
fn a_wrong_key_is_to_be_revised() {
    let (cluster, mut client) = with_run("answers(2000, 20, 1, true)", "none");
    let sql = "SELECT item, verdict, reasons::text, advice FROM irt_item_verdicts()";
    let found = rows(&mut client, sql);
    assert_eq!(found.len(), 20);
    let first: Vec<&str> = found[0].iter().map(|cell| cell.as_deref().unwrap()).collect();
    assert_eq!((first[0], first[1]), ("3", "revise"), "the severest first");
    assert!(first[2].contains("People who"), "{first:?}");
    assert!(first[3].starts_with("Check the key"), "{first:?}");
    assert_eq!(found.iter().filter(|row| row[1].as_deref() == Some("revise")).count(), 1);
    // Flags as runs record them, in words; a run that did not look at the fit says so.
    client
        .batch_execute(
            "UPDATE irt_item_parameters SET flags = CASE item WHEN '7' THEN '{guessing,misfit}'::text[]
                 WHEN '9' THEN '{strange}' WHEN '11' THEN '{anchored}' WHEN '3' THEN '{reversed}' ELSE '{}' END;
             UPDATE irt_calibration_runs SET settings = settings || '{\"diagnostics\": true}'",
        )
        .unwrap();
    let of = |client: &mut Client, item: &str| {
        rows(
            client,
            &format!(
                "SELECT verdict, reasons, advice FROM irt_item_verdicts() WHERE item = '{item}'"
            ),
        )
        .remove(0)
        .into_iter()
        .map(Option::unwrap)
        .collect::<Vec<_>>()
    };
    let good = ["good", "{}", "Keep it."];
    assert_eq!(of(&mut client, "1"), good);
    assert_eq!(of(&mut client, "11"), good);
    let seven = of(&mut client, "7");
    assert_eq!(seven[0], "review");
    assert!(seven[1].contains("does not rise with ability") && seven[1].contains("know little"));
    assert_eq!(of(&mut client, "9")[1], "{\"It is flagged strange.\"}");
    let summary = "SELECT interpretation FROM irt_validate_calibration()";
    let said = value(&mut client, summary).unwrap();
    for words in [
        "wrong: 1 of 20 items reversed (people who know more get it wrong)",
        "1 of 20 items misfit (",
        "1 of 20 items guessing (people who know little get it right more often than they should)",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("not tested"), "{said}");
    client
        .batch_execute(
            "UPDATE irt_calibration_runs SET settings = settings || '{\"diagnostics\": false}'",
        )
        .unwrap();
    let said = value(&mut client, summary).unwrap();
    assert!(said.contains("whether keys and model are right was not tested"), "{said}");
    let one = of(&mut client, "1");
    assert_eq!(
        (one[0].as_str(), one[1].as_str()),
        ("good", "{\"Whether it fits the model was not tested.\"}")
    );
    // A rehearsal is not looked at unless it is named; what was rolled back is.
    client
        .batch_execute("DELETE FROM responses WHERE question_id = 20; SELECT irt_rollback()")
        .unwrap();
    run(&mut client, "standard_errors => 'none', publish => false");
    let count = |run: &str| format!("SELECT count(*) FROM irt_item_verdicts('default', {run})");
    assert_eq!(value(&mut client, &count("NULL")).as_deref(), Some("20"));
    assert_eq!(value(&mut client, &count("2")).as_deref(), Some("19"));
    client.batch_execute("SELECT irt_configure('other', 'responses')").unwrap();
    assert_eq!(rows(&mut client, "SELECT * FROM irt_item_verdicts('other')").len(), 0);
    for (call, sqlstate) in [
        ("irt_item_verdicts(NULL)", "22004"),
        ("irt_item_verdicts('nix')", "22023"),
        ("irt_item_verdicts(run_id => 99)", "22023"),
        ("irt_item_verdicts('other', 1)", "22023"),
    ] {
        assert_eq!(error(&mut client, &format!("SELECT {call}")).code().code(), sqlstate, "{call}");
    }
    let standby = cluster.standby();
    let mut there = standby.connect();
    assert_eq!(rows(&mut there, sql), rows(&mut client, sql));
    let sql = "SELECT reason FROM irt_readiness()";
    assert_eq!(rows(&mut there, sql), rows(&mut client, sql));
    let sql = "SELECT p, verdict FROM irt_check_dimensions(replicates => 3)";
    assert_eq!(rows(&mut there, sql), rows(&mut client, sql));
}

#[test]
fn readiness_says_what_lacks() {
    let (_cluster, mut client) = with_run("answers(1500, 30, 1, false)", "observed_information");
    let text = |cells: [&str; 8]| -> Vec<Option<String>> {
        cells.iter().map(|cell| (*cell != "NULL").then(|| (*cell).to_owned())).collect()
    };
    let counts = "SELECT NULL, count(*), count(*), count(*) FILTER (WHERE irt_difficulty < -1),
                         count(*) FILTER (WHERE irt_difficulty BETWEEN -1 AND 1),
                         count(*) FILTER (WHERE irt_difficulty > 1)
                  FROM questions WHERE irt_se_difficulty <= .5 AND irt_se_discrimination <= .3";
    let expected = rows(&mut client, counts).remove(0);
    assert_eq!(expected[1].as_deref(), Some("30"), "all are precise");
    let found = rows(&mut client, "SELECT * FROM irt_readiness(min_items_per_band => 3)").remove(0);
    assert_eq!(found[..6], expected[..]);
    let [easy, medium, hard] = [3, 4, 5].map(|place| found[place].clone().unwrap());
    assert_eq!(found[6].as_deref(), Some("t"), "{found:?}");
    let reason = format!("30 items ready; easy: {easy}; medium: {medium}; hard: {hard}");
    assert_eq!(found[7].as_deref(), Some(reason.as_str()));
    // By a column, whatever its name; new items, and items without a domain, are counted.
    client
        .batch_execute(
            "INSERT INTO questions (id, \"Odd one\") VALUES (91, 1), (92, NULL);
             ALTER TABLE questions RENAME \"Odd one\" TO \"a \"\"b\"\"; --\"",
        )
        .unwrap();
    let by = "SELECT domain, items, ready_items, is_ready, reason
              FROM irt_readiness(by_column => 'a \"b\"; --', min_items => 15, min_items_per_band => 0)";
    let cells = |row: &[&str]| row.iter().map(|cell| Some((*cell).to_owned())).collect::<Vec<_>>();
    let found = rows(&mut client, by);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0][..4], cells(&["0", "15", "15", "t"]));
    assert_eq!(found[1][..4], cells(&["1", "16", "15", "t"]));
    let none = "0 of 15 items ready; of the others 1 have nothing in force";
    assert_eq!(found[2][1..], cells(&["1", "0", "f", none]));
    // Precise enough is what the caller says.
    let strict = "SELECT is_ready, reason FROM irt_readiness(max_se_difficulty => 0, min_items_per_band => 1)";
    let reason = "0 of 30 items ready; easy: 0 of 1; medium: 0 of 1; hard: 0 of 1; of the others 2 have \
                  nothing in force, 30 are too imprecise";
    assert_eq!(rows(&mut client, strict).remove(0), cells(&["f", reason]));
    // Without standard errors nobody knows, unless any will do.
    run(&mut client, "standard_errors => 'none'");
    let lacking = value(&mut client, "SELECT reason FROM irt_readiness()").unwrap();
    assert!(lacking.ends_with("2 have nothing in force, 30 have no standard errors"), "{lacking}");
    let any = "SELECT ready_items FROM irt_readiness('default', NULL, 'infinity', 'infinity')";
    assert_eq!(value(&mut client, any).as_deref(), Some("30"));
    // A bank without an items table; one that was never calibrated; an empty items table.
    client
        .batch_execute(
            "SELECT irt_configure('bare', 'responses');
             CREATE TABLE none (LIKE questions); SELECT irt_configure('none', 'responses', items => 'none')",
        )
        .unwrap();
    run(&mut client, "bank => 'bare'");
    let bare = "SELECT items, ready_items FROM irt_readiness('bare')";
    assert_eq!(rows(&mut client, bare).remove(0), cells(&["30", "30"]));
    let nothing = rows(&mut client, "SELECT * FROM irt_readiness('none', NULL, 1, 1, 1, 0)");
    assert_eq!(nothing, [text(["NULL", "0", "0", "0", "0", "0", "f", "0 of 1 items ready"])]);
    assert_eq!(rows(&mut client, "SELECT irt_readiness('none', 'id')").len(), 0);
    for (call, sqlstate) in [
        ("irt_readiness(NULL)", "22004"),
        ("irt_readiness(max_se_difficulty => NULL)", "22004"),
        ("irt_readiness(min_items_per_band => NULL)", "22004"),
        ("irt_readiness(max_se_difficulty => 'NaN')", "22023"),
        ("irt_readiness(max_se_discrimination => -1)", "22023"),
        ("irt_readiness(min_items => -1)", "22023"),
        ("irt_readiness('nix')", "22023"),
        ("irt_readiness('bare', 'id')", "22023"),
        ("irt_readiness(by_column => 'nix')", "42703"),
        ("irt_readiness(by_column => 'ctid')", "42703"),
    ] {
        assert_eq!(error(&mut client, &format!("SELECT {call}")).code().code(), sqlstate, "{call}");
    }
}

#[test]
fn readiness_is_for_those_who_may_use_the_bank() {
    let (cluster, mut client) = with_run("answers(300, 10, 1, false)", "none");
    client
        .batch_execute(
            "CREATE ROLE ada LOGIN; CREATE ROLE zoe LOGIN;
             GRANT SELECT ON irt_parameters_in_force TO ada;
             GRANT SELECT (id) ON questions TO ada; SELECT irt_configure()",
        )
        .unwrap();
    let mut ada = cluster.connect_as("ada", "postgres");
    assert_eq!(value(&mut ada, "SELECT items FROM irt_readiness()").as_deref(), Some("10"));
    let refused = error(&mut ada, "SELECT irt_readiness(by_column => 'Odd one')");
    assert_eq!(refused.code().code(), "42501");
    assert!(refused.message().contains("\"Odd one\""), "{refused:?}");
    client.batch_execute("GRANT SELECT (\"Odd one\") ON questions TO ada").unwrap();
    assert_eq!(rows(&mut ada, "SELECT irt_readiness(by_column => 'Odd one')").len(), 2);
    // Zoe's view would run her function as whoever looks.
    client
        .batch_execute(
            "CREATE TABLE hers (user_id int, question_id int, is_correct bool);
             CREATE TABLE mine (LIKE questions); GRANT SELECT ON hers, mine TO ada;
             ALTER TABLE hers OWNER TO zoe; ALTER TABLE mine OWNER TO zoe;
             SELECT irt_configure('hers', 'hers', items => 'mine', owner => 'zoe')",
        )
        .unwrap();
    let refused = error(&mut ada, "SELECT irt_readiness('hers')");
    assert_eq!(refused.code().code(), "42501", "{refused:?}");
    assert_eq!(rows(&mut client, "SELECT irt_readiness('hers')").len(), 1, "a superuser may");
    client.batch_execute("GRANT zoe TO ada").unwrap();
    assert_eq!(rows(&mut ada, "SELECT irt_readiness('hers')").len(), 1);
}

#[test]
fn two_dimensions_are_told_from_one() {
    let check = "SELECT largest_share, mean_q3, pairs, replicates, p, verdict
                 FROM irt_check_dimensions(replicates => 39)";
    let (_cluster, mut client) = with_run("answers(1500, 20, 1, false)", "none");
    let found = rows(&mut client, check).remove(0);
    assert!((0.05..0.08).contains(&number(&found[0])), "{found:?}");
    assert!((number(&found[1]) + 1.0 / 19.0).abs() < 0.02, "{found:?}");
    assert_eq!((found[2].as_deref(), found[3].as_deref()), (Some("190"), Some("39")));
    assert!(number(&found[4]) > 0.05, "{found:?}");
    assert!(found[5].as_deref().unwrap().starts_with("one ability is enough: "), "{found:?}");
    let few = "SELECT * FROM irt_check_dimensions(replicates => 5)";
    let found = rows(&mut client, few);
    client.batch_execute("SET irt_calibration.max_threads = 1").unwrap();
    assert_eq!(rows(&mut client, few), found, "the same bits on one thread");

    client
        .batch_execute(
            "TRUNCATE responses; INSERT INTO responses SELECT * FROM answers(1500, 20, 0.5, false)",
        )
        .unwrap();
    run(&mut client, "standard_errors => 'none'");
    let found = rows(&mut client, check).remove(0);
    assert_eq!(number(&found[4]), 1.0 / 40.0, "{found:?}");
    assert!(found[5].as_deref().unwrap().starts_with("one ability is not enough: "), "{found:?}");
    // Two groups, far apart, are populations and no dimension.
    client
        .batch_execute(
            "TRUNCATE responses; INSERT INTO responses
             SELECT user_id, question_id, is_correct, CASE WHEN user_id > 1500 THEN 'b' ELSE 'a' END
             FROM answers(3000, 20, 1, false)
             WHERE user_id <= 1500 OR question_id > 3;
             SELECT irt_configure(group_column => 'school')",
        )
        .unwrap();
    run(&mut client, "standard_errors => 'none'");
    let p = value(&mut client, "SELECT p FROM irt_check_dimensions(replicates => 39, seed => 7)");
    assert!(number(&p) > 0.05, "{p:?}");
    // Too few of anything.
    let words =
        value(&mut client, "SELECT verdict FROM irt_check_dimensions(replicates => 3)").unwrap();
    assert!(words.starts_with("undecided: "), "{words}");
    client.batch_execute("DELETE FROM responses WHERE user_id > 50").unwrap();
    let nothing =
        "SELECT largest_share, pairs, p, verdict FROM irt_check_dimensions(replicates => 3)";
    let said = "nothing can be said: no two items were answered by 100 persons";
    assert_eq!(
        rows(&mut client, nothing),
        [[None, Some("0".to_owned()), None, Some(said.to_owned())]]
    );
    client.batch_execute("SELECT irt_configure('other', 'responses')").unwrap();
    let never = "SELECT p, verdict FROM irt_check_dimensions('other')";
    let said = Some("bank \"other\" has not been calibrated yet".to_owned());
    assert_eq!(rows(&mut client, never), [[None, said]]);
    for (call, sqlstate) in [
        ("irt_check_dimensions(NULL)", "22004"),
        ("irt_check_dimensions(replicates => NULL)", "22004"),
        ("irt_check_dimensions(seed => NULL)", "22004"),
        ("irt_check_dimensions(replicates => 0)", "22023"),
        ("irt_check_dimensions(replicates => 10001)", "22023"),
        ("irt_check_dimensions('nix')", "22023"),
    ] {
        assert_eq!(error(&mut client, &format!("SELECT {call}")).code().code(), sqlstate, "{call}");
    }
}

#[test]
fn dimensions_can_be_cancelled() {
    let (_cluster, mut client) = with_run("answers(2000, 20, 1, false)", "none");
    client.batch_execute("SET statement_timeout = '2s'").unwrap();
    let refused = error(&mut client, "SELECT irt_check_dimensions(replicates => 10000)");
    assert_eq!(refused.code().code(), "57014", "{refused:?}");
    assert_eq!(value(&mut client, "SELECT 1").as_deref(), Some("1"));
}

#[test]
fn what_is_documented_works() {
    let (_cluster, mut client) = with_run("answers(600, 10, 1, true)", "observed_information");
    let statements = [
        documented_section("An item is flagged"),
        documented_section("Enough items for adaptive tests?"),
    ];
    assert!(statements.iter().all(|blocks| !blocks.is_empty()));
    for block in statements.iter().flatten() {
        client.simple_query(block).unwrap_or_else(|error| panic!("{block}: {error:?}"));
    }
    let flagged = statements[0][0];
    let wrong_key = rows(&mut client, flagged).remove(0);
    assert_eq!((wrong_key[0].as_deref(), wrong_key[1].as_deref()), (Some("3"), Some("revise")));
}
