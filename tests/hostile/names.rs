//! Identifiers that break whatever is quoted by hand, for every relation, column, bank and role.

use crate::common::{error, value};
use crate::random::Random;
use crate::{expected, with_answers};
use postgres::Client;
use std::collections::HashSet;

/// What names are made of.
const PIECES: [&str; 40] = [
    "\"", "'", "\"\"", "''", "\\", "$$", "$1", "%", "%s", "%I", "{}", ";", "--", "/*", "*/", "\n",
    "\t", " ", ".", ",", "(", ")", "::", "=", "select", "TABLE", "user", "null", "Ab", "z", "é",
    "Ж", "題", "🦀", "\u{301}", "\u{202e}", "\u{feff}", "E'\\'", "U&\"", "pg_temp",
];

/// Identifiers per configuration: schema and name of responses, four columns, name of items, key, bank.
const NAMES: usize = 9;

/// The most bytes that an identifier has.
const LONGEST: usize = 63;

/// A quarter are exactly 63 bytes long.
fn identifier(random: &mut Random) -> String {
    let mut name = String::new();
    let long = random.below(4) == 0;
    let pieces = 1 + random.below(8);
    while name.is_empty() || (if long { name.len() < LONGEST } else { name.len() < pieces * 2 }) {
        name.push_str(PIECES[random.below(PIECES.len())]);
    }
    while name.len() > LONGEST {
        name.pop();
    }
    while long && name.len() < LONGEST {
        name.push('x');
    }
    name
}

/// As many identifiers, no two the same: two columns of a table must differ.
fn identifiers(random: &mut Random) -> Vec<String> {
    let mut names = HashSet::new();
    while names.len() < NAMES {
        names.insert(identifier(random));
    }
    let mut names: Vec<String> = names.into_iter().collect();
    // A set has no order of its own; the generator must decide.
    names.sort();
    for i in (1..names.len()).rev() {
        names.swap(i, random.below(i + 1));
    }
    names
}

fn identifier_sql(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Calibrates through these names, and compares what is published.
fn try_names(client: &mut Client, names: &[String], expected: &str) {
    let sql: Vec<String> = names.iter().map(|name| identifier_sql(name)).collect();
    let [schema, responses, person, item, correct, at, items, key, _] = sql.as_slice() else {
        unreachable!("there are {NAMES} names")
    };
    client
        .batch_execute(&format!(
            "CREATE SCHEMA {schema};
             CREATE TABLE {schema}.{responses} AS
                 SELECT person AS {person}, item AS {item}, correct AS {correct}, at AS {at} FROM answers;
             CREATE TABLE {schema}.{items} ({key} int PRIMARY KEY);
             INSERT INTO {schema}.{items} SELECT generate_series(1, 5)"
        ))
        .unwrap_or_else(|error| panic!("{names:?}: {error:?}"));
    let quoted: Vec<String> = names.iter().map(|name| literal(name)).collect();
    let relation = |name: &str| literal(&format!("{schema}.{name}"));
    let statements = [
        format!("SELECT irt_add_item_columns({})", relation(items)),
        format!(
            "SELECT irt_configure(bank => {}, responses => {}, person_column => {}, item_column => {},
                 correct_column => {}, answered_at_column => {}, items => {}, item_key_column => {},
                 standard_errors => 'none')",
            quoted[8], relation(responses), quoted[2], quoted[3], quoted[4], quoted[5],
            relation(items), quoted[7]
        ),
        format!("SELECT irt_should_run_calibration(bank => {})", quoted[8]),
        format!("SELECT irt_run_calibration(true, bank => {})", quoted[8]),
        format!("SELECT irt_last_successful_calibration({})", quoted[8]),
        format!("SELECT irt_score({})", quoted[8]),
        format!("SELECT irt_next_items(0, bank => {})", quoted[8]),
        format!("SELECT irt_test_information({})", quoted[8]),
        format!("SELECT irt_item_verdicts({})", quoted[8]),
        format!("SELECT irt_readiness({}, {})", quoted[8], quoted[7]),
        format!("SELECT irt_check_dimensions({}, 2)", quoted[8]),
    ];
    for statement in &statements {
        client.simple_query(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let published = format!(
        "SELECT string_agg(format('%s %s %s', {key}, irt_difficulty, irt_discrimination), ', ' ORDER BY {key})
         FROM {schema}.{items}"
    );
    assert_eq!(value(client, &published).as_deref(), Some(expected), "{names:?}");
    let seen = format!(
        "SELECT new_responses_count FROM irt_should_run_calibration(bank => {})",
        quoted[8]
    );
    assert_eq!(value(client, &seen).as_deref(), Some("0"), "{names:?}");
}

#[test]
fn any_identifier_is_quoted_everywhere() {
    let (_cluster, mut client) = with_answers("");
    let expected = expected(&mut client);
    let mut random = Random::of_test(20);
    // In make soak a thousand; each configuration is a run.
    let wanted = if std::env::var_os("IRT_SOAK").is_some() { 10_000 } else { 1_000 };
    for _ in 0..usize::div_ceil(wanted, NAMES) {
        let names = identifiers(&mut random);
        try_names(&mut client, &names, &expected);
        let drop = format!("DROP SCHEMA {} CASCADE", identifier_sql(&names[0]));
        client.batch_execute(&drop).unwrap();
    }
}

/// Every name of the configuration is a word that SQL reserves.
#[test]
fn reserved_words_are_names() {
    let (_cluster, mut client) = with_answers("");
    let expected = expected(&mut client);
    let words =
        ["table", "select", "user", "where", "null", "current_date", "order", "default", "all"];
    try_names(&mut client, &words.map(str::to_owned), &expected);
}

/// The hint's statement works for a role whose name must be quoted, and so does its run.
#[test]
fn a_role_may_have_any_name() {
    let (cluster, mut client) = with_answers("");
    let name = "Ro\"le'; -- \\ $$ %s 題";
    let role = identifier_sql(name);
    client
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN;
             CREATE TABLE pool AS SELECT generate_series(1, 5) AS id;
             SELECT irt_add_item_columns('pool');
             SELECT irt_configure('odd', 'answers', 'person', 'item', 'correct', 'at', 'pool', standard_errors => 'none');
             GRANT EXECUTE ON FUNCTION irt_run_calibration TO {role}"
        ))
        .unwrap();
    let mut odd = cluster.connect_as(name, "postgres");
    let run = "SELECT status FROM irt_run_calibration(true, bank => 'odd')";
    for _ in 0..3 {
        let refused = error(&mut odd, run);
        assert_eq!(refused.code().code(), "42501", "{}", refused.message());
        client.batch_execute(refused.hint().unwrap()).unwrap();
    }
    assert_eq!(value(&mut odd, run).as_deref(), Some("success"));
}

/// The schema of the extension, where Postgres accepts the name at all.
#[test]
fn the_extensions_schema_may_have_any_name_that_postgres_accepts() {
    let (cluster, mut client) = with_answers("");
    client.batch_execute("CREATE DATABASE \"other; --\"").unwrap();
    let expected = expected(&mut client);
    let mut other = cluster.connect_as("postgres", "other; --");
    other.batch_execute("SET client_min_messages = warning").unwrap();
    other.batch_execute("CREATE SCHEMA \"Irt Schémá; %s 題\"").unwrap();
    other.batch_execute("CREATE EXTENSION irt_calibration SCHEMA \"Irt Schémá; %s 題\"").unwrap();
    other.batch_execute(crate::ANSWERS).unwrap();
    other.batch_execute("SET search_path = \"Irt Schémá; %s 題\", public").unwrap();
    for statement in [
        "CREATE TABLE pool AS SELECT generate_series(1, 5) AS id",
        "SELECT irt_add_item_columns('pool')",
        "SELECT irt_configure('b', 'answers', 'person', 'item', 'correct', 'at', 'pool', standard_errors => 'none')",
        "SELECT irt_run_calibration(bank => 'b')",
        "SELECT irt_cancel_calibration(1)",
        "TABLE irt_calibration_progress",
    ] {
        other.simple_query(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let published = "SELECT string_agg(format('%s %s %s', id, irt_difficulty, irt_discrimination), ', ' ORDER BY id) FROM pool";
    assert_eq!(value(&mut other, published), Some(expected));
}
