//! A bank belongs to somebody: nobody makes others execute his functions by way of a bank.
//!
//! `mallory` has what docs/operations.md gives to a runner, and a view and an items table of her own
//! that note who executes her functions.

use super::{refusal, with_tables_of_app};
use crate::common::document::documented_sql;
use crate::common::{Cluster, error, rows, value};
use postgres::{Client, NoTls};
use std::sync::mpsc::{Receiver, channel};

/// Mallory's view and items table. Whoever executes her functions is on record in trap.seen, and in
/// the server's log, where it stays when the transaction is rolled back.
pub const TRAP: &str = "
    CREATE TABLE trap.seen (place text, role name DEFAULT current_user);
    GRANT INSERT ON trap.seen TO PUBLIC; GRANT USAGE ON SCHEMA trap TO PUBLIC;
    CREATE FUNCTION trap.spy(place text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS
        'BEGIN RAISE LOG ''sprung by %: %'', current_user, place;
               INSERT INTO trap.seen VALUES (place); RETURN true; END';
    CREATE FUNCTION trap.spy_trigger() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM trap.spy(''trigger''); RETURN NEW; END';
    CREATE TABLE trap.answers AS
        SELECT p AS user_id, q AS question_id, hashint4(p * 5 + q) % 3 < p % 3 AS is_correct
        FROM generate_series(1, 300) p, generate_series(1, 5) q;
    CREATE VIEW trap.responses AS SELECT * FROM trap.answers
        WHERE question_id > 0 AND (user_id <> 1 OR question_id <> 1 OR trap.spy('view'));
    CREATE TABLE trap.questions (id int PRIMARY KEY, irt_difficulty float8, irt_discrimination float8);
    INSERT INTO trap.questions SELECT generate_series(1, 5);
    CREATE TRIGGER spy BEFORE UPDATE ON trap.questions
        FOR EACH ROW EXECUTE FUNCTION trap.spy_trigger();
    GRANT SELECT ON trap.responses, trap.questions TO PUBLIC;
    GRANT UPDATE ON trap.questions TO PUBLIC;";

/// Calls that use a bank's relations; `$` is the bank.
const CALLS: [&str; 7] = [
    "SELECT irt_should_run_calibration(bank => '$')",
    "SELECT irt_run_calibration(true, bank => '$', standard_errors => 'none')",
    "SELECT irt_start_calibration(true, bank => '$', standard_errors => 'none')",
    "SELECT irt_configure('$', min_persons => 11)",
    "SELECT irt_score('$')",
    "SELECT irt_readiness('$')",
    "SELECT irt_check_dimensions('$', 2)",
];

/// Role `calibrator` of docs/operations.md, and mallory, who has the same rights, with her trap.
pub fn with_mallory() -> (Cluster, Client) {
    let (cluster, mut owner) = with_tables_of_app("");
    owner.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    owner
        .batch_execute(&format!(
            "CREATE ROLE mallory LOGIN; CREATE SCHEMA trap AUTHORIZATION mallory;
             GRANT EXECUTE ON FUNCTION irt_configure, irt_run_calibration, irt_start_calibration,
                 irt_cancel_calibration, irt_fit_2pl, irt_score, irt_check_dimensions TO mallory;
             GRANT EXECUTE ON FUNCTION irt_score TO calibrator;
             GRANT SELECT ON irt_parameters_in_force TO calibrator, mallory;
             GRANT SELECT ON responses TO mallory; GRANT SELECT, UPDATE ON questions TO mallory;
             SET ROLE mallory; {TRAP} RESET ROLE"
        ))
        .unwrap();
    (cluster, owner)
}

/// The code with which a call on a bank is refused; empty: it is not.
pub fn answer(client: &mut Client, call: &str, bank: &str) -> String {
    let call = call.replace('$', bank);
    let code = refusal(client, &call).map(|(code, _)| code).unwrap_or_default();
    wait_until_none_runs(client);
    code
}

fn wait_until_none_runs(client: &mut Client) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let idle = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')";
    while value(client, idle).as_deref() != Some("t") {
        assert!(std::time::Instant::now() < deadline, "a run does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Who executed mallory's functions since the log had `from` bytes, and which, but herself.
pub fn sprung(cluster: &Cluster, from: usize) -> Vec<String> {
    let log = cluster.log();
    let lines = log[from..].lines().filter_map(|line| line.split_once("sprung by "));
    let mut sprung: Vec<String> = lines.map(|(_, who)| who.to_owned()).collect();
    sprung.retain(|who| !who.starts_with("mallory: "));
    sprung.sort();
    sprung.dedup();
    sprung
}

/// The attack: another's bank is pointed at her view and items table, and runs as whoever is next.
#[test]
fn nobody_points_anothers_bank_at_his_own_view() {
    let (cluster, mut owner) = with_mallory();
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    calibrator.simple_query("SELECT irt_configure(standard_errors => 'none')").unwrap();
    let banks = "SELECT string_agg(b::text, ',' ORDER BY bank) FROM irt_item_banks b";
    let before = value(&mut owner, banks);
    let mut mallory = cluster.connect_as("mallory", "postgres");
    let attack = "SELECT irt_configure('default', 'trap.responses', items => 'trap.questions')";
    let refused = error(&mut mallory, attack);
    assert_eq!(refused.code().code(), "42501");
    assert_eq!(
        refused.message(),
        "permission denied: bank \"default\" belongs to role \"calibrator\", and role \"mallory\" \
         does not have its rights"
    );
    assert_eq!(value(&mut owner, banks), before);
    let run = "SELECT status || ' ' || run_by FROM irt_run_calibration()";
    assert_eq!(value(&mut calibrator, run).as_deref(), Some("success calibrator"));
    assert_eq!(sprung(&cluster, 0), [""; 0]);
}

/// A bank of hers is nobody else's to use, and she may not give it to others.
#[test]
fn a_strangers_bank_is_refused_to_everybody_but_superusers() {
    let (cluster, mut owner) = with_mallory();
    let mut mallory = cluster.connect_as("mallory", "postgres");
    let configure = "SELECT owner, configured_by FROM
        irt_configure('hers', 'trap.responses', items => 'trap.questions')";
    let both = ["mallory", "mallory"].map(|name| Some(name.to_owned())).to_vec();
    assert_eq!(rows(&mut mallory, configure), [both]);
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    for call in CALLS {
        assert_eq!(answer(&mut calibrator, call, "hers"), "42501", "calibrator: {call}");
        assert_eq!(answer(&mut mallory, call, "hers"), "", "mallory: {call}");
        // It runs with mallory's own rights.
        assert_eq!(answer(&mut owner, call, "hers"), "", "superuser: {call}");
    }
    assert_eq!(sprung(&cluster, 0), [""; 0]);
    let record =
        "SELECT DISTINCT run_by, status, error_sqlstate FROM irt_calibration_runs ORDER BY 1";
    let found: Vec<String> = rows(&mut owner, record)
        .into_iter()
        .map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["calibrator failed 42501", "mallory success ", "postgres success "]);

    for to in ["calibrator", "app", "postgres"] {
        let give = format!("SELECT irt_configure('hers', owner => '{to}')");
        assert_eq!(answer(&mut mallory, &give, ""), "42501", "{give}");
    }
    assert_eq!(
        answer(&mut mallory, "SELECT irt_configure('hers', owner => 'nobody')", ""),
        "42704"
    );
    // A new bank cannot be made in another's name either.
    let planted = "SELECT irt_configure('new', 'trap.responses', owner => 'calibrator')";
    assert_eq!(answer(&mut mallory, planted, ""), "42501");
    // Whoever trusts her may be given it, and she may give it to a role that she can become.
    owner.batch_execute("CREATE ROLE friends; GRANT friends TO mallory").unwrap();
    assert_eq!(answer(&mut mallory, "SELECT irt_configure('hers', owner => 'friends')", ""), "");
    assert_eq!(answer(&mut calibrator, CALLS[1], "hers"), "42501");
    owner.batch_execute("GRANT friends TO calibrator").unwrap();
    assert_eq!(answer(&mut calibrator, CALLS[1], "hers"), "");
    owner.batch_execute("ALTER ROLE calibrator NOINHERIT").unwrap();
    if crate::common::major() < 16 {
        assert_eq!(answer(&mut calibrator, CALLS[1], "hers"), "42501", "a member without USAGE");
    }
}

#[test]
fn a_superusers_bank_is_everybodys_to_run_and_his_to_change() {
    let (cluster, mut owner) = with_mallory();
    owner.simple_query("SELECT irt_configure(standard_errors => 'none')").unwrap();
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    for call in &CALLS[..3] {
        assert_eq!(answer(&mut calibrator, call, "default"), "", "{call}");
    }
    assert_eq!(answer(&mut calibrator, CALLS[3], "default"), "42501");
    // The documented statement hands a bank over.
    let hand_over = documented_sql("owner => 'calibrator'").replace("exercises", "default");
    owner.simple_query(&hand_over).unwrap();
    assert_eq!(answer(&mut calibrator, CALLS[3], "default"), "");
    let mut mallory = cluster.connect_as("mallory", "postgres");
    assert_eq!(answer(&mut mallory, CALLS[0], "default"), "42501");
    let owners = rows(&mut owner, &documented_sql("FROM pg_roles"));
    let row = ["default", "calibrator", "t"].map(|text| Some(text.to_owned())).to_vec();
    assert_eq!(owners, [row]);
}

/// An unconfigured default bank is used by whoever trusts the owners of what it discovers.
#[test]
fn what_is_discovered_must_belong_to_somebody_who_is_trusted() {
    let (cluster, mut owner) = with_mallory();
    owner.batch_execute("ALTER ROLE calibrator SET search_path = trap, public").unwrap();
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    for call in &CALLS[..3] {
        assert_eq!(answer(&mut calibrator, call, "default"), "42501", "{call}");
    }
    let refused = error(&mut calibrator, CALLS[0].replace('$', "default").as_str());
    assert_eq!(
        refused.message(),
        "permission denied: trap.responses belongs to role \"mallory\", and role \"calibrator\" \
         does not have its rights"
    );
    assert!(refused.hint().unwrap().contains("responses => 'trap.responses'"));
    // It is the relation that would be written, too.
    owner
        .batch_execute("ALTER VIEW trap.responses OWNER TO calibrator; GRANT SELECT ON trap.answers TO calibrator")
        .unwrap();
    assert_eq!(answer(&mut calibrator, CALLS[0], "default"), "", "only the responses are read");
    assert_eq!(answer(&mut calibrator, CALLS[1], "default"), "42501");
    owner.batch_execute("ALTER TABLE trap.questions OWNER TO postgres").unwrap();
    assert_eq!(answer(&mut calibrator, CALLS[1], "default"), "");
    let roles = "SELECT DISTINCT role FROM trap.seen WHERE role <> 'mallory'";
    let calibrator = vec![Some("calibrator".to_owned())];
    assert_eq!(rows(&mut owner, roles), [calibrator], "it trusts the view's owner: itself");
}

/// Banks of older versions, and those whose owner was dropped or renamed.
#[test]
fn a_bank_without_an_owner_is_taken_over() {
    let (cluster, mut owner) = with_mallory();
    owner
        .batch_execute(
            "SELECT irt_configure(standard_errors => 'none'); UPDATE irt_item_banks SET owner = NULL;
             GRANT EXECUTE ON FUNCTION irt_configure, irt_run_calibration TO app",
        )
        .unwrap();
    let mut mallory = cluster.connect_as("mallory", "postgres");
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    assert_eq!(answer(&mut mallory, CALLS[3], "default"), "42501");
    assert_eq!(answer(&mut calibrator, CALLS[3], "default"), "42501");
    // As before, and each run says so.
    let (mut noticing, notices) = listening(&cluster, "calibrator");
    assert_eq!(answer(&mut noticing, CALLS[1], "default"), "");
    let said: Vec<String> = notices.try_iter().collect();
    assert_eq!(said, ["WARNING: bank \"default\" has no owner"]);
    // The owner of the responses; by the extension's owner, anybody.
    let mut app = cluster.connect_as("app", "postgres");
    let takes = "SELECT owner || ' ' || configured_by FROM irt_configure(min_persons => 12)";
    assert_eq!(value(&mut app, takes).as_deref(), Some("app app"));
    assert_eq!(answer(&mut calibrator, CALLS[1], "default"), "42501");

    owner
        .batch_execute("CREATE ROLE passing; UPDATE irt_item_banks SET owner = 'passing'")
        .unwrap();
    owner.batch_execute("DROP ROLE passing").unwrap();
    for (role, client) in [("app", &mut app), ("calibrator", &mut calibrator)] {
        for call in CALLS {
            assert_eq!(answer(client, call, "default"), "42501", "{role}: {call}");
        }
    }
    let refused = error(&mut app, CALLS[1].replace('$', "default").as_str());
    assert_eq!(
        refused.message(),
        "permission denied: bank \"default\" belongs to role \"passing\", which does not exist"
    );
    let (mut noticing, notices) = listening(&cluster, "postgres");
    assert_eq!(answer(&mut noticing, CALLS[1], "default"), "");
    let said: Vec<String> = notices.try_iter().collect();
    assert_eq!(
        said,
        ["WARNING: bank \"default\" belongs to role \"passing\", which does not exist"]
    );
    let takes = "SELECT owner || ' ' || configured_by FROM irt_configure(owner => 'calibrator')";
    assert_eq!(value(&mut owner, takes).as_deref(), Some("calibrator postgres"));
    assert_eq!(answer(&mut calibrator, CALLS[1], "default"), "");
}

/// Taking a bank over is no trap: what the new owner does not name must be of those he trusts.
#[test]
fn whoever_takes_a_bank_over_answers_for_what_he_names() {
    let (cluster, mut owner) = with_mallory();
    owner
        .batch_execute(
            "SELECT irt_configure('old', 'responses', items => 'trap.questions');
             UPDATE irt_item_banks SET owner = NULL;
             GRANT EXECUTE ON FUNCTION irt_configure TO app",
        )
        .unwrap();
    let mut app = cluster.connect_as("app", "postgres");
    let refused = error(&mut app, "SELECT irt_configure('old')");
    assert_eq!(refused.code().code(), "42501");
    assert!(
        refused.message().contains("trap.questions belongs to role \"mallory\""),
        "{refused:?}"
    );
    let named = "SELECT owner FROM irt_configure('old', items => 'questions')";
    assert_eq!(value(&mut app, named).as_deref(), Some("app"));
}

/// Two who create the same bank at once: the first has it, the other is refused.
#[test]
fn a_new_bank_is_the_firsts() {
    let (cluster, mut owner) = with_mallory();
    let mut first = cluster.connect_as("calibrator", "postgres");
    first.batch_execute("BEGIN; SELECT irt_configure('new', 'responses')").unwrap();
    let second = std::thread::spawn({
        let mut mallory = cluster.connect_as("mallory", "postgres");
        move || refusal(&mut mallory, "SELECT irt_configure('new', 'trap.responses')")
    });
    let waits = "SELECT count(*) > 0 FROM pg_stat_activity
                 WHERE usename = 'mallory' AND wait_event_type = 'Lock'";
    while value(&mut owner, waits).as_deref() != Some("t") {
        assert!(!second.is_finished(), "it must wait for the first");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    first.batch_execute("COMMIT").unwrap();
    let refused = second.join().unwrap().map(|(code, _)| code);
    assert_eq!(refused.as_deref(), Some("42501"));
    let bank = "SELECT owner || ' ' || responses FROM irt_item_banks";
    assert_eq!(value(&mut owner, bank).as_deref(), Some("calibrator responses"));
}

/// A connection whose notices can be read.
fn listening(cluster: &Cluster, role: &str) -> (Client, Receiver<String>) {
    let (sender, receiver) = channel();
    let mut config = cluster.config(role, "postgres");
    config.notice_callback(move |notice| {
        let _ = sender.send(format!("{}: {}", notice.severity(), notice.message()));
    });
    (config.connect(NoTls).unwrap(), receiver)
}
