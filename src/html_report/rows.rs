//! Rows as JSON: a column or a table that is not there yet is no error, and one that is new is passed
//! over until somebody reads it.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::memory::reserve_exact;
use pgrx::datum::{DatumWithOid, JsonB};
use serde::de::DeserializeOwned;

/// The rows that a query yields, each read from the JSON that the server makes of it.
///
/// # Errors
/// 42501; an internal error for a row that does not fit.
pub fn rows<T: DeserializeOwned>(
    query: &str,
    arguments: &[DatumWithOid],
) -> Result<Vec<T>, ExtensionError> {
    let query = format!("SELECT pg_catalog.to_jsonb(x) FROM ({query}) AS x");
    Spi::connect(|client| {
        let found = client.select(query.as_str(), None, arguments)?;
        let mut rows = Vec::new();
        reserve_exact(&mut rows, found.len(), "the rows of a report")?;
        for row in found {
            if let Some(JsonB(row)) = row.get::<JsonB>(1)? {
                let read = serde_json::from_value(row);
                rows.push(read.map_err(|error| ExtensionError::Internal(error.to_string()))?);
            }
        }
        Ok(rows)
    })
}

/// The rows of a run in a table that has a column run_id; `None` where there is no such table.
///
/// # Errors
/// As [`rows`].
pub fn of_run<T: DeserializeOwned>(
    schema: &Schema,
    table: &str,
    run_id: i64,
) -> Result<Option<Vec<T>>, ExtensionError> {
    if !schema.has_relation(table)? {
        return Ok(None);
    }
    let query = format!(
        "SELECT t.* FROM {} AS t WHERE t.run_id OPERATOR(pg_catalog.=) $1",
        schema.relation(table)
    );
    rows(&query, &[run_id.into()]).map(Some)
}
