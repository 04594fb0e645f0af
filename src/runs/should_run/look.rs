//! Whether enough responses are new, without counting all of them.
//!
//! Whoever finds enough that were answered after the last run's moment need not know how many
//! came late or were changed: these make it more. What does not find enough says nothing.

use super::baseline::Baseline;
use crate::bank::{Bank, RelationKind};
use crate::error::ExtensionError;
use crate::postgres::explain::explain;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::reading;
use crate::postgres::text_output::pin_text_settings;
use crate::responses::conditions::{is_after, is_eligible, literal, moment_of_time};

/// Of a table without an index on the time, so much is looked at: its end, where new rows tend to be.
const SHARE_OF_PAGES: i64 = 32;

/// True where a look shows that at least `enough` responses are new, as the current role. False
/// says nothing.
///
/// # Errors
/// When the responses cannot be read.
pub fn finds_enough(bank: &Bank, baseline: &Baseline, enough: i32) -> Result<bool, ExtensionError> {
    if enough <= 0 {
        return Ok(true);
    }
    let found = match by_index(bank, baseline, enough)? {
        None if baseline.last_through().is_none() => anywhere(bank, enough)?,
        None => at_the_end(bank, baseline, enough)?,
        by_index => by_index,
    };
    Ok(found.is_some_and(|found| found >= i64::from(enough)))
}

/// How many responses are new at least, by an index on their time; it stops counting at `most`.
/// `None`: no index serves.
///
/// # Errors
/// When the responses cannot be read.
pub fn by_index(
    bank: &Bank,
    baseline: &Baseline,
    most: i32,
) -> Result<Option<i64>, ExtensionError> {
    if bank.answered_at.is_none() {
        return Ok(None);
    }
    let look = Look::in_order(bank, baseline, most)?;
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let settings = LocalSettings::without_row_security();
        // What the statistics say about times is out of date when it matters.
        for way in [c"enable_seqscan", c"enable_sort", c"enable_bitmapscan"] {
            settings.set(way, c"off");
        }
        if look.is_by_index()? { found(&look.query, baseline) } else { Ok(None) }
    })
}

/// How many eligible responses there are, up to `most`: all are new where there never was a run.
fn anywhere(bank: &Bank, most: i32) -> Result<Option<i64>, ExtensionError> {
    let query = bounded(bank, &is_eligible(bank), i64::from(most));
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        reading::one(&query, &[])
    })
}

/// How many are new at least, up to `most`, by the last pages of a table.
fn at_the_end(bank: &Bank, baseline: &Baseline, most: i32) -> Result<Option<i64>, ExtensionError> {
    if bank.answered_at.is_none() || bank.responses.kind != RelationKind::Table {
        return Ok(None);
    }
    let since = literal(baseline.last_through())?;
    as_relation_owner(bank.responses.oid, &bank.responses.name, || {
        let _settings = LocalSettings::without_row_security();
        let Some(first) = first_of_the_last_pages(bank)? else { return Ok(None) };
        let condition = format!(
            "ctid OPERATOR(pg_catalog.>=) '({first},0)'::pg_catalog.tid AND {}",
            is_new(bank, &since)
        );
        found(&bounded(bank, &condition, limit(baseline, most)), baseline)
    })
}

/// `None`: there are none, or the current role may not know where rows are, or new rows may be
/// anywhere: only of the server's own kind of tables is it known.
fn first_of_the_last_pages(bank: &Bank) -> Result<Option<i64>, ExtensionError> {
    let pages = reading::one::<i64>(
        "SELECT pg_catalog.pg_relation_size(c.oid, 'main') \
                OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.int8 \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam \
         WHERE c.oid OPERATOR(pg_catalog.=) $1 AND a.amname OPERATOR(pg_catalog.=) 'heap' \
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT')",
        &[bank.responses.oid.into()],
    )?;
    let pages = pages.filter(|pages| *pages > 0);
    Ok(pages.map(|pages| pages - (pages / SHARE_OF_PAGES).max(1)))
}

/// A query that counts responses with a time after the last run's moment, up to a limit.
struct Look {
    query: String,
    /// How a plan prints the moment.
    moment: String,
}

impl Look {
    /// For at most `most` new responses, in the order of their times.
    fn in_order(bank: &Bank, baseline: &Baseline, most: i32) -> Result<Self, ExtensionError> {
        let since = literal(baseline.last_through())?;
        let (time, moment) = moment_of_time(bank, &since);
        // With an upper bound, an index does not yield what is infinite.
        let condition = format!(
            "{} AND {time} OPERATOR(pg_catalog.<) 'infinity' ORDER BY {time}",
            is_new(bank, &since)
        );
        let _pinned = pin_text_settings();
        let printed = format!("SELECT pg_catalog.quote_literal({moment}::pg_catalog.text)");
        Ok(Self {
            query: bounded(bank, &condition, limit(baseline, most)),
            moment: reading::one::<String>(&printed, &[])?.unwrap_or_default(),
        })
    }

    /// True where it is executed by indexes that begin with the time: only those yield its order.
    fn is_by_index(&self) -> Result<bool, ExtensionError> {
        let _pinned = pin_text_settings();
        let plan = explain(&self.query)?;
        Ok(plan.is_by_index(&self.moment) && !plan.sorts())
    }
}

/// The condition that a response is eligible and after the last run's moment.
fn is_new(bank: &Bank, since: &str) -> String {
    format!("{} AND {}", is_eligible(bank), is_after(bank, since))
}

/// Those with a time in the future were seen: there must be so many more.
fn limit(baseline: &Baseline, most: i32) -> i64 {
    i64::from(most) + baseline.seen_ahead()
}

/// How many responses a look finds beyond those that were seen.
fn found(query: &str, baseline: &Baseline) -> Result<Option<i64>, ExtensionError> {
    let found = reading::one::<i64>(query, &[])?;
    Ok(found.map(|found| (found - baseline.seen_ahead()).max(0)))
}

/// Counts responses, up to a limit.
fn bounded(bank: &Bank, condition: &str, limit: i64) -> String {
    format!(
        "SELECT pg_catalog.count(*) FROM (SELECT 1 FROM {} WHERE {condition} LIMIT {limit}) AS r",
        bank.responses.name
    )
}
