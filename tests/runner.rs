//! bin/run_irt_calibration: its exit codes, what it prints, and that it keeps a password to itself.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, bindir, rows, value};
use std::process::{Command, Output};

/// The runner as `user` of `database`.
fn runner(cluster: &Cluster, user: &str, database: &str) -> Command {
    let mut command = Command::new("bin/run_irt_calibration");
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", format!("{}:{path}", bindir().display()))
        .env_remove("DATABASE_URL")
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", cluster.port().to_string())
        .env("PGUSER", user)
        .env("PGDATABASE", database);
    command
}

fn run(cluster: &Cluster, arguments: &[&str]) -> Output {
    runner(cluster, "postgres", "postgres").args(arguments).output().unwrap()
}

fn assert_ends(output: &Output, code: i32, said: &str) {
    let all = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{all}");
    let squeezed = all.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains(said), "{said} is missing in: {all}");
}

/// A server with LSAT7 and the extension in a schema of its own.
fn cluster() -> Cluster {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client
        .batch_execute(
            "CREATE SCHEMA \"Item bank\"; CREATE EXTENSION irt_calibration SCHEMA \"Item bank\";
             SELECT \"Item bank\".irt_add_item_columns('questions');
             CREATE VIEW few AS SELECT * FROM responses WHERE user_id <= 5;
             SELECT \"Item bank\".irt_configure('it''s few', 'few', min_new_responses => 1);
             CREATE ROLE keeper LOGIN PASSWORD 'p@ss/w\\o:rd%'",
        )
        .unwrap();
    client.batch_execute("CREATE DATABASE bare").unwrap();
    cluster
}

#[test]
fn every_way_to_end_has_its_code() {
    let cluster = cluster();
    let bank = |name| run(&cluster, &["--bank", name]);
    assert_ends(&run(&cluster, &["--standard-errors", "none"]), 0, "status | success");
    assert_ends(&run(&cluster, &[]), 0, "status | skipped");
    assert_ends(&bank("it's few"), 2, "HINT");
    assert_ends(&bank("nix"), 3, "bank \"nix\" does not exist");
    assert_ends(&run(&cluster, &["--standard-errors", "guessed"]), 3, "standard_errors is");
    assert_ends(&run(&cluster, &["--seed", "many"]), 3, "invalid input syntax");
    assert_ends(&run(&cluster, &["--sed", "1"]), 3, "unknown option --sed");
    assert_ends(&run(&cluster, &["--seed"]), 3, "--seed needs a value");
    let other = |user, database| runner(&cluster, user, database).output().unwrap();
    assert_ends(&other("postgres", "bare"), 3, "CREATE EXTENSION irt_calibration;");
    assert_ends(&other("postgres", "nowhere"), 1, "database \"nowhere\" does not exist");
    assert_ends(&other("keeper", "postgres"), 1, "permission denied");
    let mut client = cluster.connect();
    let triggers =
        "SELECT string_agg(DISTINCT triggered_by, ',') FROM \"Item bank\".irt_calibration_runs";
    assert_eq!(value(&mut client, triggers).as_deref(), Some("cron"));
    client.batch_execute("DROP TABLE responses CASCADE").unwrap();
    assert_ends(&run(&cluster, &["--force"]), 3, "does not exist");
    cluster.stop(common::Shutdown::Fast);
    assert_ends(&run(&cluster, &[]), 1, "Connection refused");
}

/// What the DBA finds in the morning: nothing failed, and the reason is there all the same.
#[test]
fn a_held_run_is_a_success_unless_one_asks_otherwise() {
    let cluster = cluster();
    let none = ["--standard-errors", "none", "--force"];
    let none_and = |option| run(&cluster, &[&none[..], &[option]].concat());
    assert_ends(&none_and("--fail-if-held"), 0, "publication | published");
    cluster.connect().batch_execute("SELECT \"Item bank\".irt_rollback()").unwrap();
    let held = run(&cluster, &none);
    assert_ends(&held, 0, "publication | held");
    let said = String::from_utf8_lossy(&held.stderr).into_owned();
    for part in ["run 2 of bank \"default\" is held", "since_rollback is 1.000", "irt_publish(2)"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert_ends(&none_and("--fail-if-held"), 4, "publication | held");
    assert_ends(&run(&cluster, &["--fail-if-held", "--bank", "it's few"]), 2, "HINT");
    cluster.connect().batch_execute("SELECT \"Item bank\".irt_publish(3)").unwrap();
    assert_ends(&none_and("--fail-if-held"), 0, "publication | published");
}

#[test]
fn it_goes_on_with_the_tables_of_an_older_version() {
    let cluster = Cluster::start();
    cluster.load_lsat7();
    let create = "CREATE EXTENSION irt_calibration VERSION '0.2.0'; \
                  SELECT irt_add_item_columns('questions')";
    cluster.connect().batch_execute(create).unwrap();
    let output = run(&cluster, &["--standard-errors", "none", "--fail-if-held"]);
    assert_ends(&output, 0, "status | success");
}

/// psql reads it twice: a text in which its quotes might get lost stays as it is.
#[test]
fn the_printed_row_is_the_run_s() {
    let cluster = cluster();
    let mut client = cluster.connect();
    client
        .batch_execute(r#"ALTER TABLE questions ADD "it's\" int; SET search_path = "Item bank", public;
             CREATE VIEW "a 'quoted\ view" AS SELECT * FROM public.responses;
             SELECT irt_configure('it''s\"', '"a ''quoted\ view"', items => '-', standard_errors => 'none')"#)
        .unwrap();
    let output = run(&cluster, &["--bank", r#"it's\""#]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let printed: Vec<(&str, &str)> = printed
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let columns = "SELECT attname, to_jsonb(r) ->> attname::text
         FROM irt_calibration_runs r, pg_attribute
         WHERE attrelid = 'irt_calibration_runs'::regclass AND attnum > 0 AND NOT attisdropped
           AND atttypid NOT IN ('timestamptz'::regtype, 'jsonb'::regtype, 'real[]'::regtype)
         ORDER BY attnum";
    let stored = rows(&mut client, columns);
    assert!(stored.len() > 20);
    for row in stored {
        let (name, value) = (row[0].as_deref().unwrap(), row[1].as_deref().unwrap_or_default());
        assert!(printed.contains(&(name, value)), "{name} is {value} in {printed:?}");
    }
}

#[test]
fn options_reach_the_run() {
    let cluster = cluster();
    let arguments = [
        "--force",
        "--min-new-responses",
        "7",
        "--min-responses-per-item",
        "9",
        "--standard-errors",
        "bootstrap",
        "--bootstrap-iterations",
        "11",
        "--seed",
        "13",
        "--item",
        "it's",
        "--item",
        "1",
    ];
    let mut client = cluster.connect();
    client.batch_execute("INSERT INTO questions VALUES ('it''s'), ('1')").unwrap();
    let output = run(&cluster, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let settings = "SELECT settings FROM \"Item bank\".irt_calibration_runs";
    let settings: serde_json::Value =
        serde_json::from_str(&value(&mut client, settings).unwrap()).unwrap();
    assert_eq!(settings["item_ids"], serde_json::json!(["it's", "1"]));
    let arguments = &settings["arguments"];
    assert_eq!(arguments["force"], true);
    for (name, number) in [
        ("min_new_responses", 7),
        ("min_responses_per_item", 9),
        ("bootstrap_iterations", 11),
        ("seed", 13),
    ] {
        assert_eq!(arguments[name], number, "{name}: {settings}");
    }
}

#[test]
fn a_url_connects_and_its_password_is_not_on_the_command_line() {
    let cluster = cluster();
    let hba = cluster.folder().join("pg_hba.conf");
    let trust = std::fs::read_to_string(&hba).unwrap();
    std::fs::write(&hba, format!("host all keeper 127.0.0.1/32 scram-sha-256\n{trust}")).unwrap();
    cluster.reload();
    let with_password = |password: &str| {
        let url = format!("postgres://keeper:{password}@127.0.0.1:{}/postgres", cluster.port());
        runner(&cluster, "nobody", "nowhere").env("DATABASE_URL", url).output().unwrap()
    };
    assert_ends(&with_password("wrong"), 1, "password authentication failed");
    // Connected, and only then refused.
    assert_ends(&with_password("p%40ss%2Fw%5Co%3Ard%25"), 1, "permission denied");
    let mut command = runner(&cluster, "nobody", "nowhere");
    let fake = tempfile_with_psql();
    let url = "postgresql://keeper:se%63ret@localhost/shop";
    let path = format!("{}:{}", fake.display(), std::env::var("PATH").unwrap());
    let output = command.env("PATH", path).env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    std::fs::remove_dir_all(&fake).unwrap();
    assert!(said.contains("password: secret") && said.contains("keeper@localhost/shop"), "{said}");
    assert!(
        !said.lines().any(|line| line.starts_with("arguments:") && line.contains("ret@")),
        "{said}"
    );
}

/// A folder with a psql that says how it was called.
fn tempfile_with_psql() -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("irt-runner-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let psql = folder.join("psql");
    std::fs::write(
        &psql,
        "#!/bin/sh\necho \"arguments: $*\" >&2\necho \"password: $PGPASSWORD\" >&2\n",
    )
    .unwrap();
    std::fs::set_permissions(&psql, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}
