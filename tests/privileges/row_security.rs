//! Row security on responses or items is an error, never a filter.

use super::{refusal, with_tables_of_app};
use crate::common::value;

const CALLS: [&str; 5] = [
    "SELECT irt_should_run_calibration()",
    "SELECT irt_configure(current_user::text, 'responses', items => 'questions')",
    "SELECT irt_run_calibration(true, standard_errors => 'none')",
    "SELECT irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses')",
    "SELECT count(*) FROM irt_score()",
];

#[test]
fn a_policy_that_would_hide_rows_is_an_error() {
    let (cluster, mut owner) = with_tables_of_app("");
    owner
        .batch_execute(
            "CREATE ROLE runner LOGIN; CREATE ROLE sees_all LOGIN BYPASSRLS;
             SELECT irt_configure();
             GRANT SELECT ON responses, questions TO runner, sees_all;
             GRANT UPDATE ON questions TO runner, sees_all;
             GRANT EXECUTE ON FUNCTION irt_configure, irt_run_calibration, irt_fit_2pl, irt_score
                 TO runner, sees_all, app;
             CREATE POLICY few ON responses USING (user_id <= 500)",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    for call in CALLS {
        assert_eq!(refusal(&mut runner, call), None, "without row security: {call}");
    }
    owner.batch_execute("ALTER TABLE responses ENABLE ROW LEVEL SECURITY").unwrap();
    for setting in ["on", "off"] {
        runner.batch_execute(&format!("SET row_security = {setting}")).unwrap();
        for call in CALLS {
            let refused = refusal(&mut runner, call).map(|(sqlstate, _)| sqlstate);
            assert_eq!(refused.as_deref(), Some("42501"), "row_security {setting}: {call}");
        }
    }
    let advised = crate::common::error(&mut runner, CALLS[2]);
    assert!(advised.hint().is_some_and(|hint| hint.contains("BYPASSRLS")), "{advised:?}");
    let seen = "SELECT new_responses_count FROM irt_should_run_calibration(bank => 'all')";
    owner.simple_query("SELECT irt_configure('all', 'responses')").unwrap();
    let mut sees_all = cluster.connect_as("sees_all", "postgres");
    assert_eq!(value(&mut sees_all, seen).as_deref(), Some("5000"));
    for call in CALLS {
        assert_eq!(refusal(&mut sees_all, call), None, "BYPASSRLS: {call}");
    }
    // The table's owner is not subject to it, until it is forced; a superuser's run is the owner's.
    let mut app = cluster.connect_as("app", "postgres");
    assert_eq!(refusal(&mut app, CALLS[2]), None);
    owner.batch_execute("ALTER TABLE responses FORCE ROW LEVEL SECURITY").unwrap();
    for client in [&mut app, &mut owner] {
        for call in &CALLS[..3] {
            let refused = refusal(client, call).map(|(sqlstate, _)| sqlstate);
            assert_eq!(refused.as_deref(), Some("42501"), "forced: {call}");
        }
    }
}

#[test]
fn a_policy_on_items_or_under_a_view_is_an_error_too() {
    let (cluster, mut owner) = with_tables_of_app("");
    owner
        .batch_execute(
            "CREATE ROLE runner LOGIN; CREATE ROLE clerk;
             GRANT SELECT ON responses TO clerk;
             CREATE VIEW answers AS SELECT * FROM responses; ALTER VIEW answers OWNER TO clerk;
             SELECT irt_configure('viewed', 'answers', items => 'questions');
             GRANT SELECT ON answers, questions TO runner; GRANT UPDATE ON questions TO runner;
             GRANT EXECUTE ON FUNCTION irt_run_calibration TO runner",
        )
        .unwrap();
    let mut runner = cluster.connect_as("runner", "postgres");
    let run = "SELECT irt_run_calibration(true, bank => 'viewed', standard_errors => 'none')";
    assert_eq!(refusal(&mut runner, run), None);
    for (table, policy) in [("responses", "user_id > 0"), ("questions", "id > ''")] {
        owner
            .batch_execute(&format!(
                "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON {table} USING ({policy})"
            ))
            .unwrap();
        let refused = refusal(&mut runner, run).map(|(sqlstate, _)| sqlstate);
        assert_eq!(refused.as_deref(), Some("42501"), "{table}");
        owner.batch_execute(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")).unwrap();
    }
    assert_eq!(refusal(&mut runner, run), None);
}
