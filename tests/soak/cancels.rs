//! Every way to stop a run, in every phase: how long it takes, and what it leaves.

use crate::common::{Cluster, bindir, value};
use crate::figures::{Times, say};
use crate::random::Random;
use crate::situations::{self, SITUATIONS, Situation, last_run};
use crate::{stage, volume};
use postgres::Client;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// No test of speed, which `make soak` prints: a limit that a slow machine keeps as well.
const GENEROUS: Duration = Duration::from_secs(2);

/// Who stops it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    CancelCaller,
    TerminateCaller,
    CancelWorker,
    TerminateWorker,
    CancelRun,
    StatementTimeout,
    Timeout,
    ClientGone,
}

const STOPS: [Stop; 8] = [
    Stop::CancelCaller,
    Stop::TerminateCaller,
    Stop::CancelWorker,
    Stop::TerminateWorker,
    Stop::CancelRun,
    Stop::StatementTimeout,
    Stop::Timeout,
    Stop::ClientGone,
];

impl Stop {
    /// SQLSTATE of the run's row, and a part of its message.
    fn recorded(self) -> (&'static str, &'static str) {
        match self {
            Self::TerminateWorker => ("57P01", "terminated by an administrator"),
            Self::CancelWorker | Self::CancelRun => ("57014", "on request"),
            Self::Timeout => ("57014", "irt_calibration.timeout"),
            _ => ("57014", "its caller was canceled, timed out or disconnected"),
        }
    }

    /// SQLSTATE that the caller gets; `None`: it is not there any more.
    fn told(self) -> Option<&'static str> {
        match self {
            Self::TerminateCaller | Self::ClientGone => None,
            Self::TerminateWorker => Some("57P01"),
            _ => Some("57014"),
        }
    }
}

#[test]
fn every_stop_acts_in_every_phase_and_says_why() {
    let (cluster, mut client) = situations::set();
    let mut session = cluster.connect();
    let mut random = Random::of_test(2);
    let mut all = Times::default();
    let mut late = 0;
    let each = volume(4, 18 * STOPS.len());
    for (i, situation) in SITUATIONS.into_iter().enumerate() {
        let mut here = Times::default();
        // Until a run has shown how long it takes to get there, a timeout may hit an earlier phase.
        let mut reached_after = Duration::from_millis(500);
        let mut stops = STOPS.iter().cycle().skip(i * 4).take(each).peekable();
        while let Some(stop) = stops.peek() {
            let before = stage::published(&mut client);
            let obstacle = situation.obstruct(&cluster);
            let last = last_run(&mut client);
            let call = call(&cluster, session, situation, **stop, reached_after, &mut random);
            let stopped = stop_a_run(&mut client, call, last, situation, **stop, &mut random);
            drop(obstacle);
            reached_after = stopped.reached_after.unwrap_or(reached_after);
            session = stopped.session.unwrap_or_else(|| cluster.connect());
            // The same session goes on working.
            assert_eq!(value(&mut session, "SELECT 1").as_deref(), Some("1"));
            match stopped.took {
                Some(took) => here.add(took),
                // It came too late, after a success: once more. Rows that would not change are not
                // written, and none would be waited for.
                None => {
                    late += 1;
                    // How long it takes to get there may be known from a busier moment.
                    reached_after = reached_after.mul_f64(0.9);
                    let again = "UPDATE questions SET irt_difficulty = NULL";
                    client.batch_execute(again).unwrap();
                    continue;
                }
            }
            assert_eq!(stage::published(&mut client), before, "{situation:?} {stop:?}");
            stops.next();
        }
        say(&format!("stops in {} ({}): {here}", situation.phase, situation.what));
        all.add_all(&here);
    }
    say(&format!("stops, all: {all}; {late} more came too late, after a success"));
    assert!(all.quantile(0.99) < GENEROUS, "{all}");
    let next = value(&mut session, &stage::run("bank => 'plain', standard_errors => 'none'"));
    assert_eq!(next.as_deref(), Some("success"), "the same session calibrates");
    stage::assert_whole(&mut client);
}

/// A run, with its caller, that is going to be stopped.
struct Call {
    /// What the caller was told, and when; the session comes back if it lives.
    told: Receiver<(Result<(), postgres::Error>, Instant, Client)>,
    /// A client that can be killed, instead.
    client: Option<Child>,
    backend: i32,
    limit: Option<Duration>,
    started: Instant,
}

/// What came of stopping a run.
struct Stopped {
    /// Time until both its row and its caller said so; `None`: it had succeeded before.
    took: Option<Duration>,
    /// Time until it had reached the phase, where that was waited for.
    reached_after: Option<Duration>,
    /// The caller's session, if it lives.
    session: Option<Client>,
}

fn stop_a_run(
    client: &mut Client,
    mut call: Call,
    last: i64,
    situation: Situation,
    stop: Stop,
    random: &mut Random,
) -> Stopped {
    let (run, asked, reached_after) = match call.limit {
        Some(limit) => (await_row(client, last), call.started + limit, None),
        None => {
            let Some((run, worker)) = situation.await_phase(client, last) else {
                return too_late(call);
            };
            let reached_after = call.started.elapsed();
            std::thread::sleep(random.moment(Duration::from_millis(40)));
            (run, act(client, stop, &mut call, run, worker), Some(reached_after))
        }
    };
    let (status, recorded) = await_end(client, run);
    let told = match &mut call.client {
        Some(child) => {
            child.wait().unwrap();
            None
        }
        None => Some(call.told.recv_timeout(Duration::from_secs(30)).unwrap()),
    };
    let lives = stop.told().is_some();
    if status == "success" {
        let session = told.filter(|_| lives).map(|(_, _, session)| session);
        return Stopped { took: None, reached_after, session };
    }
    assert_recorded(client, run, situation, stop);
    let mut took = recorded.saturating_duration_since(asked);
    let Some((told, at, session)) = told else {
        return Stopped { took: Some(took), reached_after, session: None };
    };
    let error = told.expect_err("a failed run has no answer");
    if let Some(expected) = stop.told() {
        let code = error.code().map(|code| code.code());
        assert_eq!(code, Some(expected), "{situation:?} {stop:?}: {error:?}");
        took = took.max(at.saturating_duration_since(asked));
    }
    Stopped { took: Some(took), reached_after, session: lives.then_some(session) }
}

/// The run was over before anybody saw it in its phase: nothing was stopped.
fn too_late(mut call: Call) -> Stopped {
    let session = match &mut call.client {
        Some(child) => {
            child.wait().unwrap();
            None
        }
        None => Some(call.told.recv_timeout(Duration::from_secs(30)).unwrap().2),
    };
    Stopped { took: None, reached_after: None, session }
}

/// Waits until the run that came after `last` has its row; returns its id.
fn await_row(client: &mut Client, last: i64) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let newest = last_run(client);
        if newest > last {
            return newest;
        }
        assert!(Instant::now() < deadline, "no run begins");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Calls irt_run_calibration from a session that is not ours to wait for.
fn call(
    cluster: &Cluster,
    mut session: Client,
    situation: Situation,
    stop: Stop,
    reached_after: Duration,
    random: &mut Random,
) -> Call {
    let backend = value(&mut session, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
    let limit = reached_after.mul_f64(1.1) + random.moment(Duration::from_millis(100));
    let setting = match stop {
        Stop::StatementTimeout => "statement_timeout",
        Stop::Timeout => "irt_calibration.timeout",
        _ => "",
    };
    let limit = (!setting.is_empty()).then_some(limit);
    if let Some(limit) = limit {
        session.batch_execute(&format!("SET {setting} = {}", limit.as_millis())).unwrap();
    }
    let statement = stage::run(situation.arguments);
    let (sender, told) = channel();
    let started = Instant::now();
    let client = (stop == Stop::ClientGone).then(|| psql(cluster, &statement));
    if client.is_none() {
        std::thread::spawn(move || {
            let answer = session.simple_query(&statement).map(|_| ());
            let at = Instant::now();
            // It fails where the session was terminated.
            let _ = session.batch_execute("RESET ALL");
            let _ = sender.send((answer, at, session));
        });
    }
    Call { told, client, backend, limit, started }
}

fn psql(cluster: &Cluster, statement: &str) -> Child {
    Command::new(bindir().join("psql"))
        .args(["-X", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-p"])
        .arg(cluster.port().to_string())
        .args(["-c", statement])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does it; returns when.
fn act(client: &mut Client, stop: Stop, call: &mut Call, run: i64, worker: i32) -> Instant {
    let backend = call.backend;
    let statement = match stop {
        Stop::CancelCaller => format!("SELECT pg_cancel_backend({backend})"),
        Stop::TerminateCaller => format!("SELECT pg_terminate_backend({backend})"),
        Stop::CancelWorker => format!("SELECT pg_cancel_backend({worker})"),
        Stop::TerminateWorker => format!("SELECT pg_terminate_backend({worker})"),
        Stop::CancelRun => format!("SELECT irt_cancel_calibration({run})"),
        _ => String::new(),
    };
    let asked = Instant::now();
    match &mut call.client {
        Some(child) => child.kill().unwrap(),
        // It has no effect on a run that has ended.
        None => drop(value(client, &statement)),
    }
    asked
}

/// Waits until the run's row has ended; returns how, and when.
fn await_end(client: &mut Client, run: i64) -> (String, Instant) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let status = format!("SELECT status FROM irt_calibration_runs WHERE id = {run}");
    loop {
        let status = value(client, &status).unwrap();
        if status != "running" {
            return (status, Instant::now());
        }
        assert!(Instant::now() < deadline, "run {run} does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn assert_recorded(client: &mut Client, run: i64, situation: Situation, stop: Stop) {
    let (sqlstate, message) = stop.recorded();
    let row = format!(
        "SELECT status || ' ' || error_sqlstate || ' ' || error_message \
         FROM irt_calibration_runs WHERE id = {run}"
    );
    let row = value(client, &row).unwrap();
    assert!(
        row.starts_with(&format!("failed {sqlstate}")) && row.contains(message),
        "{situation:?} {stop:?}: {row}"
    );
    let parameters = format!("SELECT count(*) FROM irt_item_parameters WHERE run_id = {run}");
    assert_eq!(value(client, &parameters).as_deref(), Some("0"));
    let locks = "SELECT count(*) FROM irt_calibration_progress";
    assert_eq!(value(client, locks).as_deref(), Some("0"), "a dead run is shown");
}
