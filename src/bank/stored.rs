//! A row of irt_item_banks: reading it, writing it. The only SQL that touches the table.

use super::settings::{BankSettings, StandardErrorMethod, parse_repeated, repeated_as_str};
use super::{Bank, Discovered};
use crate::error::ExtensionError;
use crate::reading;
use crate::schema::Schema;
use crate::spi::{Row, Spi, Value as Cell};
use crate::sql_types::BankRow;
use pgrx::datum::JsonB;
use pgrx::prelude::*;
use serde_json::{Value, json};

/// The columns, in the order in which they are read and written here.
const COLUMNS: &str = "bank, responses, person_column, item_column, correct_column, \
    answered_at_column, items, item_key_column, min_new_responses, min_responses_per_item, \
    min_persons, repeated_responses, quadrature_nodes, quadrature_bound, \
    prior_log_discrimination_mean, prior_log_discrimination_sd, prior_difficulty_mean, \
    prior_difficulty_sd, standard_errors, bootstrap_iterations, seed, responses_name, \
    items_name, column_types";

/// A bank as it is stored, unchecked.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub bank: String,
    /// True until it has been written.
    pub is_new: bool,
    pub responses: Option<pg_sys::Oid>,
    pub person_column: String,
    pub item_column: String,
    pub correct_column: String,
    /// The column 'answered_at' is to be taken where the relation has it.
    pub discover_time: bool,
    pub answered_at_column: Option<String>,
    pub items: Option<pg_sys::Oid>,
    pub item_key_column: String,
    pub settings: BankSettings,
    pub responses_name: Option<String>,
    pub items_name: Option<String>,
    pub column_types: Value,
}

impl Stored {
    /// The defaults of a bank that has no row yet.
    pub fn new(bank: &str) -> Self {
        Self {
            bank: bank.to_owned(),
            is_new: true,
            responses: None,
            person_column: "user_id".to_owned(),
            item_column: "question_id".to_owned(),
            correct_column: "is_correct".to_owned(),
            discover_time: true,
            answered_at_column: None,
            items: None,
            item_key_column: "id".to_owned(),
            settings: BankSettings::default(),
            responses_name: None,
            items_name: None,
            column_types: json!({}),
        }
    }

    /// The same with the default bank's relations.
    pub fn with_discovered(
        mut self,
        discovered: Option<Discovered>,
    ) -> Result<Self, ExtensionError> {
        let found = discovered.ok_or(ExtensionError::NothingToDiscover)?;
        self.responses = Some(found.responses.into());
        self.items = found.items.map(Into::into);
        Ok(self)
    }

    /// Reads a row; call it as the tables' owner.
    pub fn read(schema: &Schema, bank: &str) -> Result<Option<Self>, ExtensionError> {
        Spi::connect(|client| {
            let rows = client.select(query(schema).as_str(), None, &[bank.into()])?;
            rows.into_iter().next().map(|row| Self::from_row(&row)).transpose()
        })
    }

    /// Reads a row that is going to be written: two changes at once must not undo each other.
    pub fn read_for_update(schema: &Schema, bank: &str) -> Result<Option<Self>, ExtensionError> {
        let query = format!("{} FOR UPDATE", query(schema));
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[bank.into()])?;
            rows.into_iter().next().map(|row| Self::from_row(&row)).transpose()
        })
    }

    fn from_row(row: &Row) -> Result<Self, ExtensionError> {
        let mut cells = Cells { row, next: 0 };
        Ok(Self {
            is_new: false,
            bank: cells.required()?,
            responses: cells.optional()?,
            person_column: cells.required()?,
            item_column: cells.required()?,
            correct_column: cells.required()?,
            discover_time: false,
            answered_at_column: cells.optional()?,
            items: cells.optional()?,
            item_key_column: cells.required()?,
            settings: BankSettings {
                min_new_responses: cells.required()?,
                min_responses_per_item: cells.required()?,
                min_persons: cells.required()?,
                repeated_responses: parse_repeated(&cells.required::<String>()?)?,
                quadrature_nodes: cells.required()?,
                quadrature_bound: cells.required()?,
                prior_log_discrimination_mean: cells.required()?,
                prior_log_discrimination_sd: cells.required()?,
                prior_difficulty_mean: cells.required()?,
                prior_difficulty_sd: cells.required()?,
                standard_errors: StandardErrorMethod::parse(&cells.required::<String>()?)?,
                bootstrap_iterations: cells.required()?,
                seed: cells.required()?,
            },
            responses_name: cells.optional()?,
            items_name: cells.optional()?,
            column_types: cells.required::<JsonB>()?.0,
        })
    }

    /// Writes the row and returns it; call it as the tables' owner.
    pub fn write(&self, schema: &Schema) -> Result<BankRow, ExtensionError> {
        let settings = &self.settings;
        let arguments = [
            self.bank.as_str().into(),
            self.responses.into(),
            self.person_column.as_str().into(),
            self.item_column.as_str().into(),
            self.correct_column.as_str().into(),
            self.answered_at_column.as_deref().into(),
            self.items.into(),
            self.item_key_column.as_str().into(),
            settings.min_new_responses.into(),
            settings.min_responses_per_item.into(),
            settings.min_persons.into(),
            repeated_as_str(settings.repeated_responses).into(),
            settings.quadrature_nodes.into(),
            settings.quadrature_bound.into(),
            settings.prior_log_discrimination_mean.into(),
            settings.prior_log_discrimination_sd.into(),
            settings.prior_difficulty_mean.into(),
            settings.prior_difficulty_sd.into(),
            settings.standard_errors.as_str().into(),
            settings.bootstrap_iterations.into(),
            settings.seed.into(),
            self.responses_name.as_deref().into(),
            self.items_name.as_deref().into(),
            JsonB(self.column_types.clone()).into(),
        ];
        let statement = upsert(schema);
        Spi::connect_mut(|client| {
            client.update(statement.as_str(), None, &arguments)?;
            // The row as another statement sees it: a BEFORE trigger cannot be in between, but
            // RETURNING a whole row of an upsert is more to reason about than a primary key.
            let query = format!(
                "SELECT b FROM {} AS b WHERE b.bank OPERATOR(pg_catalog.=) $1",
                schema.banks()
            );
            let rows = client.select(query.as_str(), Some(1), &[self.bank.as_str().into()])?;
            BankRow::from_spi(client, rows)
        })
    }

    /// Names of the banks that there are.
    pub fn names(schema: &Schema) -> Result<Vec<String>, ExtensionError> {
        Spi::connect(|client| {
            let query = format!("SELECT bank FROM {} ORDER BY 1", schema.banks());
            let rows = client.select(query.as_str(), None, &[])?;
            rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default())).collect()
        })
    }

    /// True when the bank has a row, or ever had a run.
    pub fn has_row_or_run(schema: &Schema, bank: &str) -> Result<bool, ExtensionError> {
        let query = format!(
            "SELECT EXISTS (SELECT FROM {} WHERE bank OPERATOR(pg_catalog.=) $1) \
                 OR EXISTS (SELECT FROM {} WHERE bank OPERATOR(pg_catalog.=) $1)",
            schema.banks(),
            schema.runs()
        );
        Ok(reading::one(&query, &[bank.into()])?.unwrap_or(false))
    }

    /// Remembers what the catalog says now, for later runs to compare with.
    pub fn remember(&mut self, bank: Option<&Bank>) {
        self.responses_name = bank.map(|bank| bank.responses.name.clone());
        self.items_name =
            bank.and_then(|bank| bank.items.as_ref()).map(|items| items.relation.name.clone());
        self.column_types = bank.map_or_else(|| json!({}), super::checks::column_types);
    }
}

fn query(schema: &Schema) -> String {
    let columns = COLUMNS
        .split(", ")
        .map(|column| match column {
            "responses" | "items" => format!("{column}::pg_catalog.oid"),
            name if name.ends_with("_column") => format!("{column}::pg_catalog.text"),
            _ => column.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ");
    format!("SELECT {columns} FROM {} WHERE bank OPERATOR(pg_catalog.=) $1", schema.banks())
}

fn upsert(schema: &Schema) -> String {
    let names: Vec<&str> = COLUMNS.split(", ").collect();
    let places = names
        .iter()
        .enumerate()
        .map(|(i, name)| match *name {
            "responses" | "items" => format!("${}::pg_catalog.regclass", i + 1),
            name if name.ends_with("_column") => format!("${}::pg_catalog.name", i + 1),
            _ => format!("${}", i + 1),
        })
        .collect::<Vec<_>>()
        .join(", ");
    let changes = names
        .iter()
        .filter(|name| **name != "bank")
        .map(|name| format!("{name} = excluded.{name}"))
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "INSERT INTO {} ({COLUMNS}) VALUES ({places}) ON CONFLICT (bank) DO UPDATE SET {changes}",
        schema.banks()
    )
}

/// The cells of a row, one after the other.
struct Cells<'a, 'conn> {
    row: &'a Row<'conn>,
    next: usize,
}

impl Cells<'_, '_> {
    fn optional<T: Cell>(&mut self) -> Result<Option<T>, ExtensionError> {
        self.next += 1;
        Ok(self.row.get(self.next)?)
    }

    fn required<T: Cell>(&mut self) -> Result<T, ExtensionError> {
        let found = self.optional()?;
        found.ok_or_else(|| {
            ExtensionError::Internal(format!("column {} of irt_item_banks is NULL", self.next))
        })
    }
}
