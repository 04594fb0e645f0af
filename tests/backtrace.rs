//! No error shows Rust's frames, though every test's server has RUST_BACKTRACE set.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, value};

#[test]
fn errors_of_the_server_that_pass_through_rust_are_shown_as_they_are() {
    let (_cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE VIEW responses AS
                 SELECT p AS user_id, q AS question_id, (pg_sleep(0.1) IS NULL) AS is_correct,
                        now() AS answered_at
                 FROM generate_series(1, 4000) p, generate_series(1, 8) q;
             CREATE VIEW broken AS SELECT 1 AS p, 1 AS i, (1 / (random() * 0)::int)::boolean AS c;
             CREATE FUNCTION loud() RETURNS boolean LANGUAGE plpgsql AS $$
                 BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'ZZ999', DETAIL = 'a detail', HINT = 'a hint'; END $$",
        )
        .unwrap();
    let query = "SELECT user_id, question_id, is_correct FROM responses";
    for (settings, statement, sqlstate, detail) in [
        ("SET statement_timeout = '200ms'", "SELECT irt_run_calibration()", "57014", None),
        ("", &format!("SELECT irt_fit_2pl('{query}')"), "57014", None),
        ("RESET statement_timeout", "SELECT irt_fit_2pl('SELECT * FROM broken')", "22012", None),
        ("", "SELECT irt_fit_2pl('SELECT 1, 1, loud()')", "ZZ999", Some("a detail")),
        ("", "SELECT irt_fit_2pl('no statement')", "42601", None),
        ("", "SELECT irt_fit_2pl('SELECT 1 WHERE')", "42601", None),
        ("", "SELECT irt_configure('x', 4294967294)", "42P01", None),
    ] {
        client.batch_execute(settings).unwrap();
        let error = error(&mut client, statement);
        assert_eq!(error.code().code(), sqlstate, "{statement}: {error:?}");
        assert_eq!(error.detail(), detail, "{statement}");
        let all = format!("{error:?}");
        assert!(!all.contains(".rs") && !all.contains("::"), "{statement}: {all}");
    }
    let recorded = "SELECT max(error_message) FROM irt_calibration_runs";
    let recorded = value(&mut client, recorded).unwrap();
    assert!(!recorded.contains(".rs") && recorded.contains("canceled"), "{recorded}");
}
