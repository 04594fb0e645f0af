//! Jobs of one connection, next to R's mirt, where R with mirt is there (time_mirt.R).

use crate::common::{CHANCE, Cluster, value};
use crate::page::{Page, median, number};
use postgres::Client;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// One thread, as mirt has.
const SETTINGS: &str = "
    max_parallel_workers_per_gather = 0
    session_preload_libraries = irt_calibration
    irt_calibration.max_threads = 1";
/// How often both are timed, in turns.
const TURNS: usize = 5;
/// How many calls of ours are timed at once: the system counts in hundredths of a second.
const CALLS: u32 = 20;
/// 2,000 persons answer 40 items; the second half is another group, N(.5, 1.2²).
const RESPONSES: &str = "
CREATE FUNCTION normal(number bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT sqrt(-2 * ln(chance(number, salt))) * cos(2 * pi() * chance(number, salt + 1)) $$;
CREATE TABLE responses AS
SELECT person AS user_id, item AS question_id, timestamptz '2026-01-01' AS answered_at,
       CASE WHEN person > 1000 THEN 'two' ELSE 'one' END AS form,
       chance(person * 1000 + item, 5) < 1 / (1 + exp(-exp(0.3 * normal(item, 1)) * (
           CASE WHEN person > 1000 THEN 0.5 + 1.2 * normal(person, 3) ELSE normal(person, 3) END
           - normal(item, 11)))) AS is_correct
FROM generate_series(1, 2000) AS person, generate_series(1, 40) AS item ORDER BY person, item;
CREATE TABLE questions AS SELECT generate_series(1, 40) AS id;
CREATE EXTENSION irt_calibration;
SELECT irt_add_item_columns('questions');
SELECT irt_configure(prior_log_discrimination_sd => 'infinity', prior_difficulty_sd => 'infinity');";
/// Every other item.
const ANCHORS: &str = "CREATE TABLE anchors AS
    SELECT item, difficulty, discrimination FROM irt_current_parameters WHERE item::int % 2 = 0";

/// A job: its name in time_mirt.R, what it is, mirt's call, and ours.
struct Job(&'static str, &'static str, &'static str, String);

fn jobs() -> Vec<Job> {
    let call = |function: &str, group: &str, arguments: &str| {
        format!(
            "SELECT count(*) FROM {function}('SELECT user_id, question_id, is_correct{group} FROM responses',
             prior_log_discrimination_sd => 'infinity', prior_difficulty_sd => 'infinity'{arguments})"
        )
    };
    let none = ", standard_errors => 'none'";
    let exact = ", standard_errors => 'observed_information'";
    let anchors = |errors: &str| format!("{errors}, anchors => 'SELECT * FROM anchors'");
    let form = ", answered_at, form";
    let score = "SELECT count(*) FROM irt_score()".to_owned();
    vec![
        Job("fit", "a fit", "`mirt`", call("irt_fit_2pl", "", none)),
        Job("fit_se", "with standard errors", "`SE = TRUE`", call("irt_fit_2pl", "", exact)),
        Job(
            "items",
            "S-X², infit and outfit of all items",
            "`itemfit` of a fit",
            call("irt_fit_items", "", ""),
        ),
        Job("groups", "two groups", "`multipleGroup`", call("irt_fit_groups", form, none)),
        Job(
            "groups_se",
            "with standard errors",
            "`SE = TRUE`",
            call("irt_fit_groups", form, exact),
        ),
        Job(
            "anchors",
            "20 of the items are anchors",
            "`mirt`, `pars`",
            call("irt_fit_2pl", "", &anchors(none)),
        ),
        Job(
            "anchors_se",
            "with standard errors",
            "`SE = TRUE`",
            call("irt_fit_2pl", "", &anchors(exact)),
        ),
        Job("scores", "EAP of all persons", "`fscores` of a fit", score),
    ]
}

/// The section on mirt.
pub fn against_mirt(page: &mut Page) {
    page.say("## Jobs, next to R's mirt");
    let mirt = version_of_mirt();
    page.say(&format!(
        "2,000 × 40, complete, no priors; CPU seconds on one thread, medians of {TURNS}, in turns. Ours are statements in \
         one session, reading the table included, and a fit before what is computed of one (but for the scores, which \
         take what is in force); mirt has the data in memory, and `itemfit` and `fscores` a fit as well. {}",
        mirt.as_ref().map_or_else(
            || "**R with mirt is not on this machine** (`Rscript -e 'library(mirt)'` fails), so it was not timed.".to_owned(),
            |version| format!("mirt {version} at its defaults."),
        )
    ));
    let cluster = Cluster::with_settings(SETTINGS);
    let mut session = cluster.connect();
    session.batch_execute(CHANCE).unwrap();
    session.batch_execute(RESPONSES).unwrap();
    let run =
        "SELECT publication FROM irt_run_calibration(force => true, standard_errors => 'none')";
    assert_eq!(value(&mut session, run).as_deref(), Some("published"));
    session.batch_execute(ANCHORS).unwrap();

    let jobs = jobs();
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        theirs.extend(mirt.is_some().then(|| by_mirt(&mut session, &cluster)));
        ours.push(jobs.iter().map(|job| seconds(&mut session, &job.3)).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .enumerate()
        .map(|(position, Job(name, what, call, _))| {
            let ours = median(ours.iter().map(|turn| turn[position]));
            let cells = match theirs.as_slice() {
                [] => ["not here".to_owned(), number(ours), String::new()],
                turns => {
                    let theirs = median(turns.iter().map(|turn| turn[*name]));
                    [number(theirs), number(ours), number(theirs / ours)]
                }
            };
            [vec![(*what).to_owned(), (*call).to_owned()], cells.to_vec()].concat()
        })
        .collect();
    page.table(&["job", "mirt's call", "mirt, s", "ours, s", "times less"], &rows);
}

/// None where there is no R, or no mirt in it.
fn version_of_mirt() -> Option<String> {
    let version =
        "suppressPackageStartupMessages(library(mirt)); cat(format(packageVersion('mirt')))";
    let output =
        Command::new("Rscript").args(["-e", version]).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// CPU seconds of each job.
fn by_mirt(session: &mut Client, cluster: &Cluster) -> HashMap<String, f64> {
    let write = |session: &mut Client, name: &str, query: &str| {
        let mut text = String::new();
        for row in session.simple_query(query).unwrap() {
            if let postgres::SimpleQueryMessage::Row(row) = row {
                writeln!(text, "{}", row.get(0).unwrap()).unwrap();
            }
        }
        let file = std::env::temp_dir().join(format!("irt-bench-{}-{name}.csv", cluster.port()));
        fs::write(&file, text).unwrap();
        file
    };
    let responses =
        "SELECT format('%s,%s,%s,%s', user_id, question_id, is_correct::int, form) FROM responses";
    let anchors = "SELECT format('%s,%s,%s', item, difficulty, discrimination) FROM anchors";
    let files = [write(session, "responses", responses), write(session, "anchors", anchors)];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/jobs/time_mirt.R");
    let mut command = Command::new("Rscript");
    let output = command.arg(script).args(&files).stderr(Stdio::inherit()).output().unwrap();
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    assert!(output.status.success(), "{command:?}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.trim().split_once(' ').unwrap())
        .map(|(job, seconds)| (job.to_owned(), seconds.parse().unwrap()))
        .collect()
}

/// CPU seconds of one call, threads included, by several after one that warms up.
fn seconds(session: &mut Client, statement: &str) -> f64 {
    let pid: i32 = session.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    session.query(statement, &[]).unwrap();
    let before = cpu_ticks(pid);
    for _ in 0..CALLS {
        session.query(statement, &[]).unwrap();
    }
    (cpu_ticks(pid) - before) / (ticks_per_second() * f64::from(CALLS))
}

/// What the process has used so far, in the kernel's ticks: user and system, of its ended threads as well.
fn cpu_ticks(pid: i32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may have spaces.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum()
}

fn ticks_per_second() -> f64 {
    let output = Command::new("getconf").arg("CLK_TCK").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
}
