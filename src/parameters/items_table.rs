//! The items table's own columns: a copy, for the application, of what is in force.
//!
//! Rows that would not change are not written. The others are locked in the order of their keys
//! before any is changed, so that two publishers wait for each other instead of deadlocking.

mod change;

use super::item_values::ItemValues;
use crate::bank::{Bank, Column, Items};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{always_as_relation_owner, as_relation_owner};
use crate::postgres::spi::Spi;
use change::Change;
use irt::ItemParameters;
use pgrx::prelude::*;
use std::collections::HashSet;

/// Writes every row that is to change, as the current role, or none; returns the items that the
/// table lacks. A bank without an items table lacks nothing.
///
/// # Errors
/// Whatever Postgres says: a lock not to be had, a trigger's error, a right that is lacking.
pub fn write(bank: &Bank, values: &[ItemValues]) -> Result<Vec<String>, ExtensionError> {
    let Some(items) = bank.items.as_ref().filter(|_| !values.is_empty()) else {
        return Ok(Vec::new());
    };
    as_relation_owner(items.relation.oid, &items.relation.name, || write_rows(bank, items, values))
}

/// The same for a decision: as the table's owner, so that no trigger gets the rights of whoever
/// decides. That he may write the table was found out when the bank was loaded.
///
/// # Errors
/// As [`write`]; 42501 where the table leads to what a third role owns.
pub fn write_as_owner(bank: &Bank, values: &[ItemValues]) -> Result<(), ExtensionError> {
    let Some(items) = bank.items.as_ref().filter(|_| !values.is_empty()) else { return Ok(()) };
    always_as_relation_owner(items.relation.oid, &items.relation.name, || {
        write_rows(bank, items, values).map(|_| ())
    })
}

/// Lets deferred triggers and constraints act at once where the owner's rights were taken: at the
/// commit the caller's are back, with which nobody's trigger may run.
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
        lacking(items, &same, texts).map(|lacking| texts.len() - lacking.len())
    })
}

/// True where the table may say of items that they are not to be published.
pub fn can_pin(bank: &Bank) -> bool {
    pin(bank).is_some()
}

fn pin(bank: &Bank) -> Option<(&Items, &Column)> {
    let items = bank.items.as_ref()?;
    Some((items, items.pin.as_ref()?))
}

/// The keys, as text, of rows that hold no difficulty and are not pinned. As the table's owner:
/// whoever decides may write the columns, and need not be allowed to read them.
///
/// # Errors
/// When the table cannot be read.
pub fn empty(bank: &Bank) -> Result<Vec<String>, ExtensionError> {
    let Some(items) = bank.items.as_ref() else { return Ok(Vec::new()) };
    always_as_relation_owner(items.relation.oid, &items.relation.name, || {
        let _settings = LocalSettings::without_row_security();
        let pinned = items
            .pin
            .as_ref()
            .map_or_else(String::new, |pin| format!(" AND i.{} IS NOT TRUE", pin.quoted()));
        let statement = format!(
            "SELECT i.{key}::pg_catalog.text FROM {} AS i \
             WHERE i.irt_difficulty IS NULL AND i.{key} IS NOT NULL{pinned}",
            items.relation.name,
            key = items.key.quoted(),
        );
        Spi::connect(|client| {
            let rows = client.select(statement.as_str(), None, &[])?;
            rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
        })
    })
}

/// Those of the items whose rows say that they are not to be published. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn pinned(bank: &Bank, texts: &[&str]) -> Result<HashSet<String>, ExtensionError> {
    match bank.items.as_ref().and_then(|items| items.pin.as_ref()) {
        Some(pin) => marked(bank, pin, texts),
        None => Ok(HashSet::new()),
    }
}

/// Those of the items whose rows have true in a boolean column. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn marked(
    bank: &Bank,
    mark: &Column,
    texts: &[&str],
) -> Result<HashSet<String>, ExtensionError> {
    let Some(items) = &bank.items else { return Ok(HashSet::new()) };
    as_relation_owner(items.relation.oid, &items.relation.name, || {
        let _settings = LocalSettings::without_row_security();
        let same = format!("{} AND i.{}", same_key(bank, items)?, mark.quoted());
        present(items, &same, texts)
    })
}

/// The discriminations and difficulties that the table holds of these items. As the current role.
///
/// # Errors
/// When the table cannot be read.
pub fn held_parameters(
    bank: &Bank,
    texts: &[&str],
) -> Result<Vec<(String, ItemParameters)>, ExtensionError> {
    let Some(items) = &bank.items else { return Ok(Vec::new()) };
    as_relation_owner(items.relation.oid, &items.relation.name, || {
        // Who runs needs no right to read them: what he may not see is not there.
        if !change::sees(items, &["irt_discrimination", "irt_difficulty"])? {
            return Ok(Vec::new());
        }
        let _settings = LocalSettings::without_row_security();
        let statement = format!(
            "SELECT x.item, i.irt_discrimination::pg_catalog.float8, \
                    i.irt_difficulty::pg_catalog.float8 \
             FROM {} AS i, ROWS FROM (pg_catalog.unnest($1)) AS x (item) \
             WHERE {} AND i.irt_discrimination IS NOT NULL AND i.irt_difficulty IS NOT NULL",
            items.relation.name,
            same_key(bank, items)?
        );
        Spi::connect(|client| {
            let rows = client.select(statement.as_str(), None, &[texts.to_vec().into()])?;
            let held = rows.into_iter().filter_map(|row| {
                let values = || Ok((row.get(1)?, row.get(2)?, row.get(3)?));
                match values() {
                    Ok((Some(item), Some(a), Some(b))) => {
                        Some(Ok((item, ItemParameters::new(a, b))))
                    }
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                }
            });
            held.collect()
        })
    })
}

fn write_rows(
    bank: &Bank,
    items: &Items,
    values: &[ItemValues],
) -> Result<Vec<String>, ExtensionError> {
    defer_nothing()?;
    let _settings = LocalSettings::without_row_security();
    let same = same_key(bank, items)?;
    let texts: Vec<&str> = values.iter().map(|values| values.item.as_str()).collect();
    let lacking = lacking(items, &same, &texts)?;
    let change = Change::new(items, &same, values)?;
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
    Ok(lacking)
}

/// The condition that row `i` of the items table is the item with the text `x.item`.
///
/// Keys of one type are compared by its own equality; integers of different widths as integers;
/// anything else by its text, because a text of one type need not be a value of the other.
///
/// # Errors
/// Only when SPI fails.
pub fn same_key(bank: &Bank, items: &Items) -> Result<String, ExtensionError> {
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

/// Those of the items that the table has, where `same` says more than that: few of them.
fn present(items: &Items, same: &str, texts: &[&str]) -> Result<HashSet<String>, ExtensionError> {
    let statement = format!(
        "SELECT x.item FROM {} AS i, ROWS FROM (pg_catalog.unnest($1)) AS x (item) WHERE {same}",
        items.relation.name
    );
    items_of(&statement, texts)
}

/// Those of the items that the table has not, in their order.
fn lacking(items: &Items, same: &str, texts: &[&str]) -> Result<Vec<String>, ExtensionError> {
    let statement = format!(
        "SELECT x.item FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY AS x (item, place) \
         WHERE NOT EXISTS (SELECT FROM {} AS i WHERE {same}) ORDER BY x.place",
        items.relation.name
    );
    items_of(&statement, texts)
}

fn items_of<C: FromIterator<String>>(statement: &str, texts: &[&str]) -> Result<C, ExtensionError> {
    Spi::connect(|client| {
        let rows = client.select(statement, None, &[texts.to_vec().into()])?;
        rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
    })
}
