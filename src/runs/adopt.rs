//! Taking over the history that an application kept before: irt_adopt_runs.
//!
//! The source is read with the caller's rights, by column name, and judged row
//! by row: one that cannot be true is refused by name, and nothing is copied.
//! What passes becomes rows of irt_calibration_runs that say where they came
//! from. Adopting again adds what is new there.

mod columns;
mod row;

use crate::bank::{Relation, RelationKind, may_read};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::read_only::must_be_writable;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::RegClass;
use crate::runs::audit::{self, AdoptedRun};
use columns::Columns;
use pgrx::pg_sys;
use row::Row;

/// Copies an application's history; returns how many of its rows were not adopted before.
///
/// # Errors
/// 22004, 25006, IR002 for what is no table or view, 42703 and 42804 for columns, 42501, 22023
/// for a row that cannot be true.
pub fn adopt(source: Option<RegClass>) -> Result<i64, ExtensionError> {
    let source = source.ok_or(ExtensionError::NullArgument { argument: "source" })?;
    must_be_writable("irt_adopt_runs()");
    let source = {
        let settings = LocalSettings::begin();
        settings.pin_names();
        find(source.0)?
    };
    let columns = Columns::of(&source)?;
    may_read(&source, &columns.all())?;
    let now = reading::one::<f64>(
        "SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())",
        &[],
    )?;
    let now = now.ok_or_else(|| ExtensionError::Internal("the clock is NULL".to_owned()))?;
    let mut runs = read(&source, &columns)?
        .into_iter()
        .enumerate()
        .map(|(place, row)| row.judge(&source.name, place + 1, now))
        .collect::<Result<Vec<AdoptedRun>, ExtensionError>>()?;
    // Ids tell the order in which things happened.
    runs.sort_by(|a, b| a.began.total_cmp(&b.began));
    audit::adopt(&runs)
}

fn find(oid: pg_sys::Oid) -> Result<Relation, ExtensionError> {
    let relation = Relation::find(oid)?.ok_or_else(|| ExtensionError::NoSuchRelation {
        role: "source",
        found: oid.to_u32().to_string(),
    })?;
    if relation.kind == RelationKind::Other {
        return Err(ExtensionError::WrongRelationKind {
            role: "source",
            relation: relation.name,
            kind: relation.kind.as_str(),
            expected: "a table or a view",
        });
    }
    if Schema::find()?.lock_class() == oid {
        return Err(ExtensionError::InvalidArgument {
            argument: "source",
            found: relation.name,
            expected: "the history of something else",
        });
    }
    Ok(relation)
}

/// The source's rows, converted to the types that we keep.
fn read(source: &Relation, columns: &Columns) -> Result<Vec<Row>, ExtensionError> {
    let query = format!("SELECT {}::pg_catalog.text FROM {} AS s", columns.as_json(), source.name);
    as_relation_owner(source.oid, &source.name, || {
        let settings = LocalSettings::without_row_security();
        // Numbers travel as JSON, and must arrive as they are.
        settings.set(c"extra_float_digits", c"1");
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), None, &[])?;
            rows.into_iter()
                .map(|row| {
                    let text = row.get::<String>(1)?.unwrap_or_default();
                    serde_json::from_str(&text)
                        .map_err(|error| ExtensionError::Internal(error.to_string()))
                })
                .collect()
        })
    })
}
