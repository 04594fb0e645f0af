//! A run that is limited to some items names items of its bank.

use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::as_relation_owner;
use crate::postgres::spi::Spi;
use crate::postgres::text_output::pin_text_settings;
use pgrx::pg_sys;
use std::collections::HashSet;

/// Refuses a list with an item that is neither among the responses nor in the items table.
/// `loaded`: the items of the responses that were read. Those that no eligible response has are
/// looked for in the relations themselves, in the same snapshot.
///
/// # Errors
/// 22023, with the first few of them.
pub fn must_be_of(bank: &Bank, only: &[String], loaded: &[String]) -> Result<(), ExtensionError> {
    let loaded: HashSet<&str> = loaded.iter().map(String::as_str).collect();
    let mut named = HashSet::new();
    let mut unknown: Vec<String> = only
        .iter()
        .filter(|item| !loaded.contains(item.as_str()) && named.insert(item.as_str()))
        .cloned()
        .collect();
    if let Some(items) = &bank.items {
        let relation = (items.relation.oid, items.relation.name.as_str());
        unknown = not_in(relation, &items.key.quoted(), unknown)?;
    }
    let responses = (bank.responses.oid, bank.responses.name.as_str());
    unknown = not_in(responses, &bank.item.quoted(), unknown)?;
    if unknown.is_empty() {
        return Ok(());
    }
    Err(ExtensionError::UnknownItems {
        bank: bank.name.clone(),
        count: unknown.len(),
        items: few(&unknown),
    })
}

/// Those of `items` that are no text of a key in that column.
fn not_in(
    (oid, name): (pg_sys::Oid, &str),
    column: &str,
    items: Vec<String>,
) -> Result<Vec<String>, ExtensionError> {
    if items.is_empty() {
        return Ok(items);
    }
    // format() prints a key as its type does; a cast to text need not.
    let query = format!(
        "SELECT x.item FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY AS x (item, place) \
         WHERE NOT EXISTS (SELECT FROM {name} AS r \
             WHERE pg_catalog.format('%s', r.{column}) OPERATOR(pg_catalog.=) x.item \
               AND r.{column} IS NOT NULL) \
         ORDER BY x.place"
    );
    as_relation_owner(oid, name, || {
        let _settings = LocalSettings::without_row_security();
        let _pinned = pin_text_settings();
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), None, &[items.into()])?;
            rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
        })
    })
}

/// Items in a message: enough to find the cause.
pub fn few(items: &[String]) -> String {
    const FEW: usize = 10;
    const CHARACTERS: usize = 100;
    let named: Vec<String> =
        items.iter().take(FEW).map(|item| item.chars().take(CHARACTERS).collect()).collect();
    let more = if items.len() > FEW { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}
