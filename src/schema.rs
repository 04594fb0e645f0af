//! Where the extension's own tables are.
//!
//! CREATE EXTENSION puts them into whatever schema it is given, so nothing here
//! knows its name: it is looked up by the extension, whose name is fixed.

use crate::error::ExtensionError;
use crate::reading;
use crate::spi::Spi;
use pgrx::prelude::*;
use pgrx::spi::quote_identifier;

/// The schema of the extension's objects, and who owns its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    name: String,
    owner: pg_sys::Oid,
    runs: pg_sys::Oid,
}

impl Schema {
    /// Looks it up, under any search_path.
    ///
    /// # Errors
    /// When the library is loaded but the extension is not created in this database.
    pub fn find() -> Result<Self, ExtensionError> {
        let found = Spi::connect(|client| {
            let rows = client.select(
                "SELECT n.nspname::pg_catalog.text, c.relowner, c.oid \
                 FROM pg_catalog.pg_extension e \
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace \
                 JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid \
                 WHERE e.extname OPERATOR(pg_catalog.=) 'irt_calibration' \
                   AND c.relname OPERATOR(pg_catalog.=) 'irt_calibration_runs'",
                Some(1),
                &[],
            )?;
            let row = rows.first();
            let found = row.get(1).and_then(|name| Ok((name, row.get(2)?, row.get(3)?)));
            match found {
                Ok((Some(name), Some(owner), Some(runs))) => Ok(Some(Self { name, owner, runs })),
                Ok(_) | Err(pgrx::spi::Error::InvalidPosition) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        found.ok_or(ExtensionError::NotInstalled)
    }

    /// Schema-qualified and quoted name of one of the extension's relations.
    pub fn relation(&self, name: &str) -> String {
        format!("{}.{}", quote_identifier(&self.name), quote_identifier(name))
    }

    /// `irt_item_banks`, qualified.
    pub fn banks(&self) -> String {
        self.relation("irt_item_banks")
    }

    /// `irt_calibration_runs`, qualified.
    pub fn runs(&self) -> String {
        self.relation("irt_calibration_runs")
    }

    /// `irt_item_parameters`, qualified.
    pub fn parameters(&self) -> String {
        self.relation("irt_item_parameters")
    }

    /// `irt_running_calibrations`, qualified: the table behind `irt_calibration_progress`.
    pub fn running(&self) -> String {
        self.relation("irt_running_calibrations")
    }

    /// True where `irt_calibration_runs` has `responses_correct_count`: the tables of 0.2.0 and
    /// older lack it until ALTER EXTENSION UPDATE.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn runs_count_correct(&self) -> Result<bool, ExtensionError> {
        let found = reading::one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid OPERATOR(pg_catalog.=) $1 \
               AND a.attname OPERATOR(pg_catalog.=) 'responses_correct_count' \
               AND NOT a.attisdropped)",
            &[self.runs.into()],
        )?;
        Ok(found.unwrap_or(false))
    }

    /// The role that owns the tables.
    pub fn owner(&self) -> pg_sys::Oid {
        self.owner
    }

    /// OID of `irt_calibration_runs`: the class of every advisory lock of this extension.
    pub fn lock_class(&self) -> pg_sys::Oid {
        self.runs
    }
}
