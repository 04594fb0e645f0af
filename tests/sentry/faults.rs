//! Twelve ways in which Sentry fails: each costs at most two seconds and leaves one WARNING.

use crate::common::error;
use crate::listener::{Answer, Listener};
use crate::{KEY, lsat7, report_to, wait_for_workers, warnings};
use std::time::{Duration, Instant};

/// What a run spends on Sentry, and what it takes to notice that it ended.
const MOST: Duration = Duration::from_millis(2400);

/// A machine may be slow now and then: a report that is too slow is so every time.
const ATTEMPTS: usize = 5;

#[test]
fn a_faulty_sentry_changes_nothing_but_a_warning() {
    let (cluster, mut client) = lsat7();
    let listener = |answer| Listener::start(answer).port;
    let local = |scheme: &str, port: u16| format!("{scheme}://{KEY}@127.0.0.1:{port}/1");
    let text = |text| local("http", listener(Answer::Text(text)));
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        ("refused", local("http", refused), "connection refused"),
        ("black hole", local("http", listener(Answer::Silence)), "timed out"),
        ("slow drip", local("http", listener(Answer::Drip)), "timed out"),
        ("reset", local("http", listener(Answer::Reset)), ""),
        (
            "TLS garbage",
            local("https", listener(Answer::AtOnce("no TLS at all\r\n\r\n"))),
            "no TLS connection",
        ),
        ("DNS failure", format!("http://{KEY}@sentry.invalid/1"), ""),
        (
            "429",
            text("HTTP/1.1 429 Too Many\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"),
            "429",
        ),
        ("500", text("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "500"),
        ("413", text("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), "413"),
        ("truncated", text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), ""),
        ("redirects", text("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), ""),
        ("malformed DSN", format!("http:/{KEY}"), "the DSN is malformed"),
    ];
    let mut runs = 0;
    for (kind, dsn, reason) in &cases {
        report_to(&mut client, dsn);
        let in_time = (0..ATTEMPTS).any(|_| {
            let failed = error(&mut client, "SELECT irt_run_calibration(standard_errors => 'x')");
            let answered = Instant::now();
            wait_for_workers(&mut client);
            assert_eq!(failed.code().code(), "22023", "{kind}");
            runs += 1;
            answered.elapsed() < MOST
        });
        assert!(in_time, "{kind} holds the worker up for more than {MOST:?}");
        let warnings = warnings(&cluster);
        assert_eq!(warnings.len(), runs, "{kind}: {warnings:?}");
        let last = &warnings[runs - 1];
        assert!(last.contains("WARNING") && last.contains(reason), "{kind}: {last}");
        assert!(!last.contains(KEY) && !last.contains("127.0.0.1"), "{kind}: {last}");
    }
    let failures = "SELECT count(*) FROM irt_calibration_runs WHERE error_sqlstate = '22023'";
    assert_eq!(crate::value(&mut client, failures), Some(runs.to_string()));
}

/// A server that never answers holds the worker for its whole patience: were the caller held as
/// well, its worker would be gone together with the wait.
#[test]
fn the_caller_has_its_answer_before_sentry_is_tried() {
    let (_cluster, mut client) = lsat7();
    let silent = Listener::start(Answer::Silence);
    report_to(&mut client, &format!("http://{KEY}@127.0.0.1:{}/1", silent.port));
    let answered_first = (0..ATTEMPTS).any(|_| {
        error(&mut client, "SELECT irt_run_calibration(standard_errors => 'x')");
        let answered = Instant::now();
        wait_for_workers(&mut client);
        answered.elapsed() > Duration::from_secs(1)
    });
    assert!(answered_first, "the worker has tried Sentry before it answers");
    assert!(!silent.requests().is_empty());
}
