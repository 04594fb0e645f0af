//! irt_should_run_calibration: what counts as new.
//!
//! A run is stood in for by the row that it would leave in irt_calibration_runs:
//! moment and counts are what decides, and here they can be chosen.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

const TABLES: &str = "
    CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
    CREATE TABLE questions (id int PRIMARY KEY);
    CREATE FUNCTION answer(persons int, at timestamptz) RETURNS void LANGUAGE sql AS $$
        INSERT INTO responses
        SELECT p, q, (p + q) % 2 = 0, at FROM generate_series(1, persons) p, generate_series(1, 2) q
    $$;";

/// What a successful full run of `bank` would have stored an hour ago, by a version that did not
/// count the correct ones.
fn ran(client: &mut Client, bank: &str, seen: i64, ahead: i64) {
    client
        .batch_execute(&format!(
            "INSERT INTO irt_calibration_runs
                 (bank, status, triggered_by, started_at, responses_through,
                  responses_seen_count, responses_ahead_count, settings)
             VALUES ('{bank}', 'success', 'manual', now() - interval '1 hour',
                     now() - interval '1 hour', {seen}, {ahead}, '{{\"item_ids\": null}}')"
        ))
        .unwrap();
}

/// What a successful full run of the bank `default` would have stored an hour ago.
fn ran_with_correct(client: &mut Client, seen: i64, correct: i64, ahead: i64) {
    ran(client, "default", seen, ahead);
    client
        .batch_execute(&format!(
            "UPDATE irt_calibration_runs SET responses_correct_count = {correct}"
        ))
        .unwrap();
}

fn new(client: &mut Client) -> i64 {
    new_in(client, "default")
}

fn new_in(client: &mut Client, bank: &str) -> i64 {
    let sql =
        format!("SELECT new_responses_count FROM irt_should_run_calibration(bank => '{bank}')");
    value(client, &sql).unwrap().parse().unwrap()
}

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(TABLES).unwrap();
    (cluster, client)
}

#[test]
fn all_eligible_responses_are_new_before_the_first_run() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(50, now());
             INSERT INTO responses VALUES (1, 1, NULL, now()), (NULL, 1, true, now()), (1, NULL, true, now())",
        )
        .unwrap();
    let decision = rows(&mut client, "SELECT * FROM irt_should_run_calibration()");
    let text = |s: &str| Some(s.to_owned());
    assert_eq!(decision, vec![vec![text("t"), text("100"), None]]);
    let decision = "SELECT should_run FROM irt_should_run_calibration(101)";
    assert_eq!(value(&mut client, decision).as_deref(), Some("f"));
    assert_eq!(value(&mut client, "SELECT count(*) FROM irt_item_banks").as_deref(), Some("0"));
    assert_eq!(value(&mut client, "SELECT irt_last_successful_calibration()"), None);
}

#[test]
fn what_a_run_has_seen_is_not_new() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    ran(&mut client, "default", 100, 0);
    assert_eq!(new(&mut client), 0);
    client.batch_execute("SELECT answer(3, now())").unwrap();
    assert_eq!(new(&mut client), 6);
    let last = "SELECT last_calibration_at = irt_last_successful_calibration()
                FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, last).as_deref(), Some("t"));
}

#[test]
fn a_threshold_of_zero_is_always_reached() {
    let (_cluster, mut client) = start();
    let sql = "SELECT should_run FROM irt_should_run_calibration(min_new_responses => 0)";
    assert_eq!(value(&mut client, sql).as_deref(), Some("t"));
}

#[test]
fn the_banks_threshold_holds_where_none_is_given() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(3, now());
             SELECT irt_configure(min_new_responses => 6, items => '-')",
        )
        .unwrap();
    let sql = "SELECT should_run FROM irt_should_run_calibration()";
    assert_eq!(value(&mut client, sql).as_deref(), Some("t"));
    client.batch_execute("SELECT irt_configure(min_new_responses => 7)").unwrap();
    assert_eq!(value(&mut client, sql).as_deref(), Some("f"));
}

#[test]
fn responses_that_commit_during_a_run_are_new() {
    let (cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    let mut late = cluster.connect();
    late.batch_execute("BEGIN; SELECT answer(4, now() - interval '90 minutes')").unwrap();
    ran(&mut client, "default", 100, 0);
    assert_eq!(new(&mut client), 0);
    late.batch_execute("COMMIT").unwrap();
    assert_eq!(new(&mut client), 8);
}

#[test]
fn responses_that_a_view_lets_through_later_are_new() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE TABLE sessions (user_id int, completed boolean);
             INSERT INTO sessions SELECT p, p <= 40 FROM generate_series(1, 50) p;
             SELECT answer(50, now() - interval '2 hours');
             CREATE VIEW completed AS SELECT r.* FROM responses r JOIN sessions USING (user_id) WHERE completed;
             SELECT irt_configure('forms', 'completed')",
        )
        .unwrap();
    ran(&mut client, "forms", 80, 0);
    assert_eq!(new_in(&mut client, "forms"), 0);
    client.batch_execute("UPDATE sessions SET completed = true WHERE user_id <= 45").unwrap();
    assert_eq!(new_in(&mut client, "forms"), 10);
}

#[test]
fn null_and_infinite_times_count_as_none() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    ran(&mut client, "default", 100, 0);
    client
        .batch_execute("SELECT answer(1, NULL), answer(1, 'infinity'), answer(1, '-infinity')")
        .unwrap();
    assert_eq!(new(&mut client), 6);
    ran(&mut client, "default", 106, 0);
    assert_eq!(new(&mut client), 0);
}

#[test]
fn a_time_in_the_future_is_new_once() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(50, now() - interval '2 hours'), answer(1, now() + interval '1 year')",
        )
        .unwrap();
    assert_eq!(new(&mut client), 102);
    ran(&mut client, "default", 100, 2);
    assert_eq!(new(&mut client), 0, "the run has seen them");
    client
        .batch_execute("UPDATE responses SET answered_at = now() WHERE answered_at > now()")
        .unwrap();
    assert_eq!(new(&mut client), 0, "their time has come: still the same responses");
    client.batch_execute("SELECT answer(1, now() + interval '1 day')").unwrap();
    assert_eq!(new(&mut client), 2);
}

#[test]
fn deletions_hide_no_later_responses() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    ran(&mut client, "default", 100, 0);
    client
        .batch_execute("DELETE FROM responses WHERE user_id <= 30; SELECT answer(4, now())")
        .unwrap();
    assert_eq!(new(&mut client), 8);
}

/// 100 responses were there two hours ago, 50 of them correct (persons 1 and 2 have one each); a
/// run saw them. Then something happens.
#[test]
fn what_the_counts_cannot_explain_otherwise_is_new() {
    let (_cluster, mut client) = start();
    let early = "now() - interval '2 hours'";
    let add = |correct: bool, count: usize, at: &str| {
        format!(
            "INSERT INTO responses SELECT 1000 + i, 1, {correct}, {at} FROM generate_series(1, {count}) i;"
        )
    };
    let delete = |correct: bool, count: usize| {
        format!(
            "DELETE FROM responses WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM responses WHERE is_correct = {correct} LIMIT {count}));"
        )
    };
    let turn = |to: bool, count: usize| {
        format!(
            "UPDATE responses SET is_correct = {to} WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM responses WHERE is_correct <> {to} AND answered_at < now() LIMIT {count}));"
        )
    };
    for (what, happens, expected) in [
        ("nothing", String::new(), 0),
        ("edits to correct", turn(true, 20), 20),
        ("edits to incorrect", turn(false, 20), 20),
        (
            "edits that cancel are invisible",
            "UPDATE responses SET is_correct = NOT is_correct".into(),
            0,
        ),
        ("edits that cancel in part", turn(true, 20) + &delete(true, 5), 15),
        ("late arrivals", add(true, 6, early) + &add(false, 4, early), 10),
        ("late arrivals and edits", add(false, 10, early) + &turn(false, 7), 17),
        ("late arrivals that could be what was edited", add(true, 10, early) + &turn(false, 7), 10),
        ("deletions", delete(true, 12) + &delete(false, 3), 0),
        ("deletions hide arrivals of the same sort", delete(true, 12) + &add(true, 5, early), 0),
        ("and no others", delete(true, 12) + &add(false, 5, early), 5),
        ("deletions hide edits", delete(true, 5) + &turn(true, 5), 0),
        ("edits beyond deletions", delete(false, 5) + &turn(true, 20), 20),
        ("responses after the run", add(true, 3, "now()") + &add(false, 1, "now()"), 4),
        ("all at once", add(true, 3, "now()") + &add(true, 2, early) + &turn(true, 20), 25),
        (
            "an edit with a new time is one",
            "UPDATE responses SET is_correct = NOT is_correct, answered_at = now()
              WHERE user_id <= 3"
                .into(),
            6,
        ),
        (
            "no time",
            "UPDATE responses SET is_correct = true, answered_at = NULL WHERE user_id <= 4".into(),
            4,
        ),
    ] {
        client
            .batch_execute(&format!(
                "TRUNCATE responses; SELECT answer(50, {early}); DELETE FROM irt_calibration_runs"
            ))
            .unwrap();
        ran_with_correct(&mut client, 100, 50, 0);
        client.batch_execute(&happens).unwrap();
        assert_eq!(new(&mut client), expected, "{what}");
    }
}

#[test]
fn correctness_of_any_type_is_counted() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    client.batch_execute("CREATE DOMAIN mark AS int2; CREATE DOMAIN yes AS boolean").unwrap();
    for correct in ["boolean", "yes", "int2", "mark", "int4", "int8", "numeric", "numeric(3, 2)"] {
        client
            .batch_execute(&format!(
                "DROP TABLE IF EXISTS scored;
                 CREATE TABLE scored AS SELECT user_id, question_id, is_correct::int::{correct} AS is_correct
                 FROM responses;
                 SELECT irt_configure('scored', 'scored', answered_at_column => '')"
            ))
            .unwrap_or_else(|error| panic!("{correct}: {error:?}"));
        client.batch_execute("DELETE FROM irt_calibration_runs").unwrap();
        ran(&mut client, "scored", 100, 0);
        client
            .batch_execute("UPDATE irt_calibration_runs SET responses_correct_count = 41")
            .unwrap();
        assert_eq!(new_in(&mut client, "scored"), 9, "{correct}");
    }
}

#[test]
fn repaired_keys_are_new_until_a_run_has_seen_them() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    let run = "SELECT status, new_responses_count, responses_seen_count, responses_correct_count
               FROM irt_run_calibration(min_new_responses => 20, standard_errors => 'none')";
    let correct = "SELECT count(*) FROM responses WHERE is_correct";
    let text = |text: &str| Some(text.to_owned());
    let before = value(&mut client, correct);
    let first = rows(&mut client, run).remove(0);
    assert_eq!(first, [text("success"), text("5000"), text("5000"), before]);
    client
        .batch_execute(
            "UPDATE responses SET is_correct = NOT is_correct WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM responses WHERE is_correct LIMIT 20))",
        )
        .unwrap();
    assert_eq!(new(&mut client), 20);
    let after = value(&mut client, correct);
    let second = rows(&mut client, run).remove(0);
    assert_eq!(second, [text("success"), text("20"), text("5000"), after.clone()]);
    assert_eq!(new(&mut client), 0);
    let third = rows(&mut client, run).remove(0);
    assert_eq!(third, [text("skipped"), text("0"), text("5000"), after]);
}

#[test]
fn without_times_new_is_the_growth_of_the_count() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(50, now()); SELECT irt_configure(answered_at_column => '', items => '-')",
        )
        .unwrap();
    ran(&mut client, "default", 100, 0);
    assert_eq!(new(&mut client), 0, "answered after the run's moment, but nobody looks");
    client.batch_execute("SELECT answer(2, now())").unwrap();
    assert_eq!(new(&mut client), 4);
}

#[test]
fn timestamps_and_dates_are_in_utc() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SET TIME ZONE 'Asia/Tokyo';
             CREATE DOMAIN day AS date;
             CREATE TABLE plain (user_id int, question_id int, is_correct int2, at timestamp, on_day day);
             INSERT INTO plain VALUES
                 (1, 1, 1, (now() AT TIME ZONE 'UTC') - interval '30 minutes', CURRENT_DATE - 7),
                 (2, 1, 0, (now() AT TIME ZONE 'UTC') - interval '90 minutes', CURRENT_DATE + 7),
                 (3, 1, 0, 'infinity', '5000000-01-01');
             SELECT irt_configure('stamped', 'plain', answered_at_column => 'at');
             SELECT irt_configure('dated', 'plain', answered_at_column => 'on_day')",
        )
        .unwrap();
    ran(&mut client, "stamped", 2, 0);
    assert_eq!(new_in(&mut client, "stamped"), 1);
    ran(&mut client, "dated", 1, 0);
    assert_eq!(new_in(&mut client, "dated"), 2, "in the future, one beyond any timestamp");
    ran(&mut client, "dated", 1, 2);
    assert_eq!(new_in(&mut client, "dated"), 0);
}

#[test]
fn only_successful_full_runs_of_the_bank_count() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now() - interval '2 hours')").unwrap();
    ran(&mut client, "default", 100, 0);
    ran(&mut client, "other", 0, 0);
    client
        .batch_execute(
            "INSERT INTO irt_calibration_runs (bank, status, triggered_by, settings)
             VALUES ('default', 'failed', 'manual', '{}'), ('default', 'skipped', 'manual', '{}'),
                    ('default', 'running', 'manual', '{}'),
                    ('default', 'success', 'manual', '{\"item_ids\": [\"1\"]}')",
        )
        .unwrap();
    assert_eq!(new(&mut client), 0);
    let last = "SELECT irt_last_successful_calibration() < now() - interval '59 minutes'";
    assert_eq!(value(&mut client, last).as_deref(), Some("t"));
}

#[test]
fn row_security_never_filters_silently() {
    let (cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(50, now());
             CREATE ROLE reader LOGIN; GRANT SELECT ON responses TO reader;
             ALTER TABLE responses ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON responses USING (user_id = 1)",
        )
        .unwrap();
    let mut reader = cluster.connect_as("reader", "postgres");
    let refusal = error(&mut reader, "SELECT * FROM irt_should_run_calibration()");
    assert_eq!(refusal.code().code(), "42501");
    assert_eq!(
        refusal.message(),
        "query would be affected by row-level security policy for table \"responses\""
    );
    assert_eq!(value(&mut reader, "SHOW row_security").as_deref(), Some("on"));
    client.batch_execute("ALTER ROLE reader BYPASSRLS").unwrap();
    assert_eq!(new(&mut cluster.connect_as("reader", "postgres")), 100);
}

#[test]
fn functions_in_a_view_gain_no_rights_from_a_superuser() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(2, now());
             CREATE ROLE app; GRANT SELECT ON responses TO app;
             CREATE FUNCTION only_for_app() RETURNS boolean LANGUAGE plpgsql AS
                 $$BEGIN RETURN current_user = 'app'; END$$;
             CREATE VIEW mine AS SELECT * FROM responses WHERE only_for_app();
             ALTER VIEW mine OWNER TO app;
             SELECT irt_configure('views', 'mine')",
        )
        .unwrap();
    assert_eq!(new_in(&mut client, "views"), 4, "the view ran as its owner");
    assert_eq!(value(&mut client, "SELECT current_user").as_deref(), Some("postgres"));
}

#[test]
fn planted_objects_ahead_in_the_search_path_change_nothing() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT answer(50, now() - interval '2 hours');
             SELECT irt_configure('safe', 'responses');
             CREATE SCHEMA evil;
             CREATE TABLE evil.irt_item_banks (bank text);
             CREATE TABLE evil.irt_calibration_runs (bank text);
             CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
                 $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
             CREATE FUNCTION evil.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
             CREATE OPERATOR evil.= (leftarg = oid, rightarg = oid, function = evil.never);
             CREATE FUNCTION evil.later(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT true';
             CREATE OPERATOR evil.> (leftarg = timestamptz, rightarg = timestamptz, function = evil.later);
             CREATE DOMAIN evil.timestamptz AS text",
        )
        .unwrap();
    ran(&mut client, "safe", 100, 0);
    client.batch_execute("SET search_path = evil, pg_catalog, public").unwrap();
    let sql = "SELECT new_responses_count FROM public.irt_should_run_calibration(bank => 'safe')";
    assert_eq!(value(&mut client, sql).as_deref(), Some("0"));
    let sql = "SELECT (public.irt_configure('safe', min_persons => 3)).min_persons";
    assert_eq!(value(&mut client, sql).as_deref(), Some("3"));
    assert_eq!(value(&mut client, "SHOW search_path").as_deref(), Some("evil, pg_catalog, public"));
}

#[test]
fn a_standby_decides_too_but_configures_nothing() {
    let (cluster, mut client) = start();
    client.batch_execute("SELECT answer(50, now())").unwrap();
    let standby = cluster.standby();
    let mut client = standby.connect();
    assert_eq!(new(&mut client), 100);
    let refusal = error(&mut client, "SELECT irt_configure(items => '-')");
    assert_eq!(refusal.code().code(), "25006");
}
