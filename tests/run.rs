//! irt_run_calibration: a whole row, true numbers, and what each argument does.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, data, error, major, rows, value};
use postgres::Client;
use serde_json::Value;
use std::io::Write;

/// LSAT7 under the names that need no configuring.
fn lsat7() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE TABLE responses (user_id int, question_id text, is_correct int,
                                     answered_at timestamptz DEFAULT now());
             CREATE TABLE questions (id text PRIMARY KEY)",
        )
        .unwrap();
    let mut copy = client
        .copy_in(
            "COPY responses (user_id, question_id, is_correct) FROM STDIN (FORMAT csv, HEADER)",
        )
        .unwrap();
    copy.write_all(data("lsat7.csv").as_bytes()).unwrap();
    copy.finish().unwrap();
    client
        .batch_execute(
            "INSERT INTO questions SELECT DISTINCT question_id FROM responses;
             SELECT irt_add_item_columns('questions')",
        )
        .unwrap();
    (cluster, client)
}

/// The row that irt_run_calibration returns, as JSON.
fn run(client: &mut Client, arguments: &str) -> Value {
    let sql = format!("SELECT to_jsonb(r) FROM irt_run_calibration({arguments}) AS r");
    serde_json::from_str(&value(client, &sql).unwrap()).unwrap()
}

fn parameters(client: &mut Client, run: &Value) -> Vec<Vec<Option<String>>> {
    let sql = format!(
        "SELECT item, difficulty, discrimination, se_difficulty, se_discrimination, covariance
         FROM irt_item_parameters WHERE run_id = {} ORDER BY item COLLATE \"C\"",
        run["id"]
    );
    rows(client, &sql)
}

#[test]
fn a_success_fills_its_row_and_the_items() {
    let (cluster, mut client) = lsat7();
    let run = run(&mut client, "standard_errors => 'bootstrap', bootstrap_iterations => 50");
    for (column, expected) in [
        ("status", "success".into()),
        ("bank", "default".into()),
        ("triggered_by", "manual".into()),
        ("new_responses_count", 5000.into()),
        ("responses_seen_count", 5000.into()),
        ("persons_count", 1000.into()),
        ("responses_count", 5000.into()),
        ("repeats_dropped", 0.into()),
        ("items_calibrated", 5.into()),
        ("items_skipped", 0.into()),
        ("bootstrap_iterations", 50.into()),
        ("bootstrap_failures", 0.into()),
        ("error_message", Value::Null),
        ("error_sqlstate", Value::Null),
    ] {
        assert_eq!(run[column], expected, "{column}");
    }
    let stored = value(&mut client, "SELECT to_jsonb(r) FROM irt_calibration_runs r").unwrap();
    assert_eq!(run, serde_json::from_str::<Value>(&stored).unwrap());
    let means = rows(
        &mut client,
        "SELECT avg(difficulty) = (SELECT mean_difficulty FROM irt_calibration_runs),
                abs(avg(discrimination) - (SELECT mean_discrimination FROM irt_calibration_runs)) < 1e-12,
                bool_and(se_difficulty > 0 AND se_discrimination > 0 AND information_peak = difficulty)
         FROM irt_item_parameters",
    );
    assert_eq!(means[0][1..], [Some("t".into()), Some("t".into())], "{means:?}");
    let published = value(
        &mut client,
        "SELECT count(*) FROM questions q
         JOIN irt_item_parameters p ON p.item = q.id
         JOIN irt_calibration_runs r ON r.id = p.run_id
         WHERE (q.irt_difficulty, q.irt_discrimination, q.irt_se_difficulty, q.irt_calibrated_at,
                q.irt_calibration_n)
             = (p.difficulty, p.discrimination, p.se_difficulty, r.completed_at, 1000)",
    );
    assert_eq!(published.unwrap(), "5");
    assert!(
        cluster
            .log()
            .contains("irt_calibration: run=1 bank=default status=success items_calibrated=5")
    );
}

#[test]
fn settings_repeat_a_run_to_the_bit() {
    let (_cluster, mut client) = lsat7();
    let first =
        run(&mut client, "standard_errors => 'bootstrap', bootstrap_iterations => 30, seed => 7");
    let settings = &first["settings"];
    assert_eq!(settings["arguments"]["seed"], 7);
    let sql = format!(
        "SELECT irt_configure('again', responses => '{}', items => '{}', person_column => '{}',
             min_persons => {}, quadrature_nodes => {}, prior_difficulty_sd => {},
             standard_errors => '{}', bootstrap_iterations => {}, seed => {})",
        settings["responses"].as_str().unwrap(),
        settings["items"].as_str().unwrap(),
        settings["person_column"].as_str().unwrap(),
        settings["min_persons"],
        settings["quadrature_nodes"],
        settings["prior_difficulty_sd"],
        settings["standard_errors"].as_str().unwrap(),
        settings["bootstrap_iterations"],
        settings["seed"],
    );
    client.batch_execute(&sql).unwrap();
    client.batch_execute("SET irt_calibration.max_threads = 1").unwrap();
    let second = run(&mut client, "bank => 'again'");
    assert_eq!(parameters(&mut client, &first), parameters(&mut client, &second));
    assert_eq!(first["log_likelihood"], second["log_likelihood"]);
    assert_eq!(second["settings"]["threads"], 1);
}

#[test]
fn too_few_new_responses_skip_unless_forced() {
    let (_cluster, mut client) = lsat7();
    run(&mut client, "standard_errors => 'none'");
    let skipped = run(&mut client, "");
    assert_eq!(skipped["status"], "skipped");
    assert_eq!(skipped["new_responses_count"], 0);
    assert_eq!(skipped["items_calibrated"], Value::Null);
    let forced = run(&mut client, "force => true, standard_errors => 'none'");
    assert_eq!(forced["status"], "success");
    let previous = format!(
        "SELECT bool_and(previous_difficulty = difficulty) FROM irt_item_parameters WHERE run_id = {}",
        forced["id"]
    );
    assert_eq!(value(&mut client, &previous).unwrap(), "t");
    assert_eq!(
        run(&mut client, "min_new_responses => 0, standard_errors => 'none'")["status"],
        "success"
    );
}

/// What psql prints of `call` beside its rows: notices and warnings.
fn told(cluster: &Cluster, call: &str) -> String {
    let output = cluster.psql(&["-c", &format!("SELECT FROM {call}")]);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_notice_of_a_skipped_run_says_how_to_run_that_bank() {
    let (cluster, mut client) = lsat7();
    client
        .batch_execute("SELECT irt_configure('it''s few', 'responses', min_new_responses => 9999)")
        .unwrap();
    let notice = told(&cluster, "irt_run_calibration(bank => 'it''s few')");
    let call = "irt_run_calibration(force => true, bank => 'it''s few')";
    assert!(notice.contains(&format!("SELECT {call};")), "{notice}");
    assert_eq!(told(&cluster, call), "");
}

#[test]
fn a_run_on_too_little_data_says_what_would_be_enough() {
    let (cluster, mut client) = lsat7();
    client
        .batch_execute(
            "CREATE VIEW thin AS SELECT * FROM responses
             WHERE user_id % CASE question_id WHEN 'Item.5' THEN 25 WHEN 'Item.4' THEN 33 ELSE 5 END = 0;
             CREATE VIEW thinner AS SELECT * FROM responses
             WHERE user_id % CASE question_id WHEN 'Item.5' THEN 22 WHEN 'Item.4' THEN 33 ELSE 50 END = 0;
             SELECT irt_configure(bank, bank, standard_errors => 'none') FROM unnest('{thin,thinner}'::text[]) bank",
        )
        .unwrap();
    let notice = told(&cluster, "irt_run_calibration(bank => 'thin')");
    let expected =
        "NOTICE:  items skipped for few responses: 2 of 5, with 30 to 40 where 50 are needed";
    assert!(notice.contains(expected), "{notice}");
    let hint = notice.split("Collect more of them: ").nth(1).unwrap().split(';').next().unwrap();
    let few = rows(&mut client, hint);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(few.len(), 2, "{hint}");
    assert!(few.contains(&vec![text("Item.5"), text("40")]), "{few:?}");
    let refused = error(&mut client, "SELECT irt_run_calibration(bank => 'thinner')");
    assert_eq!(refused.code().code(), "IR001");
    let message = "at least 2 are needed; the best covered of those with few has 45 of 50";
    assert!(refused.message().ends_with(message), "{}", refused.message());
    let enough = "With min_responses_per_item => 30 two items could be calibrated.";
    assert_eq!(refused.detail(), Some(enough));
    let run = "SELECT items_calibrated FROM irt_run_calibration(bank => 'thinner', min_responses_per_item => 30)";
    assert_eq!(value(&mut client, run).as_deref(), Some("2"));
    let refused = error(&mut client, "SELECT irt_fit_2pl('TABLE responses', min_persons => 1003)");
    assert_eq!(refused.detail(), Some("3 more persons would do, or min_persons => 1000."));
    let none = error(&mut client, "SELECT irt_fit_2pl('SELECT 1, 1, NULL::boolean')");
    assert_eq!(
        none.detail(),
        Some("It takes 2 persons or more, and 2 items with 1 responses or more.")
    );
}

#[test]
fn parameters_that_a_discovered_bank_cannot_publish_are_not_lost_in_silence() {
    let (cluster, mut client) = lsat7();
    client.batch_execute("ALTER TABLE questions RENAME TO items").unwrap();
    let call = "irt_run_calibration(force => true, standard_errors => 'none')";
    let warning = told(&cluster, call);
    let expected = "WARNING:  parameters are in irt_item_parameters alone: \
                    relation \"questions\" does not exist in the search_path";
    assert!(warning.contains(expected), "{warning}");
    client.batch_execute("SELECT irt_configure(items => '-')").unwrap();
    assert_eq!(told(&cluster, call), "");
}

#[test]
fn item_ids_limit_what_is_published_and_such_a_run_is_not_a_full_one() {
    let (_cluster, mut client) = lsat7();
    let run = run(&mut client, "item_ids => '{Item.2,Item.4}', standard_errors => 'none'");
    assert_eq!(run["items_calibrated"], 5);
    let published =
        rows(&mut client, "SELECT id FROM questions WHERE irt_difficulty IS NOT NULL ORDER BY id");
    assert_eq!(published, [[Some("Item.2".into())], [Some("Item.4".into())]]);
    assert_eq!(value(&mut client, "SELECT irt_last_successful_calibration()"), None);
    let new = "SELECT new_responses_count FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, new).unwrap(), "5000");
}

/// Arrays of whatever type the application's keys have, as drivers send them.
#[test]
fn item_ids_are_an_array_of_any_type() {
    let (_cluster, mut client) = Cluster::with_extension();
    for (kind, key) in [
        ("int", "q"),
        ("bigint", "q::bigint + 4294967296"),
        ("uuid", "lpad(q::text, 32, '0')::uuid"),
        ("text", "'Item ' || q"),
        ("date", "date '2026-11-24' + q"),
    ] {
        client
            .batch_execute(&format!(
                "DROP TABLE IF EXISTS responses, questions; DELETE FROM irt_item_banks;
                 CREATE TABLE responses AS SELECT p AS user_id, {key} AS question_id, hashint4(p * 5 + q) % 3 < p % 3 AS is_correct
                 FROM generate_series(1, 300) p, generate_series(1, 5) q;
                 CREATE TABLE questions AS SELECT DISTINCT question_id AS id FROM responses;
                 SELECT irt_add_item_columns('questions'); SET DateStyle = 'German'"
            ))
            .unwrap();
        let keys = "(SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM questions ORDER BY id LIMIT 2) AS q)";
        let published = "SELECT string_agg(id::text, ' ' ORDER BY id) = (SELECT string_agg(id::text, ' ' ORDER BY id)
                             FROM (SELECT id FROM questions ORDER BY id LIMIT 2) AS q)
                         FROM questions WHERE irt_difficulty IS NOT NULL";
        let arrays = [keys.to_owned(), format!("{keys}::text[]")];
        for array in arrays.iter().filter(|array| kind != "date" || !array.ends_with("::text[]")) {
            client
                .batch_execute(
                    "SELECT irt_drop_bank('default'); UPDATE questions SET irt_difficulty = NULL",
                )
                .unwrap();
            let ran =
                run(&mut client, &format!("true, standard_errors => 'none', item_ids => {array}"));
            assert_eq!(ran["status"], "success");
            assert_eq!(value(&mut client, published).as_deref(), Some("t"), "{kind}: {array}");
        }
    }
}

/// NULL, literals and parameters without a type, by name and by position: one function takes them all.
#[test]
fn item_ids_need_no_type() {
    let (_cluster, mut client) = lsat7();
    let functions = "SELECT count(*) FROM pg_proc WHERE proname IN ('irt_run_calibration', 'irt_start_calibration')";
    assert_eq!(value(&mut client, functions).as_deref(), Some("2"), "none is overloaded");
    let published =
        "SELECT string_agg(id, ' ' ORDER BY id) FROM questions WHERE irt_difficulty IS NOT NULL";
    let all = "Item.1 Item.2 Item.3 Item.4 Item.5";
    for (arguments, expected) in [
        ("true, standard_errors => 'none'", all),
        ("true, NULL, NULL, NULL, 'none'", all),
        ("true, item_ids => NULL::int[], standard_errors => 'none'", all),
        ("true, NULL, NULL, '{Item.2,Item.4}', 'none'", "Item.2 Item.4"),
        ("true, item_ids => ARRAY['Item.2'], standard_errors => 'none'", "Item.2"),
        (
            "true, item_ids => ARRAY['Item.2', 'Item.3']::varchar[], standard_errors => 'none'",
            "Item.2 Item.3",
        ),
        ("true, item_ids => '{Item.1}'::name[], standard_errors => 'none'", "Item.1"),
    ] {
        client.batch_execute("UPDATE questions SET irt_difficulty = NULL").unwrap();
        run(&mut client, arguments);
        assert_eq!(value(&mut client, published).as_deref(), Some(expected), "{arguments}");
    }
    client.batch_execute("UPDATE questions SET irt_difficulty = NULL").unwrap();
    let call =
        "SELECT (irt_run_calibration(true, item_ids => $1, standard_errors => 'none')).status";
    let status: String = client.query_one(call, &[&vec!["Item.5"]]).unwrap().get(0);
    assert_eq!(
        (status.as_str(), value(&mut client, published).as_deref()),
        ("success", Some("Item.5"))
    );
}

/// A mistyped key must not pass for an item that has no parameters yet.
#[test]
fn an_item_list_with_an_unknown_item_publishes_nothing() {
    let (_cluster, mut client) = lsat7();
    client
        .batch_execute(
            "INSERT INTO questions VALUES ('new'); INSERT INTO responses VALUES (1, 'unanswered', NULL)",
        )
        .unwrap();
    let call = "SELECT irt_run_calibration(true, item_ids => '{Item.1,nix,Item.9,nix}', standard_errors => 'none')";
    let refused = error(&mut client, call);
    assert_eq!(refused.code().code(), "22023");
    assert_eq!(
        refused.message(),
        "item_ids names 2 items that are not in bank \"default\": nix, Item.9"
    );
    assert!(refused.hint().is_some());
    let untouched = "SELECT count(*) FROM questions WHERE irt_difficulty IS NOT NULL";
    assert_eq!(value(&mut client, untouched).as_deref(), Some("0"));
    let recorded = "SELECT status || ' ' || error_sqlstate FROM irt_calibration_runs";
    assert_eq!(value(&mut client, recorded).as_deref(), Some("failed 22023"));
    // What has no parameters, but is in the items table or among the responses, is an item.
    let known = "true, item_ids => '{Item.1,new,unanswered}', standard_errors => 'none'";
    assert_eq!(run(&mut client, known)["status"], "success");
    assert_eq!(value(&mut client, untouched).as_deref(), Some("1"));
    client.batch_execute("SELECT irt_configure(items => '-')").unwrap();
    let gone = error(&mut client, "SELECT irt_run_calibration(true, item_ids => '{new}')");
    assert_eq!(gone.code().code(), "22023");
}

/// The worker's transactions are its own: only the caller's can say that nothing is to be written.
#[test]
fn read_only_means_read_only() {
    let (cluster, mut client) = lsat7();
    client.batch_execute("CREATE ROLE endpoint SUPERUSER LOGIN").unwrap();
    client.batch_execute("ALTER ROLE endpoint SET default_transaction_read_only = on").unwrap();
    let mut endpoint = cluster.connect_as("endpoint", "postgres");
    for name in ["irt_run_calibration", "irt_start_calibration"] {
        let call = format!("SELECT {name}(true, standard_errors => 'none')");
        let refused = |client: &mut Client, sql: &str| {
            let refused = error(client, sql);
            assert_eq!(refused.code().code(), "25006", "{sql}");
            let expected = format!("cannot execute {name}() in a read-only transaction");
            assert_eq!(refused.message(), expected);
            client.batch_execute("ROLLBACK").unwrap();
        };
        refused(&mut client, &format!("BEGIN READ ONLY; {call}"));
        refused(&mut client, &format!("BEGIN; SET TRANSACTION READ ONLY; {call}"));
        refused(&mut endpoint, &call);
    }
    let runs = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, runs).as_deref(), Some("0"));
    // What only reads, or only stops, goes on.
    endpoint
        .simple_query("SELECT irt_should_run_calibration(), irt_cancel_calibration(1)")
        .unwrap();
    let writable =
        "BEGIN READ WRITE; SELECT irt_run_calibration(true, standard_errors => 'none'); COMMIT";
    endpoint.batch_execute(writable).unwrap();
    assert_eq!(
        value(&mut client, "SELECT run_by FROM irt_calibration_runs").as_deref(),
        Some("endpoint")
    );
}

/// A role that was SET is the one whose rights a run has, in every kind of row.
#[test]
fn a_row_says_whose_rights_the_run_had() {
    let (_cluster, mut client) = lsat7();
    client
        .batch_execute(
            "CREATE ROLE runner LOGIN; GRANT SELECT ON responses, questions TO runner;
             GRANT UPDATE ON questions TO runner;
             GRANT EXECUTE ON FUNCTION irt_run_calibration TO runner; SET ROLE runner",
        )
        .unwrap();
    for arguments in ["standard_errors => 'none'", ""] {
        assert_eq!(run(&mut client, arguments)["run_by"], "runner", "{arguments}");
    }
    error(&mut client, "SELECT irt_run_calibration(true, seed => NULL, standard_errors => 'x')");
    client.batch_execute("RESET ROLE").unwrap();
    run(&mut client, "");
    let record =
        "SELECT string_agg(status || ' ' || run_by, ', ' ORDER BY id) FROM irt_calibration_runs";
    let expected = "success runner, skipped runner, failed runner, skipped postgres";
    assert_eq!(value(&mut client, record).as_deref(), Some(expected));
}

#[test]
fn a_failure_leaves_a_row_and_the_items_as_they_were() {
    let (_cluster, mut client) = lsat7();
    let refused = error(&mut client, "SELECT irt_run_calibration(standard_errors => 'jackknife')");
    assert_eq!(refused.code().code(), "22023");
    assert!(refused.where_().unwrap().contains("irt_calibration run 1"));
    client.batch_execute("UPDATE responses SET is_correct = 2 WHERE user_id <= 3").unwrap();
    let wrong = error(&mut client, "SELECT irt_run_calibration()");
    assert_eq!(wrong.code().code(), "22023");
    assert_eq!(
        wrong.message(),
        "column \"is_correct\" has the value 2 in 15 rows, but must be 0 or 1"
    );
    client.batch_execute("DELETE FROM responses WHERE user_id > 3 OR user_id < 3").unwrap();
    client.batch_execute("UPDATE responses SET is_correct = 1").unwrap();
    let little = error(&mut client, "SELECT irt_run_calibration(force => true)");
    assert_eq!(little.code().code(), "IR001");
    let states =
        rows(&mut client, "SELECT status, error_sqlstate FROM irt_calibration_runs ORDER BY id");
    let failed = |state: &str| vec![Some("failed".to_owned()), Some(state.to_owned())];
    assert_eq!(states, [failed("22023"), failed("22023"), failed("IR001")]);
    assert_eq!(value(&mut client, "SELECT count(irt_difficulty) FROM questions").unwrap(), "0");
}

#[test]
fn the_row_is_right_in_any_isolation_and_survives_the_callers_rollback() {
    let (_cluster, mut client) = lsat7();
    for isolation in ["REPEATABLE READ", "SERIALIZABLE"] {
        client
            .batch_execute(&format!(
                "BEGIN ISOLATION LEVEL {isolation}; SELECT count(*) FROM responses"
            ))
            .unwrap();
        let run = run(&mut client, "force => true, standard_errors => 'none'");
        client.batch_execute("ROLLBACK").unwrap();
        assert_eq!(run["status"], "success");
        let sql =
            format!("SELECT to_jsonb(r) FROM irt_calibration_runs r WHERE id = {}", run["id"]);
        let stored = value(&mut client, &sql).unwrap();
        assert_eq!(run, serde_json::from_str::<Value>(&stored).unwrap());
    }
}

#[test]
fn a_runner_needs_no_more_than_its_grants() {
    let (cluster, mut client) = lsat7();
    client
        .batch_execute(
            "CREATE ROLE runner LOGIN; CREATE ROLE stranger LOGIN; CREATE ROLE nobody;
             GRANT SELECT ON responses TO runner;
             GRANT SELECT (id), UPDATE (irt_difficulty, irt_discrimination, irt_se_difficulty,
                 irt_se_discrimination, irt_information_peak, irt_calibrated_at,
                 irt_calibration_n) ON questions TO runner;
             GRANT EXECUTE ON FUNCTION irt_run_calibration TO runner, nobody",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    assert_eq!(run(&mut runner, "standard_errors => 'none'")["status"], "success");
    assert_eq!(error(&mut runner, "TABLE irt_calibration_runs").code().code(), "42501");
    let mut stranger = cluster.connect_as("stranger", "postgres");
    assert_eq!(error(&mut stranger, "SELECT irt_run_calibration()").code().code(), "42501");
    client.batch_execute("SET ROLE nobody").unwrap();
    let refused = error(&mut client, "SELECT irt_run_calibration()");
    // From Postgres 17 on a worker can be a role that may not log in; this one may not read.
    assert_eq!(refused.code().code(), if major() >= 17 { "42501" } else { "28000" });
    client.batch_execute("RESET ROLE; ALTER TABLE responses ENABLE ROW LEVEL SECURITY").unwrap();
    assert_eq!(error(&mut runner, "SELECT irt_run_calibration(true)").code().code(), "42501");
}

#[test]
fn keys_of_other_types_find_their_items_and_the_missing_are_named() {
    let (_cluster, mut client) = lsat7();
    client
        .batch_execute(
            "CREATE TABLE answers AS SELECT md5(user_id::text)::uuid AS who,
                 substr(question_id, 6)::int AS what, is_correct = 1 AS ok FROM responses;
             INSERT INTO answers SELECT * FROM answers WHERE what = 1 LIMIT 10;
             CREATE TABLE pool (nr bigint PRIMARY KEY, irt_difficulty real, irt_discrimination numeric);
             INSERT INTO pool SELECT generate_series(1, 4);
             SELECT irt_configure('other', 'answers', 'who', 'what', 'ok', '', 'pool', 'nr')",
        )
        .unwrap();
    let run = run(&mut client, "bank => 'other', standard_errors => 'observed_information'");
    assert_eq!((&run["items_calibrated"], &run["repeats_dropped"]), (&5.into(), &10.into()));
    assert_eq!(value(&mut client, "SELECT count(irt_difficulty) FROM pool").unwrap(), "4");
    let missing = rows(
        &mut client,
        "SELECT item FROM irt_item_parameters WHERE 'not_in_items' = ANY (flags)",
    );
    assert_eq!(missing, [[Some("5".into())]]);
}

#[test]
fn of_repeats_the_first_or_the_last_by_time_counts() {
    let (_cluster, mut client) = lsat7();
    client
        .batch_execute(
            "CREATE TABLE attempts AS SELECT user_id, question_id, is_correct,
                 timestamptz '2026-01-01' + random() * interval '1 day' AS at
                 FROM responses;
             INSERT INTO attempts SELECT user_id, question_id, 1 - is_correct, at + interval '1 s'
                 FROM attempts WHERE user_id % 10 = 3 AND question_id <> 'Item.2';
             CREATE VIEW firsts AS SELECT DISTINCT ON (user_id, question_id) user_id, question_id, is_correct
                 FROM attempts ORDER BY user_id, question_id, at;
             CREATE VIEW lasts AS SELECT DISTINCT ON (user_id, question_id) user_id, question_id, is_correct
                 FROM attempts ORDER BY user_id, question_id, at DESC;
             SELECT irt_configure(b, b::regclass) FROM unnest('{firsts,lasts}'::text[]) b;
             SELECT irt_configure(r, 'attempts', answered_at_column => 'at', repeated_responses => r)
                 FROM unnest('{first,last}'::text[]) r",
        )
        .unwrap();
    let mut estimates = |bank: &str| {
        let run = run(
            &mut client,
            &format!("force => true, bank => '{bank}', standard_errors => 'none'"),
        );
        (run["log_likelihood"].clone(), run["repeats_dropped"].clone())
    };
    for (bank, alone) in [("first", "firsts"), ("last", "lasts")] {
        let (with_repeats, dropped) = estimates(bank);
        assert_eq!(dropped, 400);
        assert_eq!((with_repeats, 0.into()), estimates(alone), "{bank}");
    }
    assert_ne!(estimates("first").0, estimates("last").0);
}

#[test]
fn a_standby_fits_but_does_not_run() {
    let (cluster, mut client) = lsat7();
    run(&mut client, "standard_errors => 'none'");
    let standby = cluster.standby();
    let mut reader = standby.connect();
    let started = std::time::Instant::now();
    let query = "SELECT count(difficulty) FROM irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses')";
    while reader.simple_query("TABLE irt_item_parameters").is_err() {
        assert!(started.elapsed().as_secs() < 30, "the standby does not catch up");
    }
    assert_eq!(value(&mut reader, query).unwrap(), "5");
    assert_eq!(error(&mut reader, "SELECT irt_run_calibration(true)").code().code(), "25006");
}
