//! A run that somebody decides about.

use crate::error::{DecisionError, ExtensionError};
use crate::parameters::publications::Kind;
use crate::parameters::remarks::{IMPORTED_ITEMS, NOT_LINKED};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};
use pgrx::datum::JsonB;
use serde_json::Value;
use std::collections::HashSet;

/// A run that somebody decides about.
#[derive(Debug)]
pub struct Candidate {
    run_id: i64,
    /// Its bank.
    pub bank: String,
    /// What became of it so far.
    pub publication: Option<String>,
    compared_with: Option<i64>,
    /// Why it could not be put on the scale in force.
    not_linked: Option<String>,
    /// True where another program's parameters may be among its anchors.
    has_imports: bool,
    /// How many items it has parameters of; `None` where nothing wrote it down.
    items_calibrated: Option<i32>,
    /// The items that the run was limited to.
    only: Option<HashSet<String>>,
}

impl Candidate {
    /// The bank of a run, which does not change: it is needed to take the lock.
    pub fn bank_of(schema: &Schema, run_id: i64) -> Result<String, ExtensionError> {
        let query =
            format!("SELECT bank FROM {} WHERE id OPERATOR(pg_catalog.=) $1", schema.runs());
        let bank = reading::one::<String>(&query, &[run_id.into()])?;
        bank.ok_or_else(|| DecisionError::NoSuchRun { run_id }.into())
    }

    /// Reads a successful run and locks its row: no two people decide about it at once.
    pub fn find(schema: &Schema, run_id: i64) -> Result<Self, ExtensionError> {
        let query = format!(
            "SELECT bank, status, publication, compared_with, settings, items_calibrated FROM {} \
             WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
            schema.runs()
        );
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), Some(1), &[run_id.into()])?;
            let row = rows.into_iter().next().ok_or(DecisionError::NoSuchRun { run_id })?;
            Self::read(run_id, &row)
        })
    }

    fn read(run_id: i64, row: &Row) -> Result<Self, ExtensionError> {
        let status: String = row.get(2)?.unwrap_or_default();
        let settings = row.get::<JsonB>(5)?.map_or(Value::Null, |settings| settings.0);
        if status != "success" {
            return Err(DecisionError::NoSuccess { run_id, status }.into());
        }
        if settings.get("adopted_from").is_some() {
            return Err(DecisionError::Adopted { run_id }.into());
        }
        let only = settings.get("item_ids").and_then(Value::as_array).map(|items| {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        });
        Ok(Self {
            run_id,
            bank: row.get(1)?.unwrap_or_default(),
            publication: row.get(3)?,
            compared_with: row.get(4)?,
            not_linked: settings.get(NOT_LINKED).and_then(Value::as_str).map(str::to_owned),
            items_calibrated: row.get(6)?,
            has_imports: settings.get(IMPORTED_ITEMS).is_some(),
            only,
        })
    }

    /// As what it may be published, if it may; `newest` is the newest row under the lock.
    pub fn kind(&self, newest: Option<i64>) -> Result<Kind, ExtensionError> {
        let run_id = self.run_id;
        match self.publication.as_deref() {
            Some("published") => Ok(Kind::Restored),
            Some("rejected") => {
                Err(DecisionError::Rejected { run_id, bank: self.bank.clone() }.into())
            }
            _ if self.not_linked.is_some() => {
                let (bank, reason) = (self.bank.clone(), self.not_linked.clone());
                let reason = reason.unwrap_or_default();
                Err(DecisionError::NotLinked { run_id, bank, reason }.into())
            }
            Some(_) if self.compared_with == newest => Ok(Kind::Approved),
            Some(_) => Err(DecisionError::Outdated { run_id, bank: self.bank.clone() }.into()),
            None => Err(DecisionError::NeverConcluded { run_id, bank: self.bank.clone() }.into()),
        }
    }

    /// The items that a run has parameters of.
    pub fn calibrated(schema: &Schema, run_id: i64) -> Result<Vec<String>, ExtensionError> {
        let query = format!("SELECT i.item FROM {} ORDER BY i.item", Self::parameters(schema));
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[run_id.into()])?;
            rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
        })
    }

    /// How many they are: as the run says, where they were not forgotten.
    fn count(&self, schema: &Schema) -> Result<i64, ExtensionError> {
        let (select, limit) = match self.items_calibrated {
            Some(_) => ("SELECT 1::pg_catalog.int8", " LIMIT 1"),
            None => ("SELECT pg_catalog.count(*)", ""),
        };
        let query = format!("{select} FROM {}{limit}", Self::parameters(schema));
        // Without a limit of rows: with one the server does not count on several processes.
        let found = Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[self.run_id.into()])?;
            rows.into_iter().next().map_or(Ok(None), |row| row.get::<i64>(1))
        })?;
        let found = found.unwrap_or_default();
        Ok(if found == 0 { 0 } else { self.items_calibrated.map_or(found, i64::from) })
    }

    fn parameters(schema: &Schema) -> String {
        format!(
            "{} AS i WHERE i.run_id OPERATOR(pg_catalog.=) $1 \
               AND (i.status OPERATOR(pg_catalog.=) 'calibrated' \
                    OR 'imported' OPERATOR(pg_catalog.=) ANY (i.flags))",
            schema.parameters()
        )
    }

    /// What it contains when it is published now, beside what is pinned.
    pub fn contents(
        &self,
        schema: &Schema,
        pinned: &HashSet<String>,
    ) -> Result<Contents, ExtensionError> {
        if self.only.is_none() && pinned.is_empty() && !self.has_imports {
            return Ok(Contents { items: None, count: self.count(schema)? });
        }
        let mut items = Self::calibrated(schema, self.run_id)?;
        let all = items.len();
        items.retain(|item| {
            self.only.as_ref().is_none_or(|only| only.contains(item)) && !pinned.contains(item)
        });
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Ok(Contents { items: (items.len() < all || self.has_imports).then_some(items), count })
    }
}

/// What a publication contains.
#[derive(Debug)]
pub struct Contents {
    /// The items; `None`: all that the run calibrated.
    pub items: Option<Vec<String>>,
    /// How many they are.
    pub count: i64,
}
