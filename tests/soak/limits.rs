//! Memory limits, from one under which hardly a session starts to one that suffices.
//!
//! The server gets the limit that `ulimit -v` sets, on its postmaster, so that everything it
//! starts has it too. Whatever a run or a fit then does, no other session may end.

use crate::common::{Cluster, error, run_as_server_user, value};
use crate::figures::say;
use crate::{situations, stage, volume};
use postgres::Client;
use postgres::error::DbError;
use std::collections::BTreeMap;
use std::fs;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Kilobytes between what the postmaster has and the first limit.
const ROOM: u64 = 2 * 1024;

/// The last step of the search for a limit that suffices, in kilobytes.
const STEP: u64 = 1024;

/// How many persons each of the 2,000 of [`stage::TABLES`] stands for, in `make soak`: 400,000
/// responses.
const COPIES: usize = 10;

#[test]
fn no_memory_limit_ends_another_session_when_a_bank_is_calibrated() {
    let run = stage::run("standard_errors => 'bootstrap', bootstrap_iterations => 3");
    tried_under_all_limits("irt_run_calibration", &run);
}

#[test]
fn no_memory_limit_ends_another_session_when_a_query_is_fitted() {
    let query = "SELECT user_id, question_id, is_correct FROM responses";
    let fit = format!("SELECT count(*) FROM irt_fit_2pl('{query}')");
    tried_under_all_limits("irt_fit_2pl", &fit);
}

/// Small allocations are what is left to refuse in the middle of a bootstrap: each replicate adds
/// some. The process gets a limit below what it has.
#[test]
fn a_run_whose_memory_ends_while_it_computes_says_so() {
    let (cluster, mut client) = stage::set();
    limit_address_space(cluster.postmaster_pid(), Some(FAR));
    for i in 0..volume(2, 40) {
        let caller = cluster.connect();
        let told = call(caller, &stage::run(ENDLESS));
        let (run, worker) = situations::await_run(&mut client, "phase = 'standard errors'");
        take_memory_away(worker, i);
        let error = told.join().unwrap();
        assert_out_of_memory(&error);
        let row = format!(
            "SELECT concat_ws(' ', status, error_sqlstate, error_message) \
             FROM irt_calibration_runs WHERE id = {run}"
        );
        let row = value(&mut client, &row).unwrap();
        assert_eq!(row, format!("failed 53200 {}", error.message()));
        assert_eq!(value(&mut client, "SELECT 1").as_deref(), Some("1"));
    }
    let next = value(&mut client, &stage::run("standard_errors => 'none'"));
    assert_eq!(next.as_deref(), Some("success"));
}

#[test]
fn a_fit_whose_memory_ends_while_it_computes_leaves_its_session_alive() {
    let (cluster, mut client) = stage::set();
    limit_address_space(cluster.postmaster_pid(), Some(FAR));
    let query = "SELECT user_id, question_id, is_correct FROM responses";
    let fit = format!("SELECT count(*) FROM irt_fit_2pl('{query}'");
    for i in 0..volume(2, 40) {
        let mut caller = cluster.connect();
        let backend = value(&mut caller, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
        let statement =
            format!("{fit}, standard_errors => 'bootstrap', bootstrap_iterations => 1000000)");
        let told = std::thread::spawn(move || (error(&mut caller, &statement), caller));
        await_threads(backend);
        take_memory_away(backend, i);
        let (error, mut caller) = told.join().unwrap();
        assert_out_of_memory(&error);
        assert_eq!(value(&mut client, "SELECT 1").as_deref(), Some("1"));
        limit_address_space(backend, None);
        assert_eq!(value(&mut caller, &format!("{fit})")).as_deref(), Some("200"));
    }
}

/// Kilobytes that nobody reaches. Where there is a limit, memory is used as if it mattered.
const FAR: u64 = 1 << 30;

/// A run that ends only when something ends it.
const ENDLESS: &str = "standard_errors => 'bootstrap', bootstrap_iterations => 1000000";

fn call(mut caller: Client, statement: &str) -> JoinHandle<DbError> {
    let statement = statement.to_owned();
    std::thread::spawn(move || error(&mut caller, &statement))
}

/// The `i`th time: at once all that it does not have, or a little later.
fn take_memory_away(process: i32, i: usize) {
    std::thread::sleep(Duration::from_millis(i as u64 * 7 % 100));
    limit_address_space(process, Some(address_space(process) + (i as u64 % 5) * 256));
}

fn assert_out_of_memory(error: &DbError) {
    assert_eq!(error.code().code(), "53200", "{error:?}");
    let hint = error.hint().unwrap_or_default();
    assert!(
        hint.contains("not irt_calibration.max_memory") && hint.contains("ulimit -v"),
        "{hint}"
    );
}

/// Waits until a process computes on threads of its own.
fn await_threads(process: i32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let threads = || fs::read_dir(format!("/proc/{process}/task")).unwrap().count();
    while threads() < 2 {
        assert!(Instant::now() < deadline, "no threads");
        std::thread::sleep(Duration::from_millis(2));
    }
    // At first they put the responses together by person.
    std::thread::sleep(Duration::from_millis(300));
}

/// Hundreds of thousands of items, nearly all of which have nothing to estimate: many small
/// allocations, in the session's own thread and in those that compute.
#[test]
fn no_memory_limit_ends_another_session_when_there_are_many_items() {
    let query = "SELECT p, i, i < 100 AND (p + i) % 3 = 0 \
                 FROM generate_series(1, 6) p, generate_series(1, 50000) i";
    let fit = format!("SELECT count(difficulty) FROM irt_fit_2pl('{query}')");
    tried_under_all_limits("irt_fit_2pl of 50,000 items", &fit);
}

fn tried_under_all_limits(what: &str, statement: &str) {
    let (cluster, mut witness) = stage::set_with("max_parallel_workers_per_gather = 1\njit = off");
    multiply(&mut witness, volume(1, COPIES));
    let postmaster = cluster.postmaster_pid();
    let lowest = address_space(postmaster) + ROOM;
    // Just too little to load the library: below it is nothing of ours.
    let floor = least_that_suffices(&cluster, lowest, "LOAD 'irt_calibration'") - STEP;
    let ceiling = least_that_suffices(&cluster, floor, statement);
    let times = volume(6, 100) as u64;
    witness.batch_execute("SELECT irt_drop_bank('default')").unwrap();
    let (mut outcomes, mut improper) = (BTreeMap::new(), Vec::new());
    for i in 0..times {
        let limit = floor + (ceiling - floor) * i / times;
        let outcome = tried_under(&cluster, limit, statement);
        // The same session, from before the first limit: it ends when any process crashes.
        if witness.simple_query("SELECT 1").is_err() {
            cluster.wait_until_ready();
            witness = cluster.connect();
            improper.push((limit, "another session ended".to_owned()));
        }
        let run = ended_run(&mut witness);
        if !outcome.is_proper(run.as_deref()) {
            improper.push((limit, format!("{outcome:?}, {run:?}")));
        }
        let row = if run.is_some() { ", with its row" } else { "" };
        *outcomes.entry(outcome.in_words() + row).or_insert(0) += 1;
        witness.batch_execute("SELECT irt_drop_bank('default')").unwrap();
    }
    say(&format!("{what} under {times} memory limits from {floor} to {ceiling} kB: {outcomes:?}"));
    println!("{}", cluster.log());
    assert!(improper.is_empty(), "{improper:#?}\n{}", cluster.log());
    let next = value(&mut witness, statement).unwrap();
    assert!(["success", "200", "99"].contains(&next.as_str()), "{next}");
}

/// What came of a call.
#[derive(Debug)]
enum Outcome {
    /// No session could be had: SQLSTATE, or none where the connection was closed.
    NotConnected(Option<String>),
    /// SQLSTATE and message.
    Failed(String, String),
    Succeeded,
}

impl Outcome {
    /// A run that got its row has it in the end, and says what the caller was told.
    fn is_proper(&self, run: Option<&str>) -> bool {
        match self {
            Self::NotConnected(_) => run.is_none(),
            Self::Succeeded => run.is_none_or(|run| run == "success"),
            Self::Failed(code, message) => match run {
                // 57014: it was the caller who had no memory to wait for it.
                Some(run) => code == "53200" && ["failed 53200", "failed 57014"].contains(&run),
                // Not even a worker could be had, or the library not be loaded.
                None => {
                    code == "53200"
                        || (code == "58000" && message.contains("worker"))
                        || message.starts_with("could not load library")
                }
            },
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::NotConnected(code) => format!("no session {}", code.as_deref().unwrap_or("")),
            Self::Failed(code, message) => {
                let words = message.split(|c: char| c.is_ascii_digit() || c == '"').next();
                format!("{code} {}", words.unwrap_or("").trim())
            }
            Self::Succeeded => "success".to_owned(),
        }
    }
}

fn tried_under(cluster: &Cluster, limit: u64, statement: &str) -> Outcome {
    let postmaster = cluster.postmaster_pid();
    limit_address_space(postmaster, Some(limit));
    let outcome = called(cluster, statement);
    limit_address_space(postmaster, None);
    outcome
}

fn called(cluster: &Cluster, statement: &str) -> Outcome {
    let mut config = cluster.config("postgres", "postgres");
    config.connect_timeout(Duration::from_secs(10));
    let code = |error: &postgres::Error| error.code().map(|code| code.code().to_owned());
    let mut session = match config.connect(postgres::NoTls) {
        Ok(session) => session,
        Err(error) => return Outcome::NotConnected(code(&error)),
    };
    match session.simple_query(statement) {
        Ok(_) => Outcome::Succeeded,
        Err(error) => {
            let message = error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned());
            if session.simple_query("SELECT 1").is_err() {
                return Outcome::Failed(format!("and ended: {:?}", code(&error)), message);
            }
            Outcome::Failed(code(&error).unwrap_or_default(), message)
        }
    }
}

/// The smallest limit, to [`STEP`], from which on the statement succeeds.
fn least_that_suffices(cluster: &Cluster, floor: u64, statement: &str) -> u64 {
    let suffices = |limit| matches!(tried_under(cluster, limit, statement), Outcome::Succeeded);
    let mut step = 1 << 16;
    let (mut too_small, mut enough) = (floor, floor + step);
    while !suffices(enough) {
        step *= 2;
        (too_small, enough) = (enough, enough + step);
    }
    while enough - too_small > STEP {
        let middle = (too_small + enough) / 2;
        if suffices(middle) { enough = middle } else { too_small = middle }
    }
    enough
}

/// How the one run ended, if there was one: a caller without memory leaves before its run ends.
fn ended_run(client: &mut Client) -> Option<String> {
    const PATIENCE: Duration = Duration::from_secs(30);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let run = "SELECT max(concat_ws(' ', status, error_sqlstate)) FROM irt_calibration_runs";
        let run = value(client, run);
        if run.as_deref() != Some("running") || Instant::now() > deadline {
            return run;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// More persons who answer as the first 2,000 do.
fn multiply(client: &mut Client, copies: usize) {
    let more = format!(
        "INSERT INTO responses SELECT r.user_id + 2000 * n, r.question_id,
                r.is_correct <> ((r.user_id + r.question_id + n) % 13 = 0), r.answered_at
         FROM responses r, generate_series(1, {copies} - 1) n; VACUUM ANALYZE responses"
    );
    for statement in more.split(';') {
        client.batch_execute(statement).unwrap();
    }
}

/// Kilobytes that a process addresses.
fn address_space(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What `ulimit -v` does, to a process that runs; `None` lifts it.
fn limit_address_space(pid: i32, kilobytes: Option<u64>) {
    let limit = kilobytes.map_or("unlimited".to_owned(), |limit| (limit * 1024).to_string());
    let mut prlimit = run_as_server_user("prlimit");
    prlimit.arg(format!("--pid={pid}")).arg(format!("--as={limit}:"));
    assert!(prlimit.status().unwrap().success(), "prlimit, of util-linux");
}
