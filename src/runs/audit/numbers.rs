//! Numbers of runs.

use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;

/// Lets the next number of a run be one that no run has. Logical replication, and a dump of data
/// alone, bring rows but leave the sequence where it was.
///
/// # Errors
/// [`ExtensionError::Subscribed`] while the rows still come from elsewhere.
pub(super) fn catch_up_with_numbers(schema: &Schema) -> Result<(), ExtensionError> {
    const BEHIND: &str = "FROM (SELECT pg_catalog.pg_get_serial_sequence($1, 'id')\
            ::pg_catalog.regclass AS id) AS s, \
        LATERAL (SELECT pg_catalog.pg_sequence_last_value(s.id) AS id) AS l";
    let runs = schema.runs();
    let behind = format!(
        "{BEHIND}, (SELECT pg_catalog.max(r.id) AS id FROM {runs} AS r) AS m \
         WHERE m.id OPERATOR(pg_catalog.>) COALESCE(l.id, 0)"
    );
    let is_behind = format!("SELECT true {behind}");
    if reading::one::<bool>(&is_behind, &[runs.as_str().into()])?.is_none() {
        return Ok(());
    }
    let subscription = reading::one::<String>(
        "SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription_rel r \
         JOIN pg_catalog.pg_subscription s ON s.oid OPERATOR(pg_catalog.=) r.srsubid \
         WHERE r.srrelid OPERATOR(pg_catalog.=) $1 ORDER BY s.subname",
        &[schema.lock_class().into()],
    )?;
    if let Some(subscription) = subscription {
        return Err(ExtensionError::Subscribed { subscription });
    }
    let catch_up = format!("SELECT pg_catalog.setval(s.id, GREATEST(m.id, l.id)) {behind}");
    Spi::run_with_args(&catch_up, &[runs.as_str().into()])?;
    Ok(())
}
