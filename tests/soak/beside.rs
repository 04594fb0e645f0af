//! The application beside a run: threads that compute give way to it.

use crate::common::{Cluster, bindir, value};
use crate::figures::say;
use crate::situations::await_run;
use crate::{is_soaking, stage, volume};
use postgres::Client;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts a run that ends only when it is stopped.
const START: &str = "SELECT irt_start_calibration(true, standard_errors => 'bootstrap', \
                     bootstrap_iterations => 1000000)";

#[test]
fn threads_that_compute_give_way_and_the_one_that_holds_locks_does_not() {
    let (_cluster, mut client) = stage::set_with("max_parallel_workers_per_gather = 1");
    for (setting, expected) in [("DEFAULT", 10), ("3", 3), ("0", 0)] {
        client.batch_execute(&format!("SET irt_calibration.nice = {setting}")).unwrap();
        let (run, worker) = start(&mut client);
        // The second figure is the group's, where the kernel has such groups.
        let group = fs::exists(format!("/proc/{worker}/autogroup")).unwrap();
        let lowered = group.then_some(expected);
        patiently(|| nice_of_group(worker) == lowered);
        let [main, others] = nice_of_threads(worker);
        assert_eq!((main, others), (vec![0], vec![expected; 2]), "nice = {setting}");
        stop(&mut client, run);
    }
}

/// Prints what `make soak` measures: the latency of pgbench's select with and without a run beside
/// it, in turns.
#[test]
fn selects_beside_a_run() {
    if !is_soaking() {
        return;
    }
    let (cluster, mut client) = stage::set_with("max_parallel_workers_per_gather = 1");
    client
        .batch_execute(
            "INSERT INTO responses SELECT r.user_id + 2000 * n, r.question_id,
        r.is_correct, r.answered_at FROM responses r, generate_series(1, 9) n",
        )
        .unwrap();
    assert!(pgbench(&cluster).args(["-i", "-q", "-s", "10"]).status().unwrap().success());
    for (what, load) in LOADS {
        let mut latencies: [Vec<f64>; 3] = Default::default();
        for _ in 0..volume(1, 10) {
            for (latencies, nice) in latencies.iter_mut().zip([None, Some(10), Some(0)]) {
                latencies.push(latency_beside(&cluster, &mut client, load, nice));
            }
        }
        let [without, nicely, rudely] = latencies.map(median);
        say(&format!(
            "select-only, {what}: p95 {without:.3} ms without a run; beside a bootstrap on 2 threads \
             {nicely:.3} ms, {:.2} times, with nice = 10; {rudely:.3} ms, {:.2} times, with nice = 0",
            nicely / without,
            rudely / without
        ));
    }
}

/// What pgbench does.
const LOADS: [(&str, &[&str]); 3] = [
    ("1 client that always asks", &["-c", "1"]),
    ("4 clients that ask 1,000 times a second", &["-c", "4", "--rate=1000"]),
    ("4 clients that always ask", &["-c", "4"]),
];

/// The 95th percentile in milliseconds, beside a run with this setting, or without one.
fn latency_beside(cluster: &Cluster, client: &mut Client, load: &[&str], nice: Option<i32>) -> f64 {
    let run = nice.map(|nice| {
        client.batch_execute(&format!("SET irt_calibration.nice = {nice}")).unwrap();
        start(client).0
    });
    // Its group is lowered a little later.
    std::thread::sleep(Duration::from_millis(500));
    let log = cluster.folder().join("latencies");
    let _ = fs::remove_dir_all(&log);
    fs::create_dir(&log).unwrap();
    let mut bench = pgbench(cluster);
    bench.args(["-S", "-n", "-M", "prepared", "-T", "5", "-l", "--log-prefix"]).arg(log.join("of"));
    assert!(bench.args(load).status().unwrap().success());
    if let Some(run) = run {
        stop(client, run);
    }
    let mut all = Vec::new();
    for file in fs::read_dir(&log).unwrap() {
        let lines = fs::read_to_string(file.unwrap().path()).unwrap();
        // Client, transaction, microseconds, …
        all.extend(
            lines.lines().map(|line| line.split(' ').nth(2).unwrap().parse::<f64>().unwrap()),
        );
    }
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() * 95 / 100] / 1e3
}

fn pgbench(cluster: &Cluster) -> Command {
    let mut command = Command::new(bindir().join("pgbench"));
    command.args(["-h", "127.0.0.1", "-U", "postgres", "-p"]).arg(cluster.port().to_string());
    command.arg("postgres").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Starts a run and waits until it computes; returns its id and its worker's process.
fn start(client: &mut Client) -> (i64, i32) {
    let run: i64 = value(client, START).unwrap().parse().unwrap();
    await_run(client, &format!("phase = 'standard errors' AND run_id = {run}"))
}

fn stop(client: &mut Client, run: i64) {
    value(client, &format!("SELECT irt_cancel_calibration({run})"));
    let ended =
        format!("SELECT count(*) FROM irt_calibration_runs WHERE id = {run} AND status = 'failed'");
    patiently(|| value(client, &ended).as_deref() == Some("1"));
}

fn patiently(mut look: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !look() {
        assert!(Instant::now() < deadline, "half a minute has passed");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The priorities of a process's main thread, and of its others.
fn nice_of_threads(process: i32) -> [Vec<i32>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for task in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let task = task.unwrap();
        let stat = fs::read_to_string(task.path().join("stat")).unwrap();
        // After the name in parentheses, the 17th: see proc(5).
        let nice = stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap();
        let is_other = task.file_name().to_str() != Some(&process.to_string());
        found[usize::from(is_other)].push(nice.parse().unwrap());
    }
    found
}

fn nice_of_group(process: i32) -> Option<i32> {
    let known = fs::read_to_string(format!("/proc/{process}/autogroup")).ok()?;
    known.split_whitespace().last()?.parse().ok()
}
