//! Bad input: every refusal with its exact SQLSTATE and message, and nothing changed by it.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod cases;
#[path = "../common/mod.rs"]
mod common;

use cases::{BANKS, CONFIGURE, Case, FIT, RIGHTS, RUN, SETUP};
use common::{Cluster, error, rows, value};
use postgres::Client;

/// Asserts that each statement is refused as it should be, and advises where we refused it.
fn refused(client: &mut Client, cases: &[Case], wrap: impl Fn(&str) -> String) {
    for (statement, sqlstate, message) in cases {
        let refusal = error(client, &wrap(statement));
        let said = without_session_number(refusal.message());
        assert_eq!((refusal.code().code(), said.as_str()), (*sqlstate, *message), "{statement}");
        // Ours come from no file of the server's.
        if refusal.file() == Some("irt_calibration") {
            assert!(refusal.hint().is_some(), "{statement}: no hint");
        }
    }
}

/// The server numbers each session's schema of temporary tables.
fn without_session_number(message: &str) -> String {
    match message.split_once("pg_temp_") {
        Some((before, after)) => {
            format!("{before}pg_temp{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => message.to_owned(),
    }
}

fn state(client: &mut Client) -> Option<String> {
    value(
        client,
        "SELECT md5(pg_catalog.concat(
             (SELECT string_agg(q::text, ',' ORDER BY id) FROM questions q),
             (SELECT string_agg(b::text, ',' ORDER BY bank) FROM irt_item_banks b)))",
    )
}

#[test]
fn bad_input_is_refused_by_name_and_changes_nothing() {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    let before = state(&mut client);
    refused(&mut client, CONFIGURE, str::to_owned);
    refused(&mut client, BANKS, |call| format!("SELECT * FROM {call}"));
    refused(&mut client, FIT, |call| format!("SELECT * FROM {call}"));
    refused(&mut cluster.connect_as("runner", "postgres"), RIGHTS, str::to_owned);
    assert_eq!(state(&mut client), before);
    let tables = "SELECT count(*) FROM questions WHERE irt_difficulty IS NULL";
    assert_eq!(value(&mut client, tables).as_deref(), Some("4"));
}

#[test]
fn a_refused_run_is_on_record_and_publishes_nothing() {
    let (_cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    let before = state(&mut client);
    let call = |arguments: &str| {
        let bank = if arguments.contains("bank =>") { "" } else { ", bank => 'good'" };
        format!("SELECT irt_run_calibration(force => true, {arguments}{bank})")
    };
    refused(&mut client, RUN, call);
    let record =
        "SELECT status, error_sqlstate, error_message FROM irt_calibration_runs ORDER BY id";
    let recorded = rows(&mut client, record);
    let expected: Vec<_> = RUN
        .iter()
        .map(|(_, sqlstate, message)| {
            ["failed", sqlstate, message].map(|text| Some(text.to_owned())).to_vec()
        })
        .collect();
    assert_eq!(recorded, expected);
    let lonely = error(&mut client, "SELECT irt_run_calibration(true, bank => 'one_item')");
    assert!(lonely.hint().unwrap().contains("two items"), "{lonely:?}");
    assert_eq!(state(&mut client), before);
}

#[test]
fn a_run_of_no_bank_leaves_no_record() {
    let (_cluster, mut client) = Cluster::with_extension();
    let refusal = error(&mut client, "SELECT irt_run_calibration(bank => NULL)");
    assert_eq!((refusal.code().code(), refusal.message()), ("22004", "bank must not be NULL"));
    let runs = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, runs).as_deref(), Some("0"));
}

/// A bank's name is in every row, log line and lock: 30 MB of it had been possible.
#[test]
fn a_banks_name_has_at_most_200_characters() {
    let (_cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    let before = state(&mut client);
    for bank in ["'x', 201", "'x', 30000000", "'é', 201"] {
        for call in [
            "irt_configure(@, 'responses')",
            "irt_run_calibration(bank => @)",
            "irt_start_calibration(bank => @)",
            "irt_should_run_calibration(bank => @)",
            "irt_last_successful_calibration(@)",
            "irt_schedule_calibration(bank => @)",
            "irt_validate_calibration(@)",
            "irt_item_history('1', @)",
            "irt_score(@)",
            "irt_item_verdicts(@)",
            "irt_readiness(@)",
            "irt_check_dimensions(@)",
            "irt_next_items(0, bank => @)",
            "irt_test_information(@)",
        ] {
            let sql = format!("SELECT {}", call.replace('@', &format!("repeat({bank})")));
            let refusal = error(&mut client, &sql);
            assert_eq!(refusal.code().code(), "22023", "{sql}");
            let found = bank.split(' ').nth(1).unwrap();
            let expected =
                format!("bank is {found} characters long, but must be at most 200 characters long");
            assert_eq!(refusal.message(), expected, "{sql}");
        }
    }
    let history =
        "CREATE TABLE old AS SELECT 'completed' AS status, now() - interval '1 day' AS started_at,
                       repeat('x', 201) AS bank";
    client.batch_execute(history).unwrap();
    let refusal = error(&mut client, "SELECT irt_adopt_runs('old')");
    assert_eq!(refusal.code().code(), "22023");
    let expected = "row 1 of public.old has the name of a bank with more than 200 characters";
    assert_eq!(refusal.message(), expected);
    assert_eq!(state(&mut client), before);
    let runs = "SELECT count(*) FROM irt_calibration_runs";
    assert_eq!(value(&mut client, runs).as_deref(), Some("0"));
    // 200 characters of any length are a name; so is a longer one that an older version took.
    client
        .simple_query("SELECT irt_configure(repeat('題', 200), 'responses', items => '-')")
        .unwrap();
    client
        .batch_execute(
            "UPDATE irt_item_banks SET bank = repeat('題', 300) WHERE length(bank) = 200",
        )
        .unwrap();
    let run = "SELECT status FROM irt_run_calibration(true, bank => repeat('題', 300), standard_errors => 'none')";
    assert_eq!(value(&mut client, run).as_deref(), Some("success"));
    client.simple_query("SELECT irt_configure(repeat('題', 300), min_persons => 11)").unwrap();
}

#[test]
fn without_responses_there_is_nothing_to_discover() {
    let (_cluster, mut client) = Cluster::with_extension();
    for statement in ["SELECT * FROM irt_should_run_calibration()", "SELECT irt_configure()"] {
        let refusal = error(&mut client, statement);
        assert_eq!(refusal.code().code(), "42P01");
        assert_eq!(refusal.message(), "relation \"responses\" does not exist in the search_path");
    }
}

#[test]
fn writing_functions_are_revoked_from_public() {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute("CREATE ROLE stranger LOGIN; CREATE TABLE t (id int)").unwrap();
    let mut stranger = cluster.connect_as("stranger", "postgres");
    for call in ["irt_configure()", "irt_add_item_columns('t')", "irt_fit_2pl('SELECT 1, 2, 1')"] {
        let refusal = error(&mut stranger, &format!("SELECT {call}"));
        assert_eq!(refusal.code().code(), "42501", "{call}");
    }
    let refusal = error(&mut stranger, "SHOW irt_calibration.sentry_dsn");
    assert!(["42501", "42704"].contains(&refusal.code().code()));
}
