//! How often a table is read: an index that answers, counting and loading in one, parallel workers.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, rows, value};
use postgres::Client;
use std::time::{Duration, Instant};

/// 4,000 responses of last week; `answer` adds some of persons that were not there before.
const TABLES: &str = "
    CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
    CREATE TABLE questions AS SELECT generate_series(1, 8) AS id;
    CREATE SEQUENCE persons;
    CREATE FUNCTION answer(count int, at timestamptz) RETURNS void LANGUAGE sql AS $$
        INSERT INTO responses
        SELECT nextval('persons'), 1 + i % 8, i % 3 = 0, at FROM generate_series(1, count) i
    $$;
    INSERT INTO responses
    SELECT p, q, chance(p, 0) + chance(p, q) > 0.7 + q / 20.0, now() - interval '7 days'
    FROM generate_series(1, 500) p, generate_series(1, 8) q;
    SELECT setval('persons', 1000);
    SELECT irt_add_item_columns('questions')";

const INDEX: &str = "CREATE INDEX by_time ON responses (answered_at)";

/// A bank whose last success saw all of its responses.
fn calibrated(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(settings);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(common::CHANCE).unwrap();
    client.batch_execute(TABLES).unwrap();
    client.batch_execute("SELECT irt_configure(diagnostics => false)").unwrap();
    assert_eq!(run(&mut client, "")[0], "success");
    (cluster, client)
}

/// Status, new and seen responses of a run.
fn run(client: &mut Client, arguments: &str) -> Vec<String> {
    let arguments = if arguments.is_empty() { String::new() } else { format!(", {arguments}") };
    let run = format!(
        "SELECT status, new_responses_count, responses_seen_count
         FROM irt_run_calibration(standard_errors => 'none'{arguments})"
    );
    rows(client, &run).remove(0).into_iter().map(Option::unwrap).collect()
}

/// What irt_should_run_calibration says, and how often that reads the whole table.
fn should_run(client: &mut Client, min_new_responses: i32) -> (bool, i64, i64) {
    // What this session did before is in these numbers until the server collects them.
    let scans = |client: &mut Client| -> i64 {
        let scans = "SELECT COALESCE(sum(seq_scan), 0) FROM pg_stat_xact_user_tables
                     WHERE relname LIKE 'responses%' OR relname LIKE 'part%'";
        value(client, scans).unwrap().parse().unwrap()
    };
    client.batch_execute("BEGIN").unwrap();
    let before = scans(client);
    let decision = rows(
        client,
        &format!(
            "SELECT should_run, new_responses_count FROM irt_should_run_calibration({min_new_responses})"
        ),
    )
    .remove(0);
    let scans = scans(client) - before;
    client.batch_execute("ROLLBACK").unwrap();
    let [enough, new] = <[_; 2]>::try_from(decision).unwrap().map(Option::unwrap);
    (enough == "t", new.parse().unwrap(), scans)
}

/// How often the table was read as a whole up to now, by whoever has ended since.
fn scans(client: &mut Client) -> i64 {
    let patience = Instant::now() + Duration::from_secs(10);
    let busy = "SELECT count(*) FROM pg_stat_activity
                WHERE backend_type IN ('irt_calibration', 'parallel worker')";
    while value(client, busy).as_deref() != Some("0") {
        assert!(Instant::now() < patience, "a worker does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    if common::major() >= 15 {
        client.batch_execute("SELECT pg_stat_force_next_flush()").unwrap();
    } else {
        // The collector of older servers is told, and writes, half a second later.
        std::thread::sleep(Duration::from_millis(1500));
    }
    let scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'responses'";
    value(client, scans).unwrap().parse().unwrap()
}

/// How often a run reads the whole table, and what it says.
fn scans_of_run(client: &mut Client, arguments: &str) -> (i64, Vec<String>) {
    let before = scans(client);
    let said = run(client, arguments);
    (scans(client) - before, said)
}

#[test]
fn an_index_says_yes_and_all_are_counted_before_a_no() {
    let (_cluster, mut client) = calibrated("");
    assert_eq!(should_run(&mut client, 1), (false, 0, 1), "without an index");
    client.batch_execute(INDEX).unwrap();
    client.batch_execute("SELECT answer(150, now())").unwrap();
    assert_eq!(should_run(&mut client, 100), (true, 150, 0));
    assert_eq!(should_run(&mut client, 150), (true, 150, 0));
    assert_eq!(should_run(&mut client, 151), (false, 150, 1));
    // Late ones do not show in the index's answer, and do in the count.
    client.batch_execute("SELECT answer(7, now() - interval '1 day')").unwrap();
    assert_eq!(should_run(&mut client, 150), (true, 150, 0));
    assert_eq!(should_run(&mut client, 157), (true, 157, 1));
    assert_eq!(should_run(&mut client, 158), (false, 157, 1));
    assert_eq!(should_run(&mut client, 0), (true, 150, 0));
}

#[test]
fn an_index_stops_counting_at_so_many() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute(INDEX).unwrap();
    client.batch_execute("SELECT answer(12000, now())").unwrap();
    assert_eq!(should_run(&mut client, 100), (true, 10_000, 0));
    assert_eq!(should_run(&mut client, 11_000), (true, 11_000, 0));
    assert_eq!(should_run(&mut client, 12_001), (false, 12_000, 1));
}

#[test]
fn what_was_ahead_is_not_new_by_the_index_either() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute(INDEX).unwrap();
    client.batch_execute("SELECT answer(40, now() + interval '1 year')").unwrap();
    assert_eq!(run(&mut client, "force => true"), ["success", "40", "4000"]);
    assert_eq!(should_run(&mut client, 1), (false, 0, 1));
    client
        .batch_execute("SELECT answer(20, now()), answer(30, 'infinity'), answer(30, '-infinity')")
        .unwrap();
    assert_eq!(should_run(&mut client, 20), (true, 20, 0));
    // Infinite times are none: those responses have grown in number.
    assert_eq!(should_run(&mut client, 21), (true, 80, 1));
}

#[test]
fn before_the_first_run_the_index_says_that_there_are_enough() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute("SELECT irt_drop_bank('default')").unwrap();
    assert_eq!(should_run(&mut client, 100), (true, 4000, 1), "without an index");
    client.batch_execute(INDEX).unwrap();
    assert_eq!(should_run(&mut client, 100), (true, 4000, 0));
    client.batch_execute("SELECT answer(9000, now())").unwrap();
    assert_eq!(should_run(&mut client, 100), (true, 10_000, 0));
    assert_eq!(should_run(&mut client, 13_001), (false, 13_000, 1));
}

#[test]
fn only_an_index_that_begins_with_the_time_serves() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute("SELECT answer(150, now())").unwrap();
    for (index, scans) in [
        ("(user_id, answered_at)", 1),
        ("USING hash (answered_at)", 1),
        ("USING brin (answered_at)", 1),
        ("(answered_at) WHERE question_id < 5", 1),
        ("((answered_at AT TIME ZONE 'UTC'))", 1),
        ("(answered_at DESC)", 0),
        ("(answered_at, user_id)", 0),
        ("(answered_at) WHERE is_correct IS NOT NULL", 0),
    ] {
        client.batch_execute(&format!("CREATE INDEX by_time ON responses {index}")).unwrap();
        assert_eq!(should_run(&mut client, 100), (true, 150, scans), "{index}");
        client.batch_execute("DROP INDEX by_time").unwrap();
    }
}

#[test]
fn times_of_any_type_views_and_partitions_have_indexes_too() {
    let (_cluster, mut client) = calibrated("");
    client
        .batch_execute(
            "CREATE DOMAIN moment AS timestamptz;
             ALTER TABLE responses ADD day date, ADD clock timestamp, ADD at moment;
             CREATE VIEW completed AS SELECT * FROM responses WHERE question_id > 0;
             CREATE INDEX ON responses (answered_at);
             CREATE INDEX ON responses (day);
             CREATE INDEX ON responses (clock);
             CREATE INDEX ON responses (at);
             CREATE TABLE parted (user_id int, question_id int, is_correct boolean, answered_at timestamptz)
                 PARTITION BY RANGE (answered_at);
             CREATE TABLE part1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2100-01-01');
             CREATE TABLE part2 PARTITION OF parted DEFAULT;
             CREATE INDEX ON parted (answered_at);
             SELECT answer(150, now() + interval '2 days');
             UPDATE responses SET day = answered_at, clock = answered_at AT TIME ZONE 'UTC', at = answered_at;
             INSERT INTO parted SELECT user_id, question_id, is_correct, answered_at FROM responses",
        )
        .unwrap();
    for settings in [
        "responses => 'responses', answered_at_column => 'day'",
        "answered_at_column => 'clock'",
        "answered_at_column => 'at'",
        "answered_at_column => 'answered_at', responses => 'completed'",
        "responses => 'parted'",
    ] {
        client.batch_execute(&format!("SELECT irt_configure({settings})")).unwrap();
        client.batch_execute("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, DMY'").unwrap();
        assert_eq!(should_run(&mut client, 100), (true, 150, 0), "{settings}");
        client.batch_execute("RESET TimeZone; RESET DateStyle").unwrap();
        let (enough, new, scans) = should_run(&mut client, 1000);
        assert_eq!((enough, new), (false, 150), "{settings}");
        assert!(scans > 0, "{settings}");
    }
    client.batch_execute("DROP INDEX parted_answered_at_idx").unwrap();
    let (enough, new, scans) = should_run(&mut client, 100);
    assert_eq!((enough, new), (true, 150));
    assert!(scans > 0);
}

#[test]
fn a_run_that_will_happen_anyway_reads_once() {
    let (_cluster, mut client) = calibrated("");
    assert_eq!(
        scans_of_run(&mut client, "force => true, publish => false"),
        (1, vec!["success".into(), "0".into(), "4000".into()])
    );
    // Late, and no more than late: nothing but the whole count shows them.
    client.batch_execute("SELECT answer(120, now() - interval '1 day')").unwrap();
    let counts = |status: &str, new: i64, seen: i64| {
        vec![status.to_owned(), new.to_string(), seen.to_string()]
    };
    let (scans, said) = scans_of_run(&mut client, "publish => false, min_new_responses => 121");
    assert_eq!(said, counts("skipped", 120, 4120));
    assert!(scans >= 1);
    let (scans, said) = scans_of_run(&mut client, "publish => false");
    assert_eq!(said, counts("success", 120, 4120));
    assert!(scans >= 2, "counted, then read");
    client.batch_execute(INDEX).unwrap();
    client.batch_execute("SELECT answer(150, now())").unwrap();
    assert_eq!(
        scans_of_run(&mut client, "publish => false"),
        (1, counts("success", 270, 4270)),
        "the index says that there are enough; late ones are counted while reading"
    );
    assert_eq!(
        scans_of_run(&mut client, "min_new_responses => 0"),
        (1, counts("success", 270, 4270))
    );
    assert_eq!(should_run(&mut client, 1).1, 0);
}

#[test]
fn the_end_of_a_table_may_say_that_there_are_enough() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute("SELECT answer(150, now())").unwrap();
    let before = scans(&mut client);
    assert_eq!(run(&mut client, "publish => false"), ["success", "150", "4150"]);
    let read = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'responses'";
    let after = scans(&mut client);
    assert!(after - before <= 2, "of its end and of all");
    let all = value(&mut client, read);
    assert_eq!(run(&mut client, "publish => false, force => true"), ["success", "150", "4150"]);
    scans(&mut client);
    let [all, more] =
        [all, value(&mut client, read)].map(|rows| rows.unwrap().parse::<i64>().unwrap());
    assert_eq!(more - all, 4150, "a forced run looks at every row once");
}

#[test]
fn what_came_since_the_run_in_force_is_diagnosed_without_another_scan() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute("SELECT irt_configure(diagnostics => true)").unwrap();
    client
        .batch_execute(
            "INSERT INTO responses
             SELECT p, q, (q = 8) <> (chance(p, 0) + chance(p, q) > 0.7 + q / 20.0), now()
             FROM generate_series(2001, 2400) p, generate_series(1, 8) q",
        )
        .unwrap();
    let (scans, said) = scans_of_run(&mut client, "force => true, publish => false");
    assert_eq!((scans, said[1].as_str()), (1, "3200"));
    let drifted = "SELECT item, responses_count FROM irt_item_groups
                   WHERE group_name = '(new)' AND abs(delta_z) > 3 ORDER BY abs(delta_z) DESC LIMIT 1";
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows(&mut client, drifted), [[text("8"), text("400")]]);
    let items = "SELECT count(*), min(responses_count), max(responses_count) FROM irt_item_groups
                 WHERE group_name = '(new)'";
    assert_eq!(rows(&mut client, items), [[text("8"), text("400"), text("400")]]);
}

#[test]
fn a_bank_without_times_is_read_once_where_forced() {
    let (_cluster, mut client) = calibrated("");
    client.batch_execute("SELECT irt_configure(answered_at_column => '')").unwrap();
    client.batch_execute("SELECT answer(10, now())").unwrap();
    assert_eq!(
        scans_of_run(&mut client, "force => true"),
        (1, vec!["success".into(), "10".into(), "4010".into()])
    );
}

#[test]
fn repeats_take_a_second_look_at_the_times() {
    let (_cluster, mut client) = calibrated("");
    client
        .batch_execute(
            "INSERT INTO responses SELECT 1, 1, i = 1, now() FROM generate_series(0, 1) i",
        )
        .unwrap();
    assert_eq!(
        scans_of_run(&mut client, "force => true"),
        (2, vec!["success".into(), "2".into(), "4002".into()])
    );
}

#[test]
fn parallel_workers_change_no_bit() {
    let forced = if common::major() >= 16 { "debug_parallel_query" } else { "force_parallel_mode" };
    let settings = format!(
        "max_parallel_workers_per_gather = 2
         max_parallel_workers = 8
         {forced} = on
         parallel_tuple_cost = 0
         parallel_setup_cost = 0
         min_parallel_table_scan_size = 0"
    );
    let (_cluster, mut client) = calibrated(&settings);
    client.batch_execute("ALTER TABLE responses SET (parallel_workers = 2)").unwrap();
    client
        .batch_execute(
            "INSERT INTO responses SELECT p, 3, p % 2 = 0, now() FROM generate_series(1, 40) p",
        )
        .unwrap();
    let estimates =
        "SELECT p.item, p.difficulty, p.discrimination, p.se_difficulty, p.se_discrimination,
                            p.responses_count, r.log_likelihood, r.new_responses_count,
                            r.responses_seen_count, r.responses_correct_count, r.repeats_dropped
                     FROM irt_item_parameters p JOIN irt_calibration_runs r ON r.id = p.run_id
                     WHERE r.id = (SELECT max(id) FROM irt_calibration_runs) ORDER BY p.item";
    let calibrate = "SELECT id FROM irt_run_calibration(true, publish => false,
                                                        standard_errors => 'observed_information')";
    let mut all = Vec::new();
    for workers in [2, 0, 1] {
        client
            .batch_execute(&format!("ALTER SYSTEM SET max_parallel_workers_per_gather = {workers}"))
            .unwrap();
        client.batch_execute("SELECT pg_reload_conf()").unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let before = scans(&mut client);
        client.batch_execute(calibrate).unwrap();
        let times = scans(&mut client) - before;
        // Everybody who takes part in a parallel scan counts; there are repeats, so it is read twice.
        if workers == 0 {
            assert_eq!(times, 2);
        } else {
            assert!(times > 2, "{workers}: {times} scans");
        }
        all.push(rows(&mut client, estimates));
    }
    assert_eq!(all[0].len(), 8);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}
