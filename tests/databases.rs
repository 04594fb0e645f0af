//! Databases that are set up otherwise: names quoted all over, other encodings.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A bank whose column types need to be qualified and quoted.
const TABLES: &str = "
    CREATE EXTENSION irt_calibration;
    CREATE DOMAIN mark AS int2;
    CREATE TABLE responses AS
    SELECT p AS user_id, 'q' || i AS question_id, (hashint4(p * 7 + i) % 3 = 0)::int::mark AS is_correct
    FROM generate_series(1, 300) p, generate_series(1, 6) i;
    CREATE TABLE questions AS SELECT DISTINCT question_id AS id FROM responses;
    CREATE TABLE job AS SELECT 'failed' AS status, now() - interval '1 year' AS started_at;";

#[test]
fn banks_are_the_same_whether_or_not_all_identifiers_are_quoted() {
    let cluster = Cluster::start();
    let mut plain = cluster.connect();
    plain.batch_execute(TABLES).unwrap();
    plain.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    plain.batch_execute("ALTER DATABASE postgres SET quote_all_identifiers = on").unwrap();
    let mut quoting = cluster.connect();
    assert_eq!(value(&mut quoting, "SHOW quote_all_identifiers").as_deref(), Some("on"));
    let configure = "SELECT responses_name, column_types ->> 'correct_column'
                     FROM irt_configure(standard_errors => 'none')";
    let run = "SELECT status FROM irt_run_calibration(force => true)";
    let asked = "SELECT should_run FROM irt_should_run_calibration()";
    let works = |client: &mut Client, what: &str| {
        assert_eq!(value(client, run).as_deref(), Some("success"), "{what}");
        assert_eq!(value(client, asked).as_deref(), Some("f"), "{what}");
    };
    works(&mut quoting, "not configured");
    for who in [0, 1] {
        let client = if who == 0 { &mut plain } else { &mut quoting };
        let found = rows(client, configure).remove(0);
        assert_eq!(found, [text("public.responses"), text("public.mark")]);
        works(&mut plain, "plain");
        works(&mut quoting, "quoting");
    }
    // As 0.2.0 wrote it in such a database.
    plain
        .batch_execute(
            r#"UPDATE irt_item_banks SET responses_name = '"public"."responses"',
                   items_name = '"public"."questions"',
                   column_types = '{"person_column": "integer", "item_column": "\"text\"",
                                    "correct_column": "\"public\".\"mark\"", "item_key_column": "\"text\""}'"#,
        )
        .unwrap();
    works(&mut plain, "plain, as 0.2.0 wrote it");
    works(&mut quoting, "quoting, as 0.2.0 wrote it");
    // What has really changed is still seen.
    plain.batch_execute("ALTER TABLE responses RENAME TO answers").unwrap();
    for client in [&mut plain, &mut quoting] {
        let refused = error(client, run);
        assert_eq!(refused.code().code(), "IR002");
        assert!(refused.message().ends_with("now it is public.answers"), "{}", refused.message());
    }
    let adopt = "SELECT irt_adopt_runs('job')";
    assert_eq!(value(&mut quoting, adopt).as_deref(), Some("1"));
    assert_eq!(value(&mut plain, adopt).as_deref(), Some("0"), "the same source");
}
