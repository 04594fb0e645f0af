//! Runs, publications and rollbacks beside each other, killed and canceled at random moments.
//!
//! At any moment, while they are at work and after, the items table is exactly what the
//! publications say: one state, never a mixture of two.

use crate::common::{Cluster, Shutdown, value};
use crate::figures::say;
use crate::random::Random;
use crate::replay::assert_replays;
use crate::{is_soaking, stage, volume};
use postgres::Client;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What happens to them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Blow {
    /// pg_cancel_backend.
    Cancel,
    /// pg_terminate_backend.
    Terminate,
    /// SIGKILL: the server restarts.
    Kill,
    /// SIGKILL of the postmaster.
    Postmaster,
    /// An immediate shutdown.
    Everybody,
}

const BLOWS: [Blow; 10] = [
    Blow::Cancel,
    Blow::Kill,
    Blow::Terminate,
    Blow::Kill,
    Blow::Cancel,
    Blow::Postmaster,
    Blow::Cancel,
    Blow::Kill,
    Blow::Terminate,
    Blow::Everybody,
];

/// What the sessions do, again and again; `$` is a number below 2³².
const CALLS: [&str; 4] = [
    "SELECT irt_run_calibration(true, standard_errors => 'none')",
    "SELECT irt_publish(id) FROM irt_calibration_runs WHERE status = 'success' ORDER BY hashint8(id + $) LIMIT 1",
    "SELECT irt_rollback()",
    "SELECT irt_run_calibration(true, standard_errors => 'none', item_ids => '{1,50,200}')",
];

/// Refusals that are as they should be: another run has the bank, the state forbids it, it was
/// stopped, the server is gone.
const EXPECTED: [&str; 7] = ["55P03", "55000", "57014", "57P01", "57P02", "57P03", ""];

/// How the calls were answered: by call, then by SQLSTATE; `done` where they were carried out.
type Answers = BTreeMap<(usize, String), usize>;

#[test]
fn in_force_is_one_state_whatever_is_killed_or_canceled() {
    let (cluster, mut client) = stage::set();
    let mut random = Random::of_test(9);
    let mut answers = Answers::new();
    let (mut looks, mut hits) = (0, 0);
    let moments = volume(10, 500);
    for moment in 0..moments {
        let blow = BLOWS[moment % BLOWS.len()];
        if moment % 10 == 0 {
            begin_anew(&mut client);
        }
        stage::vary_data(&mut client, moment);
        let enough = Arc::new(AtomicBool::new(false));
        let sessions: Vec<Session> =
            (0..CALLS.len()).map(|call| Session::start(&cluster, call, moment, &enough)).collect();
        let until = Instant::now() + random.moment(Duration::from_millis(500));
        while Instant::now() < until {
            assert_replays(&mut client, "default", "questions");
            looks += 1;
        }
        let victims = victims(&mut client, &sessions);
        hits += strike(&cluster, &mut client, blow, victims[random.below(victims.len())]);
        enough.store(true, Ordering::Relaxed);
        for session in sessions {
            for (answer, count) in session.thread.join().unwrap() {
                *answers.entry(answer).or_default() += count;
            }
        }
        client = cluster.connect();
        assert_replays(&mut client, "default", "questions");
        let next = value(&mut client, &stage::run("standard_errors => 'none'"));
        assert_eq!(next.as_deref(), Some("success"), "after {blow:?}");
        assert_replays(&mut client, "default", "questions");
    }
    for (call, code) in answers.keys() {
        let known = code == "done" || EXPECTED.contains(&code.as_str());
        assert!(known, "{}: {code}: {answers:?}", CALLS[*call]);
    }
    let done = |call| answers.get(&(call, "done".to_owned())).copied().unwrap_or_default();
    say(&format!(
        "decisions: {moments} moments, {hits} of which hit a process at work; {} runs, {} publications and {} \
         rollbacks were done; looked {looks} times meanwhile: always one state of the publications",
        done(0) + done(3),
        done(1),
        done(2)
    ));
    assert!(!is_soaking() || (0..CALLS.len()).all(|call| done(call) > 0), "{answers:?}");
}

/// A bank without a history, so that looking at all of it stays quick. Rollbacks hold nothing here.
fn begin_anew(client: &mut Client) {
    client
        .batch_execute(
            "SELECT irt_drop_bank('default');
             UPDATE questions SET irt_difficulty = NULL, irt_discrimination = NULL,
                 irt_se_difficulty = NULL, irt_se_discrimination = NULL,
                 irt_information_peak = NULL, irt_calibration_n = NULL, irt_calibrated_at = NULL;
             SELECT irt_set_check('since_rollback', NULL, 'infinity')",
        )
        .unwrap();
}

/// A session that calls again and again.
struct Session {
    backend: i32,
    thread: JoinHandle<Answers>,
}

impl Session {
    fn start(cluster: &Cluster, call: usize, moment: usize, enough: &Arc<AtomicBool>) -> Self {
        let mut client = cluster.connect();
        let backend = value(&mut client, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
        let enough = Arc::clone(enough);
        let thread = std::thread::spawn(move || {
            let mut answers = Answers::new();
            for i in 0.. {
                if enough.load(Ordering::Relaxed) || client.is_closed() {
                    break;
                }
                let sql = CALLS[call].replace('$', &format!("{}", moment * 1000 + i));
                let answer = match client.simple_query(&sql) {
                    Ok(_) => "done".to_owned(),
                    // Without a code the connection is gone.
                    Err(error) => {
                        error.code().map(|code| code.code().to_owned()).unwrap_or_default()
                    }
                };
                *answers.entry((call, answer)).or_default() += 1;
                // So that a run can sometimes end before somebody overtakes it.
                std::thread::sleep(Duration::from_millis(5));
            }
            answers
        });
        Self { backend, thread }
    }
}

/// The sessions' processes, and those of the workers.
fn victims(client: &mut Client, sessions: &[Session]) -> Vec<i32> {
    let workers = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'irt_calibration'";
    let workers = crate::common::rows(client, workers).into_iter();
    let workers = workers.map(|row| row[0].as_ref().unwrap().parse().unwrap());
    sessions.iter().map(|session| session.backend).chain(workers).collect()
}

/// Strikes, and waits until the server is back; 1 where the victim was at work.
fn strike(cluster: &Cluster, client: &mut Client, blow: Blow, victim: i32) -> usize {
    let active =
        format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {victim} AND state = 'active'");
    let hit = value(client, &active).unwrap().parse().unwrap();
    match blow {
        Blow::Cancel => drop(value(client, &format!("SELECT pg_cancel_backend({victim})"))),
        Blow::Terminate => drop(value(client, &format!("SELECT pg_terminate_backend({victim})"))),
        Blow::Kill => {
            cluster.signal(victim, libc::SIGKILL);
            let deadline = Instant::now() + Duration::from_secs(10);
            while client.simple_query("SELECT 1").is_ok() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            cluster.wait_until_ready();
        }
        Blow::Postmaster => {
            cluster.kill_postmaster();
            cluster.start_again();
        }
        Blow::Everybody => {
            cluster.stop(Shutdown::Immediate);
            cluster.start_again();
        }
    }
    hit
}
