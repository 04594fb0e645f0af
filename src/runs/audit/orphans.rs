//! Orphaned runs: their rows say 'running', and the process that would end them is gone.

use crate::error::ExtensionError;
use crate::postgres::notifications::MOST_OF_A_NAME;
use crate::postgres::privileges::as_owner;
use crate::postgres::spi::Spi;

/// Declares orphaned runs failed, of every bank: 'running' rows whose bank's lock nobody has, and
/// those of `mine`, whose lock the caller has. A run has its bank's lock from before
/// its row is there until after that has ended, so no living one is met.
///
/// # Errors
/// Only when SPI fails.
pub fn fail_orphaned_runs(mine: Option<&str>) -> Result<(), ExtensionError> {
    as_owner(|schema| {
        let statement = format!(
            "WITH orphans AS (\
                 UPDATE {runs} AS r SET status = 'failed', \
                     completed_at = pg_catalog.clock_timestamp(), \
                     error_sqlstate = '57P01', error_message = \
                     'interrupted: the server or the worker ended before the run did' \
                 WHERE r.status OPERATOR(pg_catalog.=) 'running' \
                   AND (r.bank OPERATOR(pg_catalog.=) $1 OR NOT {locked}) RETURNING r.id, r.bank) \
             SELECT pg_catalog.pg_notify('irt_calibration', pg_catalog.json_build_object(\
                 'run_id', o.id, 'bank', pg_catalog.left(o.bank, {MOST_OF_A_NAME}), \
                 'status', 'failed', 'items_calibrated', NULL::pg_catalog.int4, \
                 'error_sqlstate', '57P01')::pg_catalog.text) \
             FROM orphans o",
            runs = schema.runs(),
            locked = schema.is_locked("r.bank"),
        );
        Spi::run_with_args(&statement, &[mine.into()])?;
        Spi::run(&format!(
            "DELETE FROM {} AS p WHERE NOT EXISTS (SELECT FROM {} AS r \
                 WHERE r.id OPERATOR(pg_catalog.=) p.run_id \
                   AND r.status OPERATOR(pg_catalog.=) 'running')",
            schema.running(),
            schema.runs()
        ))?;
        Ok(())
    })
}
