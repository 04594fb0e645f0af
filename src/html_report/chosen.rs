//! Which run a report is about, and what the run is compared with.

use super::rows::rows;
use crate::error::{DecisionError, ExtensionError, ReportError};
use crate::postgres::schema::Schema;
use html_report::data::{Beside, Publication, Report, Run};
use html_report::standing::in_force;

/// The run that is asked for. If none is: the newest held run that can still be published; else the
/// run in force; else the newest with estimates; else the newest.
///
/// # Errors
/// 22023 for no such run, or one of another bank; 42501.
pub fn run(
    schema: &Schema,
    bank: &str,
    run_id: Option<i64>,
    publications: &[Publication],
) -> Result<Option<Run>, ExtensionError> {
    if let Some(run_id) = run_id {
        return with_id(schema, bank, run_id).map(Some);
    }
    let newest = publications.first().map(|publication| publication.id);
    let held = "r.publication OPERATOR(pg_catalog.=) 'held' \
                AND r.compared_with IS NOT DISTINCT FROM $2";
    if let Some(held) = first(schema, bank, held, newest)? {
        return Ok(Some(held));
    }
    if let Some(run_id) = in_force(publications).and_then(|publication| publication.run_id) {
        return with_id(schema, bank, run_id).map(Some);
    }
    let with_estimates = "r.status OPERATOR(pg_catalog.=) 'success' \
                          AND r.publication IS NOT NULL AND $2 IS NOT DISTINCT FROM $2";
    match first(schema, bank, with_estimates, None)? {
        Some(run) => Ok(Some(run)),
        None => first(schema, bank, "$2 IS NOT DISTINCT FROM $2", None),
    }
}

/// What the run is compared with, and the publication before which that was in force.
///
/// # Errors
/// 22023 for no such run, or one of another bank; 42501.
pub fn beside(
    schema: &Schema,
    bank: &str,
    with_run_id: Option<i64>,
    report: &Report,
    run: &Run,
) -> Result<(Beside, Option<i64>), ExtensionError> {
    if let Some(with_run_id) = with_run_id {
        let with = with_id(schema, bank, with_run_id)?;
        return Ok((Beside::Run(Box::new(with)), None));
    }
    let of_run = in_force(&report.publications).filter(|p| p.run_id == Some(run.id));
    Ok(of_run.map_or((Beside::InForce, None), |p| (Beside::Before, Some(p.id))))
}

fn with_id(schema: &Schema, bank: &str, run_id: i64) -> Result<Run, ExtensionError> {
    let query =
        format!("SELECT r.* FROM {} AS r WHERE r.id OPERATOR(pg_catalog.=) $1", schema.runs());
    let found: Vec<Run> = rows(&query, &[run_id.into()])?;
    let run = found.into_iter().next().ok_or(DecisionError::NoSuchRun { run_id })?;
    if run.bank != bank {
        let (of, bank) = (run.bank, bank.to_owned());
        return Err(ReportError::OtherBank { run_id, of, bank }.into());
    }
    Ok(run)
}

/// The newest run for which a condition about `r` and $2 holds.
fn first(
    schema: &Schema,
    bank: &str,
    condition: &str,
    argument: Option<i64>,
) -> Result<Option<Run>, ExtensionError> {
    let query = format!(
        "SELECT r.* FROM {} AS r WHERE r.bank OPERATOR(pg_catalog.=) $1 AND {condition} \
         ORDER BY r.started_at DESC, r.id DESC LIMIT 1",
        schema.runs()
    );
    Ok(rows(&query, &[bank.into(), argument.into()])?.into_iter().next())
}
