//! irt_adopt_runs: the history of a job that calibrated before, and what goes on from there.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

/// The table of a Python job, with a row for each way in which a job can end.
const HISTORY: &str = "
    CREATE TYPE job_status AS ENUM ('pending', 'running', 'completed', 'failed');
    CREATE TABLE old_runs (
        id serial PRIMARY KEY, job_id varchar(36), status job_status NOT NULL, triggered_by varchar(50),
        started_at timestamptz, completed_at timestamp, duration_seconds numeric,
        questions_calibrated int, questions_skipped bigint, mean_difficulty double precision,
        mean_discrimination real, new_responses_since_last int, error_message text);
    INSERT INTO old_runs (job_id, status, triggered_by, started_at, completed_at, duration_seconds,
        questions_calibrated, questions_skipped, mean_difficulty, mean_discrimination,
        new_responses_since_last, error_message) VALUES
        ('j3', 'running', 'scheduler', '2026-03-08 04:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        ('j1', 'completed', 'scheduler', '2026-03-01 04:00+00', '2026-03-01 04:02:30', 150.5, 48, 2,
         -0.25, 1.5, 1290, NULL),
        ('j2', 'failed', NULL, '2026-03-02 04:00+00', '2026-03-02 04:00:10', NULL, 0, 0, 'NaN', '-infinity',
         3, 'no convergence');";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(HISTORY).unwrap();
    (cluster, client)
}

fn adopt(client: &mut Client, source: &str) -> i64 {
    value(client, &format!("SELECT irt_adopt_runs('{source}')")).unwrap().parse().unwrap()
}

fn texts(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (*value != "NULL").then(|| (*value).to_owned())).collect()
}

#[test]
fn every_row_becomes_a_run_once() {
    let (_cluster, mut client) = start();
    assert_eq!(adopt(&mut client, "old_runs"), 3);
    let adopted = rows(
        &mut client,
        "SET TimeZone = 'UTC';
         SELECT id, bank, status, triggered_by, started_at, completed_at, duration_seconds, items_calibrated,
                items_skipped, mean_difficulty, mean_discrimination, new_responses_count, error_message,
                error_sqlstate, settings ->> 'adopted_from', settings ->> 'job_id', responses_seen_count
         FROM irt_calibration_runs ORDER BY id",
    );
    let expected = [
        "1|default|success|scheduler|2026-03-01 04:00:00+00|2026-03-01 04:02:30+00|150.5|48|2|-0.25|1.5|1290|\
         NULL|NULL|public.old_runs|j1|NULL",
        "2|default|failed|manual|2026-03-02 04:00:00+00|2026-03-02 04:00:10+00|10|0|0|NULL|NULL|3|\
         no convergence|NULL|public.old_runs|j2|NULL",
        "3|default|failed|scheduler|2026-03-08 04:00:00+00|NULL|NULL|NULL|NULL|NULL|NULL|NULL|\
         interrupted: the job that wrote this row left it \"running\"|57P01|public.old_runs|j3|NULL",
    ];
    assert_eq!(adopted.len(), expected.len());
    for (row, expected) in adopted.iter().zip(expected) {
        assert_eq!(*row, texts(&expected.split('|').collect::<Vec<_>>()));
    }
    assert_eq!(adopt(&mut client, "old_runs"), 0, "the same rows are the same runs");
    client
        .batch_execute(
            "INSERT INTO old_runs (job_id, status, started_at)
             VALUES ('j4', 'completed', '2026-03-15 04:00+00')",
        )
        .unwrap();
    assert_eq!(adopt(&mut client, "old_runs"), 1);
    let last = "SELECT irt_last_successful_calibration() = '2026-03-15 04:00+00'";
    assert_eq!(value(&mut client, last).as_deref(), Some("t"));
}

/// Two sessions that adopt at once bring each row once.
#[test]
fn rivals_do_not_double() {
    let (cluster, mut client) = start();
    let mut rival = cluster.connect();
    client.batch_execute("BEGIN").unwrap();
    assert_eq!(adopt(&mut client, "old_runs"), 3);
    let waiting = std::thread::spawn(move || adopt(&mut rival, "old_runs"));
    let mut watcher = cluster.connect();
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while value(&mut watcher, blocked).as_deref() != Some("1") {
        assert!(std::time::Instant::now() < deadline, "the rival does not wait");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    client.batch_execute("COMMIT").unwrap();
    assert_eq!(waiting.join().unwrap(), 0);
}

#[test]
fn our_own_names_work_too_and_a_limited_run_stays_limited() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE VIEW moved AS SELECT 17 AS run_id, 'form ''B'''::text AS bank, 'success' AS status,
                 'api' AS triggered_by, '2026-01-01'::timestamptz AS started_at, 9::bigint AS items_calibrated,
                 88400::bigint AS responses_count, -5.5 AS log_likelihood, 'IR001' AS error_sqlstate,
                 '{\"seed\": 7, \"item_ids\": [\"a\"]}'::json AS settings",
        )
        .unwrap();
    assert_eq!(adopt(&mut client, "moved"), 1);
    let row = rows(
        &mut client,
        "SELECT bank, triggered_by, items_calibrated, responses_count, log_likelihood, error_sqlstate,
                settings ->> 'seed', settings ->> 'job_id' FROM irt_calibration_runs",
    );
    assert_eq!(row, [texts(&["form 'B'", "api", "9", "88400", "-5.5", "IR001", "7", "17"])]);
    let last = "SELECT irt_last_successful_calibration('form ''B''')";
    assert_eq!(value(&mut client, last), None, "it published some items only");
}

#[test]
fn what_has_come_since_the_old_jobs_last_success_is_new() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE TABLE responses (user_id int, question_id int, is_correct bool, answered_at timestamptz);
             INSERT INTO responses
             SELECT p, q, (p + q) % 2 = 0, '2026-03-01 03:59+00'::timestamptz + p * interval '1 second'
             FROM generate_series(1, 100) p, generate_series(1, 2) q",
        )
        .unwrap();
    adopt(&mut client, "old_runs");
    let decision =
        "SELECT should_run, new_responses_count, last_calibration_at = '2026-03-01 04:00+00'
                    FROM irt_should_run_calibration(80)";
    // The job of 04:00:00 saw those of 60 seconds; those of 40 came while it ran, or later.
    assert_eq!(rows(&mut client, decision), [texts(&["t", "80", "t"])]);
    client.batch_execute("INSERT INTO responses VALUES (1, 1, true, NULL)").unwrap();
    assert_eq!(rows(&mut client, decision), [texts(&["t", "80", "t"])], "without a time: seen");
    client.batch_execute("ALTER TABLE responses DROP answered_at").unwrap();
    assert_eq!(rows(&mut client, decision), [texts(&["t", "201", "t"])], "nobody counted them");
}

/// The estimates of our own last run are the previous ones, whatever was adopted in between.
#[test]
fn an_adopted_run_hides_no_earlier_estimates() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(HISTORY).unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    let run = "SELECT irt_run_calibration(standard_errors => 'none', force => true)";
    client.simple_query(run).unwrap();
    adopt(&mut client, "old_runs");
    client.simple_query(run).unwrap();
    let same = "SELECT bool_and(difficulty = previous_difficulty) FROM irt_item_parameters WHERE run_id = 5";
    assert_eq!(value(&mut client, same).as_deref(), Some("t"));
}

#[test]
fn what_cannot_be_true_is_refused_by_name() {
    let (_cluster, mut client) = start();
    for (change, sqlstate, message) in [
        (
            "started_at = NULL",
            "22023",
            "the row with job_id j1 of public.old_runs has no started_at",
        ),
        ("started_at = 'infinity'", "22023", "started_at infinity, but it must be finite"),
        ("started_at = now() + interval '1 day'", "22023", "it must not be in the future"),
        ("completed_at = '2026-03-01 03:59'", "22023", "before its started_at"),
        ("completed_at = 'infinity'", "22023", "completed_at infinity, but it must be finite"),
        ("duration_seconds = -1", "22023", "it must not be negative"),
        (
            "questions_calibrated = -1",
            "22023",
            "has the items_calibrated -1, but it must be a whole number",
        ),
        (
            "questions_skipped = 3000000000",
            "22023",
            "it must be a whole number from 0 to 2147483647",
        ),
    ] {
        let sql = format!(
            "BEGIN; UPDATE old_runs SET {change} WHERE job_id = 'j1'; SELECT irt_adopt_runs('old_runs')"
        );
        let refused = error(&mut client, &sql);
        client.batch_execute("ROLLBACK").unwrap();
        assert_eq!(refused.code().code(), sqlstate, "{change}");
        assert!(refused.message().contains(message), "{change}: {}", refused.message());
        assert!(refused.hint().unwrap().contains("adopt a view"), "{change}");
    }
    for (select, sqlstate, message) in [
        (
            "'done?' AS status, now() AS started_at",
            "22023",
            "row 1 of public.v has the status \"done?\"",
        ),
        ("NULL::text AS status, now() AS started_at", "22023", "has no status"),
        ("'failed' AS status", "42703", "column \"started_at\" of public.v does not exist"),
        ("now() AS started_at", "42703", "column \"status\" of public.v does not exist"),
        ("1 AS status, now() AS started_at", "42804", "must be text, or an enum"),
        (
            "'failed' AS status, current_date AS started_at",
            "42804",
            "must be timestamp with time zone",
        ),
        (
            "'failed' AS status, now() AS started_at, 'x' AS mean_difficulty",
            "42804",
            "must be a numeric type",
        ),
        (
            "'failed' AS status, now() AS started_at, point(1,1) AS job_id",
            "42804",
            "must be text, uuid or",
        ),
        (
            "'failed' AS status, now() AS started_at, 0.5 AS items_skipped",
            "22023",
            "a whole number",
        ),
    ] {
        client
            .batch_execute(&format!("DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT {select}"))
            .unwrap();
        let refused = error(&mut client, "SELECT irt_adopt_runs('v')");
        assert_eq!(refused.code().code(), sqlstate, "{select}: {refused:?}");
        assert!(refused.message().contains(message), "{select}: {}", refused.message());
        assert!(refused.hint().is_some(), "{select}");
    }
    for (source, sqlstate) in [
        ("NULL", "22004"),
        ("'old_runs_pkey'::regclass", "IR002"),
        ("4711::oid::regclass", "42P01"),
        ("'irt_calibration_runs'", "22023"),
    ] {
        let refused = error(&mut client, &format!("SELECT irt_adopt_runs({source})"));
        assert_eq!(refused.code().code(), sqlstate, "{source}: {refused:?}");
    }
    assert_eq!(
        value(&mut client, "SELECT count(*) FROM irt_calibration_runs").as_deref(),
        Some("0")
    );
}

/// Names that need quoting, and types that are somebody's own.
#[test]
fn hostile_names_and_domains_are_only_names() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE SCHEMA \"my; schema\"; CREATE DOMAIN \"my; schema\".\"st'atus\" AS text;
             CREATE TABLE \"my; schema\".\"r'un\"\"s\" (\"Status\" int, status \"my; schema\".\"st'atus\",
                 started_at timestamp, gone int, job_id uuid);
             ALTER TABLE \"my; schema\".\"r'un\"\"s\" DROP gone;
             INSERT INTO \"my; schema\".\"r'un\"\"s\" VALUES (1, ' SUCCESS ', '2026-01-01', gen_random_uuid()),
                 (1, 'error', '2026-01-02', NULL), (1, 'error', '2026-01-03', NULL);
             CREATE FUNCTION public.left(text, int) RETURNS text LANGUAGE sql AS 'SELECT 1/0';
             CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textne);
             CREATE OPERATOR public.<> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = pg_catalog.float8eq);
             SET search_path = public, pg_catalog",
        )
        .unwrap();
    assert_eq!(adopt(&mut client, "\"my; schema\".\"r''un\"\"s\""), 3);
    assert_eq!(adopt(&mut client, "\"my; schema\".\"r''un\"\"s\""), 0);
    let started =
        "SELECT string_agg(status || started_at, ' ' ORDER BY id) FROM irt_calibration_runs";
    client.batch_execute("RESET search_path; SET TimeZone = 'UTC'").unwrap();
    assert_eq!(
        value(&mut client, started).as_deref(),
        Some(
            "success2026-01-01 00:00:00+00 failed2026-01-02 00:00:00+00 failed2026-01-03 00:00:00+00"
        )
    );
}

#[test]
fn it_takes_rights_and_gives_none() {
    let (cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE ROLE keeper LOGIN; CREATE ROLE stranger LOGIN;
             GRANT EXECUTE ON FUNCTION irt_adopt_runs TO keeper;
             CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql AS
                 $$ BEGIN RETURN current_user || pg_has_role('postgres', 'MEMBER'); END $$;
             GRANT CREATE ON SCHEMA public TO keeper;
             CREATE TABLE guarded AS SELECT 'failed' AS status, now() AS started_at;
             GRANT SELECT ON guarded TO keeper; ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        )
        .unwrap();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    assert_eq!(error(&mut stranger, "SELECT irt_adopt_runs('old_runs')").code().code(), "42501");
    let mut keeper = cluster.connect_as("keeper", "postgres");
    let refused = error(&mut keeper, "SELECT irt_adopt_runs('old_runs')");
    assert_eq!(refused.code().code(), "42501");
    client.batch_execute(refused.hint().unwrap()).unwrap();
    assert_eq!(adopt(&mut keeper, "old_runs"), 3);
    let hidden = error(&mut keeper, "SELECT irt_adopt_runs('guarded')");
    assert_eq!(hidden.code().code(), "42501", "a policy that would hide rows is an error");
    assert_eq!(error(&mut keeper, "DELETE FROM irt_calibration_runs").code().code(), "42501");
    // A superuser who adopts somebody's view runs its functions as that somebody.
    keeper
        .batch_execute(
            "CREATE VIEW trap AS
             SELECT 'failed' AS status, now() AS started_at, public.who() AS error_message",
        )
        .unwrap();
    assert_eq!(adopt(&mut client, "trap"), 1);
    let said = "SELECT error_message FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
    assert_eq!(value(&mut client, said).as_deref(), Some("keeperfalse"));
    let read_only = error(&mut client, "BEGIN READ ONLY; SELECT irt_adopt_runs('old_runs')");
    assert_eq!(read_only.code().code(), "25006");
}
