//! A long run and its surroundings: vacuum, locks, snapshots, and what is seen of it.

use crate::common::{error, rows, value};
use crate::figures::say;
use crate::{situations::await_run, stage, volume};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A run that ends only when it is stopped.
const ENDLESS: &str = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', bootstrap_iterations => 1000000)";

#[test]
fn while_it_computes_it_holds_no_snapshot_and_no_lock_and_vacuum_works() {
    let (cluster, mut client) = stage::set();
    client.simple_query(ENDLESS).unwrap();
    let (run, worker) = await_run(&mut client, "phase = 'standard errors'");
    client.batch_execute("DELETE FROM responses WHERE user_id > 1000").unwrap();
    let vacuum = cluster.psql(&["-c", "VACUUM (VERBOSE) responses"]);
    let said = String::from_utf8_lossy(&vacuum.stderr).into_owned();
    assert!(said.contains("20000 removed"), "{said}");
    assert!(said.contains("0 are dead but not yet removable"), "{said}");

    let observed = Duration::from_secs(volume(3, 60) as u64);
    let until = Instant::now() + observed;
    let (mut looks, mut with_snapshot, mut in_a_row) = (0, 0, 0);
    let state = format!(
        "SELECT backend_xmin IS NOT NULL,
                (SELECT count(*) FROM pg_locks WHERE pid = {worker} AND granted
                 AND relation IN ('responses'::regclass, 'questions'::regclass))
         FROM pg_stat_activity WHERE pid = {worker}"
    );
    while Instant::now() < until {
        let now = rows(&mut client, &state).remove(0);
        assert_eq!(now[1].as_deref(), Some("0"), "a lock on the application's tables");
        looks += 1;
        if now[0].as_deref() == Some("t") {
            // The progress is written once a second, by a transaction of a millisecond.
            with_snapshot += 1;
            in_a_row += 1;
        } else {
            in_a_row = 0;
        }
        assert!(in_a_row < 5, "a snapshot is held");
        std::thread::sleep(Duration::from_millis(7));
    }
    assert!(with_snapshot * 20 <= looks, "{with_snapshot} of {looks}");
    let cancel = format!("SELECT irt_cancel_calibration({run})");
    assert_eq!(value(&mut client, &cancel).as_deref(), Some("t"));
    say(&format!(
        "a run of {} s: VACUUM removed all 20,000 rows deleted after loading; backend_xmin was NULL \
         in {} of {looks} looks (else progress was being written), no lock on either table",
        observed.as_secs(),
        looks - with_snapshot
    ));
}

#[test]
fn progress_and_activity_move_and_end_with_the_run() {
    let (_cluster, mut client) = stage::set();
    let start = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', bootstrap_iterations => 1000000)";
    let run: i64 = value(&mut client, start).unwrap().parse().unwrap();
    let (mut phases, mut lines, mut counts) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let until = Instant::now() + Duration::from_millis(3500);
    while Instant::now() < until {
        let seen = rows(
            &mut client,
            "SELECT p.run_id, p.phase, p.done, p.total, a.application_name, a.query, a.state
             FROM irt_calibration_progress p JOIN pg_stat_activity a USING (pid)",
        );
        for row in seen {
            assert_eq!(row[0], Some(run.to_string()));
            assert_eq!(row[4].as_deref(), Some("irt_calibration"));
            let (phase, line) = (row[1].clone().unwrap(), row[5].clone().unwrap());
            lines.insert(line);
            if let (Some(done), Some("1000000")) = (&row[2], row[3].as_deref()) {
                counts.push(done.parse::<i64>().unwrap());
            }
            phases.insert(phase);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    assert!(phases.contains("standard errors") && phases.len() > 1, "{phases:?}");
    assert!(counts.is_sorted() && counts.first() < counts.last(), "replicates: {counts:?}");
    let moving = format!("irt_calibration: run {run} of bank default: standard errors ");
    let moved = lines.iter().filter(|line| line.starts_with(&moving)).count();
    assert!(moved >= 3, "{lines:?}");

    let cancel = format!("SELECT irt_cancel_calibration({run})");
    assert_eq!(value(&mut client, &cancel).as_deref(), Some("t"));
    let gone = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        value(&mut client, "SELECT count(*) FROM irt_calibration_progress").as_deref() == Some("0")
    });
    assert!(gone, "an ended run is shown");
    assert_eq!(value(&mut client, &cancel).as_deref(), Some("f"), "nothing is left to cancel");
}

#[test]
fn too_much_memory_is_refused_with_what_is_needed() {
    let (_cluster, mut client) = stage::set();
    client.batch_execute("SET irt_calibration.max_memory = '1MB'").unwrap();
    client
        .batch_execute("INSERT INTO responses SELECT r.* FROM responses r, generate_series(1, 3)")
        .unwrap();
    let refused = error(&mut client, &stage::run("standard_errors => 'none'"));
    assert_eq!(refused.code().code(), "53200");
    assert_eq!(
        refused.message(),
        "160000 responses need 2 MB of memory, but irt_calibration.max_memory is 1 MB"
    );
    assert!(refused.hint().is_some_and(|hint| hint.contains("irt_calibration.max_memory")));
    let recorded = "SELECT error_sqlstate FROM irt_calibration_runs";
    assert_eq!(value(&mut client, recorded).as_deref(), Some("53200"));
}
