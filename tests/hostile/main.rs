//! Hostile surroundings: names that break quoting, unusual relations, planted operators and functions,
//! keys that collide.
//!
//! The same responses are calibrated everywhere, so the published numbers must be
//! those of an ordinary table, to the bit.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../src/responses/hash_index.rs"]
#[allow(dead_code, reason = "the extension uses all of it")]
mod hash_index;
mod keys;
mod kinds;
mod names;
#[path = "../soak/random.rs"]
#[allow(dead_code, reason = "moments are the soak tests'")]
mod random;
#[path = "../../src/responses/small_keys.rs"]
#[allow(dead_code, reason = "the extension uses all of it")]
mod small_keys;
mod trojans;

use common::{Cluster, value};
use postgres::Client;

/// A table with 120 persons' answers to 5 items.
const ANSWERS: &str = "
    CREATE TABLE public.answers AS
    SELECT p AS person, q AS item, hashint4(p * 5 + q) % 3 < p % 3 AS correct,
           timestamptz '2026-01-01 00:00Z' + p * interval '1 minute' AS at
    FROM generate_series(1, 120) p, generate_series(1, 5) q";

/// A server with the extension and the answers.
fn with_answers(settings: &str) -> (Cluster, Client) {
    let cluster = Cluster::with_settings(settings);
    let mut client = cluster.connect();
    client.batch_execute("SET client_min_messages = warning").unwrap();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    client.batch_execute(ANSWERS).unwrap();
    (cluster, client)
}

/// The parameters of the answers, as a query that selects from ordinary tables finds them.
fn expected(client: &mut Client) -> String {
    let fit = "SELECT string_agg(format('%s %s %s', item, difficulty, discrimination), ', ' ORDER BY item)
               FROM irt_fit_2pl('SELECT person, item, correct FROM public.answers',
                                standard_errors => 'none', min_responses_per_item => 50)";
    value(client, fit).unwrap()
}
