//! What Citus's catalogs say of a bank's tables, on a server that has it.
//!
//! Citus distributes a table by the hash of a column over worker nodes; its reference and local
//! tables are whole on every node, or on the coordinator.

use super::relation::Relation;
use crate::error::ExtensionError;
use crate::postgres::reading;
use pgrx::pg_sys;

/// Refuses a server that is a worker node: a run is the coordinator's.
///
/// # Errors
/// [`ExtensionError::WorkerNode`].
pub(super) fn must_not_be_a_worker() -> Result<(), ExtensionError> {
    if !is_installed()? {
        return Ok(());
    }
    // The coordinator is group 0.
    let is_worker = reading::one::<bool>(
        "SELECT pg_catalog.bool_or(groupid OPERATOR(pg_catalog.<>) 0) \
         FROM pg_catalog.pg_dist_local_group",
        &[],
    )?;
    if is_worker != Some(true) {
        return Ok(());
    }
    let coordinator = reading::one::<String>(
        "SELECT pg_catalog.format('%s:%s', nodename, nodeport) FROM pg_catalog.pg_dist_node \
         WHERE groupid OPERATOR(pg_catalog.=) 0",
        &[],
    )?;
    Err(ExtensionError::WorkerNode { coordinator })
}

/// Refuses an items table that is distributed: its rows cannot be locked together.
///
/// # Errors
/// [`ExtensionError::DistributedItems`].
pub(super) fn must_not_be_distributed(items: &Relation) -> Result<(), ExtensionError> {
    match distribution_column(items.oid)? {
        Some(column) => {
            Err(ExtensionError::DistributedItems { relation: items.name.clone(), column })
        }
        None => Ok(()),
    }
}

/// The column by which a relation is distributed, if it is.
///
/// # Errors
/// Only when SPI fails.
pub(super) fn distribution_column(relation: pg_sys::Oid) -> Result<Option<String>, ExtensionError> {
    if !is_installed()? {
        return Ok(None);
    }
    // 'n': a reference table, a local one, or one that is whole on some node.
    reading::one(
        "SELECT pg_catalog.column_to_column_name(logicalrelid, partkey) \
         FROM pg_catalog.pg_dist_partition \
         WHERE logicalrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid \
           AND partmethod OPERATOR(pg_catalog.<>) 'n'",
        &[relation.into()],
    )
}

/// Its catalogs are there where it is installed, and nowhere else.
fn is_installed() -> Result<bool, ExtensionError> {
    let found = reading::one::<bool>(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension \
         WHERE extname OPERATOR(pg_catalog.=) 'citus')",
        &[],
    )?;
    Ok(found == Some(true))
}
