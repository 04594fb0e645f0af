//! Upgrades: what an older version left is what the newer one goes on with.
//!
//! Every version that was released can be installed, works with the library of
//! today as it is, and becomes, by ALTER EXTENSION UPDATE, what a fresh install
//! is, with all its data.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, bindir, catalog, error, has_extension, rows, value};
use postgres::{Client, NoTls};
use std::{collections::HashSet, fs, path::Path, process::Command, sync::mpsc::channel};

/// The version of this checkout.
const CURRENT: &str = env!("CARGO_PKG_VERSION");

/// Scripts of released versions, with the checksums that they had then.
const RELEASED: &str = include_str!("../sql/released.sha256");

/// The tables that are dumped, and what their rows are ordered by.
const TABLES: [(&str, &str); 3] = [
    ("irt_item_banks", "bank"),
    ("irt_calibration_runs", "id"),
    ("irt_item_parameters", "run_id, item COLLATE \"C\""),
];

/// Versions with an install script that was released.
fn released_versions() -> Vec<&'static str> {
    let scripts = RELEASED.lines().filter_map(|line| line.split_once("  irt_calibration--"));
    let versions = scripts.filter_map(|(_, script)| script.strip_suffix(".sql"));
    versions.filter(|version| !version.contains("--")).collect()
}

#[test]
fn released_scripts_are_frozen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "released.sha256"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        check.status.success(),
        "a script that users have installed was changed: {}{}",
        String::from_utf8_lossy(&check.stdout),
        String::from_utf8_lossy(&check.stderr)
    );
    let frozen: HashSet<&str> =
        RELEASED.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    for entry in fs::read_dir(folder).unwrap() {
        let script = entry.unwrap().file_name().into_string().unwrap();
        let is_current = script.ends_with(&format!("--{CURRENT}.sql"));
        if script.starts_with("irt_calibration--") && !is_current {
            assert!(frozen.contains(script.as_str()), "sql/released.sha256 lacks {script}");
        }
    }
    assert!(!released_versions().is_empty());
}

/// A database with a released version in schema irt, and a history made through its functions.
fn with_history(version: &str) -> (Cluster, Client) {
    let has_cron = has_extension("pg_cron");
    let settings = if has_cron { "shared_preload_libraries = 'pg_cron'" } else { "" };
    let cluster = Cluster::with_settings(settings);
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client
        .batch_execute(&format!(
            "CREATE SCHEMA irt;
             CREATE EXTENSION irt_calibration SCHEMA irt VERSION '{version}';
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT irt.irt_add_item_columns('questions');
             SELECT irt.irt_configure(standard_errors => 'observed_information'),
                    irt.irt_configure('few', 'few', min_new_responses => 1),
                    irt.irt_configure('other', 'responses', prior_difficulty_sd => 'infinity')"
        ))
        .unwrap();
    if has_cron {
        client.batch_execute("CREATE EXTENSION pg_cron").unwrap();
        client.simple_query("SELECT irt.irt_schedule_calibration('5 4 * * *')").unwrap();
    }
    for arguments in ["", "", "bank => 'other', bootstrap_iterations => 20"] {
        client.simple_query(&format!("SELECT irt.irt_run_calibration({arguments})")).unwrap();
    }
    assert_eq!(
        error(&mut client, "SELECT irt.irt_run_calibration(bank => 'few')").code().code(),
        "IR001"
    );
    let statuses = "SELECT string_agg(status, ' ' ORDER BY id) FROM irt.irt_calibration_runs";
    assert_eq!(value(&mut client, statuses).as_deref(), Some("success skipped success failed"));
    (cluster, client)
}

/// What the tables hold in the columns that they have now, a JSON object for each row.
fn history(client: &mut Client, columns: &[String]) -> Vec<Vec<Option<String>>> {
    TABLES
        .iter()
        .zip(columns)
        .flat_map(|((table, order), columns)| {
            let sql = format!(
                "SELECT to_json(t) FROM (SELECT {columns} FROM irt.{table}) AS t ORDER BY {order}"
            );
            rows(client, &sql)
        })
        .collect()
}

fn columns(client: &mut Client) -> Vec<String> {
    TABLES
        .iter()
        .map(|(table, _)| {
            let sql = format!(
                "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                 WHERE attrelid = 'irt.{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            );
            value(client, &sql).unwrap()
        })
        .collect()
}

#[test]
fn an_updated_extension_is_a_fresh_one_with_its_data() {
    for version in released_versions() {
        let (cluster, mut client) = with_history(version);
        let columns = columns(&mut client);
        let before = history(&mut client, &columns);
        client.batch_execute("ALTER EXTENSION irt_calibration UPDATE").unwrap();
        assert_eq!(history(&mut client, &columns), before, "{version}");

        client.batch_execute("CREATE DATABASE fresh").unwrap();
        let mut fresh = cluster.connect_as("postgres", "fresh");
        fresh
            .batch_execute("CREATE SCHEMA irt; CREATE EXTENSION irt_calibration SCHEMA irt")
            .unwrap();
        catalog::assert_same(
            &catalog::of_extension(&mut client),
            &catalog::of_extension(&mut fresh),
            &format!("updated from {version}, the catalog is not that of a fresh {CURRENT}"),
        );
        goes_on(&mut client);
    }
}

/// Each success put in force what it had, with a list of items those: so it is written down.
#[test]
fn an_update_makes_publications_of_the_successes_that_published() {
    for version in released_versions() {
        let (_cluster, mut client) = with_history(version);
        for statement in [
            "UPDATE responses SET is_correct = NOT is_correct WHERE user_id % 10 = 3",
            "SELECT irt.irt_run_calibration(true, item_ids => '{Item.2,Item.3}')",
            "UPDATE responses SET is_correct = NOT is_correct WHERE user_id % 10 = 4",
            "SELECT irt.irt_run_calibration(true, standard_errors => 'none')",
            "UPDATE responses SET is_correct = NOT is_correct WHERE user_id % 10 = 5",
            "SELECT irt.irt_run_calibration(true, item_ids => '{Item.5}')",
        ] {
            client.simple_query(statement).unwrap();
        }
        // 0.1.0 could not adopt.
        let adopts = version != "0.1.0";
        if adopts {
            let old = "CREATE TABLE old_runs AS
                SELECT 'success' AS status, now() - interval '1 day' AS started_at";
            client.batch_execute(old).unwrap();
            value(&mut client, "SELECT irt.irt_adopt_runs('old_runs')");
        }
        client.batch_execute("ALTER EXTENSION irt_calibration UPDATE").unwrap();
        let publications = "SELECT p.bank, p.run_id, p.kind, p.items, p.items_count, p.undoes
            FROM irt.irt_publications AS p JOIN irt.irt_calibration_runs AS r ON r.id = p.run_id
            WHERE p.published_at = r.completed_at ORDER BY p.id";
        let found: Vec<String> = rows(&mut client, publications)
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|cell| cell.unwrap_or("-".to_owned()))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let expected = [
            "default 1 automatic - 5 -",
            "other 3 automatic - 5 -",
            "default 5 automatic {Item.2,Item.3} 2 -",
            "default 6 automatic - 5 -",
            "default 7 automatic {Item.5} 1 -",
        ];
        assert_eq!(found, expected, "{version}");
        let words = "SELECT string_agg(id || ' ' || publication || ' ' || items_published, ', ' ORDER BY id)
                     FROM irt.irt_calibration_runs";
        let expected = "1 published 5, 3 published 5, 5 published 2, 6 published 5, 7 published 1";
        assert_eq!(value(&mut client, words).as_deref(), Some(expected), "{version}");

        // In force is what the items table has, and what it had before is known.
        let differ = "SELECT count(*) FROM questions AS q
            FULL JOIN (SELECT * FROM irt.irt_current_parameters WHERE bank = 'default') AS f ON f.item = q.id
            FULL JOIN irt.irt_parameters_at('default', now()) AS a ON a.item = q.id
            WHERE (q.irt_difficulty, q.irt_discrimination, q.irt_se_difficulty)
                  IS DISTINCT FROM (f.difficulty, f.discrimination, f.se_difficulty)
               OR (f.difficulty, f.discrimination, f.se_difficulty, f.run_id, f.publication_id)
                  IS DISTINCT FROM (a.difficulty, a.discrimination, a.se_difficulty, a.run_id, a.publication_id)";
        for undone in [None, Some("5"), Some("4"), Some("3")] {
            if let Some(undone) = undone {
                let rollback = "SELECT undoes FROM irt.irt_rollback()";
                assert_eq!(value(&mut client, rollback).as_deref(), Some(undone), "{version}");
            }
            assert_eq!(value(&mut client, differ).as_deref(), Some("0"), "{version}: {undone:?}");
        }
        let left =
            "SELECT count(*) FROM irt.irt_current_parameters WHERE bank = 'default' AND run_id = 1";
        assert_eq!(value(&mut client, left).as_deref(), Some("5"), "{version}");
        if adopts {
            let refused = "SELECT irt.irt_publish(id) FROM irt.irt_calibration_runs
                           WHERE settings ? 'adopted_from'";
            assert_eq!(error(&mut client, refused).code().code(), "55000");
        }
    }
}

/// The next runs and the job of pg_cron work, and the history goes on where it was.
fn goes_on(client: &mut Client) {
    let new = "SELECT new_responses_count FROM irt.irt_should_run_calibration()";
    assert_eq!(value(client, new).as_deref(), Some("0"));
    let run = "SELECT id || ' ' || status FROM irt.irt_run_calibration(force => true)";
    assert_eq!(value(client, run).as_deref(), Some("5 success"));
    let previous = "SELECT bool_and(previous_difficulty = difficulty) FROM irt.irt_item_parameters
                    WHERE run_id = 5";
    assert_eq!(value(client, previous).as_deref(), Some("t"));
    if value(client, "SELECT to_regclass('cron.job')").is_none() {
        return;
    }
    let command = value(client, "SELECT command FROM cron.job").unwrap();
    assert_eq!(value(client, &command).as_deref(), Some("skipped"), "{command}");
}

#[test]
fn a_released_version_works_with_the_library_of_today() {
    for version in released_versions() {
        let (_cluster, mut client) = with_history(version);
        let installed = "SELECT extversion FROM pg_extension WHERE extname = 'irt_calibration'";
        assert_eq!(value(&mut client, installed).as_deref(), Some(version));
        let started = "SELECT irt.irt_start_calibration(force => true)";
        assert_eq!(value(&mut client, started).as_deref(), Some("5"));
        client.batch_execute("TABLE irt.irt_calibration_progress").unwrap();
        let fitted = "SELECT count(difficulty) FROM irt.irt_fit_2pl('TABLE responses')";
        assert_eq!(value(&mut client, fitted).as_deref(), Some("5"));
        let last = "SELECT irt.irt_last_successful_calibration() IS NOT NULL";
        assert_eq!(value(&mut client, last).as_deref(), Some("t"));
        client.batch_execute("SELECT irt.irt_cancel_calibration(5)").unwrap();
    }
}

/// Functions that have other arguments than before keep what was granted and what depends on them.
#[test]
fn an_update_keeps_grants_and_what_uses_the_functions() {
    for version in released_versions() {
        let (cluster, mut client) = with_history(version);
        client
            .batch_execute(
                "CREATE ROLE runner LOGIN; GRANT USAGE ON SCHEMA irt TO runner;
                 GRANT SELECT ON responses, questions TO runner; GRANT UPDATE ON questions TO runner;
                 GRANT EXECUTE ON FUNCTION irt.irt_configure, irt.irt_run_calibration TO runner;
                 GRANT EXECUTE ON FUNCTION irt.irt_start_calibration TO runner WITH GRANT OPTION;
                 CREATE VIEW configured AS SELECT (irt.irt_configure('few', min_persons => 5, seed => 7)).seed;
                 CREATE VIEW calibrated AS SELECT status FROM irt.irt_run_calibration(true, NULL, 1, '{Item.1}', 'none');
                 CREATE FUNCTION calibrate() RETURNS text BEGIN ATOMIC
                     SELECT status FROM irt.irt_run_calibration(true, item_ids => ARRAY['Item.2'], bank => 'other',
                                                                standard_errors => 'none'); END",
            )
            .unwrap();
        let oids = "SELECT string_agg(oid || ' ' || array_to_string(proacl, ','), ' ' ORDER BY proname)
                    FROM pg_proc WHERE proname IN ('irt_configure', 'irt_run_calibration', 'irt_start_calibration')";
        let before = value(&mut client, oids);
        assert!(before.as_ref().unwrap().contains("runner=X*/"));
        client.batch_execute("ALTER EXTENSION irt_calibration UPDATE").unwrap();
        assert_eq!(value(&mut client, oids), before, "{version}");
        // What was granted is not the extension's own: pg_dump takes it along.
        let initial = "SELECT count(*) FROM pg_init_privs WHERE initprivs::text LIKE '%runner%'";
        assert_eq!(value(&mut client, initial).as_deref(), Some("0"), "{version}");
        let dumped = Command::new(bindir().join("pg_dump"))
            .args(["-h", "127.0.0.1", "-U", "postgres", "-s", "-p", &cluster.port().to_string()])
            .arg("postgres")
            .output()
            .unwrap();
        let dumped = String::from_utf8(dumped.stdout).unwrap();
        for (name, right) in [
            ("irt_run_calibration(force boolean", "GRANT ALL ON FUNCTION"),
            ("irt_configure(bank text", "GRANT ALL ON FUNCTION"),
        ] {
            let grant = format!("{right} irt.{name}");
            let granted = |line: &str| line.starts_with(&grant) && line.ends_with("TO runner;");
            assert!(dumped.lines().any(granted), "{version}: {grant}");
        }
        assert_eq!(value(&mut client, "SELECT seed FROM configured").as_deref(), Some("7"));
        assert_eq!(value(&mut client, "SELECT calibrate()").as_deref(), Some("success"));
        assert_eq!(value(&mut client, "SELECT status FROM calibrated").as_deref(), Some("success"));
        let mut runner = cluster.connect_as("runner", "postgres");
        let run = "SELECT run_by FROM irt.irt_run_calibration(true, item_ids => '{Item.1}'::name[], standard_errors => 'none')";
        assert_eq!(value(&mut runner, run).as_deref(), Some("runner"));
        // But those that take a boolean or an integer, with a prior or without.
        let twice = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'irt'::regnamespace
                         AND proname NOT IN ('irt_eap', 'irt_map', 'irt_mle', 'irt_wle', 'irt_answers_add')
                     GROUP BY proname HAVING count(*) > 1";
        assert!(rows(&mut client, twice).is_empty(), "no function is overloaded");
    }
}

/// Whose the banks are, nobody has said: the update says which there are, and each run.
#[test]
fn an_update_names_the_banks_that_have_no_owner() {
    let (sender, said) = channel();
    let (cluster, mut client) = with_history(released_versions()[0]);
    client
        .batch_execute(
            "CREATE ROLE app LOGIN; ALTER VIEW few OWNER TO app; GRANT USAGE ON SCHEMA irt TO app;
             GRANT SELECT ON responses TO app; GRANT EXECUTE ON FUNCTION irt.irt_configure TO app",
        )
        .unwrap();
    let mut config = cluster.config("postgres", "postgres");
    config.notice_callback(move |notice| {
        let hint = notice.hint().unwrap_or_default();
        let _ = sender.send(format!("{}: {} / {hint}", notice.severity(), notice.message()));
    });
    let mut client = config.connect(NoTls).unwrap();
    let run = "SELECT irt.irt_run_calibration(true, bank => 'other', standard_errors => 'none')";
    client.simple_query(run).unwrap();
    let before: Vec<String> = said.try_iter().collect();
    let expected = "WARNING: bank \"other\" has no owner / ALTER EXTENSION irt_calibration UPDATE; \
                    then SELECT irt_configure('other');";
    assert_eq!(before, [expected]);
    client.batch_execute("ALTER EXTENSION irt_calibration UPDATE").unwrap();
    let listed: Vec<String> = said.try_iter().collect();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert!(
        listed[0].starts_with(
            "WARNING: banks without an owner: \
             'default' (responses: public.responses, which belong to postgres); \
             'few' (responses: public.few, which belong to app); \
             'other' (responses: public.responses, which belong to postgres) / "
        ),
        "{listed:?}"
    );
    client.simple_query(run).unwrap();
    let after: Vec<String> = said.try_iter().collect();
    let expected = "WARNING: bank \"other\" has no owner / Take it over, as the owner of its \
                    responses or of the extension: SELECT irt_configure('other');";
    assert_eq!(after, [expected]);
    let mut app = cluster.connect_as("app", "postgres");
    let takes = "SELECT owner || ' ' || configured_by FROM irt.irt_configure('few')";
    assert_eq!(value(&mut app, takes).as_deref(), Some("app app"));
    assert_eq!(error(&mut app, "SELECT irt.irt_configure('other')").code().code(), "42501");
    client.simple_query("SELECT irt.irt_configure('other')").unwrap();
    let _ = said.try_iter().count();
    client.simple_query(run).unwrap();
    assert_eq!(said.try_iter().count(), 0, "somebody answers for it now");
}

#[test]
fn dropping_leaves_nothing() {
    let cluster = Cluster::start();
    let mut client = cluster.connect();
    // What the application's own tables get stays with them.
    client
        .batch_execute(
            "CREATE TABLE responses (user_id int, question_id int, is_correct boolean);
             INSERT INTO responses SELECT p, q, hashint4(p * 5 + q) % 3 < p % 3
                 FROM generate_series(1, 300) p, generate_series(1, 5) q;
             CREATE TABLE questions AS SELECT generate_series(1, 5) AS id;
             CREATE SCHEMA irt; CREATE EXTENSION irt_calibration SCHEMA irt;
             SELECT irt.irt_add_item_columns('questions'); DROP EXTENSION irt_calibration",
        )
        .unwrap();
    let before = catalog::of_database(&mut client);
    for statement in [
        "CREATE EXTENSION irt_calibration SCHEMA irt",
        "SELECT irt.irt_configure(standard_errors => 'none')",
        "SELECT irt.irt_run_calibration()",
        "DROP EXTENSION irt_calibration",
    ] {
        client.simple_query(statement).unwrap();
    }
    catalog::assert_same(
        &catalog::of_database(&mut client),
        &before,
        "DROP EXTENSION is not clean",
    );
}
