//! The run that reports on a bank are about, unless another one is named.

use crate::postgres::schema::Schema;

/// A query for the bank's newest success: what is held, or was rolled back, is to be looked at, too.
/// Adopted runs have no estimates; rehearsals and rejected runs do not count. The tables of an older
/// version know neither. $1 is the bank; `columns` are of the run `r`.
pub fn last_run(schema: &Schema, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM {} r \
         WHERE r.bank OPERATOR(pg_catalog.=) $1 AND r.status OPERATOR(pg_catalog.=) 'success' \
           AND (r.settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NULL \
           AND COALESCE(pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.->>) 'publication', '') \
               OPERATOR(pg_catalog.<>) ALL ('{{rejected,not_requested}}'::pg_catalog.text[]) \
         ORDER BY r.started_at DESC, r.id DESC LIMIT 1",
        schema.runs()
    )
}
