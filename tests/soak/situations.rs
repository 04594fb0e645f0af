//! Runs that stay in one phase for as long as a test needs.

use crate::common::{Cluster, value};
use crate::stage;
use postgres::Client;
use std::time::{Duration, Instant};

/// A run that lingers in a phase, and what makes it do so.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// As irt_calibration_progress names it.
    pub phase: &'static str,
    /// What happens there.
    pub what: &'static str,
    /// Arguments of irt_run_calibration.
    pub arguments: &'static str,
    /// What another session holds meanwhile.
    obstacle: &'static str,
}

/// Every phase, the long ones in more than one way.
pub const SITUATIONS: [Situation; 7] = [
    Situation {
        phase: "checking",
        what: "waiting for a lock",
        arguments: "bank => 'plain'",
        obstacle: "LOCK TABLE irt_item_banks IN ACCESS EXCLUSIVE MODE",
    },
    Situation {
        phase: "loading",
        what: "counting what is new",
        arguments: "bank => 'late'",
        obstacle: "",
    },
    Situation { phase: "loading", what: "reading", arguments: "bank => 'big'", obstacle: "" },
    Situation {
        phase: "fitting",
        what: "EM on 241 nodes",
        arguments: "bank => 'fine', standard_errors => 'none'",
        obstacle: "",
    },
    Situation {
        phase: "standard errors",
        what: "bootstrap",
        arguments: "bank => 'fine', standard_errors => 'bootstrap'",
        obstacle: "",
    },
    Situation {
        phase: "standard errors",
        what: "observed information",
        arguments: "bank => 'varied', standard_errors => 'observed_information'",
        obstacle: "",
    },
    Situation {
        phase: "publishing",
        what: "waiting for a row's lock",
        arguments: "bank => 'plain', standard_errors => 'none'",
        obstacle: "SELECT FROM questions WHERE id = 100 FOR UPDATE",
    },
];

/// A server with a bank for every situation.
pub fn set() -> (Cluster, Client) {
    let (cluster, mut client) = stage::set();
    client
        .batch_execute(
            "CREATE TABLE fewer (LIKE responses);
             INSERT INTO fewer SELECT r.user_id + 2000 * n, r.question_id, r.is_correct, r.answered_at
                 FROM responses r, generate_series(1, 5) n;
             CREATE TABLE many (LIKE responses);
             INSERT INTO many SELECT r.user_id + 2000 * n, r.question_id, r.is_correct, r.answered_at
                 FROM responses r, generate_series(1, 25) n;
             -- Persons who answer alike cost as much as one: here no two do.
             CREATE TABLE varied AS
                 SELECT p AS user_id, q AS question_id, now() AS answered_at,
                        hashint8(p::bigint * 1000 + q) % 1000 > 6 * (q - 100) + p % 800 - 400 AS is_correct
                 FROM generate_series(1, 10000) p, generate_series(1, 200) q;
             CREATE VIEW late AS SELECT r.* FROM responses r, (SELECT pg_sleep(60)) s;
             SELECT irt_configure('plain', 'responses', items => 'questions'),
                    irt_configure('late', 'late', items => 'questions'),
                    irt_configure('big', 'many', items => 'questions'),
                    irt_configure('fine', 'fewer', items => 'questions', quadrature_nodes => 241),
                    irt_configure('varied', 'varied', items => 'questions', quadrature_nodes => 481)",
        )
        .unwrap();
    (cluster, client)
}

impl Situation {
    /// Puts what holds the run up in its way, for as long as the returned session lives.
    pub fn obstruct(&self, cluster: &Cluster) -> Client {
        let mut other = cluster.connect();
        if !self.obstacle.is_empty() {
            other.batch_execute(&format!("BEGIN; {}", self.obstacle)).unwrap();
        }
        other
    }

    /// Waits until a run has reached this phase; returns its id and its worker's process. `None`:
    /// the run that came after `last` has ended meanwhile, because nobody looked while it was there.
    pub fn await_phase(&self, client: &mut Client, last: i64) -> Option<(i64, i32)> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let ended = format!(
            "SELECT max(id) FROM irt_calibration_runs WHERE id > {last} AND status <> 'running'"
        );
        loop {
            if let Some(found) = find_run(client, &format!("phase = '{}'", self.phase)) {
                return Some(found);
            }
            if value(client, &ended).is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "no run reaches {}", self.phase);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Waits for a run whose progress meets a condition; returns its id and its worker's process.
pub fn await_run(client: &mut Client, condition: &str) -> (i64, i32) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = find_run(client, condition) {
            return found;
        }
        assert!(Instant::now() < deadline, "no run reaches {condition}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn find_run(client: &mut Client, condition: &str) -> Option<(i64, i32)> {
    let reached =
        format!("SELECT max(run_id || ' ' || pid) FROM irt_calibration_progress WHERE {condition}");
    let found = value(client, &reached)?;
    let (run, pid) = found.split_once(' ').unwrap();
    Some((run.parse().unwrap(), pid.parse().unwrap()))
}

/// The last run that there is, ended or not; 0 before the first.
pub fn last_run(client: &mut Client) -> i64 {
    value(client, "SELECT COALESCE(max(id), 0) FROM irt_calibration_runs").unwrap().parse().unwrap()
}
