//! A run that yields estimates and nothing else, next to a plain scan; workers; asking whether to run.

use crate::common::{Cluster, rows, value};
use crate::database::{ITEMS, load_table};
use crate::estimator::Programs;
use crate::page::{Page, median, number, thousands};
use crate::watch::Watch;
use postgres::Client;
use std::time::Instant;

/// Lines of postgresql.conf. A scan of a table that is larger than a quarter of the buffers does not
/// fill them.
const SETTINGS: &str = "
    shared_buffers = 3GB
    max_wal_size = 8GB
    autovacuum = off
    work_mem = 256MB
    irt_calibration.max_memory = 16GB
    irt_calibration.timeout = 2h
    irt_calibration.nice = 0
    session_preload_libraries = irt_calibration
    max_parallel_workers_per_gather = 0";

const SCAN: &str = "SELECT count(*) FILTER (WHERE is_correct) FROM responses";
const RUN: &str = "SELECT id FROM irt_run_calibration(true, standard_errors => 'none')";
const SHOULD_RUN: &str = "SELECT * FROM irt_should_run_calibration()";

/// Medians of so many.
const ROUNDS: usize = 5;

/// The section on scans.
pub fn beside_a_plain_scan(page: &mut Page, programs: &Programs, full: bool) {
    page.say(&format!(
        "Responses as (int, int, boolean, timestamptz), warm, in a server with 3 GB of shared_buffers; 500 items, 20 \
         responses a person. Plain scan: `{SCAN}`, without parallel workers. Run: `irt_run_calibration(true, \
         standard_errors => 'none')` of a bank without diagnostics, checks and links (scale `population`), on one thread. Run and scan in turn, \
         medians of {ROUNDS} (one of 10^8). Then 1,000 responses are new, and `irt_should_run_calibration()` says that \
         these are enough, and with `min_new_responses => 1001` that they are not, by counting all.",
    ));
    let cluster = Cluster::with_settings(SETTINGS);
    let mut session = cluster.connect();
    session.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let mut sizes = vec![50_000, 500_000];
    sizes.extend(full.then_some(5_000_000));
    let (mut sized, mut by_workers) = (Vec::new(), Vec::new());
    for persons in sizes {
        prepare(&mut session, programs, persons);
        sized.push(beside_a_scan(&mut session, if persons < 1_000_000 { ROUNDS } else { 1 }));
        if persons == 500_000 {
            by_workers = with_workers(&cluster, &mut session);
        }
    }
    let header = [
        "responses",
        "plain scan, s",
        "run, s",
        "E-steps",
        "run ÷ plain scan",
        "enough new, without an index, ms",
        "with an index on answered_at, ms",
        "too few new, with it, ms",
    ];
    page.table(&header, &sized);
    page.say(
        "What workers do, at 10^7 responses, as ratios to none; max_parallel_workers_per_gather is the server's. A run \
         has one thread more than that. Counting is what a run does first that may be skipped. Postgres does not choose a \
         parallel plan for loading by itself, because every row would have to be handed over; in the last line it was \
         made to, by parallel_tuple_cost = 0.",
    );
    let header = [
        "workers",
        "plain scan",
        "counting",
        "loading",
        "run",
        "the same parameters, to the last bit",
    ];
    page.table(&header, &by_workers);
}

/// A bank that estimates and nothing else.
fn prepare(session: &mut Client, programs: &Programs, persons: u32) {
    load_table(session, programs, persons);
    for statement in ["ALTER TABLE responses ALTER user_id TYPE int", "VACUUM ANALYZE responses"] {
        session.batch_execute(statement).unwrap();
    }
    session
        .batch_execute(
            "SELECT irt_drop_bank('default') WHERE EXISTS (SELECT FROM irt_item_banks);
             SELECT irt_configure(diagnostics => false, answered_at_column => 'answered_at',
                                  scale => 'population')",
        )
        .unwrap();
    // What checks there are, a run says.
    session.batch_execute(RUN).unwrap();
    session
        .batch_execute(
            "SELECT irt_set_check(check_name, 'infinity', 'infinity')
             FROM (SELECT DISTINCT check_name FROM irt_run_checks) c",
        )
        .unwrap();
    session.batch_execute(RUN).unwrap();
    let checks = "SELECT count(*) FROM irt_run_checks
                  WHERE run_id = (SELECT max(id) FROM irt_calibration_runs) AND outcome <> 'not_applicable'";
    assert_eq!(value(session, checks).as_deref(), Some("0"), "checks are switched off");
}

fn seconds(session: &mut Client, statement: &str) -> f64 {
    let start = Instant::now();
    session.query(statement, &[]).unwrap();
    start.elapsed().as_secs_f64()
}

fn beside_a_scan(session: &mut Client, rounds: usize) -> Vec<String> {
    seconds(session, SCAN);
    let pairs: Vec<(f64, f64)> =
        (0..rounds).map(|_| (seconds(session, SCAN), seconds(session, RUN))).collect();
    let (scan, run) = (median(pairs.iter().map(|p| p.0)), median(pairs.iter().map(|p| p.1)));
    let e_steps = "SELECT em_iterations FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    let e_steps = value(session, e_steps).unwrap();
    let responses = value(session, "SELECT count(*) FROM responses").unwrap().parse().unwrap();
    session
        .batch_execute(
            "INSERT INTO responses
             SELECT user_id + 1000000000, question_id, is_correct, now() FROM responses LIMIT 1000",
        )
        .unwrap();
    let mut milliseconds = |statement: &str, decision: &str| {
        assert_eq!(value(session, statement).as_deref(), Some(decision), "{statement}");
        number(1000.0 * median((0..rounds).map(|_| seconds(session, statement))))
    };
    let without = milliseconds(SHOULD_RUN, "t");
    session.batch_execute("CREATE INDEX by_time ON responses (answered_at)").unwrap();
    let mut milliseconds = |statement: &str, decision: &str| {
        assert_eq!(value(session, statement).as_deref(), Some(decision), "{statement}");
        number(1000.0 * median((0..rounds).map(|_| seconds(session, statement))))
    };
    let with = milliseconds(SHOULD_RUN, "t");
    let too_few =
        milliseconds("SELECT * FROM irt_should_run_calibration(min_new_responses => 1001)", "f");
    vec![
        thousands(responses),
        number(scan),
        number(run),
        e_steps,
        number(run / scan),
        without,
        with,
        too_few,
    ]
}

/// What was measured with so many workers.
struct Timed {
    scan: f64,
    counting: f64,
    loading: f64,
    run: f64,
    parameters: Vec<Vec<Option<String>>>,
}

fn with_workers(cluster: &Cluster, session: &mut Client) -> Vec<Vec<String>> {
    let settings = [("0", 0, "0.1"), ("1", 1, "0.1"), ("2", 2, "0.1"), ("2, loading too", 2, "0")];
    let timed: Vec<Timed> = settings
        .iter()
        .map(|(_, workers, tuple_cost)| timed_with(cluster, session, *workers, tuple_cost))
        .collect();
    let none = &timed[0];
    settings
        .iter()
        .zip(&timed)
        .map(|((name, ..), timed)| {
            let same = if timed.parameters == none.parameters { "yes" } else { "NO" };
            vec![
                (*name).to_owned(),
                number(timed.scan / none.scan),
                number(timed.counting / none.counting),
                number(timed.loading / none.loading),
                number(timed.run / none.run),
                same.to_owned(),
            ]
        })
        .collect()
}

fn timed_with(cluster: &Cluster, session: &mut Client, workers: u32, tuple_cost: &str) -> Timed {
    // A run has the server's settings, not the session's.
    for statement in [
        format!("ALTER SYSTEM SET max_parallel_workers_per_gather = {workers}"),
        format!("ALTER SYSTEM SET parallel_tuple_cost = {tuple_cost}"),
        "SELECT pg_reload_conf()".to_owned(),
    ] {
        session.batch_execute(&statement).unwrap();
    }
    let mut session = loop {
        let mut fresh = cluster.connect();
        let there = value(&mut fresh, "SHOW max_parallel_workers_per_gather");
        if there == Some(workers.to_string()) {
            break fresh;
        }
    };
    let counting = "SELECT * FROM irt_should_run_calibration(min_new_responses => 1001)";
    let (mut scans, mut counts, mut loads, mut runs) = (vec![], vec![], vec![], vec![]);
    seconds(&mut session, SCAN);
    for _ in 0..ROUNDS {
        scans.push(seconds(&mut session, SCAN));
        counts.push(seconds(&mut session, counting));
        let watch = Watch::begin(cluster);
        runs.push(seconds(&mut session, RUN));
        loads.push(watch.end().seconds("loading"));
    }
    let parameters = format!(
        "SELECT item, difficulty, discrimination FROM irt_item_parameters
         WHERE run_id = (SELECT max(id) FROM irt_calibration_runs) ORDER BY item LIMIT {ITEMS}"
    );
    Timed {
        scan: median(scans),
        counting: median(counts),
        loading: median(loads),
        run: median(runs),
        parameters: rows(&mut session, &parameters),
    }
}
