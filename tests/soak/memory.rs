//! A thousand runs of one session: memory that is not given back would show.

use crate::common::{Cluster, value};
use crate::figures::say;
use crate::{stage, volume};
use postgres::Client;
use std::fs;

/// Kilobytes that a process may have gained.
const LIMIT: i64 = 5 * 1024;

#[test]
fn memory_of_session_and_postmaster_does_not_grow_with_runs() {
    let statement = stage::run("standard_errors => 'bootstrap', bootstrap_iterations => 2");
    grows_little("irt_run_calibration, each in a worker", &statement);
}

#[test]
fn memory_of_a_session_does_not_grow_with_fits() {
    let query = "SELECT user_id, question_id, is_correct FROM responses";
    let fit = format!("SELECT count(*) FROM irt_fit_2pl('{query}')");
    grows_little("irt_fit_2pl, in the session", &fit);
}

fn grows_little(what: &str, statement: &str) {
    let (cluster, mut client) = stage::set();
    client.batch_execute("SET client_min_messages = error").unwrap();
    let session: i32 = value(&mut client, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
    // Caches fill at first.
    repeat(&mut client, statement, volume(5, 50));
    let before = sizes(&cluster, session);
    let times = volume(10, 1000);
    repeat(&mut client, statement, times);
    let after = sizes(&cluster, session);
    let growth = [after[0] - before[0], after[1] - before[1]];
    say(&format!(
        "memory: {times} times {what}: session {:+} kB to {} kB, postmaster {:+} kB to {} kB",
        growth[0], after[0], growth[1], after[1]
    ));
    assert!(growth.iter().all(|growth| *growth < LIMIT), "{growth:?} kB");
}

fn repeat(client: &mut Client, statement: &str, times: usize) {
    for _ in 0..times {
        client.simple_query(statement).unwrap();
    }
}

/// Resident memory of the session and of the postmaster, without pages of files and of the
/// server's shared buffers: whoever touches those later has not grown.
fn sizes(cluster: &Cluster, session: i32) -> [i64; 2] {
    [session, cluster.postmaster_pid()].map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    })
}
