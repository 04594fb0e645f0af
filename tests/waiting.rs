//! Runs that have to wait: for a synchronous standby, for a lock, for a worker. They end when they
//! should, and what they say is what is committed.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::{Client, NoTls};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const RUN: &str = "SELECT irt_run_calibration(true, standard_errors => 'none')";

/// A bank whose fit takes milliseconds, and bank `held`, whose responses cannot be read while
/// somebody has the advisory lock 1.
fn start(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(settings);
    let mut client = cluster.connect();
    client
        .batch_execute(
            "SET synchronous_commit = local;
             CREATE EXTENSION irt_calibration;
             CREATE TABLE responses AS
                 SELECT p AS user_id, q AS question_id, hashint4(p * 31 + q) % 7 > q % 3 AS is_correct,
                        now() AS answered_at
                 FROM generate_series(1, 400) p, generate_series(1, 8) q;
             CREATE TABLE questions AS SELECT generate_series(1, 8) AS id;
             SELECT irt_add_item_columns('questions');
             CREATE FUNCTION pass() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                 PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1); RETURN true;
             END $$;
             CREATE VIEW held_responses AS SELECT * FROM responses WHERE (SELECT pass());
             SELECT irt_configure('held', 'held_responses', items => 'questions')",
        )
        .unwrap();
    (cluster, client)
}

/// What `look` finds within a minute.
fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "a minute has passed");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `sql` yields 't'.
fn wait_for(client: &mut Client, sql: &str) {
    patiently(|| (value(client, sql).as_deref() == Some("t")).then_some(()));
}

/// From now on every commit that waits for standbys waits for ever.
fn lose_the_standby(cluster: &Cluster, client: &mut Client) {
    client.batch_execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
    cluster.reload();
    // The checkpointer tells the other processes: try until a commit waits.
    let mut config = cluster.config("postgres", "postgres");
    let mut probe = config.application_name("probe").connect(NoTls).unwrap();
    let probing = thread::spawn(move || {
        while probe.batch_execute("CREATE TEMP TABLE probe (); DROP TABLE probe").is_ok() {}
    });
    let stuck = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'probe' AND wait_event = 'SyncRep'";
    patiently(|| rows(client, stuck).pop());
    probing.join().unwrap();
}

/// Ends that.
fn find_the_standby(cluster: &Cluster, client: &mut Client) {
    client.batch_execute("ALTER SYSTEM RESET synchronous_standby_names").unwrap();
    cluster.reload();
    // The checkpointer lets go whoever waits, this session included.
    client
        .batch_execute(
            "SET synchronous_commit = on; CREATE TEMP TABLE probe (); DROP TABLE probe;
             SET synchronous_commit = local",
        )
        .unwrap();
}

/// A session in whose log are the messages of its notices.
fn listening(cluster: &Cluster) -> (Client, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let mut config = cluster.config("postgres", "postgres");
    config.notice_callback(move |notice| log.lock().unwrap().push(notice.message().to_owned()));
    (config.connect(NoTls).unwrap(), heard)
}

/// Status, SQLSTATE and message of the last run.
fn last(client: &mut Client) -> [String; 3] {
    let sql = "SELECT status, error_sqlstate, error_message FROM irt_calibration_runs
               ORDER BY id DESC LIMIT 1";
    let row = rows(client, sql).remove(0);
    let cells: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
    cells.try_into().unwrap()
}

fn calibrated(client: &mut Client) -> String {
    value(client, "SELECT count(irt_difficulty) FROM questions").unwrap()
}

#[test]
fn without_its_standby_a_run_ends_with_its_timeout_and_has_done_nothing() {
    let (cluster, mut client) = start("");
    lose_the_standby(&cluster, &mut client);
    let mut caller = cluster.connect();
    caller.batch_execute("SET irt_calibration.timeout = '500ms'").unwrap();
    let stopped = error(&mut caller, RUN);
    assert_eq!(stopped.code().code(), "57014");
    assert_eq!(
        stopped.message(),
        "the calibration was stopped after irt_calibration.timeout, 0.5 s"
    );
    assert!(stopped.detail().unwrap().contains("synchronous standby"), "{stopped:?}");
    assert!(stopped.hint().unwrap().contains("pg_stat_replication"), "{stopped:?}");
    assert_eq!(last(&mut client)[..2], ["failed", "57014"]);
    assert_eq!(calibrated(&mut client), "0");

    // The caller's own timeout ends it as well, and so does a cancel of a run that nobody waits for.
    caller.batch_execute("RESET irt_calibration.timeout; SET statement_timeout = '500ms'").unwrap();
    assert_eq!(error(&mut caller, RUN).code().code(), "57014");
    let ended = patiently(|| Some(last(&mut client)).filter(|row| row[0] != "running"));
    assert_eq!(ended[..2], ["failed", "57014"]);
    assert!(ended[2].contains("its caller was canceled"), "{ended:?}");
    assert_eq!(calibrated(&mut client), "0");
    let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    patiently(|| (value(&mut client, left).as_deref() == Some("0")).then_some(()));
}

#[test]
fn whoever_does_not_wait_for_standbys_has_runs_that_do_not() {
    let (cluster, mut client) = start("");
    lose_the_standby(&cluster, &mut client);
    assert_eq!(value(&mut client, "SHOW synchronous_commit").as_deref(), Some("local"));
    client.simple_query(RUN).unwrap();
    assert_eq!(last(&mut client)[0], "success");
    // Neither does what is recorded of a run that failed, nor a refusal.
    let failing = "SELECT irt_run_calibration(standard_errors => 'nonsense')";
    assert_eq!(error(&mut client, failing).code().code(), "22023");
    assert_eq!(last(&mut client)[..2], ["failed", "22023"]);
}

/// Starts a run of bank `held` in a session of its own, loses the standby while it reads, and
/// returns when it waits for the standby with all that it publishes.
fn publishing_without_standby(
    cluster: &Cluster,
    client: &mut Client,
    mut caller: Client,
) -> (JoinHandle<Result<Client, postgres::Error>>, String) {
    client.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
    caller.batch_execute("SET irt_calibration.lock_timeout = 0").unwrap();
    let waiting = thread::spawn(move || {
        let run = "SELECT irt_run_calibration(true, bank => 'held', standard_errors => 'none')";
        caller.simple_query(run).map(|_| caller)
    });
    wait_for(
        client,
        "SELECT count(*) = 1 FROM pg_stat_activity
         WHERE backend_type = 'irt_calibration' AND wait_event = 'advisory'",
    );
    lose_the_standby(cluster, client);
    client.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    let stuck = "SELECT pid FROM pg_stat_activity
                 WHERE backend_type = 'irt_calibration' AND wait_event = 'SyncRep'";
    let pid = patiently(|| rows(client, stuck).pop()?.pop()?);
    (waiting, pid)
}

#[test]
fn what_is_published_here_is_a_success_that_may_not_be_replicated() {
    let (cluster, mut client) = start("");
    let (caller, heard) = listening(&cluster);
    let (waiting, worker) = publishing_without_standby(&cluster, &mut client, caller);
    value(&mut client, &format!("SELECT pg_cancel_backend({worker})"));
    waiting.join().unwrap().unwrap();
    assert_eq!(last(&mut client)[0], "success");
    assert_eq!(calibrated(&mut client), "8");
    let said = heard.lock().unwrap().join("\n");
    assert!(
        said.contains("run 1 is committed, but may not have reached a synchronous standby"),
        "{said}"
    );
}

#[test]
fn a_caller_that_is_canceled_too_late_hears_that_its_run_has_published() {
    let (cluster, mut client) = start("");
    // A worker that needs longer to say so than a cancelled caller stays leaves Postgres' words:
    // then the next one is asked.
    patiently(|| {
        client.batch_execute("UPDATE questions SET irt_difficulty = NULL").unwrap();
        let caller = cluster.connect();
        let token = caller.cancel_token();
        let (waiting, _worker) = publishing_without_standby(&cluster, &mut client, caller);
        token.cancel_query(NoTls).unwrap();
        let refused = waiting.join().unwrap().map(|_| ()).unwrap_err();
        let refused = refused.as_db_error().unwrap();
        assert_eq!(refused.code().code(), "57014");
        let ended = patiently(|| Some(last(&mut client)).filter(|row| row[0] != "running"));
        assert_eq!(ended[0], "success");
        assert_eq!(calibrated(&mut client), "8");
        find_the_standby(&cluster, &mut client);
        let id = value(&mut client, "SELECT max(id) FROM irt_calibration_runs").unwrap();
        let expected =
            format!("canceled too late: run {id} of bank \"held\" has published its parameters");
        (refused.message() == expected).then_some(())
    });
}

/// What a run that waits for `lock` until irt_calibration.timeout says, with those settings.
fn says_of(cluster: &Cluster, client: &mut Client, lock: &str, settings: &str) -> String {
    let mut config = cluster.config("postgres", "postgres");
    let mut other = config.application_name("web").connect(NoTls).unwrap();
    let pid = value(&mut other, "SELECT pg_backend_pid()").unwrap();
    other.batch_execute(&format!("BEGIN; {lock}")).unwrap();
    client.batch_execute(settings).unwrap();
    let refused = error(client, RUN);
    assert_eq!(refused.code().code(), "55P03", "{lock}: {refused:?}");
    let hint = refused.hint().unwrap();
    assert!(hint.contains(&format!("pg_terminate_backend({pid})")), "{lock}: {refused:?}");
    assert_eq!(last(client)[..2], ["failed", "55P03"]);
    other.batch_execute("ROLLBACK").unwrap();
    let detail = refused.detail().unwrap().replace(&pid, "PID");
    let detail = detail.split_once(", in a transaction since").map_or(&*detail, |(lock, _)| lock);
    format!("{}. {detail}", refused.message())
}

#[test]
fn a_lock_that_is_not_to_be_had_is_an_error_that_names_who_has_it() {
    let (cluster, mut client) = start("");
    for (lock, settings, expected) in [
        (
            "UPDATE questions SET id = id",
            "SET irt_calibration.timeout = '3s'; SET irt_calibration.lock_timeout = 0",
            "could not get a lock on public.questions within irt_calibration.timeout, 3 s. \
             Process PID of role postgres (web) holds RowExclusiveLock on public.questions",
        ),
        (
            "SELECT FROM questions FOR UPDATE",
            "SET irt_calibration.timeout = '3s'; SET irt_calibration.lock_timeout = '200ms'",
            "could not get a lock on public.questions within irt_calibration.timeout, 3 s. \
             Process PID of role postgres (web) holds RowShareLock on public.questions",
        ),
        (
            "LOCK questions IN SHARE MODE",
            "SET irt_calibration.timeout = '3s'; SET irt_calibration.lock_timeout = 0",
            "could not get a lock on public.questions within irt_calibration.timeout, 3 s. \
             Process PID of role postgres (web) holds ShareLock on public.questions",
        ),
        (
            "LOCK responses",
            "RESET irt_calibration.timeout; SET irt_calibration.lock_timeout = '200ms'",
            "could not get a lock on public.responses within irt_calibration.lock_timeout, 0.2 s. \
             Process PID of role postgres (web) holds AccessExclusiveLock on public.responses",
        ),
        (
            "LOCK irt_calibration_runs IN SHARE MODE",
            "",
            "could not get a lock on public.irt_calibration_runs within \
             irt_calibration.lock_timeout, 0.2 s. \
             Process PID of role postgres (web) holds ShareLock on public.irt_calibration_runs",
        ),
    ] {
        assert_eq!(says_of(&cluster, &mut client, lock, settings), expected);
    }
    client.batch_execute("RESET irt_calibration.lock_timeout").unwrap();
    client.simple_query(RUN).unwrap();
}

#[test]
fn whoever_stands_before_a_run_in_the_queue_is_named_with_what_it_waits_for() {
    let (cluster, mut client) = start("");
    let mut first = cluster.connect();
    let pid = value(&mut first, "SELECT pg_backend_pid()").unwrap();
    first.batch_execute("BEGIN; UPDATE questions SET id = id").unwrap();
    let mut second = cluster.connect();
    let second_pid = value(&mut second, "SELECT pg_backend_pid()").unwrap();
    let second = thread::spawn(move || second.batch_execute("UPDATE questions SET id = id"));
    wait_for(&mut client, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'tuple'");
    client.batch_execute("SET irt_calibration.timeout = '3s'").unwrap();
    let refused = error(&mut client, RUN);
    assert_eq!(refused.code().code(), "55P03");
    let detail = refused.detail().unwrap();
    let holds =
        format!("Process {second_pid} of role postgres holds ExclusiveLock on public.questions");
    assert!(detail.starts_with(&holds), "{detail}");
    assert!(detail.ends_with(&format!(", and waits for process {pid}.")), "{detail}");
    first.batch_execute("ROLLBACK").unwrap();
    second.join().unwrap().unwrap();
}

/// A NOTIFY whose commit waits for its standby is in the way of every other one.
#[test]
fn a_notification_that_waits_for_a_standby_does_not_keep_a_failure_off_the_record() {
    let (cluster, mut client) = start("");
    lose_the_standby(&cluster, &mut client);
    let mut other = cluster.connect();
    let pid = value(&mut other, "SELECT pg_backend_pid()").unwrap();
    let stuck = thread::spawn(move || {
        other.batch_execute("BEGIN; NOTIFY x; CREATE TABLE written (); COMMIT")
    });
    wait_for(
        &mut client,
        &format!(
            "SELECT wait_event IS NOT DISTINCT FROM 'SyncRep' FROM pg_stat_activity WHERE pid = {pid}"
        ),
    );
    client
        .batch_execute(
            "SET irt_calibration.timeout = '3s'; SET irt_calibration.lock_timeout = '200ms'",
        )
        .unwrap();
    let refused = error(&mut client, RUN);
    assert_eq!(refused.code().code(), "55P03");
    assert_eq!(
        refused.message(),
        "could not get a lock on the queue of notifications within irt_calibration.timeout, 3 s"
    );
    let detail = refused.detail().unwrap();
    assert!(detail.starts_with(&format!("Process {pid} of role postgres holds")), "{detail}");
    assert_eq!(last(&mut client)[..2], ["failed", "55P03"]);
    value(&mut client, &format!("SELECT pg_cancel_backend({pid})"));
    stuck.join().unwrap().unwrap();
}

#[test]
fn a_prepared_transaction_has_no_process_and_is_named_all_the_same() {
    let (_cluster, mut client) = start("max_prepared_transactions = 1");
    client
        .batch_execute(
            "BEGIN; UPDATE questions SET id = id; PREPARE TRANSACTION 'forgotten';
             SET irt_calibration.timeout = '3s'",
        )
        .unwrap();
    let refused = error(&mut client, RUN);
    assert_eq!(refused.code().code(), "55P03");
    let detail = refused.detail().unwrap();
    assert_eq!(detail, "A prepared transaction holds RowExclusiveLock on public.questions.");
    assert!(refused.hint().unwrap().contains("ROLLBACK PREPARED"), "{refused:?}");
    client.batch_execute("ROLLBACK PREPARED 'forgotten'").unwrap();
    client.simple_query(RUN).unwrap();
}

/// A server with one background worker, which a run of bank `held` has.
fn without_a_free_worker() -> (Cluster, Client) {
    let (cluster, mut client) =
        start("max_worker_processes = 1\nmax_logical_replication_workers = 0");
    client
        .batch_execute(
            "SELECT pg_advisory_lock(1); SET irt_calibration.lock_timeout = 0;
             SELECT irt_start_calibration(true, bank => 'held', standard_errors => 'none')",
        )
        .unwrap();
    (cluster, client)
}

#[test]
fn a_run_waits_for_a_worker_until_there_is_one_or_somebody_stops_it() {
    let (cluster, mut client) = without_a_free_worker();
    let mut caller = cluster.connect();
    caller.batch_execute("SET irt_calibration.worker_timeout = '150ms'").unwrap();
    let refused = error(&mut caller, RUN);
    assert_eq!(refused.code().code(), "53400");
    assert_eq!(
        refused.message(),
        "no background worker was free within 0.15 s: max_worker_processes is 1"
    );
    caller.batch_execute("SET irt_calibration.worker_timeout = 0").unwrap();
    let refused = error(&mut caller, RUN);
    assert_eq!(refused.message(), "no background worker was free: max_worker_processes is 1");
    caller
        .batch_execute("RESET irt_calibration.worker_timeout; SET statement_timeout = '200ms'")
        .unwrap();
    assert_eq!(error(&mut caller, RUN).code().code(), "57014");
    caller.batch_execute("RESET statement_timeout").unwrap();
    let waiting = thread::spawn(move || caller.simple_query(RUN).map(|_| caller));
    wait_for(
        &mut client,
        "SELECT count(*) = 1 FROM pg_stat_activity
         WHERE query LIKE 'SELECT irt_run%' AND state = 'active' AND wait_event = 'Extension'",
    );
    client.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    waiting.join().unwrap().unwrap();
    let all =
        "SELECT string_agg(bank || ' ' || status, ', ' ORDER BY id) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, all).as_deref(), Some("held success, default success"));
}

/// What cron's job gets, and what is on record when its session has ended.
fn refused_to(mut cron: Client, client: &mut Client) -> (String, [String; 3]) {
    cron.batch_execute("SET irt_calibration.worker_timeout = '100ms'").unwrap();
    let refused = error(&mut cron, RUN);
    drop(cron);
    let row = patiently(|| Some(last(client)).filter(|row| row[0] == "failed"));
    assert_eq!(row[2], refused.message());
    let triggered = "SELECT triggered_by FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    assert_eq!(value(client, triggered).as_deref(), Some("cron"));
    (refused.code().code().to_owned(), row)
}

fn as_cron(cluster: &Cluster) -> Client {
    let mut config = cluster.config("postgres", "postgres");
    config.application_name("pg_cron").connect(NoTls).unwrap()
}

#[test]
fn what_cron_could_not_begin_is_on_record() {
    let (cluster, mut client) = without_a_free_worker();
    let (code, row) = refused_to(as_cron(&cluster), &mut client);
    assert_eq!(code, "53400");
    assert_eq!(row[1], "53400");
    client.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    wait_for(&mut client, "SELECT count(*) = 0 FROM irt_calibration_progress");
    client.batch_execute("DELETE FROM irt_calibration_runs WHERE status = 'failed'").unwrap();
    // A worker that cannot even connect.
    let cron = as_cron(&cluster);
    let mut elsewhere = cluster.connect_as("postgres", "template1");
    elsewhere.batch_execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false").unwrap();
    let (code, row) = refused_to(cron, &mut client);
    assert_eq!(code, "58000");
    assert_eq!(row[1], "58000");
    elsewhere.batch_execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true").unwrap();
    // A person is told, and that is enough; the next run is as any other.
    client.simple_query(RUN).unwrap();
    let all = "SELECT string_agg(status, ' ' ORDER BY id) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, all).as_deref(), Some("success failed success"));
}
