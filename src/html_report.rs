//! irt_report: what the extension's tables say of a run, read with the caller's rights, for the page
//! that crates/html_report makes of it.
//!
//! | file | what is in it |
//! |---|---|
//! | `chosen` | which run, and what it is compared with |
//! | `rows` | rows as JSON, so that columns and tables that are not there yet are no errors |
//! | `items` | items, with all that is known of them |

mod chosen;
mod items;
mod rows;

use crate::bank::must_exist;
use crate::error::{ExtensionError, ReportError};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::schema::Schema;
use html_report::data::{Pair, Publication, Report, Run};
use html_report::{Section, page as page_of};
use rows::{of_run, rows};
use serde::Deserialize;

/// Publications that are read, the newest.
const PUBLICATIONS: i64 = 1000;
/// Runs that are listed, the newest.
const RUNS: i64 = 50;

/// What a caller asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Of which bank.
    pub bank: Option<&'a str>,
    /// Which run; `None`: the one that somebody should look at.
    pub run_id: Option<i64>,
    /// The run beside it; `None`: what is in force, or was before it.
    pub with_run_id: Option<i64>,
    /// Names of sections; `None`: all.
    pub sections: Option<&'a [Option<String>]>,
}

/// The page, in ASCII.
///
/// # Errors
/// 22004; 22023 for no such bank, run or section, and a run of another bank; 42501.
pub fn page(wanted: &Wanted<'_>) -> Result<String, ExtensionError> {
    let bank = wanted.bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let sections = sections(wanted.sections)?;
    must_exist(bank)?;
    let settings = LocalSettings::begin();
    settings.pin_names();
    let report = read(&Schema::find()?, bank, wanted)?;
    Ok(page_of(&report, &sections))
}

/// The sections of these names, in the page's order, each once.
fn sections(names: Option<&[Option<String>]>) -> Result<Vec<Section>, ExtensionError> {
    let Some(names) = names else { return Ok(Section::ALL.to_vec()) };
    let mut chosen = Vec::new();
    for name in names {
        let null = ExtensionError::NullArgument { argument: "an element of sections" };
        let name = name.as_deref().ok_or(null)?;
        chosen.push(Section::named(name).ok_or_else(|| ReportError::UnknownSection {
            found: name.to_owned(),
            known: Section::ALL.map(Section::name).join(", "),
        })?);
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

/// What is true of the bank, whatever the run.
#[derive(Deserialize)]
struct Circumstances {
    made_at: String,
    publish: Option<String>,
}

fn read(schema: &Schema, bank: &str, wanted: &Wanted<'_>) -> Result<Report, ExtensionError> {
    let circumstances = format!(
        "SELECT pg_catalog.now() AS made_at, (SELECT b.publish FROM {} AS b \
             WHERE b.bank OPERATOR(pg_catalog.=) $1) AS publish",
        schema.banks()
    );
    let circumstances: Vec<Circumstances> = rows(&circumstances, &[bank.into()])?;
    let mut report = Report {
        bank: bank.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        publications: publications(schema, bank)?,
        runs: runs(schema, bank)?,
        ..Report::default()
    };
    if let Some(found) = circumstances.into_iter().next() {
        (report.made_at, report.publish) = (found.made_at, found.publish);
    }
    report.run = chosen::run(schema, bank, wanted.run_id, &report.publications)?;
    let Some(run) = report.run.clone() else { return Ok(report) };
    let (beside, moment) = chosen::beside(schema, bank, wanted.with_run_id, &report, &run)?;
    report.items = items::read(schema, bank, &run, &beside, moment)?;
    report.beside = beside;
    report.checks = of_run(schema, "irt_run_checks", run.id)?.unwrap_or_default();
    report.groups = of_run(schema, "irt_run_groups", run.id)?.unwrap_or_default();
    report.item_groups = of_run(schema, "irt_item_groups", run.id)?.unwrap_or_default();
    // No rows of fit: nobody has looked at pairs either.
    let has_fit = report.items.iter().any(|item| item.fit.is_some());
    report.pairs = of_run::<Pair>(schema, "irt_item_pairs", run.id)?.filter(|_| has_fit);
    Ok(report)
}

/// The bank's publications, the newest first, without their lists of items.
fn publications(schema: &Schema, bank: &str) -> Result<Vec<Publication>, ExtensionError> {
    let query = format!(
        "SELECT p.id, p.run_id, p.published_at, p.published_by, p.kind, p.undoes, p.items_count, \
                p.note FROM {} AS p WHERE p.bank OPERATOR(pg_catalog.=) $1 \
         ORDER BY p.id DESC LIMIT $2",
        schema.relation("irt_publications")
    );
    rows(&query, &[bank.into(), PUBLICATIONS.into()])
}

/// The bank's runs, the newest first.
fn runs(schema: &Schema, bank: &str) -> Result<Vec<Run>, ExtensionError> {
    let query = format!(
        "SELECT r.* FROM {} AS r WHERE r.bank OPERATOR(pg_catalog.=) $1 \
         ORDER BY r.started_at DESC, r.id DESC LIMIT $2",
        schema.runs()
    );
    rows(&query, &[bank.into(), RUNS.into()])
}
