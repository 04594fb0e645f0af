//! Where the extension's own tables are.
//!
//! CREATE EXTENSION puts them into whatever schema it is given, so nothing here
//! knows its name: it is looked up by the extension, whose name is fixed.

use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::spi::Spi;
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

    /// True when one of the extension's relations has that column: those of an older version,
    /// until ALTER EXTENSION UPDATE, lack some.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn has_column(&self, relation: &str, column: &str) -> Result<bool, ExtensionError> {
        let found = reading::one::<bool>(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid \
               AND a.attname::pg_catalog.text OPERATOR(pg_catalog.=) $2 AND NOT a.attisdropped)",
            &[self.relation(relation).into(), column.into()],
        )?;
        Ok(found == Some(true))
    }

    /// True when there is a history of publications: versions before 0.3.0 had none, until ALTER
    /// EXTENSION UPDATE.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn has_publications(&self) -> Result<bool, ExtensionError> {
        self.has_relation("irt_publications")
    }

    /// True when the extension has that relation: those of an older version, until ALTER EXTENSION
    /// UPDATE, lack some.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn has_relation(&self, relation: &str) -> Result<bool, ExtensionError> {
        let found = reading::one::<bool>(
            "SELECT pg_catalog.to_regclass($1) IS NOT NULL",
            &[self.relation(relation).into()],
        )?;
        Ok(found == Some(true))
    }

    /// True when the extension has a function with these arguments, such as `irt_score(text)`.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn has_function(&self, name: &str, arguments: &str) -> Result<bool, ExtensionError> {
        let signature = format!("{}({arguments})", self.relation(name));
        let found = reading::one::<bool>(
            "SELECT pg_catalog.to_regprocedure($1) IS NOT NULL",
            &[signature.into()],
        )?;
        Ok(found == Some(true))
    }

    /// The role that owns the tables.
    pub fn owner(&self) -> pg_sys::Oid {
        self.owner
    }

    /// OID of `irt_calibration_runs`: the class of every advisory lock of this extension.
    pub fn lock_class(&self) -> pg_sys::Oid {
        self.runs
    }

    /// A condition: some session has the lock of the bank that the SQL expression `bank` names. Its
    /// class is the OID of `irt_calibration_runs`, its object the hash of the name.
    pub fn is_locked(&self, bank: &str) -> String {
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_locks AS l \
             WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted \
               AND l.database OPERATOR(pg_catalog.=) {}::pg_catalog.oid \
               AND l.classid OPERATOR(pg_catalog.=) {}::pg_catalog.oid \
               AND l.objid OPERATOR(pg_catalog.=) ((pg_catalog.hashtext({bank})::pg_catalog.int8 \
                   OPERATOR(pg_catalog.&) 4294967295)::pg_catalog.oid) \
               AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2)",
            database().to_u32(),
            self.runs.to_u32(),
        )
    }
}

/// The OID of this database.
fn database() -> pg_sys::Oid {
    // SAFETY: a variable of this process.
    unsafe { pg_sys::MyDatabaseId }
}
