//! Who decides what is in force in whose bank, and with whose rights the items table is written.

use crate::common::document::documented_sql;
use crate::common::{rows, value};
use crate::{escalation, ownership, refusal, with_tables_of_app};
use postgres::Client;

/// Every decision, about bank `hers`: runs 1 and 2 are published, run 3 is held.
const DECISIONS: [&str; 8] = [
    "irt_publish(3)",
    "irt_publish(1)",
    "irt_reject(3)",
    "irt_rollback('hers')",
    "irt_set_check('items_lost', 0.9, 0.9, 'hers')",
    "irt_set_check('since_rollback', NULL, 'infinity', 'hers')",
    "irt_forget_runs('hers', now())",
    "irt_drop_bank('hers')",
];

/// All that the extension has of banks and decisions, and the items table.
const STATE: &str = "SELECT md5(string_agg(t, ',' ORDER BY t)) FROM (
    SELECT p::text AS t FROM irt_publications p UNION ALL
    SELECT f::text FROM irt_parameters_in_force f UNION ALL
    SELECT r::text FROM irt_calibration_runs r UNION ALL
    SELECT b::text FROM irt_item_banks b UNION ALL
    SELECT i::text FROM irt_item_parameters i UNION ALL
    SELECT c::text FROM irt_check_thresholds c UNION ALL
    SELECT q::text FROM trap.questions q) AS s";

const GRANT: &str =
    "GRANT EXECUTE ON FUNCTION irt_publish, irt_rollback, irt_reject, irt_set_check,
    irt_forget_runs, irt_drop_bank TO mallory, calibrator";

#[test]
fn nobody_decides_about_a_strangers_bank() {
    let (cluster, mut owner) = ownership::with_mallory();
    owner.batch_execute(GRANT).unwrap();
    let mut mallory = cluster.connect_as("mallory", "postgres");
    for statement in [
        "SELECT irt_configure('hers', 'trap.responses', items => 'trap.questions',
             scale => 'population')",
        "SELECT irt_run_calibration(true, bank => 'hers', standard_errors => 'none')",
        "UPDATE trap.answers SET is_correct = NOT is_correct WHERE user_id % 9 = 2",
        "SELECT irt_run_calibration(true, bank => 'hers', standard_errors => 'none')",
        "SELECT irt_set_check('score_change', 0, 0, 'hers')",
        "UPDATE trap.answers SET is_correct = NOT is_correct WHERE user_id % 9 = 3",
        "SELECT irt_run_calibration(true, bank => 'hers', standard_errors => 'none')",
    ] {
        mallory.simple_query(statement).unwrap();
    }
    let words = "SELECT string_agg(publication, ' ' ORDER BY id) FROM irt_calibration_runs";
    assert_eq!(value(&mut owner, words).as_deref(), Some("published published held"));
    let before = value(&mut owner, STATE);
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    for decision in DECISIONS {
        let refused = refusal(&mut calibrator, &format!("SELECT {decision}"));
        let (code, message) = refused.unwrap_or_else(|| panic!("calibrator may {decision}"));
        assert_eq!(code, "42501", "{decision}: {message}");
        assert!(message.contains("belongs to role \"mallory\""), "{decision}: {message}");
    }
    assert_eq!(value(&mut owner, STATE), before);
    // Neither she nor a superuser is refused, and what is hers runs with her rights.
    for client in [&mut mallory, &mut owner] {
        for decision in DECISIONS {
            client.batch_execute("BEGIN").unwrap();
            assert_eq!(refusal(client, &format!("SELECT {decision}")), None, "{decision}");
            client.batch_execute("ROLLBACK").unwrap();
        }
    }
    assert_eq!(ownership::sprung(&cluster, 0), [""; 0]);
    assert!(cluster.log().contains("sprung by mallory: trigger"), "the trap was sprung");
    let drop = "SELECT irt_drop_bank('hers')";
    assert_eq!(refusal(&mut mallory, drop), None);
}

/// Whoever may use a bank decides about its runs; its thresholds and its history are its owner's.
#[test]
fn what_a_bank_is_belongs_to_its_owner() {
    let (cluster, mut owner) = with_tables_of_app("");
    owner.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    owner.batch_execute(&GRANT.replace("mallory", "app")).unwrap();
    owner.simple_query("SELECT irt_configure()").unwrap();
    owner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    let mut calibrator = cluster.connect_as("calibrator", "postgres");
    let changes = [
        "SELECT irt_set_check('items_lost', 0.9, 0.9)",
        "SELECT irt_forget_runs('default', now())",
        "SELECT irt_drop_bank('default')",
    ];
    assert_eq!(refusal(&mut calibrator, "SELECT irt_rollback()"), None);
    for change in changes {
        let (code, message) = refusal(&mut calibrator, change).unwrap();
        assert_eq!(code, "42501", "{change}");
        assert!(message.contains("belongs to role \"postgres\""), "{change}: {message}");
    }
    // So may roles that have the owner's rights.
    owner.batch_execute("SELECT irt_configure(owner => 'app'); GRANT app TO calibrator").unwrap();
    for change in changes {
        assert_eq!(refusal(&mut calibrator, change), None, "{change}");
    }
}

/// A superuser who publishes or rolls back fires triggers as their table's owner.
#[test]
fn a_superusers_decision_lends_nobody_its_rights() {
    let (cluster, mut client) = escalation::with_mallory();
    client
        .batch_execute(
            "SET ROLE mallory;
             CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON trap.questions
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.spy_trigger();
             RESET ROLE;
             SELECT irt_configure('trap', 'trap.responses', items => 'trap.questions')",
        )
        .unwrap();
    let run = "SELECT irt_run_calibration(true, bank => 'trap', standard_errors => 'none')";
    client.simple_query(run).unwrap();
    for (decision, places) in [
        // The domain lets NULL pass.
        ("SELECT irt_rollback('trap')", "after_statement before_update later"),
        ("SELECT irt_publish(1)", "after_statement before_update domain later"),
    ] {
        client.batch_execute("TRUNCATE trap.seen").unwrap();
        client.simple_query(decision).unwrap();
        let spied = "SELECT string_agg(DISTINCT place, ' ' ORDER BY place) FROM trap.seen";
        assert_eq!(value(&mut client, spied).as_deref(), Some(places), "{decision}");
        let elsewhere = rows(
            &mut client,
            "SELECT DISTINCT place, role, attempt, outcome FROM trap.seen
             WHERE role <> 'mallory' OR outcome <> '42501' AND attempt NOT LIKE 'RESET ROLE%'
                OR outcome = 'done'",
        );
        assert!(elsewhere.is_empty(), "{decision}: {elsewhere:?}");
    }
    let supers = "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper";
    assert_eq!(value(&mut client, supers).as_deref(), Some("postgres"));
    assert!(!cluster.folder().join("mallory").exists());
}

/// What the owner of the items table would like to do when an approver's decision fires his trigger.
fn set_a_trap(owner: &mut Client) {
    let attempts = [
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE app SUPERUSER",
        "DELETE FROM public.irt_publications",
        "UPDATE public.irt_parameters_in_force SET difficulty = 0",
        "UPDATE public.irt_calibration_runs SET publication = ''published''",
        "SELECT public.irt_run_calibration()",
        "SELECT public.irt_drop_bank(''default'')",
    ];
    owner
        .batch_execute(&format!(
            "CREATE SCHEMA trap AUTHORIZATION app; GRANT USAGE ON SCHEMA trap TO PUBLIC; SET ROLE app;
             CREATE TABLE trap.seen (place text, role name, attempt text, outcome text);
             GRANT INSERT ON trap.seen TO PUBLIC;
             CREATE FUNCTION trap.spy() RETURNS trigger LANGUAGE plpgsql AS $$
                 DECLARE attempt text;
                 BEGIN
                     FOREACH attempt IN ARRAY ARRAY['{}'] LOOP
                         BEGIN
                             EXECUTE attempt;
                             INSERT INTO trap.seen VALUES (TG_NAME, current_user, attempt, 'done');
                         EXCEPTION WHEN OTHERS THEN
                             INSERT INTO trap.seen VALUES (TG_NAME, current_user, attempt, SQLSTATE);
                         END;
                     END LOOP;
                     RETURN NEW;
                 END $$;
             CREATE TRIGGER before BEFORE UPDATE ON public.questions FOR EACH ROW EXECUTE FUNCTION trap.spy();
             CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON public.questions
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.spy();
             RESET ROLE",
            attempts.join("', '")
        ))
        .unwrap();
}

/// So does everybody else: no trigger has the rights of whoever decides, neither within the
/// statement nor at the commit.
#[test]
fn an_approver_fires_no_trigger_with_his_rights() {
    let (cluster, mut owner) = with_tables_of_app("");
    owner.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    owner.simple_query("SELECT irt_configure(standard_errors => 'none')").unwrap();
    owner.simple_query("SELECT irt_run_calibration()").unwrap();
    set_a_trap(&mut owner);
    let mut approver = cluster.connect_as("approver", "postgres");
    for decision in ["SELECT irt_rollback()", "SELECT irt_publish(1)"] {
        assert_eq!(refusal(&mut approver, decision), None, "{decision}");
        let seen = "SELECT place, role, string_agg(DISTINCT outcome, ' ') FROM trap.seen
                    GROUP BY 1, 2 ORDER BY 1, 2";
        let expected = ["before", "later"]
            .map(|place| [place, "app", "42501"].map(|cell| Some(cell.to_owned())).to_vec());
        assert_eq!(rows(&mut owner, seen), expected, "{decision}");
        owner.batch_execute("TRUNCATE trap.seen").unwrap();
    }
    let by = "SELECT string_agg(published_by, ' ' ORDER BY id) FROM irt_publications";
    assert_eq!(value(&mut owner, by).as_deref(), Some("postgres approver approver"));
}
