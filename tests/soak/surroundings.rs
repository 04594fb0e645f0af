//! Where a run is called from: an old snapshot, PgBouncer, a full server, a role without login.
//!
//! Drivers without autocommit, isolation levels and a standby are in tests/run.rs.

use crate::common::bouncer::Bouncer;
use crate::common::{error, major, value};
use crate::{situations::await_run, stage};

const RUN: &str = "SELECT irt_run_calibration(force => true, standard_errors => 'none')";

#[test]
fn an_old_snapshot_does_not_hide_who_has_the_bank() {
    let (cluster, mut client) = stage::set();
    let mut other = cluster.connect();
    other.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM questions").unwrap();
    let start = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', bootstrap_iterations => 1000000)";
    let run = value(&mut client, start).unwrap();
    let (_, worker) = await_run(&mut client, "true");
    let refused = error(&mut other, RUN);
    assert_eq!(refused.code().code(), "55P03");
    let named = format!("by run {run}, process {worker}, since");
    assert!(refused.message().contains(&named), "{}", refused.message());
    let cancel = format!("SELECT irt_cancel_calibration({run})");
    assert_eq!(value(&mut client, &cancel).as_deref(), Some("t"));
}

#[test]
fn it_works_behind_pgbouncer_in_transaction_mode() {
    let (cluster, mut client) = stage::set();
    let Some(bouncer) = Bouncer::start(&cluster) else { return };
    let mut through = bouncer.connect();
    for _ in 0..3 {
        let run = stage::run("standard_errors => 'none'");
        assert_eq!(value(&mut through, &run).as_deref(), Some("success"));
        through.batch_execute("BEGIN").unwrap();
        assert_eq!(value(&mut through, &run).as_deref(), Some("success"));
        through.batch_execute("ROLLBACK").unwrap();
    }
    stage::assert_whole(&mut client);
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    let free = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        value(&mut client, locks).as_deref() == Some("0")
    });
    assert!(free, "an advisory lock is left");
}

#[test]
fn without_a_free_worker_it_says_what_to_raise() {
    // The one that there is, is the server's own launcher of logical replication.
    let (_cluster, mut client) = stage::set_with("max_worker_processes = 1");
    client.batch_execute("SET irt_calibration.worker_timeout = '100ms'").unwrap();
    let refused = error(&mut client, RUN);
    assert_eq!(refused.code().code(), "53400");
    let message = "no background worker was free within 0.1 s: max_worker_processes is 1";
    assert_eq!(refused.message(), message);
    assert!(refused.hint().is_some_and(|hint| hint.contains("max_worker_processes")));
    let recorded = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, recorded).as_deref(), Some("0"));
}

#[test]
fn a_role_that_may_not_log_in_is_told_so() {
    if major() >= 17 {
        eprintln!("skipped: from Postgres 17 on a worker can be a role that may not log in");
        return;
    }
    let (_cluster, mut client) = stage::set();
    client
        .batch_execute(
            "CREATE ROLE resting NOLOGIN;
             GRANT EXECUTE ON FUNCTION irt_run_calibration, irt_start_calibration TO resting;
             SET ROLE resting",
        )
        .unwrap();
    for function in ["irt_run_calibration()", "irt_start_calibration()"] {
        let refused = error(&mut client, &format!("SELECT {function}"));
        assert_eq!(refused.code().code(), "28000");
        assert!(refused.hint().is_some_and(|hint| hint.contains("ALTER ROLE resting LOGIN")));
    }
}
