//! A superuser's run gains nothing for a function in somebody's view or a trigger on somebody's table.
//!
//! `mallory` owns responses and items, and whatever of hers is executed tries to
//! become somebody else. What happened is written into her own table.

use crate::common::{Cluster, error, rows, value};
use postgres::Client;

/// What mallory would like to do with a superuser's rights.
pub const ATTEMPTS: [&str; 9] = [
    "SET ROLE postgres",
    "RESET ROLE",
    "SET SESSION AUTHORIZATION postgres",
    "RESET SESSION AUTHORIZATION",
    "ALTER ROLE mallory SUPERUSER",
    "CREATE ROLE mallorys_friend SUPERUSER",
    "CREATE TEMPORARY TABLE pg_class (relname text)",
    "INSERT INTO public.irt_calibration_runs (bank, status, triggered_by) VALUES (''x'', ''success'', ''mallory'')",
    "COPY (SELECT 1) TO PROGRAM ''touch mallory''",
];

/// Mallory's schema: a view that spies when it is read, a table that spies when it is written.
pub fn with_mallory() -> (Cluster, Client) {
    let (cluster, client) = Cluster::with_extension();
    let mut mallory = cluster.connect();
    mallory
        .batch_execute(&format!(
            "CREATE ROLE mallory LOGIN;
             CREATE SCHEMA trap AUTHORIZATION mallory;
             SET ROLE mallory; SET search_path = trap;
             CREATE TABLE seen (place text, role name, session name, attempt text, outcome text);
             CREATE FUNCTION spy(place text) RETURNS boolean LANGUAGE plpgsql SET search_path = trap AS $$
                 DECLARE attempt text;
                 BEGIN
                     FOREACH attempt IN ARRAY ARRAY['{}'] LOOP
                         BEGIN
                             EXECUTE attempt;
                             INSERT INTO seen VALUES (place, current_user, session_user, attempt, 'done');
                         EXCEPTION WHEN OTHERS THEN
                             INSERT INTO seen VALUES (place, current_user, session_user, attempt, SQLSTATE);
                         END;
                     END LOOP;
                     RETURN true;
                 END $$;
             CREATE FUNCTION spy_trigger() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM trap.spy(TG_NAME); RETURN NEW; END';
             CREATE TABLE answers AS
                 SELECT p AS user_id, q AS question_id, hashint4(p * 5 + q) % 3 < p % 3 AS is_correct
                 FROM generate_series(1, 300) p, generate_series(1, 5) q;
             CREATE VIEW responses AS SELECT * FROM answers
                 WHERE question_id > 0 AND (user_id <> 1 OR question_id <> 1 OR spy('view'));
             CREATE DOMAIN checked AS float8 CHECK (VALUE IS NULL OR trap.spy('domain'));
             CREATE TABLE questions (id int PRIMARY KEY, irt_difficulty checked, irt_discrimination float8,
                                     irt_calibrated_at timestamptz);
             INSERT INTO questions SELECT generate_series(1, 5);
             CREATE TRIGGER before_update BEFORE UPDATE ON questions
                 FOR EACH ROW EXECUTE FUNCTION spy_trigger();
             CREATE TRIGGER after_statement AFTER UPDATE ON questions EXECUTE FUNCTION spy_trigger()",
            ATTEMPTS.join("', '")
        ))
        .unwrap();
    (cluster, client)
}

#[test]
fn a_superusers_run_lends_nobody_its_rights() {
    let (cluster, mut client) = with_mallory();
    for (places, statement) in [
        ("view", "SELECT irt_configure('trap', 'trap.responses', items => 'trap.questions')"),
        ("view", "SELECT irt_should_run_calibration(bank => 'trap')"),
        ("view", "SELECT irt_score('trap')"),
        ("view", "SELECT irt_check_dimensions('trap', 2)"),
        (
            "after_statement before_update domain view",
            "SELECT irt_run_calibration(bank => 'trap', standard_errors => 'none')",
        ),
    ] {
        client.batch_execute("TRUNCATE trap.seen").unwrap();
        client.simple_query(statement).unwrap();
        // irt_configure only plans, and need not come to execute anything.
        let spied = "SELECT string_agg(DISTINCT place, ' ' ORDER BY place) FROM trap.seen";
        let spied = value(&mut client, spied);
        assert!(spied.is_none_or(|spied| spied == places), "{statement}");
        let elsewhere = rows(
            &mut client,
            "SELECT DISTINCT place, role, attempt, outcome FROM trap.seen
             WHERE role <> 'mallory' OR outcome <> '42501' AND attempt NOT LIKE 'RESET ROLE%'
                OR outcome = 'done'",
        );
        assert!(elsewhere.is_empty(), "{statement}: {elsewhere:?}");
    }
    let spied = value(&mut client, "SELECT count(DISTINCT place) FROM trap.seen");
    assert_eq!(spied.as_deref(), Some("4"), "the traps were sprung");
    let published = value(&mut client, "SELECT count(irt_difficulty) FROM trap.questions");
    assert_eq!(published.as_deref(), Some("5"));
    let supers = "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper";
    assert_eq!(value(&mut client, supers).as_deref(), Some("postgres"));
    let forged = "SELECT count(*) FROM irt_calibration_runs WHERE triggered_by = 'mallory'";
    assert_eq!(value(&mut client, forged).as_deref(), Some("0"));
    assert!(!cluster.folder().join("mallory").exists());
}

/// A deferred trigger would fire at the end of the transaction, where the superuser's rights are
/// back: it fires at once, as its table's owner. Where a trigger defers another all the same, the
/// server refuses, and nothing is published.
#[test]
fn a_deferred_trigger_does_not_wait_for_the_superuser() {
    let (_cluster, mut client) = with_mallory();
    client
        .batch_execute(
            "SET ROLE mallory;
             CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON trap.questions
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.spy_trigger();
             RESET ROLE;
             SELECT irt_configure('trap', 'trap.responses', items => 'trap.questions');
             TRUNCATE trap.seen",
        )
        .unwrap();
    let run = "SELECT irt_run_calibration(true, bank => 'trap', standard_errors => 'none')";
    client.simple_query(run).unwrap();
    let spied = "SELECT string_agg(DISTINCT role, ' ') FROM trap.seen WHERE place = 'later'";
    assert_eq!(value(&mut client, spied).as_deref(), Some("mallory"));
    client
        .batch_execute(
            "SET ROLE mallory; UPDATE trap.questions SET irt_difficulty = NULL;
             CREATE FUNCTION trap.defer() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN SET CONSTRAINTS ALL DEFERRED; RETURN NEW; END';
             CREATE TRIGGER a BEFORE UPDATE ON trap.questions EXECUTE FUNCTION trap.defer();
             RESET ROLE",
        )
        .unwrap();
    let refused = error(&mut client, run);
    assert_eq!(refused.code().code(), "42501");
    assert!(refused.message().contains("deferred trigger"), "{}", refused.message());
    let published = value(&mut client, "SELECT count(irt_difficulty) FROM trap.questions");
    assert_eq!(published.as_deref(), Some("0"));
}

/// Whoever may configure cannot make a superuser publish into a table that is not theirs.
#[test]
fn configuring_takes_the_rights_that_a_run_takes() {
    let (cluster, mut client) = with_mallory();
    client
        .batch_execute(
            "CREATE TABLE public.victim (id int PRIMARY KEY, irt_difficulty float8, irt_discrimination float8);
             CREATE TABLE public.secret (user_id int, question_id int, is_correct boolean);
             GRANT EXECUTE ON FUNCTION irt_configure TO mallory",
        )
        .unwrap();
    let mut mallory = cluster.connect_as("mallory", "postgres");
    for statement in [
        "SELECT irt_configure('mine', 'trap.responses', items => 'victim')",
        "SELECT irt_configure('mine', 'secret')",
    ] {
        assert_eq!(error(&mut mallory, statement).code().code(), "42501", "{statement}");
    }
    assert_eq!(value(&mut client, "SELECT count(*) FROM irt_item_banks").as_deref(), Some("0"));
}

/// A bank's name is nobody's business who may not read the banks.
#[test]
fn strangers_are_not_told_which_banks_there_are() {
    let (cluster, mut client) = with_mallory();
    client.simple_query("SELECT irt_configure('secret', 'trap.responses')").unwrap();
    let ask = "SELECT irt_last_successful_calibration('guess')";
    assert_eq!(error(&mut client, ask).detail(), Some("Banks: secret."));
    let mut mallory = cluster.connect_as("mallory", "postgres");
    assert_eq!(error(&mut mallory, ask).detail(), None);
    client.batch_execute("GRANT SELECT ON irt_item_banks TO mallory").unwrap();
    assert_eq!(error(&mut mallory, ask).detail(), Some("Banks: secret."));
}
