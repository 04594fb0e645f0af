//! irt_drop_bank, irt_forget_runs: what is removed for good.

use super::{in_force, publications};
use crate::bank::{self, lock};
use crate::error::ExtensionError;
use crate::postgres::privileges::as_owner;
use crate::postgres::read_only::must_be_writable;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::datum::TimestampWithTimeZone;

/// irt_drop_bank: removes configuration, history and parameters of a bank, all or nothing. The
/// application's tables stay as they are.
///
/// # Errors
/// 22004, 22023 for no such bank, 42501 where it is somebody else's, 55P03 while it is calibrated.
pub fn bank(name: Option<&str>) -> Result<(), ExtensionError> {
    must_be_writable("irt_drop_bank()");
    let name = name.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    bank::must_be_changeable(name)?;
    lock::take_until_commit(name)?;
    as_owner(|schema| {
        // What somebody is publishing now is removed with the rest.
        publications::lock(schema, name)?;
        for table in [
            "irt_parameters_in_force",
            "irt_publications",
            "irt_check_thresholds",
            "irt_running_calibrations",
            "irt_calibration_runs",
            "irt_item_banks",
        ] {
            let relation = schema.relation(table);
            let statement = format!("DELETE FROM {relation} WHERE bank OPERATOR(pg_catalog.=) $1");
            Spi::run_with_args(&statement, &[name.into()])?;
        }
        Ok(())
    })
}

/// What is known of a run's items beside their parameters. Each table has a run_id.
pub const TABLES_OF_ITEMS: [&str; 3] = ["irt_item_fit", "irt_item_groups", "irt_item_pairs"];

/// irt_forget_runs: removes the parameters, checks and diagnostics of runs that ended before a moment, where no
/// score from then on needs them: what was never in force, and what was not in force any more.
/// The runs' rows and the publications stay. Returns how many runs lost something.
///
/// # Errors
/// 22004, 22023 for no such bank, 42501 where it is somebody else's.
pub fn runs(
    name: Option<&str>,
    before: Option<TimestampWithTimeZone>,
) -> Result<i64, ExtensionError> {
    must_be_writable("irt_forget_runs()");
    let name = name.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let before = before.ok_or(ExtensionError::NullArgument { argument: "before" })?;
    bank::must_be_changeable(name)?;
    as_owner(|schema| {
        publications::lock(schema, name)?;
        in_force::catch_up(schema, name)?;
        let more: Vec<String> = TABLES_OF_ITEMS
            .into_iter()
            .chain(["irt_run_covariances"])
            .map(|table| {
                format!(
                    ", {table} AS (DELETE FROM {} AS d USING forgotten AS f \
                     WHERE d.run_id OPERATOR(pg_catalog.=) f.id)",
                    schema.relation(table)
                )
            })
            .collect();
        let statement = format!(
            "WITH forgotten AS (\
                 SELECT r.id FROM {runs} AS r \
                 WHERE r.bank OPERATOR(pg_catalog.=) $1 \
                   AND r.status OPERATOR(pg_catalog.=) 'success' \
                   AND r.publication IS DISTINCT FROM 'held' \
                   AND r.completed_at OPERATOR(pg_catalog.<) $2 \
                   AND NOT EXISTS (SELECT FROM {publications} AS p \
                                   WHERE p.run_id OPERATOR(pg_catalog.=) r.id AND p.undoes IS NULL \
                                     AND p.published_at OPERATOR(pg_catalog.>=) $2) \
                   AND r.id OPERATOR(pg_catalog.<>) ALL (SELECT c.run_id FROM {current} AS c \
                                   WHERE c.bank OPERATOR(pg_catalog.=) $1) \
                   AND r.id OPERATOR(pg_catalog.<>) ALL (SELECT a.run_id FROM {at}($1, $2) AS a)), \
             checks AS (\
                 DELETE FROM {checks} AS c USING forgotten AS f \
                 WHERE c.run_id OPERATOR(pg_catalog.=) f.id RETURNING c.run_id), \
             parameters AS (\
                 DELETE FROM {parameters} AS i USING forgotten AS f \
                 WHERE i.run_id OPERATOR(pg_catalog.=) f.id RETURNING i.run_id){more} \
             SELECT pg_catalog.count(*) FROM (\
                 SELECT c.run_id FROM checks AS c UNION SELECT i.run_id FROM parameters AS i) AS x",
            runs = schema.runs(),
            publications = schema.relation("irt_publications"),
            current = schema.relation("irt_current_parameters"),
            at = schema.relation("irt_parameters_at"),
            checks = schema.relation("irt_run_checks"),
            parameters = schema.parameters(),
            more = more.concat(),
        );
        let forgotten = Spi::get_one_with_args::<i64>(&statement, &[name.into(), before.into()])?;
        Ok(forgotten.unwrap_or_default())
    })
}

/// True where it is not known any more what was in force before a publication: parameters of an
/// older one were forgotten, and no publication in between says all that was in force.
///
/// # Errors
/// Only when SPI fails.
pub(super) fn is_forgotten_before(
    schema: &Schema,
    bank: &str,
    publication: i64,
) -> Result<bool, ExtensionError> {
    let query = format!(
        "WITH standing AS (\
             SELECT p.id, p.other_items IS NOT NULL AS says_all, \
                    EXISTS (SELECT FROM {parameters} AS i \
                            WHERE i.run_id OPERATOR(pg_catalog.=) p.run_id) AS is_known \
             FROM {publications} AS p \
             WHERE p.bank OPERATOR(pg_catalog.=) $1 AND p.id OPERATOR(pg_catalog.<) $2 \
               AND {stands}) \
         SELECT EXISTS (SELECT FROM standing AS s WHERE NOT s.is_known \
             AND NOT EXISTS (SELECT FROM standing AS k WHERE k.is_known AND k.says_all \
                             AND k.id OPERATOR(pg_catalog.>) s.id))",
        parameters = schema.parameters(),
        publications = schema.relation("irt_publications"),
        stands = publications::stands(schema),
    );
    Ok(Spi::get_one_with_args::<bool>(&query, &[bank.into(), publication.into()])? == Some(true))
}
