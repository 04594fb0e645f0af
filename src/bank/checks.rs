//! Is what a bank names there, of a usable type, and the same as before?

use super::checked::Bank;
use super::citus;
use super::publishing::{self, Items};
use super::reading;
use super::relation::{Column, Relation, RelationKind};
use super::row_shape::RowShape;
use super::stored::Stored;
use super::wanted::Purpose;
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use pgrx::pg_sys;
use serde_json::Value;

const KEY_TYPES: &str =
    "of a type with a default hash operator class, such as bigint, uuid or text";
const CORRECT_TYPES: &str = "boolean, or smallint, integer, bigint or numeric with 0 and 1";
const TIME_TYPES: &str = "timestamp with time zone, timestamp without time zone or date";

/// Finds relations and columns and checks their types.
pub(super) fn resolve(stored: &Stored, purpose: Purpose) -> Result<Bank, ExtensionError> {
    if matches!(purpose, Purpose::Running | Purpose::Publishing) {
        citus::must_not_be_a_worker()?;
    }
    let oid = stored
        .responses
        .ok_or_else(|| ExtensionError::NoResponsesRelation { bank: stored.bank.clone() })?;
    let responses = find(stored, "responses", oid, stored.responses_name.as_deref())?;
    must_be_readable(&responses)?;
    let person = column(&responses, &stored.person_column, "person_column")?;
    let item = column(&responses, &stored.item_column, "item_column")?;
    let correct = column(&responses, &stored.correct_column, "correct_column")?;
    let answered_at = answered_at(stored, &responses)?;
    key_type(&responses, &person, "person_column")?;
    key_type(&responses, &item, "item_column")?;
    typed(&responses, &correct, "correct_column", CORRECT_TYPES, |base| {
        [pg_sys::BOOLOID, pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID, pg_sys::NUMERICOID]
            .contains(&base)
    })?;
    if let Some(column) = &answered_at {
        typed(&responses, column, "answered_at_column", TIME_TYPES, |base| {
            [pg_sys::TIMESTAMPTZOID, pg_sys::TIMESTAMPOID, pg_sys::DATEOID].contains(&base)
        })?;
    }
    let group = match &stored.group_column {
        Some(name) => Some(column(&responses, name, "group_column")?),
        None => None,
    };
    if let Some(group) = &group {
        key_type(&responses, group, "group_column")?;
    }
    let items = match stored.items {
        Some(oid) if purpose != Purpose::Reading => Some(items(stored, oid)?),
        _ => None,
    };
    let mut bank = Bank {
        name: stored.bank.clone(),
        configured: !stored.is_new,
        unowned: None,
        responses,
        person,
        item,
        correct,
        answered_at,
        group,
        reference_group: stored.reference_group.clone(),
        items,
        settings: stored.settings.clone(),
        shape: RowShape::Response,
    };
    if matches!(purpose, Purpose::Reading | Purpose::Running) {
        bank.shape = reading::shape(&bank)?;
    }
    Ok(bank)
}

fn items(stored: &Stored, oid: pg_sys::Oid) -> Result<Items, ExtensionError> {
    let relation = find(stored, "items", oid, stored.items_name.as_deref())?;
    publishing::must_be_writable(&relation)?;
    citus::must_not_be_distributed(&relation)?;
    let key = column(&relation, &stored.item_key_column, "item_key_column")?;
    key_type(&relation, &key, "item_key_column")?;
    let published = publishing::published_columns(&relation)?;
    let pin = mark(&relation, stored.pin_column.as_deref(), "pin_column")?;
    let anchor = mark(&relation, stored.anchor_column.as_deref(), "anchor_column")?;
    Ok(Items { relation, key, pin, anchor, published })
}

/// A boolean column that marks items.
fn mark(
    relation: &Relation,
    name: Option<&str>,
    setting: &'static str,
) -> Result<Option<Column>, ExtensionError> {
    let Some(name) = name else { return Ok(None) };
    let column = column(relation, name, setting)?;
    typed(relation, &column, setting, "boolean", |base| base == pg_sys::BOOLOID)?;
    Ok(Some(column))
}

fn find(
    stored: &Stored,
    role: &'static str,
    oid: pg_sys::Oid,
    name: Option<&str>,
) -> Result<Relation, ExtensionError> {
    let relation = Relation::find(oid)?.ok_or_else(|| match name {
        Some(name) => ExtensionError::RelationGone {
            bank: stored.bank.clone(),
            role,
            relation: name.to_owned(),
        },
        None => ExtensionError::NoSuchRelation { role, found: oid.to_u32().to_string() },
    })?;
    if relation.temporary {
        return Err(ExtensionError::TemporaryRelation { role, relation: relation.name });
    }
    Ok(relation)
}

fn must_be_readable(relation: &Relation) -> Result<(), ExtensionError> {
    if relation.kind != RelationKind::Other {
        return Ok(());
    }
    Err(ExtensionError::WrongRelationKind {
        role: "responses",
        relation: relation.name.clone(),
        kind: relation.kind.as_str(),
        expected: "a table or a view",
    })
}

fn column(
    relation: &Relation,
    name: &str,
    setting: &'static str,
) -> Result<Column, ExtensionError> {
    relation.column(name).cloned().ok_or_else(|| ExtensionError::MissingColumn {
        relation: relation.name.clone(),
        column: name.to_owned(),
        setting,
        present: relation.columns.iter().map(|column| column.name.clone()).collect(),
    })
}

/// A bank that was never configured has the column 'answered_at' where there is one.
fn answered_at(stored: &Stored, relation: &Relation) -> Result<Option<Column>, ExtensionError> {
    match &stored.answered_at_column {
        Some(name) if name.is_empty() => Ok(None),
        Some(name) => column(relation, name, "answered_at_column").map(Some),
        None if stored.discover_time => Ok(relation.column("answered_at").cloned()),
        None => Ok(None),
    }
}

fn key_type(
    relation: &Relation,
    column: &Column,
    setting: &'static str,
) -> Result<(), ExtensionError> {
    typed(relation, column, setting, KEY_TYPES, |_| column.is_hashable())
}

fn typed(
    relation: &Relation,
    column: &Column,
    setting: &'static str,
    expected: &'static str,
    accepts: impl FnOnce(pg_sys::Oid) -> bool,
) -> Result<(), ExtensionError> {
    if accepts(column.base_type) {
        return Ok(());
    }
    Err(ExtensionError::WrongColumnType {
        relation: relation.name.clone(),
        column: column.name.clone(),
        found: column.type_name.clone(),
        expected,
        setting,
    })
}

/// Refuses a bank whose relations or column types are not those that irt_configure saw.
pub(super) fn unchanged(
    stored: &Stored,
    bank: &Bank,
    purpose: Purpose,
) -> Result<(), ExtensionError> {
    let Err(changed) = same_names(stored, bank) else { return Ok(()) };
    // 0.2.0 and older wrote names down as the session had them: quoted all over, perhaps.
    let settings = LocalSettings::begin();
    settings.set(c"quote_all_identifiers", c"on");
    same_names(stored, &resolve(stored, purpose)?).map_err(|_| changed)
}

fn same_names(stored: &Stored, bank: &Bank) -> Result<(), ExtensionError> {
    same_name(stored, stored.responses_name.as_deref(), &bank.responses)?;
    if let Some(items) = &bank.items {
        same_name(stored, stored.items_name.as_deref(), &items.relation)?;
    }
    let key = bank.items.as_ref().map(|items| (&items.relation, &items.key));
    let mark = |column: fn(&Items) -> Option<&Column>| {
        bank.items.as_ref().and_then(|items| Some((&items.relation, column(items)?)))
    };
    let responses = &bank.responses;
    for (setting, found) in [
        ("person_column", Some((responses, &bank.person))),
        ("item_column", Some((responses, &bank.item))),
        ("correct_column", Some((responses, &bank.correct))),
        ("answered_at_column", bank.answered_at.as_ref().map(|column| (responses, column))),
        ("item_key_column", key),
        ("pin_column", mark(|items| items.pin.as_ref())),
        ("anchor_column", mark(|items| items.anchor.as_ref())),
        ("group_column", bank.group.as_ref().map(|column| (responses, column))),
    ] {
        let before = stored.column_types.get(setting).and_then(Value::as_str);
        if let (Some(before), Some((relation, column))) = (before, found)
            && before != column.type_name
        {
            let named = format!("column \"{}\" of {}", column.name, relation.name);
            return Err(ExtensionError::ChangedSinceConfigured {
                bank: stored.bank.clone(),
                before: format!("{named} of type {before}"),
                now: format!("of type {}", column.type_name),
            });
        }
    }
    Ok(())
}

fn same_name(
    stored: &Stored,
    before: Option<&str>,
    relation: &Relation,
) -> Result<(), ExtensionError> {
    match before {
        Some(before) if before != relation.name => Err(ExtensionError::ChangedSinceConfigured {
            bank: stored.bank.clone(),
            before: format!("relation {before}"),
            now: relation.name.clone(),
        }),
        _ => Ok(()),
    }
}
