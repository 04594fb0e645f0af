//! deploy/: every file parses, and every query in it runs on a real server and says what is claimed.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::document::sql_blocks;
use common::{Cluster, rows};
use postgres::Client;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(deploy().join(file)).unwrap()
}

fn yaml(file: &str) -> Value {
    serde_yaml_ng::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The files of deploy/ and its folders that end in `extension`.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

/// A server on which bank `default` ran twice, bank `few` failed, `idle` never ran, and `undone` has
/// two runs that await a decision and two about which there is none any more; and the role that
/// watches it.
fn history() -> (Cluster, Client) {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut owner = cluster.connect();
    owner
        .batch_execute(
            "CREATE SCHEMA irt; SET search_path = irt, public; CREATE EXTENSION irt_calibration SCHEMA irt;
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT irt_configure('few', 'few', min_new_responses => 1), irt_configure('idle', 'few'),
                    irt_configure(standard_errors => 'none', items => '-')",
        )
        .unwrap();
    // Each sees what the one before has committed.
    for arguments in ["", "force => true", ""] {
        owner.simple_query(&format!("SELECT irt_run_calibration({arguments})")).unwrap();
    }
    undo(&mut owner);
    let readme = text("README.md");
    let grants = sql_blocks(&readme).next().unwrap();
    owner.batch_execute(grants).unwrap();
    owner
        .batch_execute(
            "ALTER ROLE watcher SET search_path = irt; GRANT USAGE ON SCHEMA irt TO watcher",
        )
        .unwrap();
    assert_eq!(
        common::error(&mut owner, "SELECT irt_run_calibration(bank => 'few')").code().code(),
        "IR001"
    );
    let watcher = cluster.connect_as("watcher", "postgres");
    (cluster, watcher)
}

/// Runs 4 to 9 of bank `undone`: published, rolled back, held and rejected, held and outdated,
/// published, rolled back, held, held.
fn undo(owner: &mut Client) {
    let run = "SELECT irt_run_calibration(true, bank => 'undone', standard_errors => 'none')";
    let steps = [
        "SELECT irt_configure('undone', 'responses', items => '-')",
        run,
        "SELECT irt_rollback('undone')",
        run,
        "SELECT irt_reject(5)",
        run,
        "SELECT irt_publish(4)",
        run,
        "SELECT irt_rollback('undone')",
        run,
        run,
    ];
    for step in steps {
        owner.simple_query(step).unwrap_or_else(|error| panic!("{step}: {error:?}"));
    }
}

#[test]
fn every_file_parses() {
    for path in files(&deploy(), "toml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let config: toml::Table =
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let dockerfile = config["build"]["dockerfilePath"].as_str().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(dockerfile).is_file(), "{}: {dockerfile}", path.display());
    }
    for path in files(&deploy(), "yaml") {
        yaml(path.to_str().unwrap());
    }
    let workflow: Value =
        serde_yaml_ng::from_str(include_str!("../.github/workflows/ci.yml")).unwrap();
    let steps = workflow["jobs"]["test"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["run"] == ".ci/run"), "{steps:?}");
    let cron: toml::Table = text("railway/cron.toml").parse().unwrap();
    assert_eq!(cron["deploy"]["cronSchedule"].as_str(), Some("0 4 * * 0"));
    assert_eq!(cron["deploy"]["restartPolicyType"].as_str(), Some("NEVER"));
    let job = yaml("kubernetes/cronjob.yaml");
    assert_eq!(job["spec"]["schedule"], "0 4 * * 0");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    let secret = &pod["containers"][0]["env"][0];
    assert_eq!(secret["name"], "DATABASE_URL");
    assert_eq!(secret["valueFrom"]["secretKeyRef"]["key"], "DATABASE_URL");
    let database = &yaml("compose.yaml")["services"]["database"];
    assert_eq!(database["volumes"][0], "data:${DATA_FOLDER:-/var/lib/postgresql/data}");
    for variable in ["POSTGRES_PASSWORD", "SENTRY_DSN", "ENV", "SENTRY_TRACES_SAMPLE_RATE"] {
        assert!(database["environment"][variable].is_string(), "{variable}");
    }
}

/// Where the programs that read these files are installed, they are asked as well.
#[test]
fn the_programs_that_read_them_accept_them() {
    for arguments in [
        ["check", "rules", "monitoring/alerts.yaml"],
        ["test", "rules", "monitoring/alerts_test.yaml"],
    ] {
        accepts(Command::new("promtool").args(arguments));
    }
    let compose = ["compose", "-f", "compose.yaml", "config", "--quiet"];
    let knows_compose = Command::new("docker").args(["compose", "version"]).output();
    if knows_compose.is_ok_and(|output| output.status.success()) {
        accepts(Command::new("docker").args(compose).env("POSTGRES_PASSWORD", "secret"));
    }
}

fn accepts(command: &mut Command) {
    match command.current_dir(deploy()).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{command:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("not installed: {command:?}");
        }
        Err(error) => panic!("{command:?}: {error}"),
    }
}

#[test]
fn the_exporter_s_metrics_say_how_it_went() {
    let (_cluster, mut watcher) = history();
    let queries = yaml("monitoring/postgres_exporter.yaml");
    for (name, query) in queries.as_object().unwrap() {
        let described: Vec<&String> = query["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|metric| metric.as_object().unwrap().keys())
            .collect();
        let sql = query["query"].as_str().unwrap();
        let columns = watcher.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let columns: Vec<&str> = columns.columns().iter().map(|column| column.name()).collect();
        assert_eq!(columns, described, "{name}");
    }
    let bank = queries["irt_calibration_bank"]["query"].as_str().unwrap();
    let found = rows(
        &mut watcher,
        &format!(
            "SELECT bank, now() - to_timestamp(last_run_timestamp_seconds) < '1 hour',
                    now() - to_timestamp(last_success_timestamp_seconds) < '1 hour', last_run_failed,
                    last_success_duration_seconds > 0, items_calibrated, items_skipped
             FROM ({bank}) AS metrics ORDER BY bank"
        ),
    );
    let found: Vec<Vec<&str>> = found
        .iter()
        .map(|row| row.iter().map(|value| value.as_deref().unwrap()).collect())
        .collect();
    assert_eq!(
        found,
        [
            ["default", "t", "t", "0", "t", "5", "0"],
            ["few", "t", "f", "1", "f", "0", "0"],
            ["idle", "f", "f", "0", "f", "0", "0"],
            ["undone", "t", "t", "0", "t", "5", "0"],
        ]
    );
    let publication = queries["irt_calibration_publication"]["query"].as_str().unwrap();
    let found = rows(
        &mut watcher,
        &format!(
            "SELECT bank, held_runs, held_seconds = 0, now() - to_timestamp(last_timestamp_seconds) < '1 hour'
             FROM ({publication}) AS metrics ORDER BY bank"
        ),
    );
    let expected = [
        ["default", "0", "t", "t"],
        ["few", "0", "t", "f"],
        ["idle", "0", "t", "f"],
        ["undone", "2", "f", "t"],
    ];
    assert_eq!(found, expected.map(|row| row.map(|cell| Some(cell.to_owned())).to_vec()));
    let oldest = format!(
        "SELECT now() - held_seconds * interval '1 s' - (SELECT completed_at FROM irt_calibration_runs WHERE id = 8)
             BETWEEN '-1 ms' AND '1 ms' FROM ({publication}) AS metrics WHERE bank = 'undone'"
    );
    assert_eq!(common::value(&mut watcher, &oldest).as_deref(), Some("t"));
    let runs = queries["irt_calibration_runs"]["query"].as_str().unwrap();
    let totals = rows(
        &mut watcher,
        &format!(
            "SELECT string_agg(concat_ws(' ', bank, status, total), ', ' ORDER BY bank, status) FROM ({runs}) AS t"
        ),
    );
    let expected = "default skipped 1, default success 2, few failed 1, undone success 6";
    assert_eq!(totals[0][0].as_deref(), Some(expected));
}

/// Each metric that an alert names is one that the exporter's queries make.
#[test]
fn alerts_are_about_metrics_that_exist() {
    let queries = yaml("monitoring/postgres_exporter.yaml");
    let metrics: Vec<String> = queries
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(name, query)| {
            query["metrics"].as_array().unwrap().iter().flat_map(move |metric| {
                metric.as_object().unwrap().keys().map(move |column| format!("{name}_{column}"))
            })
        })
        .collect();
    let rules = yaml("monitoring/alerts.yaml");
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 2);
    for rule in rules {
        let expression = rule["expr"].as_str().unwrap();
        let mut named = expression
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("irt_"))
            .peekable();
        assert!(named.peek().is_some(), "{expression}");
        for metric in named {
            assert!(metrics.iter().any(|known| known == metric), "{metric} of {expression}");
        }
    }
}

#[test]
fn the_dashboard_s_queries_run() {
    let (_cluster, mut watcher) = history();
    let dashboard: Value =
        serde_json::from_str(&text("monitoring/grafana_dashboard.json")).unwrap();
    let variable = dashboard["templating"]["list"][1]["query"].as_str().unwrap();
    let banks: Vec<String> =
        rows(&mut watcher, variable).into_iter().filter_map(|mut row| row.remove(0)).collect();
    assert_eq!(banks, ["default", "few", "idle", "undone"]);
    let panels = dashboard["panels"].as_array().unwrap();
    let mut panel = |title: &str| {
        let panel = panels.iter().find(|panel| panel["title"] == title).unwrap();
        let sql = panel["targets"][0]["rawSql"].as_str().unwrap();
        rows(&mut watcher, &as_grafana_sends_it(sql))
    };
    for title in panels.iter().filter_map(|panel| panel["title"].as_str()) {
        let rows = panel(title).len();
        assert_eq!(rows == 0, title == "Running now", "{title}: {rows} rows");
    }
    assert_eq!(panel("Failed runs"), [[Some("1".to_owned())]]);
    assert_eq!(panel("Runs").len(), 10);
    let held = panel("Held, and nobody has decided");
    let held: Vec<&[Option<String>]> = held.iter().map(|row| &row[..2]).collect();
    let expected = [["8", "undone"], ["9", "undone"]];
    assert_eq!(held, expected.map(|row| row.map(|cell| Some(cell.to_owned()))));
    let reasons = panel("Held, and nobody has decided")[0][4].clone();
    assert_eq!(reasons.as_deref(), Some("since_rollback 1.000 > 0.500"));
    let moved = panel("Items that moved most in the last success");
    assert_eq!(moved.len(), 5);
    assert!(
        moved.iter().all(|row| row[2].is_some()),
        "changes against the success before: {moved:?}"
    );
}

/// `sql` with Grafana's variables and macros replaced, for all banks and the last 90 days.
fn as_grafana_sends_it(sql: &str) -> String {
    let sql = sql.replace("${bank:sqlstring}", "'default','few','idle','undone'").replace(
        "$__timeFilter(started_at)",
        "started_at BETWEEN now() - interval '90 days' AND now() + interval '1 minute'",
    );
    assert!(!sql.contains('$'), "a variable that this test does not know: {sql}");
    sql
}
