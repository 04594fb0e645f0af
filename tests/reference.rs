//! docs/reference.md is complete: every object of the catalog and every SQLSTATE is in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::{Cluster, rows};

const REFERENCE: &str = include_str!("../docs/reference.md");

/// Asserts that `sql` yields names, and that the reference has each of them, as code or heading.
fn all_documented(client: &mut postgres::Client, what: &str, sql: &str) {
    let names: Vec<String> =
        rows(client, sql).into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    assert!(!names.is_empty(), "found no {what}s in the catalog");
    let missing: Vec<&String> = names.iter().filter(|name| !is_documented(name)).collect();
    assert!(missing.is_empty(), "docs/reference.md lacks {what}: {missing:?}");
}

fn is_documented(name: &str) -> bool {
    REFERENCE.contains(&format!("`{name}`"))
        || REFERENCE
            .lines()
            .any(|line| line.starts_with("###") && line.split([' ', ',']).any(|word| word == name))
}

#[test]
fn every_object_is_in_the_reference() {
    let (_cluster, mut client) = Cluster::with_extension();
    let members = "SELECT objid FROM pg_depend WHERE deptype = 'e'
                   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'irt_calibration')";
    all_documented(
        &mut client,
        "function",
        &format!("SELECT proname FROM pg_proc WHERE oid IN ({members})"),
    );
    let relations =
        format!("SELECT oid FROM pg_class WHERE relkind IN ('r', 'v') AND oid IN ({members})");
    all_documented(
        &mut client,
        "relation",
        &format!("SELECT relname FROM pg_class WHERE oid IN ({relations})"),
    );
    all_documented(
        &mut client,
        "column",
        &format!(
            "SELECT DISTINCT attname FROM pg_attribute
             WHERE attrelid IN ({relations}) AND attnum > 0 AND NOT attisdropped"
        ),
    );
    client.batch_execute("LOAD 'irt_calibration'").unwrap();
    all_documented(
        &mut client,
        "setting",
        "SELECT name FROM pg_settings WHERE name LIKE 'irt\\_calibration.%'",
    );
}

#[test]
fn every_argument_and_result_column_is_in_the_reference() {
    let (_cluster, mut client) = Cluster::with_extension();
    let names = rows(
        &mut client,
        "SELECT DISTINCT unnest(proargnames) FROM pg_proc WHERE proname LIKE 'irt\\_%'",
    );
    assert!(names.len() > 20);
    for name in names.into_iter().map(|mut row| row.remove(0).unwrap()) {
        assert!(REFERENCE.contains(&name), "docs/reference.md lacks {name}");
    }
}

#[test]
fn every_object_and_column_is_commented() {
    let (_cluster, mut client) = Cluster::with_extension();
    let bare = rows(
        &mut client,
        "WITH member AS (
             SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
             AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'irt_calibration'))
         SELECT proname::text FROM pg_proc JOIN member ON objid = oid AND classid = 'pg_proc'::regclass
         WHERE obj_description(oid, 'pg_proc') IS NULL
         UNION ALL
         SELECT relname || coalesce('.' || attname, '')
         FROM pg_class AS c JOIN member ON objid = oid AND classid = 'pg_class'::regclass
         LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
         WHERE relkind IN ('r', 'v') AND col_description(c.oid, attnum) IS NULL",
    );
    assert!(bare.is_empty(), "no COMMENT ON {bare:?}");
}

#[test]
fn every_sqlstate_is_in_the_reference() {
    let source = concat!(
        include_str!("../src/error/sqlstate.rs"),
        include_str!("../src/error/ownership.rs")
    );
    let states: Vec<&str> =
        source.split("b\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(states.len() > 10);
    for state in states {
        assert!(is_documented(state), "docs/reference.md lacks SQLSTATE {state}");
    }
}
