//! pg_dump and restore keep banks, runs and parameters, whichever way, and the next run works.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, bindir, catalog, error, rows, value};
use postgres::Client;
use std::{fs, process::Command};

/// The application's tables and the extension, in schemas of their own.
const SCHEMA: &str = "
    CREATE SCHEMA app; CREATE SCHEMA irt;
    CREATE EXTENSION irt_calibration SCHEMA irt;
    CREATE TABLE app.responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
    CREATE TABLE app.questions (id int PRIMARY KEY);
    SELECT irt.irt_add_item_columns('app.questions');";

const DATA: &str = "
    INSERT INTO app.responses SELECT p, q, hashint4(p * 5 + q) % 3 < p % 3, now()
        FROM generate_series(1, 120) p, generate_series(1, 5) q;
    INSERT INTO app.questions SELECT generate_series(1, 5);
    SET search_path = app;
    SELECT irt.irt_configure(min_persons => 3, standard_errors => 'none'),
           irt.irt_configure('other', 'app.responses', prior_difficulty_sd => 'infinity');
    RESET search_path;";

/// What is compared: everything that the extension remembers, where its identity stands, and
/// what the application has.
const STATE: &str = "
    SELECT b::text FROM irt.irt_item_banks AS b UNION ALL
    SELECT r::text FROM irt.irt_calibration_runs AS r UNION ALL
    SELECT p::text FROM irt.irt_item_parameters AS p UNION ALL
    SELECT p::text FROM irt.irt_publications AS p UNION ALL
    SELECT f::text FROM irt.irt_parameters_in_force AS f UNION ALL
    SELECT c::text FROM irt.irt_run_checks AS c UNION ALL
    SELECT t::text FROM irt.irt_check_thresholds AS t UNION ALL
    SELECT last_value || ' ' || is_called FROM irt.irt_publications_id_seq UNION ALL
    SELECT last_value || ' ' || is_called FROM irt.irt_calibration_runs_id_seq UNION ALL
    SELECT q::text FROM app.questions AS q ORDER BY 1";

/// A server, and its database `before` with three runs: a success, a skipped one, a failure.
fn with_history() -> (Cluster, Client) {
    with_history_of("")
}

/// The same of an older version; `""`: of this one.
fn with_history_of(version: &str) -> (Cluster, Client) {
    let schema = match version {
        "" => SCHEMA.to_owned(),
        version => {
            let created = format!("irt_calibration SCHEMA irt VERSION '{version}';");
            SCHEMA.replace("irt_calibration SCHEMA irt;", &created)
        }
    };
    let cluster = Cluster::start();
    let mut postgres = cluster.connect();
    postgres.batch_execute("CREATE DATABASE before").unwrap();
    postgres.batch_execute("CREATE DATABASE after").unwrap();
    let mut before = cluster.connect_as("postgres", "before");
    for statement in
        [&*schema, DATA, "SELECT irt.irt_run_calibration()", "SELECT irt.irt_run_calibration()"]
    {
        before.simple_query(statement).unwrap();
    }
    error(&mut before, "SELECT irt.irt_run_calibration(true, standard_errors => 'x')");
    (cluster, before)
}

/// Runs pg_dump on database `before`; returns the name of the file.
fn dump(cluster: &Cluster, options: &[&str]) -> String {
    let file = std::env::temp_dir().join(format!("irt-dump-{}", cluster.port()));
    let file = file.to_string_lossy().into_owned();
    client_program(cluster, "pg_dump", &[options, &["-f", &file, "before"]].concat());
    file
}

/// Restores a plain dump or one in custom format into database `after`, and removes it.
fn restore(cluster: &Cluster, file: &str, options: &[&str]) {
    if fs::read(file).unwrap().starts_with(b"PGDMP") {
        let arguments = [&["--exit-on-error", "-d", "after"], options, &[file]].concat();
        client_program(cluster, "pg_restore", &arguments);
    } else {
        client_program(
            cluster,
            "psql",
            &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "after", "-f", file],
        );
    }
    fs::remove_file(file).unwrap();
}

fn client_program(cluster: &Cluster, program: &str, arguments: &[&str]) {
    let output = Command::new(bindir().join(program))
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &cluster.port().to_string()])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    assert!(!said.contains("circular"), "{program}: {said}");
}

/// Asserts that the databases remember the same, and that `after` goes on: responses that were
/// seen are not new, and the next run has the next number.
fn assert_goes_on(before: &mut Client, after: &mut Client) {
    assert_eq!(rows(after, STATE), rows(before, STATE));
    catalog::assert_same(
        &catalog::of_extension(after),
        &catalog::of_extension(before),
        "the restored catalog differs",
    );
    after.batch_execute("SET search_path = app").unwrap();
    let new = "SELECT new_responses_count FROM irt.irt_should_run_calibration()";
    assert_eq!(value(after, new).as_deref(), Some("0"));
    for (bank, id) in [("default", "4 success"), ("other", "5 success")] {
        let run = format!(
            "SELECT id || ' ' || status FROM irt.irt_run_calibration(true, bank => '{bank}', standard_errors => 'none')"
        );
        assert_eq!(value(after, &run).as_deref(), Some(id), "{bank}");
    }
}

#[test]
fn a_restored_database_goes_on_where_the_dumped_one_was() {
    for options in [vec![], vec!["-Fc"], vec!["--inserts"]] {
        let (cluster, mut before) = with_history();
        restore(&cluster, &dump(&cluster, &options), &[]);
        let mut after = cluster.connect_as("postgres", "after");
        assert_goes_on(&mut before, &mut after);
    }
}

/// Other objects are created first, so every OID is another one, and the search_path finds other
/// things.
#[test]
fn the_order_of_schemas_does_not_matter() {
    let (cluster, mut before) = with_history();
    let mut after = cluster.connect_as("postgres", "after");
    after
        .batch_execute(
            "CREATE SCHEMA earlier; CREATE TABLE earlier.responses (x int);
             CREATE TABLE earlier.questions (y int);
             ALTER DATABASE after SET search_path = earlier, app, irt",
        )
        .unwrap();
    restore(&cluster, &dump(&cluster, &["-Fc"]), &["--single-transaction"]);
    assert_goes_on(&mut before, &mut after);
}

#[test]
fn a_schema_alone_has_no_history_and_begins_one() {
    let (cluster, mut before) = with_history();
    restore(&cluster, &dump(&cluster, &["--schema-only"]), &[]);
    let mut after = cluster.connect_as("postgres", "after");
    catalog::assert_same(
        &catalog::of_extension(&mut after),
        &catalog::of_extension(&mut before),
        "the restored catalog differs",
    );
    let remembered = "SELECT count(*) FROM irt.irt_calibration_runs";
    assert_eq!(value(&mut after, remembered).as_deref(), Some("0"));
    after.simple_query(DATA).unwrap();
    let run = "SET search_path = app; SELECT id || ' ' || status FROM irt.irt_run_calibration()";
    assert_eq!(value(&mut after, run).as_deref(), Some("1 success"));
}

/// Data alone, into a database where the extension was created by hand: pg_dump takes along what
/// the extension remembers.
#[test]
fn data_alone_goes_into_an_extension_that_is_there() {
    let (cluster, mut before) = with_history();
    let mut after = cluster.connect_as("postgres", "after");
    after.simple_query(SCHEMA).unwrap();
    restore(&cluster, &dump(&cluster, &["--data-only"]), &[]);
    assert_goes_on(&mut before, &mut after);
}

/// Publications, item lists, rollbacks and thresholds: in force is what was, and ids go on.
#[test]
fn what_was_decided_is_restored_and_goes_on() {
    for options in [vec![], vec!["-Fc"], vec!["--inserts"]] {
        let (cluster, mut before) = with_history();
        before.batch_execute("SET search_path = app").unwrap();
        for statement in [
            "UPDATE app.responses SET is_correct = NOT is_correct WHERE user_id = 7",
            "SELECT irt.irt_run_calibration(true)",
            "UPDATE app.responses SET is_correct = NOT is_correct WHERE user_id = 8",
            "SELECT irt.irt_run_calibration(true, item_ids => '{2,3}')",
            "SELECT irt.irt_rollback(note => 'a list')",
            "SELECT irt.irt_run_calibration(true)",
            "SELECT irt.irt_publish(1)",
            "SELECT irt.irt_rollback()",
            "SELECT irt.irt_set_check('items_lost', 0.5, 'infinity')",
        ] {
            before.simple_query(statement).unwrap();
        }
        let held = "SELECT publication FROM irt.irt_calibration_runs ORDER BY id DESC LIMIT 1";
        assert_eq!(value(&mut before, held).as_deref(), Some("held"));
        restore(&cluster, &dump(&cluster, &options), &[]);
        let mut after = cluster.connect_as("postgres", "after");
        after.batch_execute("SET search_path = app").unwrap();
        assert_eq!(rows(&mut after, STATE), rows(&mut before, STATE), "{options:?}");
        for moment in ["now()", "(SELECT min(published_at) FROM irt.irt_publications)"] {
            let then =
                format!("SELECT * FROM irt.irt_parameters_at('default', {moment}) ORDER BY 1");
            assert_eq!(rows(&mut after, &then), rows(&mut before, &then), "{options:?}");
        }
        // 1 and 2: runs; 3: of a list; 4: took it back; 5: run 1 once more; 6: took that back.
        let next = "SELECT id, undoes, run_id FROM irt.irt_rollback()";
        let expected = ["7", "2", "1"].map(|cell| Some(cell.to_owned()));
        for client in [&mut after, &mut before] {
            assert_eq!(rows(client, next).remove(0), expected, "{options:?}");
        }
        let items = "SELECT * FROM app.questions ORDER BY id";
        assert_eq!(rows(&mut after, items), rows(&mut before, items), "{options:?}");
    }
}

/// What 0.2.0 dumped knows no publications either: each bank gets those of its successes when it is
/// used first.
#[test]
fn successes_of_an_older_dump_become_publications() {
    for (first_use, count) in [
        ("SELECT irt.irt_rollback()", 4),
        ("SELECT irt.irt_publish(1)", 4),
        ("SELECT irt.irt_run_calibration(true, standard_errors => 'none')", 4),
        ("SELECT irt.irt_forget_runs('default', '2000-01-01')", 3),
    ] {
        let (cluster, mut before) = with_history_of("0.2.0");
        for statement in [
            "SET search_path = app",
            "UPDATE app.responses SET is_correct = NOT is_correct WHERE user_id = 7",
            "SELECT irt.irt_run_calibration(true, item_ids => '{2,3}')",
            "SELECT irt.irt_run_calibration(bank => 'other', standard_errors => 'none')",
            "UPDATE app.responses SET is_correct = NOT is_correct WHERE user_id = 8",
            "SELECT irt.irt_run_calibration(true)",
            "CREATE TABLE app.old_runs AS SELECT 'success' AS status, now() - interval '1 day' AS started_at",
            "SELECT irt.irt_adopt_runs('app.old_runs')",
        ] {
            before.simple_query(statement).unwrap();
        }
        restore(&cluster, &dump(&cluster, &[]), &[]);
        let mut after = cluster.connect_as("postgres", "after");
        after.batch_execute("SET search_path = app").unwrap();
        let published =
            "SELECT id::text, irt_difficulty, irt_discrimination FROM app.questions ORDER BY 1";
        let items = rows(&mut after, published);
        after.simple_query(first_use).unwrap();
        let publications = "SELECT p.run_id, p.kind, p.items, p.published_at = r.completed_at
            FROM irt.irt_publications AS p JOIN irt.irt_calibration_runs AS r ON r.id = p.run_id
            WHERE p.bank = 'default' ORDER BY p.id LIMIT 3";
        let expected = [
            ["1", "automatic", "", "t"],
            ["4", "automatic", "{2,3}", "t"],
            ["6", "automatic", "", "t"],
        ];
        let found: Vec<Vec<String>> = rows(&mut after, publications)
            .into_iter()
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect())
            .collect();
        assert_eq!(found, expected, "{first_use}");
        let all = "SELECT count(*) FROM irt.irt_publications";
        assert_eq!(value(&mut after, all), Some(count.to_string()), "{first_use}: no other bank's");
        let before_it =
            "SELECT item, difficulty, discrimination FROM irt.irt_parameters_at('default',
            (SELECT max(completed_at) FROM irt.irt_calibration_runs WHERE id <= 6)) ORDER BY item";
        assert_eq!(rows(&mut after, before_it), items, "{first_use}");
        let adopted =
            "SELECT publication FROM irt.irt_calibration_runs WHERE settings ? 'adopted_from'";
        assert_eq!(value(&mut after, adopted), None);
    }
}

/// What 0.2.0 dumped knows no owners: nobody has the banks, they run, and somebody takes them over.
#[test]
fn a_dump_of_an_older_version_has_banks_without_owners() {
    for options in [vec![], vec!["--inserts"]] {
        let cluster = Cluster::start();
        let mut postgres = cluster.connect();
        postgres.batch_execute("CREATE DATABASE before").unwrap();
        postgres.batch_execute("CREATE DATABASE after").unwrap();
        let mut before = cluster.connect_as("postgres", "before");
        let old = SCHEMA.replace(
            "SCHEMA irt;\n    CREATE TABLE",
            "SCHEMA irt VERSION '0.2.0';\n    CREATE TABLE",
        );
        assert_ne!(old, SCHEMA);
        for statement in [&*old, DATA, "SELECT irt.irt_run_calibration()"] {
            before.simple_query(statement).unwrap();
        }
        restore(&cluster, &dump(&cluster, &options), &[]);
        let mut after = cluster.connect_as("postgres", "after");
        let owners = "SELECT count(*) || ' ' || count(owner) FROM irt.irt_item_banks";
        assert_eq!(value(&mut after, owners).as_deref(), Some("2 0"));
        let run = "SELECT id || ' ' || status || ' ' || run_by
                   FROM irt.irt_run_calibration(true, bank => 'other', standard_errors => 'none')";
        assert_eq!(value(&mut after, run).as_deref(), Some("2 success postgres"));
        let takes = "SELECT owner FROM irt.irt_configure('other')";
        assert_eq!(value(&mut after, takes).as_deref(), Some("postgres"));
    }
}
