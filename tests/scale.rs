//! docs/scale.md tells the truth: its statements, and a bank over shards.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod common;

use common::document::sql_blocks;
use common::{Cluster, rows, value};
use postgres::Client;

/// Calibrates the bank `default`, and returns what it published.
fn calibrated(client: &mut Client) -> Option<String> {
    let run = "SELECT status FROM irt_run_calibration(true, standard_errors => 'none')";
    assert_eq!(value(client, run).as_deref(), Some("success"));
    value(
        client,
        "SELECT string_agg(format('%s %s %s', id, irt_difficulty, irt_discrimination), ', ' ORDER BY id)
         FROM questions",
    )
}

#[test]
fn a_view_bounds_the_cost_and_partitions_may_be_on_other_servers() {
    let (cluster, mut client) = Cluster::with_extension();
    cluster.load_lsat7();
    client.batch_execute("SELECT irt_add_item_columns('questions')").unwrap();
    let expected = calibrated(&mut client);
    let blocks: Vec<&str> = sql_blocks(include_str!("../docs/scale.md")).collect();
    let [memory, view, reading, foreign] = blocks.try_into().unwrap();
    // ALTER SYSTEM must stand alone.
    for statement in memory.split_inclusive(';') {
        client.batch_execute(statement).unwrap();
    }
    client.batch_execute(view).unwrap();
    assert_eq!(calibrated(&mut client), expected);

    if !common::has_extension("postgres_fdw") {
        return;
    }
    let here = foreign
        .replace("'replica'", &format!("'127.0.0.1', port '{}'", cluster.port()))
        .replace("'app'", "'postgres'")
        .replace("'reader'", "'postgres'");
    client.batch_execute(&here).unwrap();
    client
        .batch_execute(
            "CREATE TABLE shard_0 (LIKE responses);
             CREATE TABLE shard_1 (LIKE responses);
             CREATE TABLE sharded (LIKE responses) PARTITION BY HASH (user_id);
             CREATE FOREIGN TABLE part_0 PARTITION OF sharded
                 FOR VALUES WITH (MODULUS 2, REMAINDER 0)
                 SERVER production OPTIONS (table_name 'shard_0');
             CREATE FOREIGN TABLE part_1 PARTITION OF sharded
                 FOR VALUES WITH (MODULUS 2, REMAINDER 1)
                 SERVER production OPTIONS (table_name 'shard_1')",
        )
        .unwrap();
    // In a transaction of its own: the other end does not see tables that are not committed.
    client
        .batch_execute(
            "INSERT INTO sharded SELECT * FROM responses;
             SELECT irt_configure('default', responses => 'sharded')",
        )
        .unwrap();
    let shards = "SELECT count(*) > 0 AND (SELECT count(*) FROM shard_1) > 0 FROM shard_0";
    assert_eq!(value(&mut client, shards).as_deref(), Some("t"));
    assert_eq!(calibrated(&mut client), expected);

    client.batch_execute(reading).unwrap();
    let statements: Vec<&str> = reading.split_inclusive(';').collect();
    let newest = &rows(&mut client, statements[1])[0];
    assert_eq!(newest[1].as_deref(), Some("grouped"), "each shard groups its own persons");
}

/// The server that has the items table ends the connection in the middle of publishing.
#[test]
fn publishing_is_tried_again_when_another_server_is_lost() {
    let (cluster, mut client) = Cluster::with_extension();
    if !common::has_extension("postgres_fdw") {
        return;
    }
    cluster.load_lsat7();
    client
        .batch_execute(
            "SELECT irt_add_item_columns('questions');
             CREATE SEQUENCE attempts;
             CREATE FUNCTION end_the_first() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF nextval('public.attempts') = 1 THEN
                     PERFORM pg_terminate_backend(pg_backend_pid());
                     PERFORM pg_sleep(60);
                 END IF;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER end_the_first BEFORE UPDATE ON questions
                 FOR EACH STATEMENT EXECUTE FUNCTION end_the_first()",
        )
        .unwrap();
    // In a transaction of its own: the other end does not see columns that are not committed.
    client
        .batch_execute(&format!(
            "CREATE EXTENSION postgres_fdw;
             CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw
                 OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres');
             CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'postgres');
             CREATE SCHEMA there;
             IMPORT FOREIGN SCHEMA public LIMIT TO (questions) FROM SERVER elsewhere INTO there;
             SELECT irt_configure('default', responses => 'responses',
                                  items => 'there.questions', item_key_column => 'id')",
            cluster.port()
        ))
        .unwrap();
    let published = calibrated(&mut client);
    let estimated = "SELECT string_agg(format('%s %s %s', item, difficulty, discrimination), ', ' \
                     ORDER BY item) FROM irt_item_parameters";
    assert_eq!(published, value(&mut client, estimated));
    // The one that was lost, and the five items.
    assert_eq!(value(&mut client, "SELECT last_value FROM attempts").as_deref(), Some("6"));
}
