//! May the current role read a bank's responses, and publish its parameters?

use super::checked::Bank;
use super::relation::{Column, Relation};
use super::wanted::Purpose;
use crate::error::ExtensionError;
use crate::postgres::privileges::{as_relation_owner, current_role, role_name};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::spi::quote_identifier;

/// Refuses what the current role may not read, or not publish, as far as the purpose needs it.
pub(super) fn must_suffice(bank: &Bank, purpose: Purpose) -> Result<(), ExtensionError> {
    if matches!(purpose, Purpose::Reading | Purpose::Running) {
        let mut read = vec![&bank.person, &bank.item, &bank.correct];
        read.extend(bank.answered_at.as_ref());
        read.extend(bank.group.as_ref());
        may_read(&bank.responses, &read)?;
    }
    let Some(items) = &bank.items else { return Ok(()) };
    if purpose == Purpose::ReadingItems {
        return may_read(&items.relation, &[&items.key]);
    }
    let mut read = vec![&items.key];
    read.extend(items.pin.as_ref());
    read.extend(items.anchor.as_ref());
    may_read(&items.relation, &read)?;
    let written: Vec<&str> = items.published.iter().map(|column| column.name).collect();
    may(&items.relation, "UPDATE", &written)
}

/// Who decides whether runs publish by themselves must be one who may publish.
///
/// # Errors
/// 42501.
pub(super) fn may_publish() -> Result<(), ExtensionError> {
    let schema = Schema::find()?;
    let function = schema.relation("irt_publish");
    let role = current_role();
    let may = reading::one::<bool>(
        "SELECT pg_catalog.has_function_privilege($1, \
             pg_catalog.to_regprocedure($2)::pg_catalog.oid, 'EXECUTE')",
        &[role.into(), format!("{function}(pg_catalog.int8, pg_catalog.text)").into()],
    )?;
    if may != Some(false) {
        return Ok(());
    }
    Err(ExtensionError::NoPrivilege {
        role: quote_identifier(role_name(role)),
        action: "EXECUTE".to_owned(),
        relation: format!("FUNCTION {function}"),
    })
}

/// Plans and starts a query that returns nothing: this is where the server finds rights
/// lacking under a view, or a row security policy that would hide rows.
///
/// # Errors
/// 42501, and what the query itself raises.
pub fn may_read(relation: &Relation, columns: &[&Column]) -> Result<(), ExtensionError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    may(relation, "SELECT", &names)?;
    let list: Vec<String> = columns.iter().map(|column| column.quoted()).collect();
    let query = format!("SELECT {} FROM {} LIMIT 0", list.join(", "), relation.name);
    as_relation_owner(relation.oid, &relation.name, || {
        Spi::connect(|client| client.select(query.as_str(), None, &[]).map(|_| ()))?;
        Ok(())
    })
}

fn may(relation: &Relation, right: &str, columns: &[&str]) -> Result<(), ExtensionError> {
    let role = current_role();
    let mut lacking = Vec::new();
    for column in columns {
        let granted = reading::one::<bool>(
            "SELECT pg_catalog.has_column_privilege($1, $2, $3, $4)",
            &[role.into(), relation.oid.into(), (*column).into(), right.into()],
        )?;
        match granted {
            Some(true) => {}
            Some(false) => lacking.push(quote_identifier(column)),
            None => return Err(ExtensionError::Replaced { relation: relation.name.clone() }),
        }
    }
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ExtensionError::NoPrivilege {
        role: quote_identifier(role_name(role)),
        action: format!("{right} ({})", lacking.join(", ")),
        relation: relation.name.clone(),
    })
}
