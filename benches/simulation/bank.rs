//! A bank of its own for each simulation, with one table of answers and one of items, numbered from 0.

use crate::common::rows;
use irt::ItemParameters;
use postgres::Client;
use std::io::Write as _;

/// Creates the bank `name` of so many items.
pub fn create(client: &mut Client, name: &str, items: usize) {
    client
        .batch_execute(&format!(
            "CREATE TABLE answers_{name} (user_id int, question_id int, is_correct boolean);
             CREATE TABLE items_{name} (id int PRIMARY KEY);
             INSERT INTO items_{name} SELECT generate_series(0, {});
             SELECT irt_add_item_columns('items_{name}');
             SELECT irt_configure('{name}', 'answers_{name}', items => 'items_{name}')",
            items - 1
        ))
        .unwrap();
}

/// Puts answers, lines of a COPY, in the place of those that the bank has.
pub fn replace_answers(client: &mut Client, name: &str, lines: impl Iterator<Item = String>) {
    client.batch_execute(&format!("TRUNCATE answers_{name}")).unwrap();
    let mut copy = client.copy_in(&format!("COPY answers_{name} FROM STDIN")).unwrap();
    for line in lines {
        copy.write_all(line.as_bytes()).unwrap();
    }
    copy.finish().unwrap();
}

/// The items table's values of the items from `first` on.
pub fn in_force(client: &mut Client, name: &str, first: usize) -> Vec<ItemParameters> {
    let values = format!(
        "SELECT irt_discrimination, irt_difficulty FROM items_{name} WHERE id >= {first} ORDER BY id"
    );
    let found = rows(client, &values);
    found.iter().map(|row| ItemParameters::new(number(&row[0]), number(&row[1]))).collect()
}

/// A cell that is a number.
pub fn number(cell: &Option<String>) -> f64 {
    cell.as_ref().unwrap().parse().unwrap()
}
