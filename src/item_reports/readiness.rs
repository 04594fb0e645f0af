//! irt_readiness: does a bank have enough items in force for adaptive tests?
//!
//! An item is ready when its standard errors are small enough. Ready items are counted in three
//! bands of difficulty, per value of a column of the items table.

use super::ready_items::{self, LargestErrors, Readiness};
use crate::bank::{Bank, Column, Items, Purpose, discover, load, may_read};
use crate::error::ExtensionError;
use crate::parameters::items_table;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::spi::{Row, Spi};

/// What is asked, as irt_readiness takes it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The bank.
    pub bank: Option<&'a str>,
    /// A column of the items table whose values are the domains; `None`: all items are one.
    pub by_column: Option<&'a str>,
    /// The largest standard error of b that a ready item has.
    pub max_se_difficulty: Option<f64>,
    /// The largest standard error of a that a ready item has.
    pub max_se_discrimination: Option<f64>,
    /// So many ready items are enough.
    pub min_items: Option<i32>,
    /// So many of each band.
    pub min_items_per_band: Option<i32>,
}

/// How many items must be ready.
#[derive(Debug, Clone, Copy)]
struct Needed {
    items: i64,
    per_band: i64,
}

/// How the items of one domain stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domain {
    /// The value of the column; `None`: NULL, or all items.
    pub name: Option<String>,
    /// Items in the items table.
    pub items: i64,
    /// Ready items with b < -1, from -1 to 1, and > 1.
    pub bands: [i64; 3],
    without_errors: i64,
    imprecise: i64,
}

/// A domain, whether it is ready, and why.
pub type ReadyDomain = (Domain, bool, String);

/// Answers it with the caller's rights, one row per domain, by the bytes of its name, NULL last.
///
/// # Errors
/// 22004, 22023, 42703 for a column that the items table lacks; a bank that cannot be used, or not
/// by this role; 42501.
pub fn answer(question: &Question<'_>) -> Result<Vec<ReadyDomain>, ExtensionError> {
    let name = given("bank", question.bank)?;
    let largest = LargestErrors {
        difficulty: error("max_se_difficulty", question.max_se_difficulty)?,
        discrimination: error("max_se_discrimination", question.max_se_discrimination)?,
    };
    let needed = Needed {
        items: count("min_items", question.min_items)?,
        per_band: count("min_items_per_band", question.min_items_per_band)?,
    };
    let bank = load(name, discover(name)?, Purpose::ReadingItems)?;
    let by = question.by_column.map(|by| domain_column(&bank, by)).transpose()?;
    let in_force = ready_items::read(&bank.name, largest)?;
    let mut domains = match &bank.items {
        Some(items) => of_table(&bank, items, by, &in_force)?,
        None => vec![of_items(&in_force)],
    };
    domains.sort_unstable_by(|one, other| {
        (one.name.is_none(), &one.name).cmp(&(other.name.is_none(), &other.name))
    });
    Ok(domains.into_iter().map(|domain| domain.judged(needed)).collect())
}

fn given<T>(argument: &'static str, value: Option<T>) -> Result<T, ExtensionError> {
    value.ok_or(ExtensionError::NullArgument { argument })
}

fn error(argument: &'static str, value: Option<f64>) -> Result<f64, ExtensionError> {
    match given(argument, value)? {
        value if value >= 0.0 => Ok(value),
        value => Err(ExtensionError::InvalidArgument {
            argument,
            found: value.to_string(),
            expected: "0 or more (infinity: any, or none)",
        }),
    }
}

fn count(argument: &'static str, value: Option<i32>) -> Result<i64, ExtensionError> {
    match given(argument, value)? {
        value if value >= 0 => Ok(i64::from(value)),
        value => Err(ExtensionError::InvalidArgument {
            argument,
            found: value.to_string(),
            expected: "0 or more",
        }),
    }
}

/// The column that tells domains apart: there, and the caller's to read.
fn domain_column<'a>(bank: &'a Bank, name: &str) -> Result<&'a Column, ExtensionError> {
    let Some(Items { relation, key, .. }) = &bank.items else {
        return Err(ExtensionError::InvalidArgument {
            argument: "by_column",
            found: format!("\"{name}\""),
            expected: "NULL where a bank has no items table",
        });
    };
    let column = relation.column(name).ok_or_else(|| ExtensionError::MissingColumn {
        relation: relation.name.clone(),
        column: name.to_owned(),
        setting: "by_column",
        present: relation.columns.iter().map(|column| column.name.clone()).collect(),
    })?;
    may_read(relation, &[key, column])?;
    Ok(column)
}

/// The domains of the items table, which is read as its owner where a superuser asks.
fn of_table(
    bank: &Bank,
    items: &Items,
    by: Option<&Column>,
    in_force: &[(String, Readiness)],
) -> Result<Vec<Domain>, ExtensionError> {
    let names: Vec<&str> = in_force.iter().map(|(item, _)| item.as_str()).collect();
    let states: Vec<i32> = in_force.iter().map(|(_, readiness)| readiness.number()).collect();
    let mut domains = as_relation_owner(items.relation.oid, &items.relation.name, || {
        let _settings = LocalSettings::without_row_security();
        let query = query(bank, items, by)?;
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), None, &[names.into(), states.into()])?;
            rows.into_iter().map(|row| Domain::read(&row)).collect::<Result<Vec<_>, _>>()
        })
    })?;
    if domains.is_empty() && by.is_none() {
        domains.push(Domain::default());
    }
    Ok(domains)
}

/// Counts by domain; $1 and $2: the items in force, and how each stands.
fn query(bank: &Bank, items: &Items, by: Option<&Column>) -> Result<String, ExtensionError> {
    let domain = by.map_or_else(
        || "NULL::pg_catalog.text".to_owned(),
        |by| format!("i.{}::pg_catalog.text", by.quoted()),
    );
    let states = [
        Readiness::Easy,
        Readiness::Medium,
        Readiness::Hard,
        Readiness::WithoutErrors,
        Readiness::Imprecise,
    ];
    let counts = states.map(|state| {
        format!(
            "pg_catalog.count(*) FILTER (WHERE x.state OPERATOR(pg_catalog.=) {})",
            state.number()
        )
    });
    Ok(format!(
        "SELECT {domain}, pg_catalog.count(*), {} FROM {} AS i \
         LEFT JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS x (item, state) \
             ON {} \
         WHERE i.{} IS NOT NULL GROUP BY 1",
        counts.join(", "),
        items.relation.name,
        items_table::same_key(bank, items)?,
        items.key.quoted(),
    ))
}

/// Where there is no items table, the items in force are all that is known.
fn of_items(in_force: &[(String, Readiness)]) -> Domain {
    let count = |state| in_force.iter().filter(|(_, readiness)| *readiness == state).count() as i64;
    Domain {
        name: None,
        items: in_force.len() as i64,
        bands: [Readiness::Easy, Readiness::Medium, Readiness::Hard].map(count),
        without_errors: count(Readiness::WithoutErrors),
        imprecise: count(Readiness::Imprecise),
    }
}

impl Domain {
    fn read(row: &Row) -> Result<Self, ExtensionError> {
        let count = |column| row.get::<i64>(column).map(Option::unwrap_or_default);
        Ok(Self {
            name: row.get(1)?,
            items: count(2)?,
            bands: [count(3)?, count(4)?, count(5)?],
            without_errors: count(6)?,
            imprecise: count(7)?,
        })
    }

    /// Ready items.
    pub fn ready(&self) -> i64 {
        self.bands.iter().sum()
    }

    fn judged(self, needed: Needed) -> ReadyDomain {
        let bands = || ["easy", "medium", "hard"].into_iter().zip(self.bands);
        let mut lacking = Vec::new();
        if self.ready() < needed.items {
            lacking.push(format!("{} of {} items ready", self.ready(), needed.items));
        }
        let few = bands().filter(|(_, count)| *count < needed.per_band);
        lacking.extend(few.map(|(band, count)| format!("{band}: {count} of {}", needed.per_band)));
        if lacking.is_empty() {
            let counts: Vec<String> = bands().map(|(band, n)| format!("{band}: {n}")).collect();
            let reason = format!("{} items ready; {}", self.ready(), counts.join("; "));
            return (self, true, reason);
        }
        let without_parameters = self.items - self.ready() - self.without_errors - self.imprecise;
        let others = [
            (without_parameters, "have nothing in force"),
            (self.without_errors, "have no standard errors"),
            (self.imprecise, "are too imprecise"),
        ];
        let others = others.iter().filter(|(count, _)| *count > 0);
        let others: Vec<String> = others.map(|(count, what)| format!("{count} {what}")).collect();
        if !others.is_empty() {
            lacking.push(format!("of the others {}", others.join(", ")));
        }
        let reason = lacking.join("; ");
        (self, false, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_says_what_lacks() {
        let needed = Needed { items: 30, per_band: 5 };
        let domain =
            Domain { name: None, items: 20, bands: [5, 5, 2], without_errors: 1, imprecise: 3 };
        let (_, ready, reason) = domain.clone().judged(needed);
        assert!(!ready);
        assert_eq!(
            reason,
            "12 of 30 items ready; hard: 2 of 5; of the others 4 have nothing in force, 1 have no \
             standard errors, 3 are too imprecise"
        );
        let (_, ready, reason) = domain.judged(Needed { items: 12, per_band: 2 });
        assert!(ready);
        assert_eq!(reason, "12 items ready; easy: 5; medium: 5; hard: 2");
    }
}
