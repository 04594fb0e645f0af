//! irt_next_items and irt_test_information.

use crate::common::{Cluster, error, rows, value};
use postgres::Client;

/// 100 items in force, of the bank default and, with other numbers, of another.
const SETUP: &str = "
CREATE TABLE responses (user_id int, question_id text, is_correct boolean);
INSERT INTO responses
SELECT u, 'i' || q, sin(u * 12.9898) * 2 - (q - 50) * 0.04 + sin(u * 78.233 + q * 37.719) * 1.5 > 0
FROM generate_series(1, 200) u, generate_series(1, 100) q;
SELECT irt_configure('default', 'responses');
SELECT irt_configure('other', 'responses')";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    client.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    (cluster, client)
}

#[test]
fn the_most_informative_items_come_first() {
    let (_cluster, mut client) = start();
    let by_hand = |count: usize, exclude: &str| {
        format!(
            "SELECT item, irt_information(0.3, discrimination, difficulty), difficulty, discrimination
             FROM irt_parameters_in_force WHERE bank = 'default' AND item <> ALL ({exclude})
             ORDER BY 2 DESC, item COLLATE \"C\" LIMIT {count}"
        )
    };
    let best = rows(&mut client, &by_hand(10, "'{}'"));
    assert_eq!(rows(&mut client, "SELECT * FROM irt_next_items(0.3, count => 10)"), best);
    assert_eq!(rows(&mut client, "SELECT * FROM irt_next_items(0.3)"), best[..1]);
    let exclude = format!(
        "'{{{},{},NULL,nothing}}'",
        best[0][0].as_deref().unwrap(),
        best[2][0].as_deref().unwrap()
    );
    let others = rows(&mut client, &by_hand(200, &exclude.replace("NULL,", "")));
    assert_eq!(others.len(), 98);
    let found = rows(&mut client, &format!("SELECT * FROM irt_next_items(0.3, {exclude}, 200)"));
    assert_eq!(found, others);
    // array_agg over no rows is NULL: nothing is excluded.
    assert_eq!(rows(&mut client, "SELECT * FROM irt_next_items(0.3, NULL)"), best[..1]);
    assert!(rows(&mut client, "SELECT * FROM irt_next_items(0.3, count => 0)").is_empty());
    assert!(rows(&mut client, "SELECT * FROM irt_next_items(0.3, bank => 'other')").is_empty());
}

#[test]
fn one_of_the_k_best_is_drawn_by_seed_or_by_the_sessions_generator() {
    let (_cluster, mut client) = start();
    let best: Vec<_> = rows(&mut client, "SELECT item FROM irt_next_items(0.3, count => 5)");
    let drawn = |client: &mut Client, seed: &str| {
        value(client, &format!("SELECT item FROM irt_next_items(0.3, randomesque => 5{seed})"))
    };
    let mut seen = std::collections::HashSet::new();
    for seed in -40..40 {
        let seed = format!(", seed => {seed}");
        let item = drawn(&mut client, &seed);
        assert_eq!(drawn(&mut client, &seed), item);
        assert!(best.contains(&vec![item.clone()]));
        seen.insert(item);
    }
    assert_eq!(seen.len(), 5);
    let by_session = |client: &mut Client| -> Vec<_> {
        client.simple_query("SELECT setseed(0.25)").unwrap();
        (0..20).map(|_| drawn(client, "")).collect()
    };
    let first = by_session(&mut client);
    assert_eq!(by_session(&mut client), first);
    assert!(first.iter().any(|item| *item != first[0]));
    // Of a lateral join each row is a draw of its own.
    let sql = "SELECT count(DISTINCT n.item) FROM generate_series(1, 50) g,
               irt_next_items(0.3 + 0 * g, randomesque => 5) n";
    assert_eq!(value(&mut client, sql).as_deref(), Some("5"));
}

#[test]
fn test_information_is_the_sum_of_the_items() {
    let (_cluster, mut client) = start();
    let all = "SELECT count(*), min(t.ability), max(t.ability), bool_and(abs(t.information - i.sum) < 1e-12),
                      bool_and(abs(t.standard_error - 1 / sqrt(i.sum)) < 1e-12)
               FROM irt_test_information() t, LATERAL (
                   SELECT sum(irt_information(t.ability, discrimination, difficulty)) FROM irt_parameters_in_force) i";
    let text =
        |cells: &[&str]| cells.iter().map(|cell| Some((*cell).to_owned())).collect::<Vec<_>>();
    assert_eq!(rows(&mut client, all).remove(0), text(&["61", "-6", "6", "t", "t"]));
    let some = "SELECT count(*) FROM irt_test_information(items => '{i3,i7,i3}') t
                WHERE abs(t.information - (SELECT sum(irt_information(t.ability, discrimination, difficulty))
                          FROM irt_parameters_in_force WHERE item IN ('i3', 'i7'))) < 1e-12";
    assert_eq!(value(&mut client, some).as_deref(), Some("61"));
    let none =
        "SELECT DISTINCT information, standard_error FROM irt_test_information(items => '{}')";
    assert_eq!(rows(&mut client, none), [[Some("0".to_owned()), None]]);
    client
        .simple_query(
            "SELECT irt_configure('other', quadrature_nodes => 21, quadrature_bound => 4)",
        )
        .unwrap();
    let nodes = "SELECT count(*), max(ability) FROM irt_test_information('other')";
    assert_eq!(rows(&mut client, nodes).remove(0), text(&["21", "4"]));
}

#[test]
fn what_they_cannot_do_they_say() {
    let (_cluster, mut client) = start();
    for (call, state, named) in [
        ("irt_next_items(NULL)", "22004", "ability"),
        ("irt_next_items('NaN')", "22023", "ability"),
        ("irt_next_items('Infinity')", "22023", "ability"),
        ("irt_next_items(0, count => -1)", "22023", "count"),
        ("irt_next_items(0, count => NULL)", "22004", "count"),
        ("irt_next_items(0, randomesque => 0)", "22023", "randomesque"),
        ("irt_next_items(0, randomesque => NULL)", "22004", "randomesque"),
        ("irt_next_items(0, bank => 'nowhere')", "22023", "nowhere"),
        ("irt_next_items(0, bank => NULL)", "22004", "bank"),
        ("irt_test_information('nowhere')", "22023", "nowhere"),
        ("irt_test_information(NULL)", "22004", "bank"),
        ("irt_test_information(items => '{i1,i101,x}')", "22023", "i101, x"),
        ("irt_test_information(items => '{NULL}')", "22004", "items"),
    ] {
        let refused = error(&mut client, &format!("SELECT {call}"));
        assert_eq!(refused.code().code(), state, "{call}: {refused}");
        assert!(refused.message().contains(named), "{call}: {refused}");
    }
}
