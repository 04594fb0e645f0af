//! irt_report: what it says, to whom, of how many items, and what a real browser makes of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod chromium;
mod file;
mod rights;
mod said;
mod sizes;

use common::{Cluster, value};
use postgres::Client;

/// Tables, a bank of `items` items, and one run. Responses follow a 2PL whose numbers come from
/// sines: the same on every machine.
fn calibrated(items: u32, persons: u32) -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    let each = 40.min(items);
    // Those of thousands of items take a while.
    let errors = if items > 1000 { "none" } else { "observed_information" };
    client
        .batch_execute(&format!(
            "CREATE TABLE questions (id text PRIMARY KEY);
             INSERT INTO questions SELECT 'Item ' || q FROM generate_series(1, {items}) q;
             SELECT irt_add_item_columns('questions');
             CREATE TABLE responses (user_id int, question_id text, is_correct boolean, cohort text);
             INSERT INTO responses
             SELECT u, 'Item ' || q,
                    sin(u * 12.9898) * 2 - (q::float8 / {items} * 3 - 1.5)
                        + sin(u * 78.233 + q * 37.719) * 1.5 > 0,
                    CASE u % 2 WHEN 0 THEN 'even' ELSE 'odd' END
             FROM generate_series(1, {persons}) u, generate_series(0, {each} - 1) n,
                  LATERAL (SELECT (u * 7 + n * greatest({items} / {each}, 1)) % {items} + 1 AS q) i
             GROUP BY u, q;
             SELECT irt_configure(group_column => 'cohort', standard_errors => '{errors}')"
        ))
        .unwrap();
    assert_eq!(run(&mut client), "published");
    (cluster, client)
}

/// Calibrates, and returns what became of the run.
fn run(client: &mut Client) -> String {
    value(client, "SELECT publication FROM irt_run_calibration(true)").unwrap()
}

/// Turns the keys of some items around.
const FLIP: &str = "UPDATE responses SET is_correct = NOT is_correct WHERE question_id IN \
                    ('Item 3', 'Item 6', 'Item 9', 'Item 12')";

/// The page, as text.
fn report(client: &mut Client, arguments: &str) -> String {
    value(client, &format!("SELECT irt_report({arguments})")).unwrap()
}
