//! The bank's last success: its newest full success that is held, or published and not undone.
//!
//! A run limited to some items is not a full one; a rejected one, and a rehearsal, never count. The
//! definition stands in the view irt_counting_successes, and here for the tables of older versions,
//! which published every success.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;

/// A query for the id of the last success of bank $1.
///
/// # Errors
/// Only when SPI fails.
pub fn query(schema: &Schema) -> Result<String, ExtensionError> {
    let successes = if schema.has_publications()? {
        schema.relation("irt_counting_successes")
    } else {
        format!(
            "(SELECT r.id, r.bank, r.started_at FROM {} AS r \
              WHERE r.status OPERATOR(pg_catalog.=) 'success' \
                AND (r.settings OPERATOR(pg_catalog.->>) 'item_ids') IS NULL)",
            schema.runs()
        )
    };
    Ok(format!(
        "SELECT s.id FROM {successes} AS s WHERE s.bank OPERATOR(pg_catalog.=) $1 \
         ORDER BY s.started_at DESC, s.id DESC LIMIT 1"
    ))
}
