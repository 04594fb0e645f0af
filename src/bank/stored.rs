//! A row of irt_item_banks: reading it, writing it. The only SQL that touches the table.

use super::settings::{BankSettings, StandardErrorMethod, parse_repeated, repeated_as_str};
use super::{Bank, Discovered};
use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi, Value as Cell};
use crate::postgres::sql_types::BankRow;
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

/// Those that irt_item_banks of 0.1.0 and 0.2.0 lacks.
const OWNER_COLUMNS: &str = "owner, configured_by";

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
    /// False in the tables of an older version.
    pub knows_owners: bool,
    /// Whose it is; `None`: nobody has said so yet.
    pub owner: Option<String>,
    /// Who wrote the row last.
    pub configured_by: Option<String>,
}

impl Stored {
    /// A bank that has no row: with the defaults, but what an older version calibrated without a
    /// row goes on as it was. Call it as the tables' owner.
    pub fn without_row(schema: &Schema, bank: &str) -> Result<Self, ExtensionError> {
        let mut stored = Self::new(bank);
        if Self::has_success_of_older_version(schema, bank)? {
            stored.settings.standard_errors = StandardErrorMethod::Bootstrap;
        }
        Ok(stored)
    }

    /// True when a version before 0.3.0, whose default was the bootstrap, calibrated the bank.
    /// Adopted runs are other programs'.
    fn has_success_of_older_version(schema: &Schema, bank: &str) -> Result<bool, ExtensionError> {
        let query = format!(
            "SELECT EXISTS (SELECT FROM {} WHERE bank OPERATOR(pg_catalog.=) $1 \
                 AND status OPERATOR(pg_catalog.=) 'success' \
                 AND NOT settings OPERATOR(pg_catalog.?) 'adopted_from' \
                 AND (settings OPERATOR(pg_catalog.->>) 'version') \
                     OPERATOR(pg_catalog.~) '^0[.][12][.]')",
            schema.runs()
        );
        Ok(reading::one(&query, &[bank.into()])?.unwrap_or(false))
    }

    /// The defaults of a bank that has no row yet.
    fn new(bank: &str) -> Self {
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
            knows_owners: true,
            owner: None,
            configured_by: None,
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
            let knows_owners = knows_owners(schema)?;
            let rows = client.select(query(schema, knows_owners).as_str(), None, &[bank.into()])?;
            rows.into_iter().next().map(|row| Self::from_row(&row, knows_owners)).transpose()
        })
    }

    /// Reads a row that is going to be written: two changes at once must not undo each other.
    pub fn read_for_update(schema: &Schema, bank: &str) -> Result<Option<Self>, ExtensionError> {
        let knows_owners = knows_owners(schema)?;
        let query = format!("{} FOR UPDATE", query(schema, knows_owners));
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[bank.into()])?;
            rows.into_iter().next().map(|row| Self::from_row(&row, knows_owners)).transpose()
        })
    }

    fn from_row(row: &Row, knows_owners: bool) -> Result<Self, ExtensionError> {
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
            knows_owners,
            owner: if knows_owners { cells.optional()? } else { None },
            configured_by: if knows_owners { cells.optional()? } else { None },
        })
    }

    /// Writes the row and returns it; call it as the tables' owner. `None`, and nothing is written,
    /// when the row was to be a new one and somebody else was faster: it is his.
    pub fn write(&self, schema: &Schema) -> Result<Option<BankRow>, ExtensionError> {
        let settings = &self.settings;
        let mut arguments = vec![
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
        let knows_owners = knows_owners(schema)?;
        if knows_owners {
            arguments.push(self.owner.as_deref().into());
            arguments.push(self.configured_by.as_deref().into());
        }
        let statement = write(schema, knows_owners, self.is_new);
        Spi::connect_mut(|client| {
            if client.update(statement.as_str(), None, &arguments)?.is_empty() {
                return Ok(None);
            }
            // The row as another statement sees it: a BEFORE trigger cannot be in between, but
            // RETURNING a whole row of an upsert is more to reason about than a primary key.
            let query = format!(
                "SELECT b FROM {} AS b WHERE b.bank OPERATOR(pg_catalog.=) $1",
                schema.banks()
            );
            let rows = client.select(query.as_str(), Some(1), &[self.bank.as_str().into()])?;
            BankRow::from_spi(client, rows).map(Some)
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

fn knows_owners(schema: &Schema) -> Result<bool, ExtensionError> {
    schema.has_column("irt_item_banks", "owner")
}

/// The columns that the table has, in the order in which they are read and written here.
fn columns(knows_owners: bool) -> Vec<&'static str> {
    let owner_columns = OWNER_COLUMNS.split(", ").filter(|_| knows_owners);
    COLUMNS.split(", ").chain(owner_columns).collect()
}

/// True for columns of type name.
fn is_name(column: &str) -> bool {
    column.ends_with("_column") || OWNER_COLUMNS.split(", ").any(|name| name == column)
}

fn query(schema: &Schema, knows_owners: bool) -> String {
    let columns = columns(knows_owners)
        .into_iter()
        .map(|column| match column {
            "responses" | "items" => format!("{column}::pg_catalog.oid"),
            name if is_name(name) => format!("{column}::pg_catalog.text"),
            _ => column.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ");
    format!("SELECT {columns} FROM {} WHERE bank OPERATOR(pg_catalog.=) $1", schema.banks())
}

/// A new row must not become a change of somebody else's.
fn write(schema: &Schema, knows_owners: bool, is_new: bool) -> String {
    let names = columns(knows_owners);
    let places = names
        .iter()
        .enumerate()
        .map(|(i, name)| match *name {
            "responses" | "items" => format!("${}::pg_catalog.regclass", i + 1),
            name if is_name(name) => format!("${}::pg_catalog.name", i + 1),
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
    let otherwise = if is_new { "NOTHING".to_owned() } else { format!("UPDATE SET {changes}") };
    format!(
        "INSERT INTO {} ({}) VALUES ({places}) ON CONFLICT (bank) DO {otherwise} RETURNING 1",
        schema.banks(),
        names.join(", ")
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
