//! CREATE EXTENSION, DROP EXTENSION and what they leave.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::{Cluster, error, value};

#[test]
fn the_extension_comes_and_goes() {
    let (_cluster, mut client) = Cluster::with_extension();
    let version = "SELECT extversion FROM pg_extension WHERE extname = 'irt_calibration'";
    assert_eq!(value(&mut client, version).as_deref(), Some(env!("CARGO_PKG_VERSION")));
    client.batch_execute("DROP EXTENSION irt_calibration").unwrap();
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'irt\\_%'";
    assert_eq!(value(&mut client, left).as_deref(), Some("0"));
    client.batch_execute("CREATE SCHEMA irt; CREATE EXTENSION irt_calibration SCHEMA irt").unwrap();
    let count = "SELECT count(*) FROM irt.irt_calibration_runs";
    assert_eq!(value(&mut client, count).as_deref(), Some("0"));
}

#[test]
fn an_object_under_one_of_our_names_is_not_adopted() {
    let cluster = Cluster::start();
    let mut client = cluster.connect();
    client.batch_execute("CREATE TABLE irt_calibration_runs (id int)").unwrap();
    let refusal = error(&mut client, "CREATE EXTENSION irt_calibration");
    assert_eq!(refusal.code().code(), "42P07");
}
