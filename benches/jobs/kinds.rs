//! The same responses, kept in other ways.

use crate::common::{Cluster, value};
use crate::database::timed;
use crate::page::{Page, median, number};
use postgres::Client;

/// What one way of keeping them gave.
struct Found {
    scan: f64,
    run: f64,
    parameters: String,
}

/// The section on kinds of tables: `responses` holds what is kept.
pub fn kinds_of_tables(page: &mut Page, cluster: &Cluster, session: &mut Client) {
    connect_to_itself(cluster, session);
    let found: Vec<(&str, Found)> =
        kinds().iter().map(|(kind, statements)| (*kind, measure(session, statements))).collect();
    let table = &found[0].1;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(kind, found)| {
            let same = if found.parameters == table.parameters { "yes" } else { "NO" };
            let (scan, run) = (number(found.scan / table.scan), number(found.run / table.run));
            vec![(*kind).to_owned(), scan, run, same.to_owned()]
        })
        .collect();
    page.say(
        "The same 10^6 responses, kept in other ways; times are ratios to those of the table, of medians of three. \
         The foreign server is this very server, over a socket, with fetch_size 10000.",
    );
    let header =
        ["responses are", "plain scan", "whole run", "the same parameters, to the last bit"];
    page.table(&header, &rows);
}

fn connect_to_itself(cluster: &Cluster, session: &mut Client) {
    let server = format!(
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw;
         CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw
             OPTIONS (host '{}', port '{}', dbname 'postgres', fetch_size '10000', batch_size '10000',
                      async_capable 'true');
         CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (user 'postgres')",
        cluster.folder().display(),
        cluster.port()
    );
    session.batch_execute(&server).unwrap();
}

fn measure(session: &mut Client, statements: &[String]) -> Found {
    session.batch_execute("DROP SCHEMA IF EXISTS kind CASCADE; CREATE SCHEMA kind").unwrap();
    // One by one: a foreign server does not see what is not committed.
    for statement in statements {
        session.batch_execute(statement).unwrap();
    }
    let relation = if statements.is_empty() { "public.responses" } else { "kind.responses" };
    let configure = format!(
        "SELECT irt_configure('kind', responses => '{relation}', items => 'questions',
                              answered_at_column => 'answered_at')"
    );
    session.batch_execute(&configure).unwrap();
    let scan = format!("SELECT count(*) FILTER (WHERE is_correct) FROM {relation}");
    let run = "SELECT duration_seconds
               FROM irt_run_calibration(true, standard_errors => 'none', bank => 'kind')";
    let parameters =
        "SELECT string_agg(format('%s %s', irt_difficulty, irt_discrimination), ',' ORDER BY id)
                      FROM questions";
    Found {
        scan: timed(session, &scan, 3),
        run: median((0..3).map(|_| session.query_one(run, &[]).unwrap().get(0))),
        parameters: value(session, parameters).unwrap(),
    }
}

/// How responses can be kept, and the statements that keep them so in the schema `kind`.
fn kinds() -> [(&'static str, Vec<String>); 5] {
    let filled = || {
        ["INSERT INTO kind.responses SELECT * FROM public.responses", "ANALYZE kind.responses"]
            .map(str::to_owned)
    };
    let partitioned = |kind: &str| {
        format!(
            "CREATE {kind} TABLE kind.responses (LIKE public.responses) PARTITION BY HASH (user_id)"
        )
    };
    let view = "CREATE VIEW kind.responses AS SELECT * FROM public.responses WHERE answered_at IS NOT NULL";
    let foreign = "CREATE FOREIGN TABLE kind.responses
                       (user_id bigint, question_id int, is_correct boolean, answered_at timestamptz)
                       SERVER elsewhere OPTIONS (schema_name 'public', table_name 'responses')";
    let partition = |k| {
        format!(
            "CREATE UNLOGGED TABLE kind.p{k} PARTITION OF kind.responses
             FOR VALUES WITH (MODULUS 16, REMAINDER {k})"
        )
    };
    let shard = |k| format!("CREATE UNLOGGED TABLE kind.shard{k} (LIKE public.responses)");
    let foreign_partition = |k| {
        format!(
            "CREATE FOREIGN TABLE kind.p{k} PARTITION OF kind.responses
             FOR VALUES WITH (MODULUS 2, REMAINDER {k})
             SERVER elsewhere OPTIONS (schema_name 'kind', table_name 'shard{k}')"
        )
    };
    let hashed = [partitioned("UNLOGGED")].into_iter().chain((0..16).map(partition));
    let sharded = [partitioned("")].into_iter().chain((0..2).map(shard));
    [
        ("a table", Vec::new()),
        ("a view that filters", vec![view.to_owned()]),
        ("16 partitions by hash of the person", hashed.chain(filled()).collect()),
        ("a foreign table (postgres_fdw)", vec![foreign.to_owned(), filled()[1].clone()]),
        (
            "2 foreign partitions",
            sharded.chain((0..2).map(foreign_partition)).chain(filled()).collect(),
        ),
    ]
}
