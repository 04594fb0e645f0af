//! Which standard errors a bank gets where nobody said, and that there are some where they were
//! asked for.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, rows, value};
use postgres::Client;

fn lsat7() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    cluster.load_lsat7();
    client.batch_execute("SELECT irt_add_item_columns('questions')").unwrap();
    (cluster, client)
}

/// The method of a run without arguments about it.
fn method_of_a_run(client: &mut Client) -> String {
    let sql = "SELECT settings ->> 'standard_errors'
               FROM irt_run_calibration(true, bootstrap_iterations => 5)";
    value(client, sql).unwrap()
}

#[test]
fn new_banks_take_the_observed_information() {
    let (_cluster, mut client) = lsat7();
    assert_eq!(method_of_a_run(&mut client), "observed_information");
    for bank in ["default", "other"] {
        let sql = format!(
            "SELECT standard_errors FROM irt_configure('{bank}', 'responses', items => 'questions')"
        );
        assert_eq!(value(&mut client, &sql).unwrap(), "observed_information", "{bank}");
    }
    assert_eq!(method_of_a_run(&mut client), "observed_information");
    // A dump of an older version brings rows along; what it lacks is what was the default then.
    let restored =
        "INSERT INTO irt_item_banks (bank) VALUES ('restored') RETURNING standard_errors";
    assert_eq!(value(&mut client, restored).unwrap(), "bootstrap");
}

#[test]
fn what_an_older_version_calibrated_goes_on_as_it_was() {
    let (_cluster, mut client) = lsat7();
    client.simple_query("SELECT irt_run_calibration()").unwrap();
    for (change, expected) in [
        // Runs as a dump of an older version would bring them.
        (r#"settings || '{"version": "0.2.0"}'"#, "bootstrap"),
        (r#"settings || '{"version": "0.1.0"}'"#, "bootstrap"),
        (r#"settings || '{"version": "0.3.0"}'"#, "observed_information"),
        (r#"settings || '{"version": "0.10.0"}'"#, "observed_information"),
        // Another program's.
        (r#"settings || '{"version": "0.2.0", "adopted_from": "jobs"}'"#, "observed_information"),
        ("NULL", "observed_information"),
    ] {
        let sql = format!(
            "DELETE FROM irt_publications WHERE run_id > 1; DELETE FROM irt_calibration_runs WHERE id > 1;
             UPDATE irt_calibration_runs SET settings = {change}"
        );
        client.batch_execute(&sql).unwrap();
        assert_eq!(method_of_a_run(&mut client), expected, "{change}");
    }
    client
        .batch_execute(
            r#"DELETE FROM irt_publications WHERE run_id > 1; DELETE FROM irt_calibration_runs WHERE id > 1;
               UPDATE irt_calibration_runs SET settings = '{"version": "0.2.0"}'"#,
        )
        .unwrap();
    // To configure something else of it changes nothing of this.
    let configured = "SELECT standard_errors FROM irt_configure(min_new_responses => 7)";
    assert_eq!(value(&mut client, configured).unwrap(), "bootstrap");
    let again = "SELECT standard_errors FROM irt_configure(min_new_responses => 8)";
    assert_eq!(value(&mut client, again).unwrap(), "bootstrap");
    assert_eq!(method_of_a_run(&mut client), "bootstrap");
    client.batch_execute("DELETE FROM irt_item_banks").unwrap();
    let failed = "UPDATE irt_calibration_runs SET status = 'failed', error_message = 'x',
                         error_sqlstate = 'IR001' WHERE id = 1;
                  DELETE FROM irt_publications WHERE run_id > 1; DELETE FROM irt_calibration_runs WHERE id > 1";
    client.batch_execute(failed).unwrap();
    assert_eq!(method_of_a_run(&mut client), "observed_information");
}

/// How many items were calibrated, how many of them have standard errors, in b and in a, and how
/// many are flagged to have none.
fn errors_of(client: &mut Client, table: &str, arguments: &str) -> Vec<Option<String>> {
    let sql = format!(
        "SELECT count(difficulty), count(se_difficulty), count(se_discrimination),
                count(*) FILTER (WHERE 'no_standard_error' = ANY (flags))
         FROM irt_fit_2pl('SELECT p, i, y FROM {table}', {arguments})"
    );
    rows(client, &sql).remove(0)
}

#[test]
fn a_bootstrap_of_few_responses_an_item_has_standard_errors() {
    let (_cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "SELECT setseed(0.1);
             CREATE TABLE rz AS
             WITH pp AS (SELECT p, sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) th
                         FROM generate_series(1, 400) p),
                  ii AS (SELECT i, -2.6 + 2 * (i - 75) / 75.0 b FROM generate_series(1, 150) i)
             SELECT p, i, (random() < 1 / (1 + exp(b - th)))::int y FROM pp, ii
             WHERE random() < .25",
        )
        .unwrap();
    let arguments = "min_responses_per_item => 50, standard_errors => 'bootstrap',
                     bootstrap_iterations => 60";
    let found = errors_of(&mut client, "rz", arguments);
    assert_eq!(found, ["148", "148", "148", "0"].map(|count| Some(count.to_owned())));
}

#[test]
fn max_memory_ends_the_observed_information_of_very_many_items() {
    let (_cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "SELECT setseed(0.2);
             CREATE TABLE many AS
             SELECT p, i, (random() < 1 / (1 + exp((i % 5 - 2) - (p % 7 - 3) / 2.0)))::int y
             FROM generate_series(1, 1000) p, generate_series(1, 2010) i WHERE random() < .04",
        )
        .unwrap();
    let arguments = "min_responses_per_item => 1, quadrature_nodes => 31";
    // Matrix and sums take some 195 MB.
    for (megabytes, expected) in [(150, false), (400, true)] {
        client.batch_execute(&format!("SET irt_calibration.max_memory = '{megabytes}MB'")).unwrap();
        let found = errors_of(&mut client, "many", arguments);
        let counts: Vec<u32> =
            found.iter().map(|cell| cell.as_deref().unwrap().parse().unwrap()).collect();
        let items = counts[0];
        assert!(items > 2000, "{items}");
        let (with, without) = if expected { (items, 0) } else { (0, items) };
        assert_eq!(counts, [items, with, with, without], "{megabytes} MB");
    }
}
