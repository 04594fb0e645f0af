//! A row of irt_item_banks: reading it, writing it. The only SQL that touches the table.
//!
//! A row is read and written as JSON, each value under the name of its column: so the tables of an
//! older version, which lack some columns, are read and written like those of today.

use super::checked::Bank;
use super::settings::{BankSettings, Scale, StandardErrorMethod};
use super::wanted::Discovered;
use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::BankRow;
use crate::postgres::text_output::pin_text_settings;
use pgrx::datum::JsonB;
use pgrx::pg_sys;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A bank as it is stored, unchecked: the columns, and what is known of the row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    /// True until it has been written.
    #[serde(skip)]
    pub is_new: bool,
    /// The column 'answered_at' is to be taken where the relation has it.
    #[serde(skip)]
    pub discover_time: bool,
    /// False in the tables of an older version.
    #[serde(skip)]
    pub knows_owners: bool,
    pub bank: String,
    pub responses: Option<pg_sys::Oid>,
    pub person_column: String,
    pub item_column: String,
    pub correct_column: String,
    pub answered_at_column: Option<String>,
    pub items: Option<pg_sys::Oid>,
    pub item_key_column: String,
    #[serde(flatten)]
    pub settings: BankSettings,
    pub responses_name: Option<String>,
    pub items_name: Option<String>,
    pub column_types: Value,
    /// Whose it is; `None`: nobody has said so yet.
    pub owner: Option<String>,
    /// Who wrote the row last.
    pub configured_by: Option<String>,
    /// Column of items: which are not published.
    pub pin_column: Option<String>,
    /// Column of responses: to which population a person belongs.
    pub group_column: Option<String>,
    /// The group that defines the scale.
    pub reference_group: Option<String>,
    /// Column of items: by which runs are put on the scale in force.
    pub anchor_column: Option<String>,
}

impl Stored {
    /// A bank that has no row: with the defaults, but what an older version calibrated without a
    /// row goes on as it was. Call it as the tables' owner.
    pub fn without_row(schema: &Schema, bank: &str) -> Result<Self, ExtensionError> {
        let mut stored = Self::new(bank);
        if Self::has_success_of_older_version(schema, bank)? {
            stored.settings.standard_errors = StandardErrorMethod::Bootstrap;
            stored.settings.scale = Scale::Population;
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
            pin_column: None,
            group_column: None,
            reference_group: None,
            anchor_column: None,
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
        let _pinned = pin_text_settings();
        let row = reading::one::<JsonB>(&query(schema), &[bank.into()])?;
        row.map(|row| Self::from_row(row.0)).transpose()
    }

    /// Reads a row that is going to be written: two changes at once must not undo each other.
    pub fn read_for_update(schema: &Schema, bank: &str) -> Result<Option<Self>, ExtensionError> {
        let _pinned = pin_text_settings();
        let query = format!("{} FOR UPDATE", query(schema));
        let row = Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[bank.into()])?;
            rows.into_iter().next().map_or(Ok(None), |row| row.get::<JsonB>(1))
        })?;
        row.map(|row| Self::from_row(row.0)).transpose()
    }

    fn from_row(row: Value) -> Result<Self, ExtensionError> {
        let (knows_owners, knows_scales) = (row.get("owner").is_some(), row.get("scale").is_some());
        let mut stored: Self = serde_json::from_value(row)
            .map_err(|error| ExtensionError::Internal(format!("irt_item_banks: {error}")))?;
        // The table of an older version, whose runs all defined their own.
        if !knows_scales {
            stored.settings.scale = Scale::Population;
        }
        Ok(Self { knows_owners, ..stored })
    }

    /// Writes the row and returns it; call it as the tables' owner. `None`, and nothing is written,
    /// when the row was to be a new one and somebody else was faster: it is his.
    pub fn write(&self, schema: &Schema) -> Result<Option<BankRow>, ExtensionError> {
        let row = serde_json::to_value(self)
            .map_err(|error| ExtensionError::Internal(error.to_string()))?;
        let statement = write(schema, &columns(schema, &row)?, self.is_new);
        let bank = self.bank.as_str();
        Spi::connect_mut(|client| {
            let arguments = [JsonB(row).into(), bank.into()];
            if client.update(statement.as_str(), None, &arguments)?.is_empty() {
                return Ok(None);
            }
            // The row as another statement sees it: a BEFORE trigger cannot be in between, but
            // RETURNING a whole row is more to reason about than a primary key.
            let query = format!(
                "SELECT b FROM {} AS b WHERE b.bank OPERATOR(pg_catalog.=) $1",
                schema.banks()
            );
            let rows = client.select(query.as_str(), Some(1), &[bank.into()])?;
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
        self.column_types = bank.map_or_else(|| json!({}), Bank::column_types);
    }
}

/// A row as JSON. As such a regclass would be a name; it is kept by its OID.
fn query(schema: &Schema) -> String {
    let oid = |column: &str| format!("'{column}', b.{column}::pg_catalog.oid::pg_catalog.int8");
    format!(
        "SELECT pg_catalog.to_jsonb(b) OPERATOR(pg_catalog.||) \
             pg_catalog.jsonb_build_object({}, {}) \
         FROM {} AS b WHERE b.bank OPERATOR(pg_catalog.=) $1",
        oid("responses"),
        oid("items"),
        schema.banks()
    )
}

/// The columns that the table has and `row` says something of.
fn columns(schema: &Schema, row: &Value) -> Result<String, ExtensionError> {
    let columns = reading::one::<String>(
        "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) \
         FROM pg_catalog.pg_attribute AS a \
         WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid \
           AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped \
           AND $2 OPERATOR(pg_catalog.?) a.attname::pg_catalog.text",
        &[schema.banks().into(), JsonB(row.clone()).into()],
    )?;
    columns.ok_or_else(|| ExtensionError::Internal("irt_item_banks has no columns".to_owned()))
}

/// A new row must not become a change of somebody else's.
fn write(schema: &Schema, columns: &str, is_new: bool) -> String {
    let banks = schema.banks();
    let values =
        format!("SELECT {columns} FROM pg_catalog.jsonb_populate_record(NULL::{banks}, $1)");
    if is_new {
        format!(
            "INSERT INTO {banks} ({columns}) {values} \
             ON CONFLICT (bank) DO NOTHING RETURNING 1"
        )
    } else {
        format!(
            "UPDATE {banks} AS b SET ({columns}) = ({values}) \
             WHERE b.bank OPERATOR(pg_catalog.=) $2 RETURNING 1"
        )
    }
}
