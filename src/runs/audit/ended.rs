//! The row of a run that has ended.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::RunRow;
use pgrx::datum::JsonB;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A row of irt_calibration_runs: what the statement that ended it returned. Whoever tells of the
/// run afterwards reads it here: a notification, the log, Sentry, and the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndedRun(Value);

impl EndedRun {
    pub(super) fn new(row: Value) -> Self {
        Self(row)
    }

    /// The value of a column, as to_jsonb writes it.
    pub fn column(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// Its number.
    pub fn id(&self) -> Option<i64> {
        self.column("id").as_i64()
    }

    /// The bank's name.
    pub fn bank(&self) -> &str {
        self.column("bank").as_str().unwrap_or_default()
    }

    /// True when parameters were published.
    pub fn is_success(&self) -> bool {
        self.column("status") == "success"
    }

    /// As a composite for the caller, who may not read the table.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn into_composite(self) -> Result<RunRow, ExtensionError> {
        let runs = Schema::find()?.runs();
        let query = format!("SELECT pg_catalog.jsonb_populate_record(NULL::{runs}, $1)");
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), Some(1), &[JsonB(self.0).into()])?;
            RunRow::from_spi(client, rows)
        })
    }
}
