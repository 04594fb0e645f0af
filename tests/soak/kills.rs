//! SIGKILL of worker, caller or postmaster, at random moments of a run.

use crate::common::{Cluster, Shutdown, value};
use crate::figures::say;
use crate::random::Random;
use crate::{is_soaking, stage, volume};
use postgres::Client;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Whom it hits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Worker,
    Caller,
    Postmaster,
    /// No kill but an immediate shutdown: every process leaves at once.
    Everybody,
}

const VICTIMS: [Victim; 4] =
    [Victim::Worker, Victim::Caller, Victim::Postmaster, Victim::Everybody];

const RUN: &str = "standard_errors => 'bootstrap', bootstrap_iterations => 3";

#[test]
fn kills_leave_one_whole_set_of_parameters_and_no_orphaned_run() {
    let (cluster, mut client) = stage::set();
    let mut random = Random::of_test(1);
    let started = Instant::now();
    client.simple_query(&stage::run(RUN)).unwrap();
    let length = started.elapsed();
    let (mut hits, mut interrupted) = (0, 0);
    let times = volume(8, 500);
    for i in 0..times {
        let victim = VICTIMS[i % VICTIMS.len()];
        stage::vary_data(&mut client, i);
        let before = interruptions(&mut client);
        let (caller, pid) = start_a_run(&cluster, i);
        std::thread::sleep(random.moment(length.mul_f64(1.1)));
        hits += usize::from(kill(&cluster, &mut client, victim, pid));
        drop(caller.join().unwrap());
        client = cluster.connect();
        check(&mut client);
        interrupted += interruptions(&mut client) - before;
    }
    say(&format!(
        "kills: {times} over a run of {:.0} ms, {hits} hit a run at work, {interrupted} runs recorded \
         as interrupted, no mixed set of parameters, no orphaned run, every next run a success",
        length.as_secs_f64() * 1e3
    ));
    // A few random moments may all miss; tests/faults.rs has kills that cannot.
    assert!(interrupted > 0 || !is_soaking(), "no kill hit a run");
}

/// Starts a run in a session of its own; returns the session's process.
fn start_a_run(cluster: &Cluster, seed: usize) -> (JoinHandle<Client>, i32) {
    let mut caller = cluster.connect();
    let pid = value(&mut caller, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
    let statement = stage::run(&format!("{RUN}, seed => {seed}"));
    let run = std::thread::spawn(move || {
        // Whatever it is told: most often, that the connection is gone.
        let _ = caller.simple_query(&statement);
        caller
    });
    (run, pid)
}

/// Kills, and waits until the server is back. False when there was no run to hit any more.
fn kill(cluster: &Cluster, client: &mut Client, victim: Victim, caller: i32) -> bool {
    let worker = value(
        client,
        "SELECT max(pid) FROM pg_stat_activity WHERE backend_type = 'irt_calibration'",
    );
    match victim {
        Victim::Postmaster => {
            cluster.kill_postmaster();
            cluster.start_again();
        }
        Victim::Everybody => {
            cluster.stop(Shutdown::Immediate);
            cluster.start_again();
        }
        Victim::Worker | Victim::Caller => {
            let pid = match (victim, &worker) {
                (Victim::Worker, Some(worker)) => worker.parse().unwrap(),
                _ => caller,
            };
            cluster.signal(pid, libc::SIGKILL);
            wait_until_disconnected(client);
            cluster.wait_until_ready();
        }
    }
    worker.is_some()
}

/// When one process is killed, the postmaster ends all others before it recovers.
fn wait_until_disconnected(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while client.simple_query("SELECT 1").is_ok() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn interruptions(client: &mut Client) -> i64 {
    let count = "SELECT count(*) FROM irt_calibration_runs WHERE error_sqlstate = '57P01'";
    value(client, count).unwrap().parse().unwrap()
}

/// What must hold after a kill, and after the next run.
fn check(client: &mut Client) {
    stage::assert_whole(client);
    let shown = value(client, "SELECT count(*) FROM irt_calibration_progress");
    assert_eq!(shown.as_deref(), Some("0"), "a dead run is shown");
    let orphans = "SELECT count(*) FROM irt_calibration_runs WHERE status = 'running'";
    let orphans: i64 = value(client, orphans).unwrap().parse().unwrap();
    assert!(orphans <= 1, "{orphans} orphaned runs");
    let next = value(client, &stage::run("standard_errors => 'none'"));
    assert_eq!(next.as_deref(), Some("success"));
    assert_eq!(stage::running(client), "0");
    stage::assert_whole(client);
    let why = "SELECT count(*) FROM irt_calibration_runs \
               WHERE status = 'failed' AND error_message NOT LIKE 'interrupted%'";
    assert_eq!(value(client, why).as_deref(), Some("0"), "a kill is recorded as something else");
}
