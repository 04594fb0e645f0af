//! Role × function × table: everything is tried by everybody, and 42501 is where it should be.

use super::{members, refusal, with_tables_of_app};
use crate::common::document::documented_sql;
use crate::common::{Cluster, value};
use postgres::Client;

/// Roles of the matrix. `calibrator` and `item_reader` are those of docs/operations.md, `ada` is
/// a reader; `app` owns responses and questions.
const ROLES: [&str; 5] = ["stranger", "calibrator", "ada", "app", "approver"];

/// The roles of the matrix, and one that scores.
const EVERYBODY: [&str; 6] = ["stranger", "calibrator", "ada", "app", "approver", "scorer"];

/// Every function: a call, and who may make it. The parts of aggregates cannot be called: their
/// arguments are of a type that SQL has no values of.
const CALLS: [(&str, &str, &[&str]); 38] = [
    ("irt_add_item_columns", "irt_add_item_columns('questions')", &[]),
    ("irt_adopt_runs", "irt_adopt_runs('old_runs')", &[]),
    ("irt_cancel_calibration", "irt_cancel_calibration(0)", &["calibrator"]),
    ("irt_check_dimensions", "irt_check_dimensions(replicates => 2)", &["calibrator"]),
    ("irt_compare_runs", "irt_compare_runs(1)", &["ada", "approver"]),
    ("irt_configure", "irt_configure('mine', 'responses')", &["calibrator"]),
    ("irt_drop_bank", "irt_drop_bank('default')", &[]),
    ("irt_eap", "irt_eap(true, 1, 0)", &EVERYBODY),
    (
        "irt_fit_2pl",
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses')",
        &["calibrator"],
    ),
    (
        "irt_fit_groups",
        "irt_fit_groups('SELECT user_id, question_id, is_correct FROM responses')",
        &["calibrator"],
    ),
    (
        "irt_fit_items",
        "irt_fit_items('SELECT user_id, question_id, is_correct FROM responses')",
        &["calibrator"],
    ),
    ("irt_forget_runs", "irt_forget_runs('default', '2000-01-01')", &[]),
    ("irt_information", "irt_information(0, 1, 0)", &EVERYBODY),
    ("irt_item_history", "irt_item_history('Item.1')", &["ada", "approver"]),
    ("irt_item_verdicts", "irt_item_verdicts()", &["ada", "approver"]),
    ("irt_last_successful_calibration", "irt_last_successful_calibration()", &EVERYBODY),
    (
        "irt_link",
        "irt_link('SELECT g AS item, g AS difficulty, 1 AS discrimination FROM generate_series(1, 5) g',
            'SELECT g AS item, g AS difficulty, 1 AS discrimination FROM generate_series(1, 5) g')",
        &EVERYBODY,
    ),
    ("irt_map", "irt_map(true, 1, 0)", &EVERYBODY),
    ("irt_mle", "irt_mle(true, 1, 0)", &EVERYBODY),
    ("irt_next_items", "irt_next_items(0)", &["ada", "approver", "scorer"]),
    ("irt_parameters_at", "irt_parameters_at('default', now())", &["ada", "approver"]),
    ("irt_probability", "irt_probability(0, 1, 0)", &EVERYBODY),
    ("irt_publish", "irt_publish(1)", &["approver"]),
    ("irt_publish_older_successes", "irt_publish_older_successes(NULL)", &[]),
    // It takes the items table beside what is in force.
    ("irt_readiness", "irt_readiness()", &["approver"]),
    ("irt_reject", "irt_reject(2)", &["approver"]),
    ("irt_report", "irt_report()", &["ada", "approver"]),
    ("irt_rollback", "irt_rollback()", &["approver"]),
    (
        "irt_run_calibration",
        "irt_run_calibration(true, standard_errors => 'none')",
        &["calibrator"],
    ),
    ("irt_schedule_calibration", "irt_schedule_calibration()", &[]),
    ("irt_score", "irt_score()", &["scorer"]),
    ("irt_set_check", "irt_set_check('items_lost', 0.1, 0.3)", &[]),
    // Everybody may call it, but to count responses one must be allowed to read them.
    (
        "irt_should_run_calibration",
        "irt_should_run_calibration()",
        &["calibrator", "app", "scorer"],
    ),
    ("irt_start_calibration", "irt_start_calibration(standard_errors => 'none')", &["calibrator"]),
    ("irt_test_information", "irt_test_information()", &["ada", "approver", "scorer"]),
    ("irt_unschedule_calibration", "irt_unschedule_calibration()", &[]),
    ("irt_validate_calibration", "irt_validate_calibration()", &["ada", "approver"]),
    ("irt_wle", "irt_wle(true, 1, 0)", &EVERYBODY),
];

/// Relations that a reader may look at. Nobody may do anything else with any of them.
const READABLE: [&str; 16] = [
    "irt_item_banks",
    "irt_calibration_runs",
    "irt_item_parameters",
    "irt_calibration_history",
    "irt_calibration_progress",
    "irt_publications",
    "irt_parameters_in_force",
    "irt_current_parameters",
    "irt_run_checks",
    "irt_check_thresholds",
    "irt_run_groups",
    "irt_run_covariances",
    "irt_item_fit",
    "irt_item_groups",
    "irt_item_pairs",
    "irt_counting_successes",
];

fn with_roles() -> (Cluster, Client) {
    let (cluster, mut client) = with_tables_of_app("");
    // A superuser's bank is everybody's to run who has the rights.
    client.simple_query("SELECT irt_configure()").unwrap();
    client.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    client
        .batch_execute("CREATE ROLE ada LOGIN IN ROLE item_reader; CREATE ROLE stranger LOGIN")
        .unwrap();
    (cluster, client)
}

#[test]
fn every_role_calls_every_function() {
    let (cluster, mut owner) = with_roles();
    // Run 1 can be published, and run 2 is held.
    owner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    owner.simple_query("SELECT irt_rollback()").unwrap();
    owner.simple_query("SELECT irt_run_calibration(true, standard_errors => 'none')").unwrap();
    let mut functions = members(&mut owner, None);
    functions.retain(|name| !name.starts_with("irt_answers_"));
    // Those with several signatures.
    functions.dedup();
    let listed: Vec<&str> = CALLS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(functions, listed, "the matrix must have every function");
    for role in EVERYBODY {
        let mut client = cluster.connect_as(role, "postgres");
        for (name, call, allowed) in CALLS {
            let refused = refusal(&mut client, &format!("SELECT {call}"));
            if allowed.contains(&role) {
                assert_eq!(refused, None, "{role}: {call}");
                wait_until_none_runs(&mut owner);
            } else {
                let (sqlstate, message) = refused.unwrap_or_else(|| panic!("{role} may {call}"));
                assert_eq!(sqlstate, "42501", "{role}: {call}: {message}");
                assert!(message.contains("permission denied"), "{role}: {name}: {message}");
            }
        }
    }
}

/// irt_start_calibration does not wait, and the next run on the bank would be refused.
fn wait_until_none_runs(client: &mut Client) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let idle = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')";
    while value(client, idle).as_deref() != Some("t") {
        assert!(std::time::Instant::now() < deadline, "a run does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Statements that would forge, change or erase what is in a table, or show it.
fn attempts(client: &mut Client, table: &str) -> Vec<(&'static str, String)> {
    let sql = format!(
        "SELECT quote_ident(attname) FROM pg_attribute
         WHERE attrelid = '{table}'::regclass AND attnum = 1"
    );
    let first = value(client, &sql).unwrap();
    vec![
        ("SELECT", format!("SELECT * FROM {table}")),
        ("SELECT", format!("SELECT {first} FROM {table}")),
        ("INSERT", format!("INSERT INTO {table} DEFAULT VALUES")),
        ("INSERT", format!("INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (NULL::{table}).*")),
        ("UPDATE", format!("UPDATE {table} SET {first} = DEFAULT")),
        ("DELETE", format!("DELETE FROM {table}")),
        ("TRUNCATE", format!("TRUNCATE {table} CASCADE")),
        ("LOCK", format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")),
        ("ALTER", format!("ALTER TABLE {table} RENAME TO mine")),
        ("ALTER", format!("ALTER TABLE {table} DISABLE TRIGGER ALL")),
        ("DROP", format!("DROP TABLE {table} CASCADE")),
        (
            "TRIGGER",
            format!(
                "CREATE TRIGGER t BEFORE UPDATE ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()"
            ),
        ),
        ("RULE", format!("CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING")),
        ("POLICY", format!("CREATE POLICY p ON {table}")),
        ("INDEX", format!("CREATE INDEX ON {table} ({first})")),
        ("REFERENCES", format!("CREATE TEMPORARY TABLE child () INHERITS ({table})")),
    ]
}

#[test]
fn nobody_writes_history_and_only_readers_read_it() {
    let (cluster, mut owner) = with_roles();
    owner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    let relations = members(&mut owner, Some("'r', 'v', 'm', 'p'"));
    let history = "SELECT md5(string_agg(t::text, ',')) FROM
        (SELECT r::text AS t FROM irt_calibration_runs r UNION ALL
         SELECT p::text FROM irt_item_parameters p UNION ALL
         SELECT b::text FROM irt_item_banks b ORDER BY 1) AS t";
    let before = value(&mut owner, history);
    for role in ROLES {
        let mut client = cluster.connect_as(role, "postgres");
        for table in &relations {
            for (right, statement) in attempts(&mut owner, table) {
                let refused = refusal(&mut client, &statement);
                let _ = client.simple_query("ROLLBACK");
                if ["ada", "approver"].contains(&role)
                    && right == "SELECT"
                    && READABLE.contains(&table.as_str())
                {
                    assert_eq!(refused, None, "{role}: {statement}");
                    continue;
                }
                let (sqlstate, message) =
                    refused.unwrap_or_else(|| panic!("{role} may {statement}"));
                // A view is refused some statements for what it is, whoever asks.
                let not_for_views = ["0A000", "42809", "55000", "428C9"].contains(&&*sqlstate);
                let is_view = [
                    "irt_calibration_history",
                    "irt_calibration_progress",
                    "irt_current_parameters",
                    "irt_counting_successes",
                ]
                .contains(&table.as_str());
                assert!(
                    sqlstate == "42501" || (is_view && not_for_views),
                    "{role}: {statement}: {sqlstate} {message}"
                );
            }
        }
    }
    assert_eq!(value(&mut owner, history), before);
}

#[test]
fn nobody_moves_the_sequence() {
    let (cluster, mut owner) = with_roles();
    for sequence in members(&mut owner, Some("'S'")) {
        for role in ROLES {
            let mut client = cluster.connect_as(role, "postgres");
            for statement in [
                format!("SELECT nextval('{sequence}')"),
                format!("SELECT setval('{sequence}', 1000)"),
                format!("SELECT last_value FROM {sequence}"),
                format!("ALTER SEQUENCE {sequence} RESTART"),
            ] {
                let refused = refusal(&mut client, &statement);
                assert_eq!(
                    refused.map(|(code, _)| code).as_deref(),
                    Some("42501"),
                    "{role}: {statement}"
                );
            }
        }
    }
}

#[test]
fn nobody_but_the_owner_has_the_parts_of_aggregates() {
    let (_cluster, mut client) = with_roles();
    let granted = format!(
        "SELECT DISTINCT proname FROM pg_proc, unnest('{{stranger,calibrator,ada,scorer}}'::name[]) AS r (role)
         WHERE oid IN ({}) AND proname LIKE 'irt\\_answers\\_%'
         AND has_function_privilege(role, oid, 'EXECUTE')",
        super::MEMBERS
    );
    assert!(crate::common::rows(&mut client, &granted).is_empty());
}

#[test]
fn no_function_lends_rights_to_its_caller() {
    let (_cluster, mut client) = with_roles();
    let lending = crate::common::rows(
        &mut client,
        &format!(
            "SELECT proname FROM pg_proc WHERE oid IN ({})
             AND prokind <> 'a'
             AND (prosecdef OR proconfig IS NOT NULL OR proleakproof
                  OR prolang <> ALL (SELECT oid FROM pg_language WHERE lanname IN ('c', 'sql'))
                  OR probin <> '$libdir/irt_calibration')",
            super::MEMBERS
        ),
    );
    assert!(
        lending.is_empty(),
        "neither a plain C function of the library nor plain SQL: {lending:?}"
    );
}
