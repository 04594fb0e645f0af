//! The next number of a table's rows, where rows came from elsewhere: logical replication, and a dump of
//! data alone, bring rows but leave the sequence of column `id` where it was.

use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::spi::Spi;

/// True where the sequence would give an id that a row has already.
///
/// # Errors
/// [`ExtensionError::Subscribed`] while rows still come from elsewhere.
pub fn is_behind(table: &str) -> Result<bool, ExtensionError> {
    let query = format!("SELECT true {}", behind(table));
    if reading::one::<bool>(&query, &[table.into()])?.is_none() {
        return Ok(false);
    }
    let subscription = reading::one::<String>(
        "SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription_rel r \
         JOIN pg_catalog.pg_subscription s ON s.oid OPERATOR(pg_catalog.=) r.srsubid \
         WHERE r.srrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass ORDER BY s.subname",
        &[table.into()],
    )?;
    match subscription {
        Some(subscription) => Err(ExtensionError::Subscribed { subscription }),
        None => Ok(true),
    }
}

/// Lets the next id be one that no row has, where that [`is_behind`].
///
/// # Errors
/// Those of [`is_behind`].
pub fn catch_up_if_behind(table: &str) -> Result<(), ExtensionError> {
    if is_behind(table)? { catch_up(table) } else { Ok(()) }
}

/// Lets the next id be one that no row has.
///
/// # Errors
/// Only when SPI fails.
pub fn catch_up(table: &str) -> Result<(), ExtensionError> {
    let statement = format!("SELECT pg_catalog.setval(s.id, m.id) {}", behind(table));
    Ok(Spi::run_with_args(&statement, &[table.into()])?)
}

/// The sequence s and the greatest id m, where that is greater than what the sequence gave last.
fn behind(table: &str) -> String {
    format!(
        "FROM (SELECT pg_catalog.pg_get_serial_sequence($1, 'id')::pg_catalog.regclass AS id) AS s, \
         LATERAL (SELECT pg_catalog.pg_sequence_last_value(s.id) AS id) AS l, \
         (SELECT pg_catalog.max(r.id) AS id FROM {table} AS r) AS m \
         WHERE m.id OPERATOR(pg_catalog.>) COALESCE(l.id, 0)"
    )
}
