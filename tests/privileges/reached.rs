//! A superuser's run reaches nobody's code but that of the relations' owner, and of superusers.
//!
//! `app` owns responses and questions, and trusts mallory with a part of them: what she puts there
//! would be executed with app's rights, or the superuser's where a superuser owns the top.

use super::ownership::{answer, sprung, with_mallory};
use crate::common::{error, value};
use postgres::Client;

const RUN: &str = "SELECT irt_run_calibration(true, bank => 'b', standard_errors => 'none', min_responses_per_item => 1)";

/// What leads from app's `r` or `q` to mallory: what it is, the statements, and the object that is named.
const ROUTES: [(&str, &str, &str); 14] = [
    ("a view under the view", "CREATE VIEW r AS TABLE trap.responses", "table trap.answers"),
    ("deeper",
     "CREATE VIEW inner_r AS SELECT * FROM trap.responses WHERE user_id > 0; CREATE VIEW r AS TABLE inner_r",
     "table trap.answers"),
    ("in a subquery",
     "CREATE VIEW r AS SELECT * FROM responses WHERE (SELECT bool_and(user_id > 0) FROM trap.responses)",
     "table trap.answers"),
    ("a function of the view",
     "CREATE VIEW r AS SELECT * FROM responses WHERE trap.spy('function')", "function trap.spy(text)"),
    ("an operator",
     "CREATE OPERATOR trap.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.same);
      CREATE VIEW r AS SELECT * FROM responses WHERE question_id OPERATOR(trap.===) question_id",
     "function trap.same(text,text)"),
    ("a domain",
     "CREATE VIEW r AS SELECT user_id, question_id::trap.checked AS question_id, is_correct FROM responses",
     "type trap.checked"),
    ("a partition of the responses",
     "CREATE TABLE r (user_id int, question_id text, is_correct boolean) PARTITION BY RANGE (user_id);
      CREATE TABLE r_all PARTITION OF r DEFAULT; INSERT INTO r SELECT user_id, question_id, is_correct FROM responses;
      ALTER TABLE r_all OWNER TO mallory", "table public.r_all"),
    ("an index of the responses",
     "CREATE TABLE r AS TABLE responses; CREATE INDEX ON r (user_id) WHERE trap.constant(1)",
     "function trap.constant(integer)"),
    ("a partition of the items",
     "CREATE VIEW r AS TABLE responses; CREATE TABLE q (LIKE questions) PARTITION BY LIST (id);
      CREATE TABLE q_all PARTITION OF q DEFAULT; INSERT INTO q SELECT * FROM questions;
      CREATE TRIGGER spy BEFORE UPDATE ON q_all FOR EACH ROW EXECUTE FUNCTION trap.spy_trigger();
      ALTER TABLE q_all OWNER TO mallory", "table public.q_all"),
    ("an inheriting table",
     "CREATE VIEW r AS TABLE responses; CREATE TABLE q (LIKE questions); INSERT INTO q SELECT * FROM questions;
      CREATE TABLE q_child () INHERITS (q); ALTER TABLE q_child OWNER TO mallory", "table public.q_child"),
    ("a trigger's function",
     "CREATE VIEW r AS TABLE responses; CREATE TABLE q AS TABLE questions;
      CREATE TRIGGER spy BEFORE UPDATE ON q FOR EACH ROW EXECUTE FUNCTION trap.spy_trigger()",
     "function trap.spy_trigger()"),
    ("a check",
     "CREATE VIEW r AS TABLE responses; CREATE TABLE q AS TABLE questions;
      ALTER TABLE q ADD CHECK (trap.spy('check'))", "function trap.spy(text)"),
    ("a rule",
     "CREATE VIEW r AS TABLE responses; CREATE TABLE q AS TABLE questions;
      CREATE RULE also AS ON UPDATE TO q DO ALSO SELECT trap.spy('rule')", "function trap.spy(text)"),
    ("a view of the items",
     "CREATE VIEW r AS TABLE responses; CREATE VIEW q AS TABLE trap.questions", "table trap.questions"),
];

/// Makes a route as `top`, and configures bank `b` as the superuser who runs it.
fn build(owner: &mut Client, top: &str, sql: &str) {
    owner
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS s CASCADE; DROP OWNED BY app_objects;
             SET ROLE {top}; {sql}; RESET ROLE"
        ))
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn with_routes() -> (crate::common::Cluster, Client) {
    let (cluster, mut owner) = with_mallory();
    owner
        .batch_execute(
            "SET client_min_messages = error; CREATE ROLE app_objects;
             GRANT CREATE ON SCHEMA public, trap TO app; GRANT CREATE ON SCHEMA public TO mallory;
             GRANT mallory TO app;
             SET ROLE mallory;
             CREATE FUNCTION trap.same(text, text) RETURNS boolean LANGUAGE plpgsql AS
                 'BEGIN RETURN trap.spy(''operator'') AND $1 = $2; END';
             CREATE FUNCTION trap.constant(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
                 'BEGIN RETURN trap.spy(''index''); END';
             CREATE DOMAIN trap.checked AS text CHECK (trap.spy('domain'));
             RESET ROLE",
        )
        .unwrap();
    (cluster, owner)
}

fn drop_route(owner: &mut Client) {
    owner
        .batch_execute(
            "DELETE FROM irt_item_banks WHERE bank = 'b';
             DO $$ DECLARE thing text; BEGIN
                 FOR thing IN SELECT format('DROP %s IF EXISTS %s CASCADE',
                         CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                         oid::regclass)
                     FROM pg_class WHERE relnamespace = 'public'::regnamespace
                       AND relname IN ('r', 'q', 'inner_r', 'r_all', 'q_all', 'q_child') AND relkind IN ('v', 'r', 'p', 'm')
                 LOOP EXECUTE thing; END LOOP; END $$;
             DROP OPERATOR IF EXISTS trap.=== (text, text)",
        )
        .unwrap();
}

/// Says that `b` has `r` and `q`, or `questions`, and runs it.
fn configure_and_run(owner: &mut Client, what: &str) -> Option<postgres::error::DbError> {
    let items = "SELECT coalesce(to_regclass('q'), 'questions')::text";
    let items = value(owner, items).unwrap();
    let configure =
        format!("SELECT irt_configure('b', 'r', answered_at_column => '', items => '{items}')");
    owner.simple_query(&configure).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let outcome = owner.simple_query(RUN).err();
    outcome.map(|error| error.as_db_error().unwrap_or_else(|| panic!("{what}: {error}")).clone())
}

#[test]
fn a_superusers_run_is_refused_where_a_third_role_is_reached() {
    let (cluster, mut owner) = with_routes();
    for (what, sql, object) in ROUTES {
        for top in ["app", "postgres"] {
            drop_route(&mut owner);
            build(&mut owner, top, sql);
            // Making it may have executed her functions; using it must not.
            let from = cluster.log().len();
            let refused = configure_and_run(&mut owner, what);
            let refused = refused.unwrap_or_else(|| panic!("{what}: {top}: it runs"));
            // What is app's is a third role's as well where a superuser owns the top.
            let named = if top == "app" { object } else { "" };
            assert_eq!(refused.code().code(), "42501", "{what}: {top}: {refused:?}");
            let expected = format!("permission denied: {named}");
            assert!(refused.message().starts_with(&expected), "{what}: {top}: {refused:?}");
            assert!(refused.message().contains("neither a superuser nor the owner"), "{refused:?}");
            assert!(refused.hint().unwrap().contains("calibrator"), "{refused:?}");
            let should_run = "SELECT irt_should_run_calibration(bank => 'b')";
            if !sql.contains(" q ") {
                assert_eq!(answer(&mut owner, should_run, ""), "42501", "{what}: {top}");
                let score = "SELECT irt_score('b')";
                assert_eq!(answer(&mut owner, score, ""), "42501", "{what}: {top}");
            }
            assert_eq!(
                sprung(&cluster, from),
                [""; 0],
                "{what}: {top}: mallory's code was executed"
            );
        }
    }
    // As a role that is no superuser it runs, with that role's rights.
    drop_route(&mut owner);
    build(&mut owner, "app", ROUTES[0].1);
    owner.batch_execute("GRANT SELECT ON r TO calibrator").unwrap();
    assert!(configure_and_run(&mut owner, "for calibrator").is_some());
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    assert_eq!(answer(&mut calibrator, RUN, ""), "");
}

#[test]
fn what_the_owner_or_a_superuser_has_made_is_reached() {
    let (_cluster, mut owner) = with_routes();
    owner
        .batch_execute(
            "CREATE FUNCTION public.fine() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
             CREATE FUNCTION public.fine_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE MATERIALIZED VIEW public.stored AS TABLE trap.responses; ALTER MATERIALIZED VIEW stored OWNER TO app;
             CREATE DOMAIN public.logit AS float8 CHECK (VALUE < 100)",
        )
        .unwrap();
    for (what, sql) in [
        ("a function", "CREATE VIEW r AS SELECT * FROM responses WHERE fine()"),
        (
            "storage that was made of a view of hers",
            "CREATE VIEW r AS SELECT user_id, 'Item.' || question_id AS question_id, is_correct FROM stored",
        ),
        (
            "a view of a view",
            "CREATE VIEW inner_r AS TABLE responses; CREATE VIEW r AS TABLE inner_r",
        ),
        (
            "a key to a table of hers",
            "CREATE VIEW r AS TABLE responses; CREATE TABLE q AS TABLE questions;
          ALTER TABLE q ADD COLUMN other int REFERENCES trap.questions (id);
          ALTER TABLE q ADD COLUMN b logit;
          CREATE TRIGGER t BEFORE UPDATE ON q FOR EACH ROW EXECUTE FUNCTION fine_trigger()",
        ),
    ] {
        drop_route(&mut owner);
        owner
            .batch_execute(
                "SET ROLE mallory; GRANT REFERENCES ON trap.questions TO app; RESET ROLE",
            )
            .unwrap();
        build(&mut owner, "app", sql);
        let refused = configure_and_run(&mut owner, what);
        assert!(refused.is_none(), "{what}: {refused:?}");
    }
    // A view of hers upon app's tables changes nothing for those who use the tables.
    drop_route(&mut owner);
    owner.batch_execute("SET ROLE mallory; CREATE VIEW trap.above AS SELECT *, trap.spy('x') FROM public.questions; RESET ROLE").unwrap();
    build(&mut owner, "app", "CREATE VIEW r AS TABLE responses");
    assert!(configure_and_run(&mut owner, "a view above").is_none());
}

/// Between checking and publishing there are minutes, in which the items' owner may put a view in
/// the table's place: that was executed with the superuser's own rights.
#[test]
fn what_takes_the_place_of_a_relation_is_not_executed() {
    let (cluster, mut owner) = with_mallory();
    // Loading waits at the gate; what is only planned does not.
    owner
        .batch_execute(
            "SET ROLE mallory;
             CREATE TABLE trap.gate ();
             CREATE FUNCTION trap.wait() RETURNS boolean LANGUAGE plpgsql AS
                 'BEGIN PERFORM FROM trap.gate; RETURN true; END';
             CREATE VIEW trap.held AS SELECT * FROM trap.answers
                 WHERE user_id <> 1 OR question_id <> 1 OR trap.wait();
             RESET ROLE;
             SELECT irt_configure('b', 'trap.held', items => 'trap.questions', answered_at_column => '')",
        )
        .unwrap();
    let mut mallory = cluster.connect_as("mallory", "postgres");
    mallory.batch_execute("BEGIN; LOCK TABLE trap.gate IN ACCESS EXCLUSIVE MODE").unwrap();
    owner.batch_execute("SET irt_calibration.lock_timeout = '60s'").unwrap();
    let id = value(
        &mut owner,
        "SELECT irt_start_calibration(true, bank => 'b', standard_errors => 'none')",
    )
    .unwrap();
    let waits = "SELECT count(*) > 0 FROM pg_locks
                 WHERE relation = 'trap.gate'::regclass AND NOT granted";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while value(&mut owner, waits).as_deref() != Some("t") {
        assert!(std::time::Instant::now() < deadline, "the run does not come to the gate");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    mallory
        .batch_execute(
            "DROP TABLE trap.questions;
             CREATE VIEW trap.questions AS SELECT g AS id, NULL::float8 AS irt_difficulty,
                 NULL::float8 AS irt_discrimination FROM generate_series(1, 5) g WHERE trap.spy('replaced');
             COMMIT",
        )
        .unwrap();
    let ended = format!("SELECT status <> 'running' FROM irt_calibration_runs WHERE id = {id}");
    while value(&mut owner, &ended).as_deref() != Some("t") {
        assert!(std::time::Instant::now() < deadline, "the run does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(sprung(&cluster, 0), [""; 0], "mallory's code was executed");
    let record =
        format!("SELECT status || ' ' || error_sqlstate FROM irt_calibration_runs WHERE id = {id}");
    assert_eq!(value(&mut owner, &record).as_deref(), Some("failed 42P01"));
    let again = error(&mut owner, "SELECT irt_run_calibration(true, bank => 'b')");
    assert_eq!(again.code().code(), "42P01");
}
