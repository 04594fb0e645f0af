//! The items table's own columns: a copy, for the application, of what is in force.
//!
//! Rows that would not change are not written. The others are locked in the order of their keys
//! before any is changed, so that two publishers wait for each other instead of deadlocking.

use crate::bank::{Bank, Items};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::spi::Spi;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;
use std::collections::HashSet;

/// What the items table is to hold of one item: what is in force, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemValues {
    /// The item's key as text.
    pub item: String,
    /// b, in standard deviations of ability.
    pub difficulty: Option<f64>,
    /// a, in logits per standard deviation of ability.
    pub discrimination: Option<f64>,
    /// Standard error of b.
    pub se_difficulty: Option<f64>,
    /// Standard error of a.
    pub se_discrimination: Option<f64>,
    /// Ability at which the item tells most.
    pub information_peak: Option<f64>,
    /// Responses behind it.
    pub responses_count: Option<i64>,
    /// When the run that estimated it ended.
    pub calibrated_at: Option<TimestampWithTimeZone>,
}

/// Writes every row that is to change, as the current role, or none; returns the items that the
/// table lacks. A bank without an items table lacks nothing.
///
/// # Errors
/// Whatever Postgres says: a lock not to be had, a trigger's error, a right that is lacking.
pub fn write(bank: &Bank, values: &[ItemValues]) -> Result<Vec<String>, ExtensionError> {
    let Some(items) = bank.items.as_ref().filter(|_| !values.is_empty()) else {
        return Ok(Vec::new());
    };
    as_relation_owner(items.relation.oid, &items.relation.name, || {
        defer_nothing()?;
        let _settings = LocalSettings::without_row_security();
        write_as_current_role(bank, items, values)
    })
}

/// Lets deferred triggers and constraints of a superuser's run act at once: at the commit the
/// superuser's rights are back, with which nobody's trigger may run.
fn defer_nothing() -> Result<(), ExtensionError> {
    // SAFETY: reads variables of this process.
    if unsafe { pg_sys::InSecurityRestrictedOperation() } {
        Spi::run("SET CONSTRAINTS ALL IMMEDIATE")?;
    }
    Ok(())
}

/// How many of the items the table has: all, where the bank has no such table. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn count_present(bank: &Bank, texts: &[&str]) -> Result<usize, ExtensionError> {
    let Some(items) = bank.items.as_ref().filter(|_| !texts.is_empty()) else {
        return Ok(texts.len());
    };
    as_relation_owner(items.relation.oid, &items.relation.name, || {
        let _settings = LocalSettings::without_row_security();
        let same = same_key(bank, items)?;
        present(items, &same, texts).map(|present| present.len())
    })
}

/// Those of the items whose rows say that they are not to be published. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn pinned(bank: &Bank, texts: &[&str]) -> Result<HashSet<String>, ExtensionError> {
    let Some((items, pin)) =
        bank.items.as_ref().and_then(|items| Some((items, items.pin.as_ref()?)))
    else {
        return Ok(HashSet::new());
    };
    as_relation_owner(items.relation.oid, &items.relation.name, || {
        let _settings = LocalSettings::without_row_security();
        let same = format!("{} AND i.{}", same_key(bank, items)?, pin.quoted());
        present(items, &same, texts)
    })
}

fn write_as_current_role(
    bank: &Bank,
    items: &Items,
    values: &[ItemValues],
) -> Result<Vec<String>, ExtensionError> {
    let same = same_key(bank, items)?;
    let texts: Vec<&str> = values.iter().map(|values| values.item.as_str()).collect();
    let present = present(items, &same, &texts)?;
    let change = Change { items, same: &same, values, sees_values: sees_values(items)? };
    let locked = change.lock()?;
    if !items.relation.is_still_itself()? {
        return Err(ExtensionError::RelationGone {
            bank: bank.name.clone(),
            role: "items",
            relation: items.relation.name.clone(),
        });
    }
    let updated = if locked == 0 { 0 } else { change.update()? };
    if updated < locked {
        // Half a set of parameters is worse than none: all is rolled back.
        return Err(ExtensionError::NotAllUpdated {
            relation: items.relation.name.clone(),
            updated,
            found: locked,
        });
    }
    let lacking = texts.into_iter().filter(|text| !present.contains(*text));
    Ok(lacking.map(str::to_owned).collect())
}

/// The condition that row `i` of the items table is the item with the text `x.item`.
///
/// Keys of one type are compared by its own equality; integers of different widths as integers;
/// anything else by its text, because a text of one type need not be a value of the other.
fn same_key(bank: &Bank, items: &Items) -> Result<String, ExtensionError> {
    let key = format!("i.{}", items.key.quoted());
    let is_integer = |oid| [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&oid);
    let (from, to) = (bank.item.base_type, items.key.base_type);
    if is_integer(from) && is_integer(to) {
        return Ok(format!("{key} OPERATOR(pg_catalog.=) x.item::pg_catalog.int8"));
    }
    if from != to {
        return Ok(format!("{key}::pg_catalog.text OPERATOR(pg_catalog.=) x.item"));
    }
    let equality = equality_of(to)?;
    let type_name = Spi::get_one_with_args::<String>(
        "SELECT pg_catalog.format('%I.%I', n.nspname, t.typname) FROM pg_catalog.pg_type t \
         JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace \
         WHERE t.oid OPERATOR(pg_catalog.=) $1",
        &[to.into()],
    )?;
    let type_name =
        type_name.ok_or_else(|| ExtensionError::Internal("a type is gone".to_owned()))?;
    Ok(format!("{key} {equality} x.item::{type_name}"))
}

/// A type's default equality, qualified. The same one that numbered the responses' items.
fn equality_of(type_oid: pg_sys::Oid) -> Result<String, ExtensionError> {
    // SAFETY: entries of the type cache live as long as the process.
    let operator =
        unsafe { (*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr };
    let found = Spi::get_one_with_args::<String>(
        "SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) \
         FROM pg_catalog.pg_operator o \
         JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace \
         WHERE o.oid OPERATOR(pg_catalog.=) $1",
        &[operator.into()],
    )?;
    found.ok_or_else(|| ExtensionError::Internal("an equality is gone".to_owned()))
}

/// Those of the items that the table has.
fn present(items: &Items, same: &str, texts: &[&str]) -> Result<HashSet<String>, ExtensionError> {
    let statement = format!(
        "SELECT x.item FROM {} AS i, ROWS FROM (pg_catalog.unnest($1)) AS x (item) WHERE {same}",
        items.relation.name
    );
    Spi::connect(|client| {
        let rows = client.select(statement.as_str(), None, &[texts.to_vec().into()])?;
        rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
    })
}

fn is_sortable(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: entries of the type cache live as long as the process.
    let entry = unsafe { &*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_LT_OPR as i32) };
    entry.lt_opr != pg_sys::InvalidOid
}

/// Columns of a value of which nothing depends on when: if none of them changes, no row is written.
const COLUMNS: [(&str, &str); 6] = [
    ("irt_difficulty", "difficulty"),
    ("irt_discrimination", "discrimination"),
    ("irt_se_difficulty", "se_difficulty"),
    ("irt_se_discrimination", "se_discrimination"),
    ("irt_information_peak", "information_peak"),
    ("irt_calibration_n", "responses_count"),
];

/// The rows that do not hold yet what they are to hold.
struct Change<'a> {
    items: &'a Items,
    same: &'a str,
    values: &'a [ItemValues],
    /// Whoever may write the columns need not be allowed to read them: then every row is written.
    sees_values: bool,
}

/// True when the current role may read what the published columns hold.
fn sees_values(items: &Items) -> Result<bool, ExtensionError> {
    let columns: Vec<&str> = items.published.iter().map(|column| column.name).collect();
    let sees = Spi::get_one_with_args::<bool>(
        "SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege($1, c.name, 'SELECT')) \
         FROM ROWS FROM (pg_catalog.unnest($2)) AS c (name)",
        &[items.relation.oid.into(), columns.into()],
    )?;
    Ok(sees == Some(true))
}

impl Change<'_> {
    /// Locks them in the order of their keys; says how many they are.
    fn lock(&self) -> Result<usize, ExtensionError> {
        let key = &self.items.key;
        let order = match is_sortable(key.base_type) {
            true => format!("ORDER BY i.{}", key.quoted()),
            false => String::new(),
        };
        let statement = format!(
            "SELECT 1 FROM {} AS i, {} WHERE {} AND {} {order} FOR NO KEY UPDATE OF i",
            self.items.relation.name,
            Self::SOURCE,
            self.same,
            self.differs()
        );
        self.count(&statement)
    }

    /// Returns how many rows were updated.
    fn update(&self) -> Result<usize, ExtensionError> {
        let changes: Vec<String> = self
            .items
            .published
            .iter()
            .map(|column| {
                let value = COLUMNS.iter().find(|(name, _)| *name == column.name);
                format!("{} = x.{}", column.name, value.map_or("calibrated_at", |value| value.1))
            })
            .collect();
        let statement = format!(
            "UPDATE {} AS i SET {} FROM {} WHERE {} AND {}",
            self.items.relation.name,
            changes.join(", "),
            Self::SOURCE,
            self.same,
            self.differs()
        );
        self.count(&statement)
    }

    const SOURCE: &'static str = "ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), \
        pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), \
        pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) AS x (item, \
        difficulty, discrimination, se_difficulty, se_discrimination, information_peak, \
        responses_count, calibrated_at)";

    /// The condition that a published column does not hold its value. Both are compared in the
    /// column's own type: a value that was rounded when it was written has not changed.
    fn differs(&self) -> String {
        if !self.sees_values {
            return "true".to_owned();
        }
        let differs = self.items.published.iter().filter_map(|column| {
            let (name, value) = COLUMNS.iter().find(|(name, _)| *name == column.name)?;
            let type_name = match self.items.relation.column(name)?.base_type {
                pg_sys::FLOAT4OID => "float4",
                pg_sys::NUMERICOID => "numeric",
                pg_sys::INT4OID => "int4",
                pg_sys::INT8OID => "int8",
                _ => "float8",
            };
            Some(format!(
                "(i.{name}::pg_catalog.{type_name} OPERATOR(pg_catalog.=) \
                  x.{value}::pg_catalog.{type_name}) IS NOT TRUE \
                 AND (i.{name} IS NOT NULL OR x.{value} IS NOT NULL)"
            ))
        });
        format!("({})", differs.collect::<Vec<_>>().join(" OR "))
    }

    fn count(&self, statement: &str) -> Result<usize, ExtensionError> {
        let arguments = [
            self.column(|values| values.item.as_str()).into(),
            self.column(|values| values.difficulty).into(),
            self.column(|values| values.discrimination).into(),
            self.column(|values| values.se_difficulty).into(),
            self.column(|values| values.se_discrimination).into(),
            self.column(|values| values.information_peak).into(),
            self.column(|values| values.responses_count).into(),
            self.column(|values| values.calibrated_at).into(),
        ];
        Ok(Spi::connect_mut(|client| {
            client.update(statement, None, &arguments).map(|rows| rows.len())
        })?)
    }

    /// One value of every item: a column of the arrays that a statement unnests.
    fn column<'a, T>(&'a self, value: impl Fn(&'a ItemValues) -> T) -> Vec<T> {
        self.values.iter().map(value).collect()
    }
}
