//! What counts, what is NULL, what is refused.

use crate::common::{Cluster, error, value};
use postgres::Client;

fn score(client: &mut Client, call: &str, rows: &str) -> Option<String> {
    value(client, &format!("SELECT {call} FROM (VALUES {rows}) AS v (x, a, b)"))
}

#[test]
fn rows_with_a_null_do_not_count() {
    let (_cluster, mut client) = Cluster::with_extension();
    let plain = "(true, 1.2, -0.3), (false, 0.8, 0.4)";
    let with_nulls =
        format!("{plain}, (NULL, 1, 0), (true, NULL, 0), (false, 1, NULL), (NULL, 'NaN', NULL)");
    for call in ["irt_eap(x, a, b)", "irt_map(x, a, b)", "irt_mle(x, a, b)", "irt_wle(x, a, b)"] {
        let expected = score(&mut client, call, plain);
        assert!(expected.as_deref().unwrap().ends_with(",2,1)"), "{expected:?}");
        assert_eq!(score(&mut client, call, &with_nulls), expected, "{call}");
        // What is not counted is not refused either.
        let integers = call.replace('x', "CASE WHEN a IS NULL THEN 7 ELSE x::int END");
        assert_eq!(score(&mut client, &integers, &with_nulls), expected, "{call}");
    }
    let expected = score(&mut client, "irt_eap(x, a, b, 0.5, 2)", plain);
    let call = "irt_eap(x, a, b, CASE WHEN a < 9 THEN 0.5 END, 2)";
    let with_one = format!("{plain}, (true, 10, 0)");
    assert_eq!(score(&mut client, call, &with_one), expected, "a NULL prior");
}

#[test]
fn without_answers_there_is_the_prior_or_nothing() {
    let (_cluster, mut client) = Cluster::with_extension();
    let nobody = "(NULL::boolean, 1.0::float8, 0.0::float8)";
    let none = "SELECT {} FROM (VALUES (true, 1.0, 0.0)) AS v (x, a, b) WHERE false";
    for (call, answered_nothing, no_row) in [
        ("irt_eap(x, a, b)", Some("(0,1,0,0)"), Some("(0,1,0,0)")),
        ("irt_map(x, a, b)", Some("(0,1,0,0)"), Some("(0,1,0,0)")),
        // Without a row nobody has said what the prior is.
        ("irt_eap(x, a, b, 0.5, 2)", Some("(0.5,2,0,0)"), None),
        ("irt_map(x, a, b, 0.5, 2)", Some("(0.5,2,0,0)"), None),
        ("irt_mle(x, a, b)", None, None),
        ("irt_wle(x, a, b)", None, None),
    ] {
        assert_eq!(score(&mut client, call, nobody).as_deref(), answered_nothing, "{call}");
        let none = none.replace("{}", call);
        assert_eq!(value(&mut client, &none).as_deref(), no_row, "{call}");
    }
    // Answers that tell nothing are answers.
    let flat = "(true, 0, 1), (false, 0, 2)";
    assert_eq!(score(&mut client, "irt_eap(x, a, b)", flat).as_deref(), Some("(0,1,2,1)"));
    assert_eq!(score(&mut client, "irt_mle(x, a, b)", flat).as_deref(), Some("(,,2,1)"));
    let all = score(&mut client, "irt_mle(x, a, b)", "(true, 1, 1), (false, -1, 2)");
    assert_eq!(all.as_deref(), Some("(Infinity,,2,1)"));
    let none = score(&mut client, "irt_mle(x, a, b)", "(false, 1, 1), (true, -1, 2)");
    assert_eq!(none.as_deref(), Some("(-Infinity,,2,1)"));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let (_cluster, mut client) = Cluster::with_extension();
    for (call, named) in [
        ("irt_eap(true, -10.1, 0)", "discrimination"),
        ("irt_wle(true, 20.1, 0)", "discrimination"),
        ("irt_mle(true, 'NaN', 0)", "discrimination"),
        ("irt_map(true, 'Infinity', 0)", "discrimination"),
        ("irt_eap(true, 1, 'NaN')", "difficulty"),
        ("irt_eap(true, 1, '-Infinity')", "difficulty"),
        ("irt_eap(2, 1, 0)", "correct"),
        ("irt_eap(-1, 1, 0)", "correct"),
        ("irt_eap(true, 1, 0, 0, 0)", "prior_sd"),
        ("irt_eap(true, 1, 0, 0, -1)", "prior_sd"),
        ("irt_map(true, 1, 0, 0, 'NaN')", "prior_sd"),
        ("irt_map(true, 1, 0, 'Infinity', 1)", "prior_mean"),
        ("irt_eap(true, 1, 0, v, 1)", "prior_mean"),
        ("irt_map(1, 1, 0, 0, v)", "prior_sd"),
        ("irt_probability(0, 21, 0)", "discrimination"),
        ("irt_information('NaN', 1, 0)", "ability"),
        ("irt_probability(0, 1, 'Infinity')", "difficulty"),
    ] {
        let refused = error(&mut client, &format!("SELECT {call} FROM generate_series(1, 2) v"));
        assert_eq!(refused.code().code(), "22023", "{call}: {refused}");
        assert!(refused.message().starts_with(named), "{call}: {refused}");
    }
    // Its parts take what no SQL has.
    let part = error(&mut client, "SELECT irt_answers_combine(NULL::internal, NULL::internal)");
    // The first is what Postgres 14 says: there is no value of that type, rather than no cast to it.
    assert!(["0A000", "42846"].contains(&part.code().code()), "{part}");
}

#[test]
fn probability_and_information_are_those_of_the_model() {
    let (_cluster, mut client) = Cluster::with_extension();
    for (call, expected) in [
        ("irt_probability(1, 2, 1)", Some("0.5")),
        ("irt_information(1, 2, 1)", Some("1")),
        ("irt_probability(NULL, 2, 1)", None),
        ("irt_information(1, 2, NULL)", None),
        ("irt_probability('Infinity', -1, 0)", Some("0")),
        ("irt_probability('-Infinity', 0, 3)", Some("0.5")),
        ("irt_information('-Infinity', 1, 3)", Some("0")),
        ("irt_probability(discrimination => 0.5, difficulty => 0, ability => 0)", Some("0.5")),
    ] {
        assert_eq!(value(&mut client, &format!("SELECT {call}")).as_deref(), expected, "{call}");
    }
    // Also where P rounds to 1.
    let sql = "SELECT irt_information(t, 1.5, 0.2) / (2.25 * exp(-1.5 * (t - 0.2))) FROM (VALUES (40)) v (t)";
    let ratio: f64 = value(&mut client, sql).unwrap().parse().unwrap();
    assert!((ratio - 1.0).abs() < 1e-12);
}
