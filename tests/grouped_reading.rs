//! Responses that are read one row a person: the same bits as row by row, on tables of this server, on
//! partitions and on foreign tables.
//!
//! The foreign tables are the server's own, by postgres_fdw. What was sent, and how it was carried
//! out, is in the server's log: auto_explain writes there.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{CHANCE, Cluster, error, has_extension, value};
use postgres::Client;

const LOGGED: &str = "shared_preload_libraries = 'auto_explain'\nauto_explain.log_min_duration = 0\n\
     auto_explain.log_nested_statements = on\nlog_min_messages = debug1";

/// `base`: 420 persons answer most of 12 items, 60 of them some twice or three times; person, item,
/// correctness and time are NULL here and there, times are equal, infinite or still to come. Persons
/// have a class; 20 have two, and some none.
const BASE: &str = "
CREATE TABLE base AS
SELECT p AS person, i AS item, answer AS correct, c AS class,
       CASE WHEN chance(p * 100 + i, 3) < 0.02 THEN NULL
            WHEN chance(p * 100 + i, 4) < 0.02 THEN 'infinity'
            WHEN chance(p * 100 + i, 5) < 0.20 THEN date '2100-01-01'
            ELSE date '2020-01-01' + attempt * 7 % 11 END::timestamp AS answered
FROM generate_series(1, 420) p,
     generate_series(1, 12) i,
     LATERAL (SELECT chance(p, 1) * 4 - 2 AS ability) a,
     LATERAL (SELECT CASE WHEN p % 7 = 0 THEN 1 + (p + i) % 3 ELSE 1 END AS attempts) n,
     LATERAL generate_series(1, attempts) attempt,
     LATERAL (SELECT chance(p * 1000 + i * 10 + attempt, 2)
                     < 1 / (1 + exp(-(0.8 + i % 3 * 0.3) * (ability - (i - 6) / 3.0))) AS answer) r,
     LATERAL (SELECT CASE WHEN p % 21 = 0 THEN chr(97 + (p + i) % 2)
                          WHEN p % 5 > 0 THEN chr(97 + p % 2) END AS c) g
WHERE chance(p * 100 + i, 6) < 0.8;
INSERT INTO base SELECT NULL, item, correct, class, answered FROM base WHERE person = 1;
INSERT INTO base SELECT person, NULL, correct, class, answered FROM base WHERE person = 2;
INSERT INTO base SELECT person, item, NULL, class, answered FROM base WHERE person < 9 AND item > 6;
INSERT INTO base SELECT 999, item, NULL, NULL, answered FROM base WHERE person = 3;";

/// Types of keys, of correctness and of times, and how they are made of those of `base`.
struct Kind {
    name: &'static str,
    columns: &'static str,
    select: &'static str,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "int",
        columns: "who int, what int, correct boolean, class text, answered timestamptz",
        // The ends of the range as well.
        select:
            "person, CASE item WHEN 1 THEN -7 WHEN 2 THEN 2147483647 ELSE item END, correct, class,
                 answered AT TIME ZONE 'UTC'",
    },
    Kind {
        name: "bigint",
        columns: "who bigint, what bigint, correct smallint, class int, answered date",
        select: "person * 10000000000, (item - 3) * 536870912::bigint, correct::int, ascii(class), answered",
    },
    Kind {
        name: "uuid",
        columns: "who uuid, what uuid, correct numeric, class uuid, answered timestamp",
        select: "md5(person::text)::uuid, md5('i' || item)::uuid, correct::int, md5(class)::uuid, answered",
    },
    Kind {
        name: "text",
        columns: "who varchar(40), what text, correct boolean, class varchar, answered timestamptz",
        select: r#"format(E'{"ü\\%s, ', person), CASE item WHEN 1 THEN '' WHEN 2 THEN E'a\\'',''' ELSE
                   format(E'i"t''s %s\\', item) END, correct, class || 'é', answered AT TIME ZONE 'UTC'"#,
    },
    Kind {
        name: "smallint",
        columns: "who smallint, what smallint, correct int, class smallint, answered timestamptz",
        select: "person, CASE item WHEN 1 THEN -32768 ELSE item END, correct::int, ascii(class),
                 answered AT TIME ZONE 'UTC'",
    },
];

/// A server with postgres_fdw to itself.
fn start() -> Option<(Cluster, Client)> {
    if !has_extension("postgres_fdw") {
        return None;
    }
    let cluster = Cluster::with_settings(LOGGED);
    let mut client = cluster.connect();
    client
        .batch_execute(&format!(
            "CREATE EXTENSION irt_calibration; CREATE EXTENSION postgres_fdw;
             CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw
                 OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres');
             CREATE USER MAPPING FOR CURRENT_USER SERVER itself OPTIONS (user 'postgres');
             CREATE DOMAIN yes_no AS boolean; {CHANCE} {BASE}",
            cluster.port()
        ))
        .unwrap();
    Some((cluster, client))
}

/// Tables of a kind: `plain_`, `hashed_` in three partitions, `foreign_`, which is partitioned into
/// foreign tables of these, and `single_`, one foreign table.
fn create(client: &mut Client, Kind { name, columns, select }: &Kind) {
    let partitions: String = (0..3)
        .map(|rest| {
            format!(
                "CREATE TABLE hashed_{name}_{rest} PARTITION OF hashed_{name}
                     FOR VALUES WITH (MODULUS 3, REMAINDER {rest});
                 CREATE FOREIGN TABLE foreign_{name}_{rest} PARTITION OF foreign_{name}
                     FOR VALUES WITH (MODULUS 3, REMAINDER {rest})
                     SERVER itself OPTIONS (table_name 'hashed_{name}_{rest}');"
            )
        })
        .collect();
    client
        .batch_execute(&format!(
            "CREATE TABLE plain_{name} ({columns});
             INSERT INTO plain_{name} SELECT {select} FROM base;
             CREATE TABLE hashed_{name} ({columns}) PARTITION BY HASH (who);
             CREATE TABLE foreign_{name} ({columns}) PARTITION BY HASH (who);
             {partitions}
             INSERT INTO hashed_{name} SELECT * FROM plain_{name};
             CREATE FOREIGN TABLE single_{name} ({columns})
                 SERVER itself OPTIONS (table_name 'plain_{name}');
             ANALYZE plain_{name}, hashed_{name};"
        ))
        .unwrap();
}

/// Configures a bank for a relation of this test; `more` are further arguments.
fn configure(client: &mut Client, bank: &str, relation: &str, more: &str) {
    client
        .batch_execute(&format!(
            "SELECT irt_configure('{bank}', responses => '{relation}', person_column => 'who',
                 item_column => 'what', correct_column => 'correct', scale => 'population',
                 answered_at_column => 'answered', min_responses_per_item => 20 {more})"
        ))
        .unwrap();
}

/// What a run of a bank finds and counts, without what names the run, and how its responses were read.
fn run(client: &mut Client, bank: &str) -> (String, String) {
    let ran = format!(
        "SELECT settings ->> 'reading' FROM irt_run_calibration(force => true, bank => '{bank}')"
    );
    let reading = value(client, &ran).unwrap();
    let newest = format!("(SELECT max(id) FROM irt_calibration_runs WHERE bank = '{bank}')");
    let of = |table: &str| {
        format!("SELECT '{table}', to_jsonb(t) - 'run_id' FROM {table} t WHERE run_id = {newest}")
    };
    let findings =
        ["irt_item_parameters", "irt_item_fit", "irt_item_groups", "irt_item_pairs"].map(of);
    let sql = format!(
        "SELECT string_agg(f::text, E'\\n' ORDER BY f::text COLLATE \"C\") FROM (
             {} UNION ALL
             SELECT 'run', to_jsonb(r) - ARRAY['id', 'bank', 'started_at', 'completed_at', 'settings',
                 'duration_seconds', 'responses_through', 'compared_with']
                 || jsonb_build_object('several', r.settings -> 'persons_in_several_groups')
             FROM irt_calibration_runs r WHERE id = {newest}) AS f",
        findings.join(" UNION ALL ")
    );
    (value(client, &sql).unwrap(), reading)
}

/// Both runs of a bank: the second looks at what is new by itself.
fn run_twice(client: &mut Client, bank: &str) -> (Vec<String>, String) {
    let (first, _) = run(client, bank);
    let (second, reading) = run(client, bank);
    (vec![first, second], reading)
}

/// The server's log of `work`.
fn logged<T>(cluster: &Cluster, work: impl FnOnce() -> T) -> (T, String) {
    let before = cluster.log().len();
    let done = work();
    (done, cluster.log()[before..].to_owned())
}

/// The plans, in a log, of the statements that read `relation` one row a person.
fn plans<'a>(log: &'a str, relation: &str) -> Vec<&'a str> {
    let from = format!(" FROM public.{relation} WHERE ");
    let entries = log.split("Query Text: ").skip(1);
    entries
        .filter(|entry| entry.starts_with("SELECT who, "))
        .filter(|entry| {
            entry.lines().next().unwrap().contains(&from) && entry.contains("string_agg")
        })
        .map(|entry| &entry[entry.find('\n').unwrap()..])
        .collect()
}

/// Asserts that both are the same, or shows the first line that is not.
fn assert_same(found: &[String], expected: &[String], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected, "{what}");
        }
        assert_eq!(found.len(), expected.len(), "{what}");
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

/// Whether there are enough new responses in a bank, and how many.
fn decided(client: &mut Client, bank: &str) -> String {
    let sql = format!("SELECT (irt_should_run_calibration(bank => '{bank}'))::text");
    let decided = value(client, &sql).unwrap();
    // Not when the last run was.
    decided.rsplit_once(',').unwrap().0.to_owned()
}

/// The number of repeats that a run dropped.
fn repeats_dropped(found: &str) -> u64 {
    let (_, rest) = found.split_once("repeats_dropped\"\": ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

/// How a statement has to be carried out.
enum Plan {
    /// Any way.
    Any,
    /// Partition by partition.
    Partitionwise,
    /// By the foreign server.
    Shipped,
}

impl Plan {
    fn must_be(&self, plan: &str) {
        let place = |node: &str| plan.find(node);
        match self {
            Self::Any => {}
            Self::Partitionwise => {
                assert!(place("Append").unwrap() < place("Aggregate").unwrap(), "{plan}");
            }
            Self::Shipped => {
                assert!(place("Relations: Aggregate on").is_some(), "{plan}");
                assert!(place("HashAggregate").or(place("GroupAggregate")).is_none(), "{plan}");
            }
        }
    }
}

/// Compares the runs of every way to read the tables of a kind with those of its plain table row by row.
fn compare(cluster: &Cluster, client: &mut Client, kind: &Kind, more: &str) -> Vec<String> {
    let (name, rows) = (kind.name, format!("{} rows {}", kind.name, more.replace('\'', "")));
    configure(client, &rows, &format!("plain_{name}"), more);
    let (expected, reading) = run_twice(client, &rows);
    assert_eq!(reading, "rows");
    for (table, choice, plan) in [
        ("plain", "grouped", Plan::Any),
        ("hashed", "grouped", Plan::Partitionwise),
        ("foreign", "auto", Plan::Shipped),
        ("single", "auto", Plan::Shipped),
    ] {
        let (bank, relation) = (rows.replace("rows", table), format!("{table}_{name}"));
        configure(client, &bank, &relation, &format!("{more}, reading => '{choice}'"));
        let ((found, reading), log) = logged(cluster, || run_twice(client, &bank));
        assert_same(&found, &expected, &bank);
        assert_eq!(reading, "grouped", "{bank}");
        let plans = plans(&log, &relation);
        // Twice everybody, twice those with repeats, and what is new to the second run.
        assert_eq!(plans.len(), 5, "{bank}");
        plans.iter().for_each(|shown| plan.must_be(shown));

        let (found, log) = logged(cluster, || decided(client, &bank));
        assert_eq!(found, decided(client, &rows), "{bank}");
        let counting: Vec<&str> = log
            .split("Query Text: ")
            .filter(|entry| entry.starts_with("SELECT") && entry.contains(" AS c1, "))
            .collect();
        assert_eq!(counting.len(), 1, "{bank}");
        match plan {
            Plan::Shipped => plan.must_be(counting[0]),
            Plan::Any | Plan::Partitionwise => {}
        }
    }
    expected
}

#[test]
fn one_row_a_person_gives_the_same_bits_as_one_a_response() {
    let Some((cluster, mut client)) = start() else { return };
    for kind in KINDS {
        create(&mut client, kind);
        let first = compare(&cluster, &mut client, kind, "");
        assert!(repeats_dropped(&first[0]) > 100, "{}", first[0]);
    }
    compare(&cluster, &mut client, &KINDS[1], ", repeated_responses => 'last'");
}

#[test]
fn persons_in_groups_are_read_so_too() {
    let Some((_cluster, mut client)) = start() else { return };
    for kind in [&KINDS[0], &KINDS[1], &KINDS[2]] {
        create(&mut client, kind);
        let name = kind.name;
        let grouped = ", group_column => 'class', min_persons => 5";
        let rows = format!("{name} rows");
        configure(&mut client, &rows, &format!("plain_{name}"), grouped);
        let (expected, _) = run_twice(&mut client, &rows);
        assert!(expected[0].contains("\"several\"\": 20"), "{}", expected[0]);
        for (table, choice) in [("hashed", "grouped"), ("foreign", "auto")] {
            let bank = format!("{name} {table}");
            let more = format!("{grouped}, reading => '{choice}'");
            configure(&mut client, &bank, &format!("{table}_{name}"), &more);
            let (found, reading) = run_twice(&mut client, &bank);
            assert_same(&found, &expected, &bank);
            assert_eq!(reading, "grouped", "{bank}");
        }
    }
}

/// A bank's whole dimensionality check.
fn dimensions(client: &mut Client, bank: &str) -> String {
    let sql = format!("SELECT irt_check_dimensions('{bank}', replicates => 5)::text");
    value(client, &sql).unwrap()
}

#[test]
fn the_catalogs_decide_how_responses_are_read() {
    let Some((_cluster, mut client)) = start() else { return };
    create(&mut client, &KINDS[0]);
    client
        .batch_execute(
            "CREATE TABLE by_class (LIKE plain_int) PARTITION BY LIST (class);
             CREATE TABLE class_a PARTITION OF by_class FOR VALUES IN ('a');
             CREATE TABLE elsewhere (LIKE plain_int);
             CREATE FOREIGN TABLE others PARTITION OF by_class DEFAULT
                 SERVER itself OPTIONS (table_name 'elsewhere');
             INSERT INTO class_a SELECT * FROM plain_int WHERE class = 'a';
             INSERT INTO elsewhere SELECT * FROM plain_int WHERE class IS DISTINCT FROM 'a';
             CREATE FOREIGN TABLE domains (who int, what int, correct yes_no, answered timestamptz)
                 SERVER itself OPTIONS (table_name 'plain_int');
             CREATE TABLE by_person (LIKE plain_int) PARTITION BY RANGE (who);
             CREATE TABLE early PARTITION OF by_person FOR VALUES FROM (MINVALUE) TO (200);
             CREATE TABLE later (LIKE plain_int);
             CREATE FOREIGN TABLE late PARTITION OF by_person FOR VALUES FROM (200) TO (MAXVALUE)
                 SERVER itself OPTIONS (table_name 'later');
             CREATE TABLE nobody PARTITION OF by_person DEFAULT;
             INSERT INTO nobody SELECT * FROM plain_int WHERE who IS NULL;
             INSERT INTO early SELECT * FROM plain_int WHERE who < 200;
             INSERT INTO later SELECT * FROM plain_int WHERE who >= 200;
             CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain_int",
        )
        .unwrap();
    configure(&mut client, "plain", "plain_int", "");
    let (expected, reading) = run(&mut client, "plain");
    assert_eq!(reading, "rows");
    for (relation, choice, reading) in [
        ("hashed_int", "auto", "rows"),
        ("foreign_int", "auto", "grouped"),
        ("foreign_int", "rows", "rows"),
        // Not whole persons.
        ("by_class", "auto", "rows"),
        ("by_class", "grouped", "grouped"),
        ("by_person", "auto", "grouped"),
        // postgres_fdw would not ship it.
        ("domains", "auto", "rows"),
        ("domains", "grouped", "grouped"),
        ("kept", "auto", "rows"),
        ("kept", "grouped", "grouped"),
    ] {
        let bank = format!("{relation} {choice}");
        configure(&mut client, &bank, relation, &format!(", reading => '{choice}'"));
        let found = run(&mut client, &bank);
        assert_same(&[found.0], std::slice::from_ref(&expected), &bank);
        assert_eq!(found.1, reading, "{bank}");
    }
    assert_eq!(dimensions(&mut client, "foreign_int auto"), dimensions(&mut client, "plain"));
    let scores = |bank: &str| {
        format!(
            "SELECT string_agg(s::text, ' ' ORDER BY s::text) FROM (
                 SELECT person, ability, standard_error FROM irt_score('{bank}')) s"
        )
    };
    let foreign = value(&mut client, &scores("foreign_int auto"));
    assert_eq!(foreign, value(&mut client, &scores("plain")));
}

#[test]
fn what_cannot_be_grouped_is_refused() {
    let (_cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE TABLE answers (user_id int, question_id numeric, is_correct boolean);
             CREATE VIEW seen AS SELECT user_id, question_id::int, is_correct FROM answers",
        )
        .unwrap();
    let mut obstacles =
        vec![("answers", "column \"question_id\" is of type numeric"), ("seen", "it is a view")];
    // Only ICU has collations by which different texts are equal, and some builds are without it.
    let icu = "SELECT count(*) > 0 FROM pg_collation WHERE collprovider = 'i'";
    if value(&mut client, icu).as_deref() == Some("t") {
        client
            .batch_execute(
                "CREATE COLLATION unaccented
                     (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
                 CREATE TABLE folded
                     (user_id text COLLATE unaccented, question_id int, is_correct boolean)",
            )
            .unwrap();
        obstacles.push(("folded", "column \"user_id\" is of type text"));
    }
    for (relation, obstacle) in obstacles {
        let sql = |reading: &str| {
            format!("SELECT irt_configure('b', responses => '{relation}', reading => {reading})")
        };
        let refused = error(&mut client, &sql("'grouped'"));
        assert_eq!(refused.code().code(), "IR002");
        assert!(refused.message().contains(obstacle), "{refused:?}");
        assert!(refused.hint().unwrap().contains("reading => 'auto'"), "{refused:?}");
        client.batch_execute(&sql("'auto'")).unwrap();
        client.batch_execute(&sql("NULL")).unwrap();
    }
    let refused = error(&mut client, "SELECT irt_configure('b', reading => 'fast')");
    assert_eq!(refused.message(), "reading is 'fast', but must be 'auto', 'rows' or 'grouped'");
}

/// A foreign table says uuid of what is an integer there: its rows could be converted, and a person's
/// row cannot be made.
#[test]
fn columns_of_another_type_over_there_are_told_with_what_to_do() {
    let Some((_cluster, mut client)) = start() else { return };
    client
        .batch_execute(
            "CREATE TABLE far (who text, what int, correct boolean, answered date);
             INSERT INTO far SELECT p, i, p % i = 0 FROM generate_series(1, 60) p, generate_series(1, 4) i;
             CREATE FOREIGN TABLE near (who text, what uuid, correct boolean, answered date)
                 SERVER itself OPTIONS (table_name 'far')",
        )
        .unwrap();
    configure(&mut client, "near", "near", "");
    let refused = error(&mut client, "SELECT irt_run_calibration(force => true, bank => 'near')");
    assert_eq!(refused.code().code(), "42883");
    assert!(refused.hint().unwrap().contains("reading => 'rows'"), "{refused:?}");
}

#[test]
fn what_grouping_cannot_tell_is_read_row_by_row() {
    let Some((_cluster, mut client)) = start() else { return };
    create(&mut client, &KINDS[1]);
    // Postgres does not look at what foreign partitions hold.
    client
        .batch_execute(
            "CREATE TABLE torn_0 AS SELECT * FROM plain_bigint WHERE what > 0 OR what IS NULL;
             CREATE TABLE torn_1 AS SELECT * FROM plain_bigint WHERE what <= 0;
             CREATE TABLE torn (LIKE plain_bigint) PARTITION BY HASH (who);
             CREATE FOREIGN TABLE f0 PARTITION OF torn FOR VALUES WITH (MODULUS 2, REMAINDER 0)
                 SERVER itself OPTIONS (table_name 'torn_0');
             CREATE FOREIGN TABLE f1 PARTITION OF torn FOR VALUES WITH (MODULUS 2, REMAINDER 1)
                 SERVER itself OPTIONS (table_name 'torn_1')",
        )
        .unwrap();
    configure(&mut client, "plain", "plain_bigint", "");
    configure(&mut client, "torn", "torn", "");
    let (expected, _) = run(&mut client, "plain");
    let (found, reading) = run(&mut client, "torn");
    assert_same(&[found], &[expected], "torn");
    assert_eq!(reading, "rows");

    client.batch_execute("UPDATE plain_bigint SET correct = 2 WHERE who = 50000000000").unwrap();
    configure(&mut client, "wrong", "single_bigint", "");
    let [found, expected] = ["wrong", "plain"].map(|bank| {
        error(&mut client, &format!("SELECT irt_run_calibration(force => true, bank => '{bank}')"))
    });
    assert_eq!(found.message(), expected.message());
    assert!(found.message().contains("has the value 2 in "), "{found:?}");
}

#[test]
fn times_of_very_many_repeats_are_read_of_everybody() {
    let Some((cluster, mut client)) = start() else { return };
    client
        .batch_execute(
            "CREATE TABLE plain_many (who int, what int, correct boolean, answered date);
             INSERT INTO plain_many
             SELECT p, i, chance(p * 10 + i, attempt) < 0.2 + 0.1 * i, date '2020-01-01' + (p + attempt) % 3
             FROM generate_series(1, 10500) p, generate_series(1, 5) i,
                  LATERAL generate_series(1, CASE WHEN i = 3 AND p > 400 THEN 2 ELSE 1 END) attempt;
             CREATE FOREIGN TABLE single_many (who int, what int, correct boolean, answered date)
                 SERVER itself OPTIONS (table_name 'plain_many')",
        )
        .unwrap();
    configure(&mut client, "plain", "plain_many", "");
    configure(&mut client, "single", "single_many", "");
    let (expected, _) = run(&mut client, "plain");
    assert_eq!(repeats_dropped(&expected), 10_100);
    let ((found, reading), log) = logged(&cluster, || run(&mut client, "single"));
    assert_same(&[found], &[expected], "many");
    assert_eq!(reading, "grouped");
    assert_eq!(plans(&log, "single_many").len(), 2);
    assert!(!log.contains("who OPERATOR(pg_catalog.=) ANY"), "no list of so many persons");
}

#[test]
fn persons_that_take_too_much_memory_are_counted() {
    let (_cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE TABLE answers AS
             SELECT repeat('x', 4000) || p AS user_id, i AS question_id, p % 2 = 0 AS is_correct
             FROM generate_series(1, 9000) p, generate_series(1, 2) i;
             SELECT irt_configure('b', responses => 'answers', reading => 'grouped');
             SET irt_calibration.max_memory = '16MB'",
        )
        .unwrap();
    let refused = error(&mut client, "SELECT irt_run_calibration(force => true, bank => 'b')");
    assert_eq!(refused.code().code(), "53200");
    assert!(refused.message().starts_with("18000 responses need "), "{refused:?}");
    // Few persons, and very many responses of each.
    client
        .batch_execute(
            "CREATE TABLE of_few AS
             SELECT p AS user_id, i AS question_id, (p + i) % 2 = 0 AS is_correct
             FROM generate_series(1, 20) p, generate_series(1, 30000) i;
             SELECT irt_configure('few', responses => 'of_few', reading => 'grouped');
             SET irt_calibration.max_memory = '2MB'",
        )
        .unwrap();
    let refused = error(&mut client, "SELECT irt_run_calibration(force => true, bank => 'few')");
    assert_eq!(refused.code().code(), "53200");
    assert!(refused.message().starts_with("600000 responses need "), "{refused:?}");
}

#[test]
fn keys_in_another_encoding_are_the_same_keys() {
    let cluster = Cluster::start();
    cluster
        .connect()
        .batch_execute("CREATE DATABASE other TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        .unwrap();
    let mut client = cluster.connect_as("postgres", "other");
    client
        .batch_execute(&format!(
            "CREATE EXTENSION irt_calibration; {CHANCE} CREATE TABLE plain_latin AS
             SELECT 'ü' || p AS who, 'é' || i AS what, chance(p * 10 + i, attempt) < 0.1 * i AS correct,
                    now() - attempt % 2 * interval '1 hour' AS answered
             FROM generate_series(1, 300) p, generate_series(1, 8) i,
                  generate_series(1, 1 + p / 150) attempt"
        ))
        .unwrap();
    configure(&mut client, "rows", "plain_latin", "");
    configure(&mut client, "grouped", "plain_latin", ", reading => 'grouped'");
    let (expected, _) = run(&mut client, "rows");
    assert!(repeats_dropped(&expected) > 0 && expected.contains("é8"), "{expected}");
    let (found, reading) = run(&mut client, "grouped");
    assert_same(&[found], &[expected], "latin");
    assert_eq!(reading, "grouped");
}
