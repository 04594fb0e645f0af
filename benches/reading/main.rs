//! `make reading`: what it costs to read responses row by row, and one row a person, where they are in a
//! table of this server, in hash partitions of it, and in foreign partitions. Prints Markdown for
//! docs/scale.md.
//!
//! The foreign partitions are those of another database of the same server, so both sides share its
//! two processors and nothing is far. What a run's statements took is in the server's log, by
//! auto_explain; temporary files are what the databases say; bytes are counted by a proxy, in a run
//! of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that fails must stop")]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::{Cluster, value};
use postgres::Client;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const SETTINGS: &str = "max_wal_size = 8GB\nautovacuum = off\nshared_buffers = 1GB\n\
     max_parallel_workers_per_gather = 0\nshared_preload_libraries = 'auto_explain'\n\
     auto_explain.log_min_duration = 0";

/// 100,000 persons answer 20 of 500 items each.
const RESPONSES: &str = "
    CREATE TABLE plain (user_id int, question_id int, is_correct boolean, answered_at timestamptz);
    INSERT INTO plain
    SELECT p, (p * 7 + i * 25) % 500, hashint8(p * 1000 + i) % 2 = 0, now() - i * interval '1 hour'
    FROM generate_series(1, 100000) p, generate_series(1, 20) i ORDER BY hashint8(p * 100 + i);";

const PARTITIONS: u32 = 8;
const TIMES: usize = 3;

fn main() {
    let cluster = Cluster::with_settings(SETTINGS);
    let mut client = cluster.connect();
    client.batch_execute("CREATE DATABASE far").unwrap();
    let mut far = cluster.connect_as("postgres", "far");
    far.batch_execute(&format!("{RESPONSES} {}", partitions("hashed", ""))).unwrap();
    client
        .batch_execute(&format!(
            "CREATE EXTENSION irt_calibration; CREATE EXTENSION postgres_fdw;
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
                 OPTIONS (host '127.0.0.1', port '{}', dbname 'far', fetch_size '10000');
             CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'postgres');
             {RESPONSES} {} {}",
            cluster.port(),
            partitions("hashed", ""),
            partitions("distant", "far"),
        ))
        .unwrap();
    for client in [&mut client, &mut far] {
        client.batch_execute("VACUUM ANALYZE plain, hashed").unwrap();
    }
    let (proxy, sent) = proxy(cluster.port());
    println!(
        "| responses are in | `reading` | seconds | ÷ plain rows | bytes a response on the way | \
         temporary MB here | and there |\n|---|---|---|---|---|---|---|"
    );
    let mut plain = None;
    for (table, place) in [
        ("plain", "a table"),
        ("hashed", "8 hash partitions"),
        ("distant", "8 foreign partitions, `fetch_size '100'`"),
        ("distant", "8 foreign partitions, `fetch_size '10000'`"),
    ] {
        if let Some((_, size)) = place.split_once("fetch_size ") {
            let size = size.trim_end_matches('`');
            let statement = format!("ALTER SERVER far OPTIONS (SET fetch_size {size})");
            client.batch_execute(&statement).unwrap();
        }
        for reading in ["rows", "grouped"] {
            configure(&mut client, table, reading);
            let before = [&mut client, &mut far].map(temporary_bytes);
            let took = median((0..TIMES).map(|_| run(&cluster, &mut client)).collect());
            let after = [&mut client, &mut far].map(temporary_bytes);
            let [here, there] =
                [0, 1].map(|at| (after[at] - before[at]) as f64 / TIMES as f64 / 1e6);
            let bytes = (table == "distant").then(|| {
                point(&mut client, proxy);
                let before = sent.load(Ordering::Relaxed);
                run(&cluster, &mut client);
                point(&mut client, cluster.port());
                (sent.load(Ordering::Relaxed) - before) as f64 / 2e6
            });
            println!(
                "| {place} | `{reading}` | {took:.2} | {:.1} | {} | {here:.0} | {there:.0} |",
                took / *plain.get_or_insert(took),
                bytes.map_or(String::new(), |bytes| format!("{bytes:.1}")),
            );
        }
    }
}

/// Statements that make a copy of `plain` in partitions by hash of the person; those of a foreign
/// server are its tables of the other name.
fn partitions(table: &str, server: &str) -> String {
    let partition = |rest: u32| {
        let of = format!(
            "PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {rest})"
        );
        match server {
            "" => format!("CREATE TABLE {table}_{rest} {of};"),
            server => format!(
                "CREATE FOREIGN TABLE {table}_{rest} {of} SERVER {server}
                     OPTIONS (table_name 'hashed_{rest}');"
            ),
        }
    };
    let all: String = (0..PARTITIONS).map(partition).collect();
    let fill = format!("INSERT INTO {table} SELECT * FROM plain;");
    format!(
        "CREATE TABLE {table} (LIKE plain) PARTITION BY HASH (user_id); {all} {}",
        if server.is_empty() { fill } else { String::new() }
    )
}

fn configure(client: &mut Client, table: &str, reading: &str) {
    client
        .batch_execute(&format!(
            "SELECT irt_configure('bench', responses => '{table}', reading => '{reading}',
                 standard_errors => 'none', diagnostics => false)"
        ))
        .unwrap();
}

/// Where the foreign server is, from now on.
fn point(client: &mut Client, port: u16) {
    client.batch_execute(&format!("ALTER SERVER far OPTIONS (SET port '{port}')")).unwrap();
}

/// Runs the bank; returns for how many seconds its responses were read.
fn run(cluster: &Cluster, client: &mut Client) -> f64 {
    let before = cluster.log().len();
    let run = "SELECT status FROM irt_run_calibration(force => true, bank => 'bench')";
    assert_eq!(value(client, run).as_deref(), Some("success"));
    let log = cluster.log()[before..].to_owned();
    let took = log.split("duration: ").skip(1).filter_map(|entry| {
        let (milliseconds, rest) = entry.split_once(" ms  plan:")?;
        let query = rest.split_once("Query Text: ")?.1;
        query.starts_with("SELECT user_id, ").then(|| milliseconds.parse::<f64>().unwrap())
    });
    took.sum::<f64>() / 1000.0
}

/// Bytes that a database has written to temporary files so far.
fn temporary_bytes(client: &mut Client) -> i64 {
    // Processes say so a moment after they are done.
    thread::sleep(std::time::Duration::from_secs(2));
    let bytes = "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()";
    value(client, bytes).unwrap().parse().unwrap()
}

/// A port that leads to that of the server, and how many bytes have come from there.
fn proxy(port: u16) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) =
                (client.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
            let (back, forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let count = Arc::clone(&count);
            thread::spawn(move || copy(server, back, &count));
            thread::spawn(move || copy(client, forth, &AtomicU64::new(0)));
        }
    });
    (own, sent)
}

fn copy(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        count.fetch_add(bytes as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
