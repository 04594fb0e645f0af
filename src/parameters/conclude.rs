//! How a successful run ends: its estimates are recorded, and published or not.
//!
//! Called inside the one short transaction that ends the run, in which nothing is computed.

use super::checks::{Check, Outcome};
use super::in_force::InForce;
use super::item_values::ItemValues;
use super::items_table;
use super::publications::{self, Kind, Row};
use super::{changes, checks, record::record};
use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::{Calibration, Flag, IrtError, ItemResult, ItemStatus};
use pgrx::datum::TimestampWithTimeZone;
use std::collections::{BTreeMap, HashSet};

/// A run that has its estimates.
#[derive(Debug, Clone, Copy)]
pub struct Estimated<'a> {
    /// The run.
    pub run_id: i64,
    /// What it found.
    pub calibration: &'a Calibration,
    /// The items to publish; all that were calibrated where `None`.
    pub only: Option<&'a [String]>,
    /// False: a rehearsal.
    pub wanted: bool,
    /// What the diagnostics remark, by item.
    pub of_fit: &'a BTreeMap<&'a str, Vec<&'static str>>,
    /// Why its estimates are not on the scale in force.
    pub other_scale: Option<&'a OtherScale>,
    /// What it was compared with.
    pub in_force: &'a InForce,
    /// What came of that.
    pub checks: &'a [Check],
    /// When it ends.
    pub ended_at: TimestampWithTimeZone,
}

/// Why estimates are not on the scale in force, and would not be after their publication.
#[derive(Debug, Clone, PartialEq)]
pub enum OtherScale {
    /// They could not be linked to it.
    NotLinked(IrtError),
    /// Anchors hold them there, but a free calibration cannot be linked to it.
    AnchorsDisagree(IrtError),
    /// They are some of a bank's items, on a scale of their own.
    ItemList,
}

/// Why nothing was published.
#[derive(Debug, Clone, PartialEq)]
pub enum Withheld {
    /// Nobody asked for it.
    NotRequested,
    /// The bank's publications need somebody's approval.
    NeedsApproval,
    /// What it was compared with is not in force any more.
    Outdated,
    /// The checks that say so.
    Checks(Vec<Check>),
    /// They are on another scale than what is in force.
    OtherScale(OtherScale),
}

impl Withheld {
    /// The word in irt_calibration_runs.publication.
    fn as_str(&self) -> &'static str {
        match self {
            Self::NotRequested => "not_requested",
            Self::NeedsApproval | Self::Outdated | Self::Checks(_) | Self::OtherScale(_) => "held",
        }
    }
}

/// What came of a successful run, beyond what was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conclusion {
    /// Why nothing was published; `None`: it was.
    pub withheld: Option<Withheld>,
    /// Published items that the items table lacks, by the bytes of their text.
    pub not_in_items: Vec<String>,
    /// Items that were asked for by name but have no parameters.
    pub not_calibrated: Vec<String>,
}

impl Conclusion {
    /// True when somebody has to decide.
    pub fn is_held(&self) -> bool {
        self.withheld.as_ref().is_some_and(|why| *why != Withheld::NotRequested)
    }
}

/// Records a run's estimates and checks, and publishes: the items table as the current role, the
/// extension's own tables as their owner.
///
/// # Errors
/// Whatever Postgres says: a lock not to be had, a trigger's error, a right that is lacking.
pub fn conclude(bank: &Bank, run: Estimated<'_>) -> Result<Conclusion, ExtensionError> {
    let mut chosen = chosen(run);
    let not_calibrated = not_calibrated(run.only, &chosen);
    let texts: Vec<&str> = chosen.iter().map(|item| item.item.as_str()).collect();
    let pinned = items_table::pinned(bank, &texts)?;
    chosen.retain(|item| !pinned.contains(&item.item));
    let newest = as_owner(|schema| {
        if !schema.has_publications()? {
            return Ok(None);
        }
        publications::lock(schema, &bank.name)?;
        publications::newest(schema, &bank.name).map(Some)
    })?;
    let withheld = newest.and_then(|newest| withheld(bank, run, newest));
    let not_in_items = match withheld {
        Some(_) => Vec::new(),
        None => items_table::write(bank, &values(&chosen, run.ended_at))?,
    };
    let missing: HashSet<&str> = not_in_items.iter().map(String::as_str).collect();
    record(&bank.name, run.run_id, run.calibration, &missing, run.of_fit)?;
    if let Some(newest) = newest {
        let published_by = role_name(current_role());
        as_owner(|schema| {
            checks::record(schema, run.run_id, run.checks)?;
            let published = match &withheld {
                None => Some(publish(schema, bank, run, &chosen, newest, &published_by)?),
                Some(_) => None,
            };
            let word = withheld.as_ref().map_or("published", Withheld::as_str);
            mark(schema, run, word, published)
        })?;
    }
    Ok(Conclusion { withheld, not_in_items, not_calibrated })
}

/// The items that are to be published: those that were calibrated, and another program's that
/// nothing has put in force yet.
fn chosen<'a>(run: Estimated<'a>) -> Vec<&'a ItemResult> {
    let wanted: Option<HashSet<&str>> =
        run.only.map(|only| only.iter().map(String::as_str).collect());
    run.calibration
        .with_parameters()
        .filter(|item| item.status == ItemStatus::Calibrated || is_import(item))
        .filter(|item| wanted.as_ref().is_none_or(|wanted| wanted.contains(item.item.as_str())))
        .collect()
}

fn is_import(item: &ItemResult) -> bool {
    item.flags.contains(&Flag::Imported)
}

fn not_calibrated(only: Option<&[String]>, chosen: &[&ItemResult]) -> Vec<String> {
    let calibrated: HashSet<&str> = chosen.iter().map(|item| item.item.as_str()).collect();
    only.into_iter().flatten().filter(|item| !calibrated.contains(item.as_str())).cloned().collect()
}

/// Why nothing is published; `newest` is the newest row of irt_publications under the lock.
fn withheld(bank: &Bank, run: Estimated<'_>, newest: Option<i64>) -> Option<Withheld> {
    if !run.wanted {
        return Some(Withheld::NotRequested);
    }
    if let Some(other) = run.other_scale {
        return Some(Withheld::OtherScale(other.clone()));
    }
    let holding: Vec<Check> =
        run.checks.iter().filter(|check| check.outcome == Outcome::Hold).cloned().collect();
    if !holding.is_empty() {
        return Some(Withheld::Checks(holding));
    }
    if newest != run.in_force.newest {
        return Some(Withheld::Outdated);
    }
    bank.needs_approval().then_some(Withheld::NeedsApproval)
}

fn values(chosen: &[&ItemResult], ended_at: TimestampWithTimeZone) -> Vec<ItemValues> {
    let values = |item: &&ItemResult| ItemValues {
        item: item.item.clone(),
        difficulty: item.difficulty,
        discrimination: item.discrimination,
        se_difficulty: item.se_difficulty,
        se_discrimination: item.se_discrimination,
        information_peak: item.information_peak,
        responses_count: Some(item.responses_count.cast_signed()),
        calibrated_at: Some(ended_at),
    };
    chosen.iter().map(values).collect()
}

/// Adds the publication, and puts it in force; returns how many items it contains.
fn publish(
    schema: &Schema,
    bank: &Bank,
    run: Estimated<'_>,
    chosen: &[&ItemResult],
    newest: Option<i64>,
    published_by: &str,
) -> Result<i64, ExtensionError> {
    let all = chosen.len() == run.calibration.calibrated().count()
        && !chosen.iter().any(|item| is_import(item));
    let items = (!all).then(|| chosen.iter().map(|item| item.item.as_str()).collect());
    let items_count = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
    let row = Row {
        bank: &bank.name,
        run_id: Some(run.run_id),
        published_by,
        kind: Kind::Automatic,
        items,
        undoes: None,
        items_count,
        note: None,
        score_prior: bank.score_prior(),
    };
    // The items table has them already: a run compares every row of it.
    changes::put(schema, row, run.run_id, newest)?;
    Ok(items_count)
}

/// Writes into the run's row what became of its estimates.
fn mark(
    schema: &Schema,
    run: Estimated<'_>,
    publication: &str,
    items: Option<i64>,
) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {} SET publication = $2, items_published = COALESCE($3, 0), compared_with = $4 \
         WHERE id OPERATOR(pg_catalog.=) $1",
        schema.runs()
    );
    let arguments =
        [run.run_id.into(), publication.into(), items.into(), run.in_force.newest.into()];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}
