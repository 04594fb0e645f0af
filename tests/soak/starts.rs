//! Many sessions that start runs at once, half of them through PgBouncer.

use crate::common::bouncer::Bouncer;
use crate::common::{Cluster, rows, value};
use crate::figures::say;
use crate::random::Random;
use crate::{stage, volume};
use postgres::Client;
use std::sync::{Arc, Barrier};

/// What one start came to.
#[derive(Debug, PartialEq)]
enum Answer {
    Success,
    /// Another run was at work: the run and the process that the message named.
    Refused,
}

#[test]
fn of_many_starts_one_runs_at_a_time_for_each_bank() {
    let (cluster, mut client) = stage::set();
    client
        .batch_execute(
            "SELECT irt_configure(bank, 'responses', standard_errors => 'none')
             FROM unnest('{first,second}'::text[]) bank",
        )
        .unwrap();
    let bouncer = Bouncer::start(&cluster);
    let mut random = Random::of_test(3);
    let (mut started, mut succeeded, mut rounds) = (0, 0, 0);
    let times = volume(60, 2000);
    while started < times {
        let sessions = 2 + random.below(15);
        let answers = start_at_once(&cluster, bouncer.as_ref(), sessions);
        started += sessions;
        succeeded += answers.iter().filter(|answer| **answer == Answer::Success).count();
        rounds += 1;
        assert!(answers.contains(&Answer::Success), "nobody ran: {answers:?}");
        assert_no_lock_is_left(&mut client);
    }
    assert_no_overlap(&mut client, succeeded);
    say(&format!(
        "starts: {started} in {rounds} rounds of 2 to 16 sessions (half of them through PgBouncer: \
         {}), {succeeded} ran, {} got 55P03 with run and process, no overlap, no lock left",
        bouncer.is_some(),
        started - succeeded
    ));
}

fn start_at_once(cluster: &Cluster, bouncer: Option<&Bouncer>, sessions: usize) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(sessions));
    let threads: Vec<_> = (0..sessions)
        .map(|i| {
            let mut client = match bouncer {
                Some(bouncer) if i % 2 == 1 => bouncer.connect(),
                _ => cluster.connect(),
            };
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                barrier.wait();
                start(&mut client)
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn start(client: &mut Client) -> Answer {
    let Err(error) = client.simple_query(&stage::run("bank => 'first'")) else {
        return Answer::Success;
    };
    let error = error.as_db_error().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(error.code().code(), "55P03", "{error}");
    let message = error.message();
    let named = message.contains(" by run ") && message.contains(", process ");
    assert!(named, "run and process are not named: {message}");
    assert!(error.hint().is_some());
    Answer::Refused
}

fn assert_no_lock_is_left(client: &mut Client) {
    // A worker lets go of its lock right after it has answered.
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    let free = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        value(client, locks).as_deref() == Some("0")
    });
    assert!(free, "an advisory lock is left");
    assert_eq!(stage::running(client), "0");
}

fn assert_no_overlap(client: &mut Client, succeeded: usize) {
    let recorded = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(client, recorded), Some(succeeded.to_string()), "refusals leave no row");
    let overlaps = rows(
        client,
        "SELECT a.id, b.id FROM irt_calibration_runs a JOIN irt_calibration_runs b
         ON a.id < b.id AND a.bank = b.bank
            AND tstzrange(a.started_at, a.completed_at) && tstzrange(b.started_at, b.completed_at)",
    );
    assert!(overlaps.is_empty(), "runs of one bank at the same time: {overlaps:?}");
}

#[test]
fn two_banks_are_calibrated_side_by_side() {
    let (cluster, mut client) = stage::set();
    client
        .batch_execute(
            "SELECT irt_configure(bank, 'responses', standard_errors => 'bootstrap', bootstrap_iterations => 1000000)
             FROM unnest('{first,second}'::text[]) bank",
        )
        .unwrap();
    for bank in ["first", "second"] {
        let start = format!("SELECT irt_start_calibration(true, bank => '{bank}')");
        client.simple_query(&start).unwrap();
    }
    let both = "SELECT count(DISTINCT bank) || ' ' || count(DISTINCT pid) \
                FROM irt_calibration_progress";
    let side_by_side = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        value(&mut client, both).as_deref() == Some("2 2")
    });
    assert!(side_by_side);
    let stopped = "SELECT bool_and(irt_cancel_calibration(run_id)) FROM irt_calibration_progress";
    assert_eq!(value(&mut client, stopped).as_deref(), Some("t"));
    drop(cluster);
}
