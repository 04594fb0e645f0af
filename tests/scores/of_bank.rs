//! irt_score: everybody in a bank, now and at a moment.

use crate::METHODS;
use crate::common::{Cluster, error, rows, value};
use postgres::Client;
use std::time::{Duration, Instant};

/// 300 persons answer 12 items, some of them twice; the 13th item has too few responses.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY);
INSERT INTO questions SELECT generate_series(1, 13);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
CREATE FUNCTION week(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO responses
    SELECT u, q, sin(u * 12.9898) * 2 - (q - 6.5) * 0.4 + sin(u * 78.233 + q * 37.719) * 1.5 > 0,
           '2026-01-01'::timestamptz + u * interval '1 minute'
    FROM generate_series(first, last) u, generate_series(1, 12) q
$$;
SELECT week(1, 300);
INSERT INTO responses SELECT u, 13, u % 2 = 0, '2026-01-02' FROM generate_series(1, 20) u;
INSERT INTO responses SELECT u, 5, u % 2 = 0, '2026-02-01' FROM generate_series(1, 300, 3) u;
INSERT INTO responses VALUES (1000, 13, true, '2026-01-01'), (1001, 1, NULL, '2026-01-01'),
    (1002, 1, NULL, '2026-01-01'), (1002, 2, true, '2026-01-01');
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    calibrate(&mut client);
    (cluster, client)
}

fn calibrate(client: &mut Client) {
    let run = "SELECT publication FROM irt_run_calibration(true, standard_errors => 'none')";
    assert_eq!(value(client, run).as_deref(), Some("published"));
}

/// The first response of each person to each item, with the parameters that `source` has.
fn by_hand(method: &str, source: &str, prior: &str) -> String {
    format!(
        "SELECT user_id::text, NULL, (s).ability, (s).standard_error, coalesce((s).responses_count, 0),
                coalesce((s).correct_count, 0), (SELECT max(publication_id) FROM {source} p)
         FROM (SELECT user_id, irt_{method}(is_correct, discrimination, difficulty{prior}) AS s
               FROM (SELECT DISTINCT ON (user_id, question_id) * FROM responses
                     WHERE is_correct IS NOT NULL ORDER BY user_id, question_id, answered_at) r
               LEFT JOIN {source} p ON p.item = question_id::text GROUP BY user_id) g ORDER BY 1"
    )
}

fn scores(method: &str, at: &str) -> String {
    format!("SELECT * FROM irt_score('default', '{method}', {at}) ORDER BY person")
}

#[test]
fn it_is_what_the_aggregates_say_to_the_bit() {
    let (_cluster, mut client) = start();
    for (method, _) in METHODS {
        let found = rows(&mut client, &scores(method, "NULL"));
        assert_eq!(found.len(), 302);
        let by_hand = rows(&mut client, &by_hand(method, "irt_current_parameters", ""));
        assert_eq!(found, by_hand, "{method}");
        client.batch_execute("SET irt_calibration.max_threads = 1").unwrap();
        assert_eq!(rows(&mut client, &scores(method, "NULL")), found, "{method} on one thread");
        client.batch_execute("RESET irt_calibration.max_threads").unwrap();
    }
    // Who answered nothing that is in force has the prior.
    let nothing = rows(&mut client, "SELECT * FROM irt_score() WHERE person = '1000'").remove(0);
    let expected = [Some("1000"), None, Some("0"), Some("1"), Some("0"), Some("0"), Some("1")];
    assert_eq!(nothing, expected.map(|cell| cell.map(str::to_owned)));
    // The later of two responses, where the bank says so.
    client.simple_query("SELECT irt_configure(repeated_responses => 'last')").unwrap();
    let last = by_hand("eap", "irt_current_parameters", "")
        .replace(", answered_at)", ", answered_at DESC)");
    assert_eq!(rows(&mut client, &scores("eap", "NULL")), rows(&mut client, &last));
}

#[test]
fn every_past_score_can_be_computed_again() {
    let (_cluster, mut client) = start();
    let now = "SELECT clock_timestamp()";
    let before = value(&mut client, "SELECT '2020-01-01'::timestamptz").unwrap();
    let first = value(&mut client, now).unwrap();
    let then = rows(&mut client, &scores("eap", "NULL"));
    assert_eq!(rows(&mut client, &scores("eap", "clock_timestamp()")), then);
    // Another prior counts from now on, and in the next publication's record.
    client
        .simple_query("SELECT irt_configure(score_prior_mean => 0.4, score_prior_sd => 1.3)")
        .unwrap();
    let other = rows(&mut client, &by_hand("eap", "irt_current_parameters", ", 0.4, 1.3"));
    let found = rows(&mut client, &scores("eap", "NULL"));
    let answered = |rows: Vec<Vec<Option<String>>>| -> Vec<_> {
        rows.into_iter().filter(|row| row[4].as_deref() != Some("0")).collect()
    };
    assert_eq!(answered(found), answered(other));
    assert_eq!(rows(&mut client, &scores("eap", &format!("'{first}'"))), then);
    // Other parameters, from somewhat more persons.
    client.batch_execute("SELECT week(301, 340)").unwrap();
    calibrate(&mut client);
    let second = value(&mut client, now).unwrap();
    let of_second = rows(&mut client, &scores("eap", "NULL"));
    assert_eq!(of_second[0][6].as_deref(), Some("2"));
    value(&mut client, "SELECT irt_rollback()");
    let rolled_back = rows(&mut client, &scores("eap", "NULL"));
    assert_eq!(rolled_back[0][6].as_deref(), Some("1"));
    assert_ne!(rolled_back, of_second);
    assert_eq!(rows(&mut client, &scores("eap", &format!("'{second}'"))), of_second);
    let again = rows(&mut client, &scores("eap", &format!("'{first}'")));
    let known = |row: &&Vec<Option<String>>| then.contains(row);
    assert_eq!(again.iter().filter(known).count(), then.len());
    // Before anything was in force there is the prior, and no publication.
    let nothing = rows(&mut client, &scores("eap", &format!("'{before}'"))).remove(0);
    assert_eq!(
        nothing[2..],
        [Some("0"), Some("1"), Some("0"), Some("0"), None].map(|x| x.map(str::to_owned))
    );
    let nothing = rows(&mut client, &scores("wle", &format!("'{before}'"))).remove(0);
    assert_eq!(nothing[2..4], [None, None]);
}

#[test]
fn what_it_cannot_do_it_says() {
    let (_cluster, mut client) = start();
    for (call, state) in [
        ("irt_score('nowhere')", "22023"),
        ("irt_score(NULL)", "22004"),
        ("irt_score(method => 'EAP')", "22023"),
        ("irt_score(method => NULL)", "22004"),
    ] {
        assert_eq!(error(&mut client, &format!("SELECT {call}")).code().code(), state, "{call}");
    }
    client.batch_execute("SET irt_calibration.max_memory = '1MB'").unwrap();
    client.batch_execute("SELECT week(1001, 20000)").unwrap();
    assert_eq!(error(&mut client, "SELECT irt_score()").code().code(), "53200");
}

#[test]
fn it_can_be_cancelled_and_reads_only() {
    let (cluster, mut client) = start();
    let expected = rows(&mut client, &scores("eap", "NULL"));
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    assert_eq!(rows(&mut client, &scores("eap", "NULL")), expected);
    client.batch_execute("RESET default_transaction_read_only").unwrap();
    let standby = cluster.standby();
    let mut there = standby.connect();
    let replayed = "SELECT count(*) FROM responses";
    let all = value(&mut client, replayed);
    let deadline = Instant::now() + Duration::from_secs(60);
    while value(&mut there, replayed) != all {
        assert!(Instant::now() < deadline, "the standby does not follow");
    }
    for sql in [
        scores("eap", "NULL"),
        "SELECT * FROM irt_next_items(0.5, '{3,4}', 3)".to_owned(),
        "SELECT * FROM irt_test_information()".to_owned(),
    ] {
        assert_eq!(rows(&mut there, &sql), rows(&mut client, &sql), "{sql}");
    }
    // One row never comes.
    client
        .batch_execute(
            "CREATE VIEW endless AS SELECT user_id, question_id, is_correct FROM responses UNION ALL
                 SELECT 1, 1, pg_sleep(3600) IS NULL;
             SELECT irt_configure('endless', 'endless')",
        )
        .unwrap();
    let pid: i32 = value(&mut client, "SELECT pg_backend_pid()").unwrap().parse().unwrap();
    let token = client.cancel_token();
    let waiting = std::thread::spawn(move || {
        let refused = error(&mut client, "SELECT irt_score('endless')");
        (refused.code().code().to_owned(), value(&mut client, "SELECT 1"))
    });
    let mut other = cluster.connect();
    let asleep = format!("SELECT wait_event FROM pg_stat_activity WHERE pid = {pid}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while value(&mut other, &asleep).as_deref() != Some("PgSleep") {
        assert!(Instant::now() < deadline, "irt_score does not read");
        std::thread::sleep(Duration::from_millis(10));
    }
    token.cancel_query(postgres::NoTls).unwrap();
    assert_eq!(waiting.join().unwrap(), ("57014".to_owned(), Some("1".to_owned())));
}
