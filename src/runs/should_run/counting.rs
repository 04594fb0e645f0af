//! Counting all responses of a bank, by SQL.

use crate::bank::{Bank, RelationKind, RowShape};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::spi::Spi;
use crate::responses::Counts;
use crate::responses::conditions::{is_after, is_correct, is_eligible};
use pgrx::datum::TimestampWithTimeZone;

/// Counts with the current role's rights: `last` is the last run's moment, `now` this one.
///
/// # Errors
/// When the responses cannot be read.
pub fn count(
    bank: &Bank,
    last: TimestampWithTimeZone,
    now: TimestampWithTimeZone,
) -> Result<Counts, ExtensionError> {
    let [after_last, ahead] = ["$1", "$2"].map(|moment| is_after(bank, moment));
    let correct = is_correct(bank);
    let counts = format!(
        "SELECT pg_catalog.count(*) AS c1, \
                pg_catalog.count(*) FILTER (WHERE {after_last}) AS c2, \
                pg_catalog.count(*) FILTER (WHERE {ahead}) AS c3, \
                pg_catalog.count(*) FILTER (WHERE {correct}) AS c4, \
                pg_catalog.count(*) FILTER (WHERE {after_last} AND {correct}) AS c5, \
                pg_catalog.count(*) FILTER (WHERE {ahead} AND {correct}) AS c6 \
         FROM {} WHERE {}",
        bank.responses.name,
        is_eligible(bank),
    );
    // What is whole in one partition is counted where that is, and only then summed up.
    let query = match (bank.shape, bank.responses.kind) {
        (RowShape::Person, RelationKind::Partitioned) => {
            let sums = (1..=6).map(|i| format!("pg_catalog.sum(c{i})::pg_catalog.int8"));
            let sums: Vec<String> = sums.collect();
            let person = bank.person.quoted();
            format!("SELECT {} FROM ({counts} GROUP BY {person}) AS persons", sums.join(", "))
        }
        _ => counts,
    };
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let settings = LocalSettings::without_row_security();
        settings.set(c"enable_partitionwise_aggregate", c"on");
        Spi::connect(|client| {
            // With a limit on rows, though there is but one, the server would start no parallel worker.
            let rows = client.select(query.as_str(), None, &[last.into(), now.into()])?;
            let row = rows.first();
            let count = |i| row.get::<i64>(i).map(Option::unwrap_or_default);
            Ok(Counts {
                total: count(1)?,
                after_last: count(2)?,
                ahead: count(3)?,
                correct: count(4)?,
                correct_after_last: count(5)?,
                correct_ahead: count(6)?,
            })
        })
    })
}
