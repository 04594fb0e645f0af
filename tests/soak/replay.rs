//! What is in force, worked out a second time from irt_publications: plainly, in Rust.
//!
//! Publications are gone through in their order. One that undoes another takes it away, any other
//! is put on top, and an item has the values of the topmost one that contains it. The table of what
//! is in force, the items table and irt_parameters_at must all say that.

use crate::common::rows;
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// What an item has: difficulty, discrimination, their standard errors, responses, as text.
pub type Values = [Option<String>; 5];
/// Items with parameters.
pub type Items = BTreeMap<String, Values>;
/// What is in force: the publication and the run of each item, and its values.
type InForce = BTreeMap<String, (i64, i64, Values)>;

/// A row of irt_publications.
struct Publication {
    id: i64,
    run: Option<i64>,
    items: Option<BTreeSet<String>>,
    undoes: Option<i64>,
    published_at: String,
}

/// The publications that stand, the newest last. Each undoes what was the newest then, once.
fn standing(publications: &[Publication]) -> Vec<&Publication> {
    let mut standing: Vec<&Publication> = Vec::new();
    for publication in publications {
        match publication.undoes {
            None => standing.push(publication),
            Some(undone) => {
                let newest = standing.pop().map(|newest| newest.id);
                assert_eq!(newest, Some(undone), "{} undoes another", publication.id);
            }
        }
    }
    standing
}

fn replay(publications: &[Publication], runs: &BTreeMap<i64, Items>) -> InForce {
    let mut in_force = InForce::new();
    for publication in standing(publications) {
        let run = publication.run.expect("a publication is of a run");
        for (item, values) in runs.get(&run).into_iter().flatten() {
            if publication.items.as_ref().is_none_or(|items| items.contains(item)) {
                in_force.insert(item.clone(), (publication.id, run, values.clone()));
            }
        }
    }
    in_force
}

/// Asserts that everything that tells what is in force in a bank tells the same, in one snapshot:
/// it may be called beside anything. Returns what the items table holds.
pub fn assert_replays(client: &mut Client, bank: &str, items: &str) -> Items {
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").unwrap();
    let publications = publications(client, bank);
    let expected = replay(&publications, &estimates(client, bank));
    let columns = "item, publication_id, run_id, difficulty, discrimination, se_difficulty, \
        se_discrimination";
    let table = format!(
        "SELECT item, c.publication_id, c.run_id, f.difficulty, f.discrimination, f.se_difficulty,
             f.se_discrimination, responses_count
         FROM irt_parameters_in_force f JOIN irt_current_parameters c USING (bank, item)
         WHERE bank = '{bank}'"
    );
    assert_eq!(in_force(client, &table), expected, "{bank}: irt_parameters_in_force");
    let at = format!("SELECT {columns} FROM irt_parameters_at('{bank}', 'infinity')");
    let mut without_counts = expected.clone();
    without_counts.values_mut().for_each(|(_, _, values)| values[4] = None);
    assert_eq!(in_force(client, &at), without_counts, "{bank}: irt_parameters_at");
    let shown = shown(client, items);
    let expected: Items =
        expected.into_iter().map(|(item, (_, _, values))| (item, values)).collect();
    assert_eq!(shown, expected, "{bank}: the items table");
    client.batch_execute("COMMIT").unwrap();
    shown
}

/// What the application sees.
pub fn shown(client: &mut Client, table: &str) -> Items {
    let sql = format!(
        "SELECT id, irt_difficulty, irt_discrimination, irt_se_difficulty, irt_se_discrimination, \
                irt_calibration_n FROM {table} WHERE irt_difficulty IS NOT NULL"
    );
    let partly = format!(
        "SELECT id FROM {table} WHERE irt_difficulty IS NULL AND num_nonnulls(irt_discrimination, \
         irt_se_difficulty, irt_se_discrimination, irt_information_peak, irt_calibration_n, \
         irt_calibrated_at) > 0"
    );
    assert_eq!(rows(client, &partly).len(), 0, "half an item is left");
    items(client, &sql)
}

/// Items and their values, which a query yields in this order.
pub fn items(client: &mut Client, sql: &str) -> Items {
    rows(client, sql).into_iter().map(|row| item(&row, 1)).collect()
}

fn publications(client: &mut Client, bank: &str) -> Vec<Publication> {
    let sql = format!(
        "SELECT id, run_id, array_to_string(items, '|'), undoes, \
                to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') \
         FROM irt_publications WHERE bank = '{bank}' ORDER BY id"
    );
    let publications: Vec<Publication> = rows(client, &sql)
        .into_iter()
        .map(|row| Publication {
            id: number(&row[0]).unwrap(),
            run: number(&row[1]),
            items: row[2].as_ref().map(|items| items.split('|').map(str::to_owned).collect()),
            undoes: number(&row[3]),
            published_at: row[4].clone().unwrap(),
        })
        .collect();
    for pair in publications.windows(2) {
        assert!(pair[0].published_at < pair[1].published_at, "{bank}: the order of publications");
    }
    publications
}

/// The calibrated items of every run.
fn estimates(client: &mut Client, bank: &str) -> BTreeMap<i64, Items> {
    let sql = format!(
        "SELECT i.run_id, i.item, i.difficulty, i.discrimination, i.se_difficulty, \
                i.se_discrimination, i.responses_count \
         FROM irt_item_parameters AS i JOIN irt_calibration_runs AS r ON r.id = i.run_id \
         WHERE r.bank = '{bank}' AND i.status = 'calibrated'"
    );
    let mut runs: BTreeMap<i64, Items> = BTreeMap::new();
    for row in rows(client, &sql) {
        let (item, values) = item(&row[1..], 1);
        runs.entry(number(&row[0]).unwrap()).or_default().insert(item, values);
    }
    runs
}

fn in_force(client: &mut Client, sql: &str) -> InForce {
    let read = |row: Vec<Option<String>>| {
        let (item, values) = item(&row, 3);
        (item, (number(&row[1]).unwrap(), number(&row[2]).unwrap(), values))
    };
    rows(client, sql).into_iter().map(read).collect()
}

/// An item and its values, which begin in column `first`; a column that is not there is NULL.
fn item(row: &[Option<String>], first: usize) -> (String, Values) {
    let value = |at: usize| row.get(first + at).cloned().flatten();
    (row[0].clone().unwrap(), std::array::from_fn(value))
}

fn number(cell: &Option<String>) -> Option<i64> {
    cell.as_ref().map(|cell| cell.parse().unwrap())
}
