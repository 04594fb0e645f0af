//! The same bits in any plan, and the plans that are wanted.

use crate::common::{Cluster, rows, value};
use postgres::Client;

/// 400 persons answer up to 60 items; the rows come in no order.
const ANSWERS: &str = "
    CREATE TABLE answers AS
    SELECT p AS person, sin(p * 12.9898 + q * 78.233) * 3 > b AS correct, a, b
    FROM generate_series(1, 400) p, generate_series(1, 60) q,
         LATERAL (SELECT 1 + 0.7 * sin(q) AS a, 2 * cos(q * 1.7) AS b) i
    WHERE (p * 7 + q * 3) % 5 > 0
    ORDER BY hashint4(p * 61 + q);
    ANALYZE answers";

const PARALLEL: &str = "
    SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
    SET max_parallel_workers_per_gather = 3";

const SCORES: &str = "
    SELECT person, irt_eap(correct, a, b), irt_map(correct::int, a, b, 0.3, 1.2), irt_mle(correct, a, b),
           irt_wle(correct, a, b), irt_eap(correct, a, b, 0.3, 1.2)
    FROM answers GROUP BY person";

fn fingerprint(client: &mut Client) -> Option<String> {
    value(
        client,
        &format!("SELECT md5(string_agg(s::text, ',' ORDER BY person)) FROM ({SCORES}) s"),
    )
}

fn plan(client: &mut Client, statement: &str) -> String {
    let lines = rows(client, &format!("EXPLAIN {statement}"));
    lines.into_iter().map(|mut line| line.remove(0).unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn any_plan_gives_the_same_bits() {
    let (_cluster, mut client) = Cluster::with_extension();
    client.batch_execute(ANSWERS).unwrap();
    client.batch_execute("SET max_parallel_workers_per_gather = 0").unwrap();
    let expected = fingerprint(&mut client);
    for settings in [
        "SET enable_hashagg = off",
        "SET enable_hashagg = on; SET enable_sort = off; SET work_mem = '64kB'",
        "RESET enable_sort; RESET work_mem; ALTER TABLE answers ADD COLUMN n serial; \
         CREATE INDEX ON answers (person, n); ANALYZE answers; SET enable_seqscan = off",
        "RESET enable_seqscan; RESET max_parallel_workers_per_gather",
    ] {
        client.batch_execute(settings).unwrap();
        assert_eq!(fingerprint(&mut client), expected, "{settings}");
    }
    client.batch_execute(PARALLEL).unwrap();
    assert_eq!(fingerprint(&mut client), expected, "in parallel");
    client.batch_execute("SET enable_hashagg = off").unwrap();
    assert_eq!(fingerprint(&mut client), expected, "in parallel, sorted");
}

#[test]
fn parallel_plans_are_used() {
    let (_cluster, mut client) = Cluster::with_extension();
    client.batch_execute(ANSWERS).unwrap();
    client.batch_execute(PARALLEL).unwrap();
    for statement in [SCORES, "SELECT irt_wle(correct, a, b) FROM answers"] {
        let plan = plan(&mut client, statement);
        assert!(plan.contains("Partial") && plan.contains("Finalize"), "{plan}");
        let run = rows(&mut client, &format!("EXPLAIN (ANALYZE, TIMING off) {statement}"));
        let launched = |row: &Vec<Option<String>>| {
            let line = row[0].as_deref().unwrap().trim();
            line.strip_prefix("Workers Launched: ").is_some_and(|count| count != "0")
        };
        assert!(run.iter().any(launched), "{run:?}");
    }
    // Without parameters of the session, where the table is worth it.
    client.batch_execute("RESET ALL").unwrap();
    let filled =
        "INSERT INTO answers SELECT person, correct, a, b FROM answers, generate_series(1, 40);
                  ANALYZE answers";
    client.batch_execute(filled).unwrap();
    let plan =
        plan(&mut client, "SELECT person, irt_eap(correct, a, b) FROM answers GROUP BY person");
    assert!(plan.contains("Partial"), "{plan}");
}

#[test]
fn windows_and_grouping_sets_work() {
    let (_cluster, mut client) = Cluster::with_extension();
    client.batch_execute(ANSWERS).unwrap();
    // After each answer: the last one has seen all.
    let sql = "SELECT count(*) FROM (
                   SELECT person, last_value(s) OVER all_answers = irt_eap AS same FROM (
                       SELECT person, b, irt_eap(correct, a, b) OVER (PARTITION BY person ORDER BY b, a) AS s
                       FROM answers) w
                   JOIN (SELECT person, irt_eap(correct, a, b) FROM answers GROUP BY person) g USING (person)
                   WINDOW all_answers AS (PARTITION BY person ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING
                                          AND UNBOUNDED FOLLOWING)) x
               WHERE NOT same";
    assert_eq!(value(&mut client, sql).as_deref(), Some("0"));
    let sql = "SELECT count(*) FROM (
                   SELECT person, irt_eap(correct, a, b) AS s FROM answers GROUP BY GROUPING SETS ((person), ())) g
               WHERE s IS DISTINCT FROM (SELECT irt_eap(correct, a, b) FROM answers
                                         WHERE g.person IS NULL OR answers.person = g.person)";
    assert_eq!(value(&mut client, sql).as_deref(), Some("0"));
    // A moving frame is computed anew for each row.
    let sql = "SELECT count(*) FROM (
                   SELECT (irt_mle(correct, a, b) OVER (PARTITION BY person ORDER BY b, a
                           ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)).responses_count AS n FROM answers) w
               WHERE n > 5";
    assert_eq!(value(&mut client, sql).as_deref(), Some("0"));
}
