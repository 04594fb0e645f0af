//! Settings of a bank: as they are stored, and as functions take them.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, rows, value};
use postgres::Client;

fn with_responses() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client
        .batch_execute(
            "CREATE TABLE responses (user_id int, question_id int, is_correct boolean);
             INSERT INTO responses SELECT p, q, hashint4(p * 5 + q) % 3 < p % 3
             FROM generate_series(1, 300) p, generate_series(1, 5) q",
        )
        .unwrap();
    (cluster, client)
}

/// Whatever the session makes of floats: as they are given, and after they were read and written
/// once more.
#[test]
fn floats_are_kept_to_the_bit() {
    let (_cluster, mut client) = with_responses();
    for digits in [-15, 0, 3] {
        let changed = rows(
            &mut client,
            &format!(
                "SET extra_float_digits = {digits};
                 SELECT setseed(0.5);
                 CREATE TEMP TABLE given ON COMMIT PRESERVE ROWS AS
                 SELECT random() * 9 AS mean, 0.001 + random() AS sd FROM generate_series(1, 100);
                 CREATE TEMP TABLE kept AS
                 SELECT g.*, (a).prior_difficulty_mean AS mean_1, (a).prior_difficulty_sd AS sd_1,
                        (b).prior_difficulty_mean AS mean_2, (b).prior_difficulty_sd AS sd_2
                 FROM given g,
                 LATERAL irt_configure('exact', 'responses', prior_difficulty_mean => mean,
                                       prior_difficulty_sd => sd) AS a,
                 LATERAL irt_configure(a.bank) AS b;
                 SELECT float8send(mean), float8send(mean_1), float8send(mean_2) FROM kept
                 WHERE float8send(mean) <> ALL (ARRAY[float8send(mean_1), float8send(mean_2)])
                    OR float8send(mean_1) <> float8send(mean_2)
                    OR float8send(sd) <> float8send(sd_1) OR float8send(sd_1) <> float8send(sd_2);
                 DROP TABLE given, kept"
            ),
        );
        // The two SELECTs answer: setseed's one row, and none of the other.
        assert_eq!(changed.len(), 1, "extra_float_digits {digits}: {changed:?}");
    }
}

#[test]
fn infinity_is_kept_and_recorded() {
    let (_cluster, mut client) = with_responses();
    let configured = "SELECT (irt_configure('free', 'responses', prior_difficulty_sd => 'infinity',
                                            standard_errors => 'none')).prior_difficulty_sd";
    assert_eq!(value(&mut client, configured).as_deref(), Some("Infinity"));
    let kept = "SELECT (irt_configure('free', seed => -9223372036854775808)).prior_difficulty_sd";
    assert_eq!(value(&mut client, kept).as_deref(), Some("Infinity"));
    let recorded = "SELECT concat_ws(' ', settings -> 'prior_difficulty_sd', settings -> 'seed',
                                     settings -> 'arguments' -> 'seed')
                    FROM irt_run_calibration(bank => 'free', seed => 7)";
    assert_eq!(value(&mut client, recorded).as_deref(), Some("\"Infinity\" 7 7"));
}

/// A table of another version lacks some columns and has others. They are left alone, and a setting
/// that has no column is the default.
#[test]
fn the_table_may_have_other_columns() {
    let (_cluster, mut client) = with_responses();
    client
        .batch_execute(
            "ALTER TABLE irt_item_banks DROP seed, ADD \"a \"\" note\" text DEFAULT 'noted';
             SELECT irt_configure('other', 'responses', seed => 7, standard_errors => 'none');
             UPDATE irt_item_banks SET \"a \"\" note\" = 'changed';
             SELECT irt_configure('other', min_persons => 9)",
        )
        .unwrap();
    let row =
        "SELECT concat_ws(' ', min_persons, standard_errors, \"a \"\" note\") FROM irt_item_banks";
    assert_eq!(value(&mut client, row).as_deref(), Some("9 none changed"));
    let run = "SELECT settings ->> 'seed' FROM irt_run_calibration(bank => 'other')";
    assert_eq!(value(&mut client, run).as_deref(), Some("42"));
}

/// The function in C takes the arguments that its signature in SQL has, by their names.
#[test]
fn arguments_are_taken_by_name() {
    let (_cluster, mut client) = with_responses();
    client
        .batch_execute(
            "CREATE FUNCTION configure(seed int8, responses regclass, bank text) RETURNS irt_item_banks
                 LANGUAGE c AS '$libdir/irt_calibration', 'irt_configure_wrapper';
             CREATE FUNCTION misspelt(bank text, sead int8) RETURNS irt_item_banks
                 LANGUAGE c AS '$libdir/irt_calibration', 'irt_configure_wrapper'",
        )
        .unwrap();
    let few =
        "SELECT concat_ws(' ', bank, responses, seed) FROM configure(7, 'responses', 'named')";
    assert_eq!(value(&mut client, few).as_deref(), Some("named responses 7"));
    let unset = "SELECT responses IS NULL AND seed = 7 FROM configure(NULL, '-', 'named')";
    assert_eq!(value(&mut client, unset).as_deref(), Some("t"));
    assert_eq!(
        error(&mut client, "SELECT misspelt('named', 1)").message(),
        "internal error: there is no setting sead"
    );
}

/// The lists of the settings go together: columns, arguments, and the defaults of irt_fit_2pl.
#[test]
fn a_new_bank_has_the_defaults_of_a_fit() {
    let (_cluster, mut client) = with_responses();
    client.batch_execute("SELECT irt_configure('new', 'responses')").unwrap();
    let differ = rows(
        &mut client,
        "WITH signature AS (
             SELECT unnest(string_to_array(pg_get_function_arguments('irt_fit_2pl'::regproc), ', ')) AS argument
         ), argument AS (
             SELECT split_part(argument, ' ', 1) AS name,
                    trim(both '''' FROM split_part(split_part(argument, 'DEFAULT ', 2), '::', 1)) AS default_value
             FROM signature WHERE argument LIKE '% DEFAULT %' AND argument NOT LIKE 'anchors %')
         SELECT name, default_value, to_jsonb(b) ->> name AS of_bank
         FROM argument, irt_item_banks b
         WHERE to_jsonb(b) ->> name IS DISTINCT FROM default_value ORDER BY name",
    );
    let names: Vec<_> = differ.iter().map(|row| row[0].as_deref().unwrap()).collect();
    assert_eq!(names, ["min_persons", "min_responses_per_item"], "{differ:?}");
}
