//! Functions, operators, types, casts and relations under the server's and our names, planted ahead
//! in everybody's search_path: none of them is executed, read or written.
//!
//! Each raises when it is executed, and a control shows that it would be found
//! by whoever does not qualify.

use crate::common::{Cluster, error, rows, value};
use crate::{expected, with_answers};
use postgres::Client;
use std::time::{Duration, Instant};

/// Functions of the server that our SQL calls or could call, with their arguments.
const FUNCTIONS: [&str; 37] = [
    "now()",
    "clock_timestamp()",
    "current_database()",
    "pg_backend_pid()",
    "to_regclass(text)",
    "to_jsonb(anyelement)",
    "json_build_object(VARIADIC text[])",
    "jsonb_populate_record(anyelement, jsonb)",
    "pg_notify(text, text)",
    "hashtext(text)",
    "pg_try_advisory_lock(int, int)",
    "pg_advisory_unlock(int, int)",
    "pg_try_advisory_lock_shared(int, int)",
    "pg_relation_is_updatable(regclass, boolean)",
    "format_type(oid, int)",
    "has_column_privilege(oid, oid, text, text)",
    "has_column_privilege(oid, regclass, name, text)",
    "has_table_privilege(oid, text, text)",
    "has_function_privilege(oid, text)",
    "format(text, VARIADIC text[])",
    "string_to_array(text, text)",
    "array_to_string(anyarray, text)",
    "date_part(text, interval)",
    "date_part(text, timestamptz)",
    "timezone(text, timestamptz)",
    "isfinite(timestamptz)",
    "isfinite(date)",
    "left(text, int)",
    "quote_ident(text)",
    "quote_literal(text)",
    "current_setting(text, boolean)",
    "current_setting(text)",
    "pg_relation_size(regclass, text)",
    "has_table_privilege(oid, text)",
    "set_config(text, text, boolean)",
    "pg_terminate_backend(int)",
    "pg_cancel_backend(int)",
];

/// Aggregates, and functions that return sets.
const SETS: [&str; 4] =
    ["unnest(anyarray)", "unnest(text[])", "unnest(float8[])", "generate_series(int, int)"];

/// Operators: the name, and the types on its sides.
const OPERATORS: [(&str, &str, &str); 26] = [
    ("=", "text", "text"),
    ("=", "oid", "oid"),
    ("=", "name", "text"),
    ("=", "name", "name"),
    ("=", "int", "int"),
    ("=", "bigint", "bigint"),
    ("=", "\"char\"", "\"char\""),
    ("=", "smallint", "smallint"),
    ("=", "uuid", "uuid"),
    ("=", "xid", "xid"),
    ("<>", "text", "text"),
    ("<>", "bigint", "bigint"),
    ("<>", "int", "int"),
    ("<>", "\"char\"", "\"char\""),
    (">", "timestamptz", "timestamptz"),
    ("<", "timestamptz", "timestamptz"),
    ("<", "date", "date"),
    (">=", "tid", "tid"),
    ("/", "bigint", "bigint"),
    (">", "smallint", "smallint"),
    (">", "date", "date"),
    ("-", "timestamptz", "timestamptz"),
    ("&", "int", "int"),
    ("&", "bigint", "bigint"),
    ("->>", "jsonb", "text"),
    ("=", "text", "name"),
];

/// Types that our SQL casts to.
const TYPES: [&str; 14] = [
    "text",
    "int4",
    "int8",
    "int2",
    "float8",
    "bool",
    "name",
    "oid",
    "regclass",
    "timestamptz",
    "timestamp",
    "date",
    "jsonb",
    "json",
];

/// Relations of the server and of the extension.
const RELATIONS: [&str; 18] = [
    "pg_class",
    "pg_namespace",
    "pg_extension",
    "pg_attribute",
    "pg_am",
    "pg_type",
    "pg_operator",
    "pg_proc",
    "pg_locks",
    "pg_stat_activity",
    "pg_database",
    "pg_depend",
    "pg_roles",
    "irt_item_banks",
    "irt_calibration_runs",
    "irt_item_parameters",
    "irt_running_calibrations",
    "irt_calibration_progress",
];

/// Plants all of it in schema `evil`, ahead of everything else for every session of the database.
fn plant(client: &mut Client) {
    client
        .batch_execute(
            "CREATE SCHEMA evil;
             CREATE TABLE evil.executed (what text);
             CREATE FUNCTION evil.boom(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO evil.executed VALUES (what);
                 RAISE EXCEPTION 'trojan % executed', what USING ERRCODE = 'P0666';
             END $$",
        )
        .unwrap();
    let mut sql = String::new();
    for function in FUNCTIONS {
        sql += &format!(
            "CREATE FUNCTION evil.{function} RETURNS text LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM evil.boom('{function}'); RETURN NULL; END $$;\n"
        );
    }
    for function in SETS {
        sql += &format!(
            "CREATE FUNCTION evil.{function} RETURNS SETOF text LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM evil.boom('{function}'); END $$;\n"
        );
    }
    sql += "CREATE FUNCTION evil.step(bigint) RETURNS bigint LANGUAGE plpgsql AS
                $$ BEGIN PERFORM evil.boom('count'); RETURN 0; END $$;
            CREATE AGGREGATE evil.count(*) (sfunc = evil.step, stype = bigint, initcond = '0');
            CREATE FUNCTION evil.step(bigint, anyelement) RETURNS bigint LANGUAGE plpgsql AS
                $$ BEGIN PERFORM evil.boom('max'); RETURN 0; END $$;
            CREATE AGGREGATE evil.max(anyelement) (sfunc = evil.step, stype = bigint, initcond = '0');\n";
    for (number, (name, left, right)) in OPERATORS.iter().enumerate() {
        let what = format!("{left} {name} {right}");
        sql += &format!(
            "CREATE FUNCTION evil.operator_{number}(pg_catalog.{left}, pg_catalog.{right}) RETURNS boolean
                 LANGUAGE plpgsql AS $$ BEGIN RETURN evil.boom('{what}'); END $$;
             CREATE OPERATOR evil.{name} (leftarg = pg_catalog.{left}, rightarg = pg_catalog.{right},
                 function = evil.operator_{number});\n"
        )
        .replace("pg_catalog.int,", "pg_catalog.int4,")
        .replace("pg_catalog.int)", "pg_catalog.int4)")
        .replace("pg_catalog.bigint", "pg_catalog.int8")
        .replace("pg_catalog.smallint", "pg_catalog.int2");
    }
    for name in TYPES {
        sql += &format!(
            "CREATE DOMAIN evil.{name} AS pg_catalog.text CHECK (evil.boom('type {name}'));\n"
        );
    }
    for name in RELATIONS {
        sql += &format!(
            "CREATE VIEW evil.{name} AS SELECT evil.boom('relation {name}') AS id, 1 AS oid;\n"
        );
    }
    client.batch_execute(&sql).unwrap();
    client
        .batch_execute(
            "ALTER DATABASE postgres SET search_path = evil, pg_temp, public, pg_catalog",
        )
        .unwrap();
}

/// The same in this session's pg_temp: relations and types are found there before all else.
fn plant_temporary(client: &mut Client) {
    let mut sql = "SET search_path = evil, public;\n".to_owned();
    for name in RELATIONS {
        sql += &format!(
            "CREATE TEMPORARY VIEW {name} AS SELECT evil.boom('temporary relation {name}') AS id, 1 AS oid;\n"
        );
    }
    for name in TYPES {
        sql += &format!(
            "CREATE DOMAIN pg_temp.{name} AS pg_catalog.text CHECK (evil.boom('temporary type {name}'));\n"
        );
    }
    sql += "RESET search_path";
    client.batch_execute(&sql).unwrap();
}

fn planted() -> (Cluster, Client, String) {
    let (cluster, mut client) = with_answers("");
    let expected = expected(&mut client);
    client
        .batch_execute(
            "CREATE TABLE responses AS SELECT person AS user_id, item AS question_id, correct AS is_correct,
                                              at AS answered_at FROM answers;
             CREATE TABLE questions AS SELECT generate_series(1, 5) AS id",
        )
        .unwrap();
    plant(&mut client);
    // A session of its own: the database's search_path counts from the next connection.
    let client = cluster.connect();
    (cluster, client, expected)
}

/// Without this the others would prove nothing.
#[test]
fn the_trojans_are_found_by_whoever_does_not_qualify() {
    let (_cluster, mut client, _) = planted();
    plant_temporary(&mut client);
    for careless in [
        "SELECT now()",
        "SELECT count(*) FROM public.answers",
        "SELECT unnest('{a}'::pg_catalog.text[])",
        "SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text",
        "SELECT 1::pg_catalog.int8 <> 2::pg_catalog.int8",
        "SELECT 'x'::text",
        "SELECT 1::int8",
        "SELECT oid FROM pg_class",
        "SELECT id FROM irt_calibration_runs",
    ] {
        let sprung = error(&mut client, careless);
        assert_eq!(sprung.code().code(), "P0666", "{careless}: {}", sprung.message());
    }
    assert!(FUNCTIONS.len() + SETS.len() + OPERATORS.len() + TYPES.len() + RELATIONS.len() > 50);
}

#[test]
fn nothing_is_executed_that_is_not_ours() {
    let (_cluster, mut client, expected) = planted();
    plant_temporary(&mut client);
    let calls = [
        "SELECT public.irt_add_item_columns('public.questions')",
        // Discovered by the default names, with evil ahead.
        "SELECT public.irt_should_run_calibration()",
        "SELECT public.irt_run_calibration(standard_errors => 'none')",
        "SELECT public.irt_configure(standard_errors => 'none', quadrature_nodes => 61)",
        "SELECT public.irt_configure('other', 'public.responses', items => 'public.questions')",
        "SELECT public.irt_should_run_calibration(bank => 'other')",
        "SELECT public.irt_run_calibration(bank => 'other', standard_errors => 'bootstrap', bootstrap_iterations => 5)",
        "SELECT public.irt_run_calibration(bank => 'other')",
        "SELECT public.irt_run_calibration(true, item_ids => '{1}', standard_errors => 'observed_information')",
        "SELECT public.irt_last_successful_calibration()",
        "SELECT public.irt_cancel_calibration('999')",
        "SELECT public.irt_fit_2pl('SELECT person, item, correct, at FROM public.answers')",
        "SELECT public.irt_start_calibration(true, bank => 'other', standard_errors => 'none')",
        "SELECT run_id FROM public.irt_calibration_progress",
    ];
    for call in calls {
        client.simple_query(call).unwrap_or_else(|error| panic!("{call}: {error:?}"));
    }
    for (call, sqlstate) in [
        ("SELECT public.irt_run_calibration(bank => 'nix')", "22023"),
        ("SELECT public.irt_run_calibration(true, seed => '1', standard_errors => 'x')", "22023"),
        ("SELECT public.irt_schedule_calibration()", "55000"),
        ("SELECT public.irt_unschedule_calibration()", "55000"),
        ("SELECT public.irt_configure('new', 'public.answers')", "42703"),
    ] {
        assert_eq!(error(&mut client, call).code().code(), sqlstate, "{call}");
    }
    client.batch_execute("SET search_path = pg_catalog").unwrap();
    wait_until_none_runs(&mut client);
    let executed = rows(&mut client, "SELECT what FROM evil.executed");
    assert!(executed.is_empty(), "{executed:?}");
    let failed = rows(
        &mut client,
        "SELECT id, error_message FROM public.irt_calibration_runs
         WHERE status = 'failed' AND error_sqlstate <> '22023'",
    );
    assert!(failed.is_empty(), "{failed:?}");
    let published = "SELECT string_agg(format('%s %s %s', id, irt_difficulty, irt_discrimination), ', ' ORDER BY id)
                     FROM public.questions";
    assert_eq!(value(&mut client, published), Some(expected));
}

/// irt_start_calibration does not wait for its run.
fn wait_until_none_runs(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let idle = "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype OPERATOR(pg_catalog.=) 'advisory')";
    while value(client, idle).as_deref() != Some("t") {
        assert!(Instant::now() < deadline, "a run does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What would be executed at CREATE EXTENSION, DROP EXTENSION and an update as well.
#[test]
fn the_extensions_scripts_execute_nothing_that_is_not_ours() {
    let (_cluster, mut client, _) = planted();
    for statement in [
        "DROP EXTENSION irt_calibration",
        "CREATE EXTENSION irt_calibration SCHEMA public VERSION '0.1.0'",
        "ALTER EXTENSION irt_calibration UPDATE",
        "DROP EXTENSION irt_calibration",
        "CREATE EXTENSION irt_calibration SCHEMA public",
        "SELECT public.irt_should_run_calibration()",
    ] {
        client.simple_query(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    client.batch_execute("SET search_path = pg_catalog").unwrap();
    let executed = value(&mut client, "SELECT count(*) FROM evil.executed");
    assert_eq!(executed.as_deref(), Some("0"));
}
