//! Databases that are set up otherwise: names quoted all over, other encodings.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

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

/// A connection to a new database in this encoding.
fn database_in(cluster: &Cluster, encoding: &str) -> Client {
    let create = format!(
        "CREATE DATABASE other ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    );
    cluster.connect().batch_execute(&create).unwrap();
    cluster.connect_as("postgres", "other")
}

/// Every name and every key has letters that LATIN1 has and ASCII has not.
const NOT_ASCII: &str = r#"
    CREATE TABLE "Antworten für alle" AS
    SELECT p AS "schüler", 'é' || i AS frage, (hashint4(p * 7 + i) % 3 = 0)::int AS "müßig", NULL::text AS typ
    FROM generate_series(1, 300) p, generate_series(1, 6) i;
    CREATE TABLE "prüfungen" AS SELECT DISTINCT frage AS "schlüssel" FROM "Antworten für alle";
    CREATE TABLE "früher" AS SELECT 'success' AS status, now() - interval '1 year' AS started_at,
                                    'übung' AS bank, 'läuft' AS job_id, '{"ö": "ß"}'::jsonb AS settings"#;

const CONFIGURE: &str = r#"
    SELECT bank, responses_name, items_name
    FROM irt_configure('übung', '"Antworten für alle"', 'schüler', 'frage', 'müßig', items => 'prüfungen',
                       item_key_column => 'schlüssel', standard_errors => 'none')"#;

#[test]
fn a_database_in_latin1_has_banks_and_items_with_umlauts() {
    let cluster = Cluster::start();
    let mut client = database_in(&cluster, "LATIN1");
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(NOT_ASCII).unwrap();
    client.simple_query("SELECT irt_add_item_columns('prüfungen')").unwrap();
    assert_eq!(value(&mut client, "SELECT irt_adopt_runs('früher')").as_deref(), Some("1"));
    assert_eq!(value(&mut client, "SELECT irt_adopt_runs('früher')").as_deref(), Some("0"));
    let adopted = "SELECT settings ->> 'adopted_from', settings ->> 'job_id', settings ->> 'ö' FROM irt_calibration_runs";
    let found = rows(&mut client, adopted).remove(0);
    assert_eq!(found, [text("public.\"früher\""), text("läuft"), text("ß")]);
    let configured = rows(&mut client, CONFIGURE).remove(0);
    let expected = ["übung", "public.\"Antworten für alle\"", "public.\"prüfungen\""];
    assert_eq!(configured, expected.map(text));

    client.batch_execute("LISTEN irt_calibration").unwrap();
    let run = "SELECT status, bank, items_calibrated, settings ->> 'person_column'
               FROM irt_run_calibration(bank => 'übung')";
    let ran = rows(&mut client, run).remove(0);
    assert_eq!(ran, [text("success"), text("übung"), text("6"), text("schüler")]);
    let published = r#"SELECT count(irt_difficulty) FROM "prüfungen" WHERE "schlüssel" LIKE 'é_'"#;
    assert_eq!(value(&mut client, published).as_deref(), Some("6"));
    let history = "SELECT count(*) FROM irt_item_history('é3', 'übung')";
    assert_eq!(value(&mut client, history).as_deref(), Some("1"));
    let validated = "SELECT items_count FROM irt_validate_calibration('übung')";
    assert_eq!(value(&mut client, validated).as_deref(), Some("6"));
    let limited = "SELECT items_skipped, settings ->> 'item_ids' FROM irt_run_calibration(
                       force => true, bank => 'übung', item_ids => '{é1,é2}')";
    let limited = rows(&mut client, limited).remove(0);
    assert_eq!(limited[1].as_deref(), Some("[\"é1\", \"é2\"]"));
    let fitted = r#"SELECT item FROM irt_fit_2pl('SELECT "schüler", frage, "müßig" FROM "Antworten für alle"')"#;
    assert_eq!(value(&mut client, &format!("{fitted} LIMIT 1")).as_deref(), Some("é1"));

    // What is wrong is said with its letters, kept in the row, and the run is over.
    let wrong = r#"SELECT irt_fit_2pl('SELECT "schüler", frage, typ AS "Größe" FROM "Antworten für alle"')"#;
    let refused = error(&mut client, wrong);
    assert!(
        refused.message().starts_with("column 3 (\"Größe\") of the query"),
        "{}",
        refused.message()
    );
    let refused = error(&mut client, "SELECT irt_run_calibration(bank => 'müll')");
    assert_eq!(
        (refused.code().code(), refused.message()),
        ("22023", "bank \"müll\" does not exist")
    );
    assert_eq!(refused.detail(), Some("Banks: übung."));
    assert!(refused.hint().unwrap().contains("irt_configure(bank => ..., responses => ...)"));
    client.batch_execute(r#"ALTER TABLE "Antworten für alle" RENAME "müßig" TO "mäßig""#).unwrap();
    let refused = error(&mut client, "SELECT irt_run_calibration(force => true, bank => 'übung')");
    let expected =
        "column \"müßig\" of public.\"Antworten für alle\" does not exist (correct_column)";
    assert_eq!(refused.message(), expected);
    let recorded =
        "SELECT status, error_message FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    assert_eq!(rows(&mut client, recorded).remove(0), [text("failed"), text(expected)]);
    // An error of somebody else's: what pgrx could not read is a question mark.
    client
        .batch_execute(
            r#"ALTER TABLE "Antworten für alle" RENAME "mäßig" TO "müßig";
               UPDATE "prüfungen" SET irt_difficulty = NULL;
               CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
                   $$BEGIN RAISE 'heute Übung' USING ERRCODE = 'ZZ001'; END$$;
               CREATE TRIGGER stop BEFORE UPDATE ON "prüfungen" EXECUTE FUNCTION stop()"#,
        )
        .unwrap();
    let refused = error(&mut client, "SELECT irt_run_calibration(force => true, bank => 'übung')");
    assert_eq!((refused.code().code(), refused.message()), ("ZZ001", "heute ?bung"));
    let lost = "SELECT count(*) FROM irt_calibration_runs WHERE status = 'running'";
    assert_eq!(value(&mut client, lost).as_deref(), Some("0"));
    let payload = client.notifications().iter().next().unwrap().unwrap();
    assert!(payload.payload().contains("\"bank\":\"übung\""), "{}", payload.payload());
}

#[test]
fn without_an_encoding_utf8_works_and_other_keys_are_refused() {
    let cluster = Cluster::start();
    let mut client = database_in(&cluster, "SQL_ASCII");
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(NOT_ASCII).unwrap();
    client.simple_query("SELECT irt_add_item_columns('prüfungen')").unwrap();
    rows(&mut client, CONFIGURE);
    let run = "SELECT items_calibrated FROM irt_run_calibration(bank => 'übung', force => true)";
    assert_eq!(value(&mut client, run).as_deref(), Some("6"));
    client
        .batch_execute(
            r#"UPDATE "Antworten für alle" SET frage = E'\xe9' || frage WHERE frage = 'é1'"#,
        )
        .unwrap();
    let refused = error(&mut client, run);
    assert_eq!(refused.code().code(), "22021");
    assert_eq!(refused.message(), "the key \"\u{fffd}é1\" is not valid UTF-8");
    let recorded =
        "SELECT status, error_sqlstate FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    assert_eq!(rows(&mut client, recorded).remove(0), [text("failed"), text("22021")]);
}
