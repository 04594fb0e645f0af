//! docs/operations.md tells the truth: the roles that it makes can do what it says, and no more.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::document::{documented_section, documented_sql};
use common::{Cluster, error, rows, value};
use postgres::fallible_iterator::FallibleIterator;

/// A server with LSAT7, the extension, and the roles of docs/operations.md.
fn with_roles() -> Cluster {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut owner = cluster.connect();
    owner.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    owner.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    owner.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    owner
        .batch_execute("CREATE ROLE ada LOGIN IN ROLE item_reader; CREATE ROLE stranger LOGIN")
        .unwrap();
    cluster
}

#[test]
fn a_runner_runs_but_cannot_touch_history() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let run = "SELECT status FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(value(&mut runner, run).as_deref(), Some("success"));
    for forbidden in [
        "SELECT * FROM irt_calibration_runs",
        "UPDATE irt_calibration_runs SET status = 'failed'",
        "DELETE FROM irt_item_parameters",
        "INSERT INTO irt_item_banks (bank) VALUES ('mine')",
        "SELECT irt_add_item_columns('questions')",
    ] {
        assert_eq!(error(&mut runner, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_reader_looks_but_cannot_run() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    runner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    let mut reader = cluster.connect_as("ada", "postgres");
    reader.simple_query(&documented_sql("irt_calibration_progress;")).unwrap();
    let calibrated = "SELECT count(*) FROM irt_item_parameters WHERE status = 'calibrated'";
    assert_eq!(value(&mut reader, calibrated).as_deref(), Some("5"));
    for forbidden in ["SELECT irt_run_calibration()", "DELETE FROM irt_calibration_runs"] {
        assert_eq!(error(&mut reader, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_stranger_can_do_nothing() {
    let cluster = with_roles();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    for forbidden in [
        "SELECT * FROM irt_item_banks",
        "SELECT * FROM irt_calibration_runs",
        "SELECT * FROM irt_item_parameters",
        "SELECT * FROM irt_calibration_progress",
        "SELECT irt_configure()",
        "SELECT irt_run_calibration()",
        "SELECT irt_start_calibration()",
        "SELECT irt_cancel_calibration(1)",
        "SELECT irt_fit_2pl('SELECT 1, 1, true')",
        "SELECT irt_should_run_calibration()",
    ] {
        assert_eq!(error(&mut stranger, forbidden).code().code(), "42501", "{forbidden}");
    }
}

#[test]
fn a_stranger_who_takes_a_banks_lock_is_found() {
    let cluster = with_roles();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    let lock =
        "SELECT pg_advisory_lock('irt_calibration_runs'::regclass::oid::int, hashtext('default'))";
    stranger.simple_query(lock).unwrap();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let run = "SELECT status FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(error(&mut runner, run).code().code(), "55P03");
    let mut owner = cluster.connect();
    let holder = rows(&mut owner, &documented_sql("FROM pg_locks"));
    assert_eq!(holder.len(), 1);
    assert_eq!(holder[0][0], value(&mut stranger, "SELECT pg_backend_pid()"));
    assert_eq!(holder[0][1].as_deref(), Some("stranger"));
    stranger.simple_query("SELECT pg_advisory_unlock_all()").unwrap();
    assert_eq!(value(&mut runner, run).as_deref(), Some("success"));
}

#[test]
fn whoever_may_run_says_how_it_came_about() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    runner.simple_query("SET application_name = 'pg_cron'").unwrap();
    let run = "SELECT triggered_by FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(value(&mut runner, run).as_deref(), Some("cron"));
}

/// Everything that "What is published is decided" says, by the roles that it names.
#[test]
fn what_is_published_is_decided_by_those_who_are_named() {
    let cluster = with_roles();
    let blocks = documented_section("What is published is decided");
    let [look, approve, rollback, what_it_did, then, past_it, record] = blocks[..] else {
        panic!("{blocks:?}")
    };
    let text = |text: &str| Some(text.to_owned());
    let mut owner = cluster.connect();
    owner
        .simple_query("SELECT irt_configure(standard_errors => 'none', scale => 'population')")
        .unwrap();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let mut approver = cluster.connect_as("approver", "postgres");
    let run = "SELECT publication FROM irt_run_calibration(force => true)";
    let items = "SELECT id, irt_difficulty, irt_discrimination FROM questions ORDER BY id";
    let cannot = |client: &mut postgres::Client, calls: &[&str]| {
        for call in calls {
            assert_eq!(error(client, call).code().code(), "42501", "{call}");
        }
    };
    assert_eq!(value(&mut runner, run).as_deref(), Some("published"));
    let good = rows(&mut owner, items);

    // Half of the persons answer with the wrong keys; thresholds that let it through.
    let flip = "UPDATE responses SET is_correct = NOT is_correct \
                WHERE question_id IN ('Item.1', 'Item.2') AND user_id % 2 = 0";
    owner.batch_execute(flip).unwrap();
    assert_eq!(value(&mut runner, run).as_deref(), Some("held"));
    let decisions = ["SELECT irt_publish(2)", "SELECT irt_reject(2)", "SELECT irt_rollback()"];
    cannot(&mut runner, &decisions);
    let settings = ["SELECT irt_set_check('score_change', NULL, 'infinity')"];
    cannot(&mut runner, &[&settings[..], &["SELECT irt_configure(min_persons => 11)"]].concat());
    cannot(&mut approver, &[&settings[..], &["SELECT irt_run_calibration(true)"]].concat());
    assert_eq!(rows(&mut owner, items), good);
    assert!(value(&mut owner, "SELECT irt_should_run_calibration()").unwrap().starts_with("(f,0"));
    approver.simple_query(look).unwrap();
    assert!(!rows(&mut approver, look.split_inclusive(';').next().unwrap()).is_empty());
    assert_eq!(rows(&mut approver, approve), [[text("approved"), text("5")]]);
    let bad = rows(&mut owner, items);
    assert_ne!(bad, good);

    // The day after.
    assert_eq!(rows(&mut approver, rollback), [[text("2"), text("1")]]);
    assert_eq!(rows(&mut owner, items), good);
    let furthest = rows(&mut approver, what_it_did);
    assert!(["Item.1", "Item.2"].contains(&furthest[0][0].as_deref().unwrap()), "{furthest:?}");
    let (since, past) = then.split_once(';').unwrap();
    let since = rows(&mut approver, since).remove(0);
    assert_eq!(since[2..], ["2", "approver", "wrong keys"].map(text));
    approver.simple_query(past).unwrap();
    let in_between = since[0].as_deref().unwrap();
    let at = past.replace("now() - interval '1 minute'", &format!("'{in_between}'"));
    let then = format!("{} ORDER BY item", at.trim().trim_end_matches(';'));
    assert_eq!(rows(&mut approver, &then), bad);

    // Repaired: held, approved, and the next one publishes by itself.
    owner.batch_execute(flip).unwrap();
    assert_eq!(value(&mut runner, run).as_deref(), Some("held"));
    let why = "SELECT string_agg(check_name, ' ') FROM irt_run_checks WHERE run_id = 3 AND outcome = 'hold'";
    assert_eq!(value(&mut approver, why).as_deref(), Some("since_rollback"));
    value(&mut approver, "SELECT irt_publish(3)");
    assert_eq!(value(&mut runner, run).as_deref(), Some("published"));

    // A rejected run's responses are new again; one that was compared with something else is refused.
    owner.batch_execute(flip).unwrap();
    assert_eq!(value(&mut runner, run).as_deref(), Some("held"));
    assert_eq!(value(&mut runner, run).as_deref(), Some("held"));
    value(&mut approver, "SELECT irt_publish(1)");
    assert_eq!(rows(&mut owner, items), good, "straight to an older run");
    assert_eq!(error(&mut approver, "SELECT irt_publish(6)").code().code(), "55000");
    value(&mut approver, "SELECT irt_reject(6, 'keys')");
    value(&mut approver, "SELECT irt_reject(5)");
    let rejected = "SELECT settings -> 'rejected' FROM irt_calibration_runs WHERE id = 6";
    let by = r#"{"by": "approver", "note": "keys"}"#;
    assert_eq!(value(&mut approver, rejected).as_deref(), Some(by));

    // Who writes the columns himself is seen, and who did what is on record.
    assert!(rows(&mut owner, past_it).is_empty());
    runner.simple_query("UPDATE questions SET irt_difficulty = 9 WHERE id = 'Item.3'").unwrap();
    assert_eq!(rows(&mut owner, past_it)[0][..2], [text("Item.3"), text("9")]);
    let record = rows(&mut approver, record);
    assert_eq!(record.len(), 6);
    assert_eq!(record[4][2..6], ["approved", "2", "calibrator", "approver"].map(text));
}

/// Whose rights a trigger of the items table has, as "Four eyes" says.
#[test]
fn triggers_have_no_rights_of_whoever_decides() {
    let cluster = with_roles();
    let mut owner = cluster.connect();
    owner
        .batch_execute(
            "SELECT irt_configure(standard_errors => 'none');
             CREATE ROLE keeper; GRANT CREATE ON SCHEMA public TO keeper;
             ALTER TABLE questions OWNER TO keeper; SET ROLE keeper;
             CREATE TABLE fired (who name); GRANT INSERT ON fired TO PUBLIC;
             CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO fired VALUES (current_user); RETURN NEW; END $$;
             CREATE TRIGGER fire BEFORE UPDATE ON questions EXECUTE FUNCTION fire(); RESET ROLE",
        )
        .unwrap_or_else(|error| panic!("{error:?}"));
    let mut approver = cluster.connect_as("approver", "postgres");
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let fired = |by: &mut postgres::Client, call: &str| {
        by.simple_query(call).unwrap_or_else(|error| panic!("{call}: {error:?}"));
        value(&mut cluster.connect(), "DELETE FROM fired RETURNING who")
    };
    let who = fired(&mut runner, "SELECT irt_run_calibration()");
    assert_eq!(who.as_deref(), Some("calibrator"));
    let who = fired(&mut approver, "SELECT irt_rollback()");
    assert_eq!(who.as_deref(), Some("keeper"), "none of the approver's rights");
    let who = fired(&mut owner, "SELECT irt_publish(1)");
    assert_eq!(who.as_deref(), Some("keeper"));
}

/// A bank of the runner's own is not the approver's, as "Four eyes" says.
#[test]
fn a_bank_that_the_runner_owns_has_no_second_pair_of_eyes() {
    let cluster = with_roles();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    let configure = "SELECT owner FROM irt_configure('mine', 'responses', items => 'questions')";
    assert_eq!(value(&mut runner, configure).as_deref(), Some("calibrator"));
    let run = "SELECT irt_run_calibration(bank => 'mine', standard_errors => 'none')";
    runner.simple_query(run).unwrap();
    let mut approver = cluster.connect_as("approver", "postgres");
    for decision in ["irt_publish(1)", "irt_reject(1)", "irt_rollback('mine')"] {
        let refused = error(&mut approver, &format!("SELECT {decision}"));
        assert_eq!(refused.code().code(), "42501", "{decision}");
        assert!(refused.message().contains("belongs to role \"calibrator\""), "{refused}");
    }
    let hand_over = "SELECT irt_configure('mine', owner => 'approver')";
    cluster.connect().simple_query(hand_over).unwrap();
    assert_eq!(error(&mut runner, run).code().code(), "42501");
}

/// The table of the job that docs/operations.md speaks of, with all that an application gives a
/// table, under names that are ours too.
const PYTHON_JOB: &str = "
    CREATE TABLE irt_calibration_runs (
        id serial PRIMARY KEY, job_id varchar(255) UNIQUE, status varchar(50), triggered_by varchar(100),
        started_at timestamptz, completed_at timestamptz, duration_seconds double precision,
        questions_calibrated int, questions_skipped int, mean_difficulty double precision,
        mean_discrimination double precision, new_responses_since_last int, error_message text);
    CREATE INDEX irt_calibration_runs_started_at_idx ON irt_calibration_runs (started_at);
    INSERT INTO irt_calibration_runs (job_id, status, triggered_by, started_at)
    VALUES ('weekly-1', 'completed', 'cron', '2020-01-05 04:00+00'),
           ('weekly-2', 'completed', 'cron', '2020-01-12 04:00+00'),
           ('weekly-3', 'failed', 'cron', '2020-01-19 04:00+00');
    ALTER TABLE responses ALTER answered_at SET DEFAULT now();
    UPDATE responses SET answered_at = '2020-01-11'::timestamptz + user_id % 3 * interval '1 day'";

#[test]
fn a_python_jobs_history_moves_in() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute(PYTHON_JOB).unwrap();
    let blocks = documented_section("Moving from a Python job");
    assert_eq!(blocks.len(), 3);
    client.batch_execute(blocks[0]).unwrap();
    assert_eq!(value(&mut client, blocks[1]).as_deref(), Some("3"));
    let decision = rows(&mut client, blocks[2]);
    // Those of the 13th: the last success began on the 12th at four.
    let text = |text: &str| Some(text.to_owned());
    let new = value(
        &mut client,
        "SELECT count(*) FROM responses WHERE answered_at > '2020-01-12 04:00+00'",
    );
    assert_eq!(decision[1][..2], [text("t"), new.clone()]);
    assert!(new.unwrap().parse::<i64>().unwrap() > 1000);
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    // The dump knows the sequence of our table, not of the other one.
    let dumped = "SELECT count(*) FROM pg_extension, unnest(extconfig) c
                  WHERE extname = 'irt_calibration'
                  AND c = pg_get_serial_sequence('irt_calibration_runs', 'id')::regclass";
    assert_eq!(value(&mut client, dumped).as_deref(), Some("1"));
    client.batch_execute(documented_section("Cleaning history")[0]).unwrap();
    // The runs' rows stay, and what is in force.
    let left = "SELECT string_agg(status, ' ' ORDER BY id) FROM irt_calibration_runs";
    let statuses = Some("success success failed success");
    assert_eq!(value(&mut client, left).as_deref(), statuses);
    let in_force = "SELECT count(*) > 0 FROM irt_current_parameters";
    assert_eq!(value(&mut client, in_force).as_deref(), Some("t"));
}

#[test]
fn it_lives_beside_an_applications_migrations() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    // The application's own table of that name, with columns of its own.
    client.batch_execute("CREATE TABLE irt_calibration_runs (id serial, state text)").unwrap();
    let before = "SELECT string_agg(attname, ' ') FROM pg_attribute
                  WHERE attrelid = 'questions'::regclass AND attnum > 0 AND NOT attisdropped";
    let columns = value(&mut client, before);
    let blocks = documented_section("Beside an application's migrations");
    let [up, run, down] = blocks[..] else { panic!("{blocks:?}") };
    // Migration tools execute all of it in one transaction.
    client.batch_execute(&format!("BEGIN; {up} COMMIT")).unwrap();
    let run = rows(&mut client, run);
    assert_eq!(run[0][2].as_deref(), Some("success"));
    client.batch_execute("SELECT state FROM irt_calibration_runs").unwrap();
    let calibrated = "SELECT count(irt_difficulty) FROM questions";
    assert_eq!(value(&mut client, calibrated).as_deref(), Some("5"));
    assert_eq!(
        value(&mut client, "SELECT should_run FROM irt.irt_should_run_calibration()").as_deref(),
        Some("f")
    );
    client.batch_execute(&format!("BEGIN; {down} COMMIT")).unwrap();
    assert_eq!(value(&mut client, before), columns);
    client.batch_execute("SELECT state FROM irt_calibration_runs").unwrap();
}

#[test]
fn what_the_documentation_warns_of_is_so() {
    let cluster = with_roles();
    let mut owner = cluster.connect();
    let mut runner = cluster.connect_as("calibrator", "postgres");
    // One run for every column.
    let expanded = "SELECT (irt_run_calibration(force => true, standard_errors => 'none')).*";
    let columns = rows(&mut runner, expanded)[0].len();
    let runs = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut owner, runs), Some(columns.to_string()));
    // A forged notification.
    owner.batch_execute("LISTEN irt_calibration").unwrap();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    stranger
        .batch_execute(r#"NOTIFY irt_calibration, '{"run_id": 99, "status": "success"}'"#)
        .unwrap();
    let mut notifications = owner.notifications();
    let forged = notifications
        .timeout_iter(std::time::Duration::from_secs(60))
        .any(|told| Ok(told.payload().contains("99")))
        .unwrap();
    assert!(forged);
    drop(notifications);
    // Who sees a DSN.
    owner
        .batch_execute(
            "LOAD 'irt_calibration'; ALTER DATABASE postgres SET irt_calibration.sentry_dsn = 'secret';
             CREATE ROLE watcher LOGIN IN ROLE pg_monitor",
        )
        .unwrap();
    let load = "SELECT irt_last_successful_calibration()";
    let show = "SHOW irt_calibration.sentry_dsn";
    let mut watcher = cluster.connect_as("watcher", "postgres");
    watcher.simple_query(load).unwrap();
    assert_eq!(value(&mut watcher, show).as_deref(), Some("secret"));
    let mut stranger = cluster.connect_as("stranger", "postgres");
    stranger.simple_query(load).unwrap();
    assert_eq!(error(&mut stranger, show).code().code(), "42501");
    let stored = "SELECT setconfig::text ~ 'secret' FROM pg_db_role_setting
                  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'postgres')";
    assert_eq!(value(&mut stranger, stored).as_deref(), Some("t"));
}

#[test]
fn a_change_of_settings_is_rehearsed() {
    let cluster = with_roles();
    let mut client = cluster.connect();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    let before = rows(&mut client, "SELECT * FROM questions ORDER BY id");
    let block = documented_section("Rehearsing a change of settings")[0];
    // One by one, as at psql: a run sees what is committed.
    for statement in block.split_inclusive(';') {
        client.simple_query(statement).unwrap();
    }
    assert_eq!(rows(&mut client, "SELECT * FROM questions ORDER BY id"), before);
    let changes =
        "SELECT count(*) FROM irt_compare_runs((SELECT max(id) FROM irt_calibration_runs))
                   WHERE difficulty_change <> 0";
    assert_eq!(value(&mut client, changes).as_deref(), Some("5"));
}
