//! A server with simulated responses, and what must hold on it at any time.

use crate::common::{Cluster, rows, value};
use postgres::Client;

/// Settings of every server here: room for many sessions and workers.
pub const SETTINGS: &str = "max_worker_processes = 40\nmax_connections = 60";

/// Responses of 2,000 persons to 20 of 200 items each, drawn from a 2PL model, and the items.
pub const TABLES: &str = "
    CREATE TABLE responses (user_id int, question_id int, is_correct boolean,
                            answered_at timestamptz DEFAULT now());
    CREATE TABLE questions (id int PRIMARY KEY, body text);
    INSERT INTO questions SELECT q, 'Question ' || q FROM generate_series(1, 200) q;
    SELECT setseed(0.5);
    WITH persons AS MATERIALIZED (
        SELECT p, sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS theta
        FROM generate_series(1, 2000) p)
    INSERT INTO responses (user_id, question_id, is_correct)
    SELECT p, q, random() < 1 / (1 + exp(-(0.6 + q % 5 * 0.2) * (theta - (q % 7 - 3) * 0.5)))
    FROM persons, generate_series(1, 200) q WHERE (q + p * 7) % 10 = 0;
    ANALYZE responses";

/// A server with the extension and the tables; parameters go to `questions`.
pub fn set() -> (Cluster, Client) {
    set_with("")
}

/// The same with more lines of postgresql.conf.
pub fn set_with(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(&format!("{SETTINGS}\n{settings}"));
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(TABLES).unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    (cluster, client)
}

/// A call of irt_run_calibration with `arguments`, forced; yields the run's status.
pub fn run(arguments: &str) -> String {
    format!("SELECT status FROM irt_run_calibration(force => true, {arguments})")
}

/// Asserts that what is published is one whole set of parameters, that of the last success.
pub fn assert_whole(client: &mut Client) {
    let wrong = rows(
        client,
        "WITH published AS (SELECT * FROM questions WHERE irt_calibrated_at IS NOT NULL),
              last AS (SELECT * FROM irt_calibration_runs
                       WHERE publication = 'published' ORDER BY id DESC LIMIT 1),
              estimates AS (SELECT p.*, last.completed_at FROM irt_item_parameters p
                            JOIN last ON p.run_id = last.id AND p.status = 'calibrated')
         SELECT q.id, e.item, q.irt_calibrated_at, e.completed_at
         FROM published q FULL JOIN estimates e ON q.id::text = e.item
         WHERE (q.irt_difficulty, q.irt_discrimination, q.irt_se_difficulty,
                q.irt_se_discrimination, q.irt_information_peak, q.irt_calibration_n)
               IS DISTINCT FROM
               (e.difficulty, e.discrimination, e.se_difficulty,
                e.se_discrimination, e.information_peak, e.responses_count)
             -- What did not change since an earlier run has its time.
             OR q.irt_calibrated_at > e.completed_at",
    );
    assert!(wrong.is_empty(), "published and recorded differ: {wrong:?}");
}

/// Everything that is published, as one value.
pub fn published(client: &mut Client) -> String {
    value(client, "SELECT md5(string_agg(q::text, ',' ORDER BY id)) FROM questions q").unwrap()
}

/// How many runs are recorded as running.
pub fn running(client: &mut Client) -> String {
    value(client, "SELECT count(*) FROM irt_calibration_runs WHERE status = 'running'").unwrap()
}

/// Changes a few answers, so that the next run has other parameters.
pub fn vary_data(client: &mut Client, person: usize) {
    let person = person % 2000 + 1;
    client
        .batch_execute(&format!(
            "UPDATE responses SET is_correct = NOT is_correct WHERE user_id = {person}"
        ))
        .unwrap();
}
