//! Who may do what: the whole matrix, what each task takes, and that nobody gains rights by a run.
//!
//! Real roles that own nothing of the extension, connected as themselves.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../common/mod.rs"]
mod common;
mod decisions;
mod escalation;
mod matrix;
mod needed;
mod ownership;
mod reached;
mod row_security;

use common::{Cluster, rows};
use postgres::Client;

/// Functions and relations of the extension, as `pg_depend` has them.
const MEMBERS: &str = "SELECT objid FROM pg_depend WHERE deptype = 'e'
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'irt_calibration')";

/// Names of the extension's functions, or of its relations of the `kinds` of pg_class.
fn members(client: &mut Client, kinds: Option<&str>) -> Vec<String> {
    let sql = match kinds {
        None => format!("SELECT proname FROM pg_proc WHERE oid IN ({MEMBERS}) ORDER BY 1"),
        Some(kinds) => format!(
            "SELECT relname FROM pg_class WHERE relkind IN ({kinds}) AND oid IN ({MEMBERS}) ORDER BY 1"
        ),
    };
    let names: Vec<String> =
        rows(client, &sql).into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    assert!(!names.is_empty());
    names
}

/// The SQLSTATE with which `sql` fails; `None`: it does not.
fn refusal(client: &mut Client, sql: &str) -> Option<(String, String)> {
    let error = client.simple_query(sql).err()?;
    let error = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}")).clone();
    Some((error.code().code().to_owned(), error.message().to_owned()))
}

/// A server with LSAT7 and the extension; its tables belong to role `app`, which may do nothing else.
fn with_tables_of_app(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(settings);
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    client
        .batch_execute(
            "CREATE ROLE app LOGIN; ALTER TABLE responses OWNER TO app;
             ALTER TABLE questions OWNER TO app;
             CREATE TABLE old_runs (status text, started_at timestamptz)",
        )
        .unwrap();
    (cluster, client)
}
