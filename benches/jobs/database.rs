//! Whole runs, next to scans of their table.

use crate::common::{Cluster, value};
use crate::estimator::{Design, Programs};
use crate::kinds::kinds_of_tables;
use crate::page::{Page, median, number, thousands};
use crate::watch::{Seen, Watch};
use postgres::Client;
use std::time::Instant;

/// Lines of postgresql.conf.
const SETTINGS: &str = "
    shared_buffers = 64MB
    max_wal_size = 8GB
    autovacuum = off
    work_mem = 256MB
    irt_calibration.max_memory = 16GB
    irt_calibration.timeout = 2h
    session_preload_libraries = irt_calibration
    max_parallel_workers_per_gather = 0";

/// How many items there are.
pub const ITEMS: u32 = 500;
/// Of the items, per person: 20.
const ANSWERED: f64 = 0.04;
const PER_PERSON: u64 = 20;

/// The section on runs.
pub fn in_the_database(page: &mut Page, programs: &Programs, full: bool) {
    page.say("## The run, next to a scan of its table");
    page.say(
        "500 items, 20 responses a person; `irt_run_calibration(standard_errors => 'none')` and the scans in one \
         session without parallel workers, tables warm; medians of five, one run of 10^8. Plain scan: `SELECT \
         count(*) FILTER (WHERE is_correct) FROM responses`; counting scan: with `count(DISTINCT question_id)`. \
         Loading is reading and grouping by person, and counting what is new on the way; \
         `irt_should_run_calibration` counts without an index. Memory is the worker's private memory at its peak; its bound is 12 \
         bytes a response, 16 × 64 × 8 bytes an item and thread, and 100 MB.",
    );
    let cluster = Cluster::with_settings(SETTINGS);
    let mut session = cluster.connect();
    session.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let mut sizes = vec![5_000, 50_000, 500_000];
    sizes.extend(full.then_some(5_000_000));
    let runs: Vec<Size> =
        sizes.iter().map(|&persons| measure(&cluster, &mut session, programs, persons)).collect();
    let header = [
        "responses",
        "plain scan, s",
        "counting scan, s",
        "counting what is new, s",
        "loading, s",
        "fitting, s",
        "E-steps",
        "whole run, s",
        "loading ÷ plain scan",
        "run ÷ counting scan",
        "memory, MB",
    ];
    page.table(&header, &runs.iter().map(Size::row).collect::<Vec<_>>());
    page.say(&growth(&runs));
    load_table(&mut session, programs, 50_000);
    kinds_of_tables(page, &cluster, &mut session);
}

/// What was measured at one size.
struct Size {
    persons: u32,
    responses: u64,
    plain: f64,
    counting: f64,
    new: f64,
    loading: f64,
    fitting: f64,
    e_steps: i32,
    run: f64,
    peak: f64,
}

impl Size {
    fn row(&self) -> Vec<String> {
        let bound = (12 * self.responses + 16 * 64 * 8 * u64::from(ITEMS)) as f64;
        vec![
            thousands(self.responses),
            number(self.plain),
            number(self.counting),
            number(self.new),
            number(self.loading),
            number(self.fitting),
            self.e_steps.to_string(),
            number(self.run),
            number(self.loading / self.plain),
            number(self.run / self.counting),
            format!("{:.0} of {:.0}", self.peak, bound / f64::from(1 << 20) + 100.0),
        ]
    }
}

fn measure(cluster: &Cluster, session: &mut Client, programs: &Programs, persons: u32) -> Size {
    let responses = load_table(session, programs, persons);
    let times = if persons < 1_000_000 { 5 } else { 1 };
    let plain = timed(session, "SELECT count(*) FILTER (WHERE is_correct) FROM responses", times);
    let counting = timed(
        session,
        "SELECT count(*) FILTER (WHERE is_correct), count(DISTINCT question_id) FROM responses",
        times,
    );
    let new = timed(session, "SELECT * FROM irt_should_run_calibration()", times);
    let runs: Vec<(f64, i32, Seen)> = (0..times).map(|_| whole_run(cluster, session)).collect();
    let phase = |name| median(runs.iter().map(|(_, _, seen)| seen.seconds(name)));
    Size {
        persons,
        responses,
        plain,
        counting,
        new,
        loading: phase("loading"),
        fitting: phase("fitting"),
        e_steps: runs[0].1,
        run: median(runs.iter().map(|(seconds, _, _)| *seconds)),
        peak: runs.iter().map(|(_, _, seen)| seen.peak).fold(0.0, f64::max),
    }
}

/// The median of some executions, after one that warms the cache.
pub fn timed(session: &mut Client, statement: &str, times: usize) -> f64 {
    let mut once = || {
        let start = Instant::now();
        session.query(statement, &[]).unwrap();
        start.elapsed().as_secs_f64()
    };
    once();
    median((0..times).map(|_| once()))
}

/// A new table `responses`, and one of its items; how many responses there are.
pub fn load_table(session: &mut Client, programs: &Programs, persons: u32) -> u64 {
    session
        .batch_execute(
            "DROP TABLE IF EXISTS responses, questions;
             CREATE UNLOGGED TABLE raw (user_id bigint, question_id int, correct int)",
        )
        .unwrap();
    let mut copy = session.copy_in("COPY raw FROM STDIN (FORMAT csv)").unwrap();
    let mut simulated = programs.simulate(Design::new(persons, ITEMS, ANSWERED));
    std::io::copy(&mut simulated, &mut copy).unwrap();
    copy.finish().unwrap();
    session
        .batch_execute(&format!(
            "CREATE UNLOGGED TABLE responses AS
             SELECT user_id, question_id, correct = 1 AS is_correct,
                    timestamptz '2026-01-01' + row_number() OVER () * interval '1 ms' AS answered_at FROM raw;
             DROP TABLE raw;
             CREATE TABLE questions AS SELECT generate_series(0, {}) AS id;
             SELECT irt_add_item_columns('questions')",
            ITEMS - 1
        ))
        .unwrap();
    session.batch_execute("VACUUM ANALYZE responses").unwrap();
    value(session, "SELECT count(*) FROM responses").unwrap().parse().unwrap()
}

/// Seconds, E-steps, and what was seen.
fn whole_run(cluster: &Cluster, session: &mut Client) -> (f64, i32, Seen) {
    let watch = Watch::begin(cluster);
    let run = "SELECT duration_seconds, em_iterations
               FROM irt_run_calibration(true, standard_errors => 'none')";
    let row = session.query_one(run, &[]).unwrap();
    (row.get(0), row.get(1), watch.end())
}

fn growth(runs: &[Size]) -> String {
    let times = |from: &Size, to: &Size| {
        let responses = |size: &Size| thousands(u64::from(size.persons) * PER_PERSON);
        let ratio = to.run / from.run;
        format!("{} to {} responses: {ratio:.1} times", responses(from), responses(to))
    };
    let mut steps: Vec<String> = runs.windows(2).map(|pair| times(&pair[0], &pair[1])).collect();
    if let [_, million, _, most] = runs {
        steps.push(times(million, most));
    }
    format!("Growth of the whole run: {}.", steps.join("; "))
}
