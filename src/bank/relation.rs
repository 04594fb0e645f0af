//! What the catalog says about a relation and its columns.

use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::spi::Spi;
use pgrx::prelude::*;
use pgrx::spi::{quote_identifier, quote_qualified_identifier};

/// What sort of relation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// An ordinary table.
    Table,
    /// A partitioned table.
    Partitioned,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    Foreign,
    /// An index, a sequence, a composite type, a TOAST table.
    Other,
}

impl RelationKind {
    fn of(letter: &str) -> Self {
        match letter {
            "r" => Self::Table,
            "p" => Self::Partitioned,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "f" => Self::Foreign,
            _ => Self::Other,
        }
    }

    /// The kind in words, with its article.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "a table",
            Self::Partitioned => "a partitioned table",
            Self::View => "a view",
            Self::MaterializedView => "a materialized view",
            Self::Foreign => "a foreign table",
            Self::Other => "neither a table nor a view",
        }
    }
}

/// A relation as the catalog has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its OID.
    pub oid: pg_sys::Oid,
    /// Schema-qualified and quoted: fit for SQL and for messages.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// True when only its own session sees it.
    pub temporary: bool,
    /// True when UPDATE works on it.
    pub updatable: bool,
    /// Its columns, system columns excluded.
    pub columns: Vec<Column>,
}

/// A column as the catalog has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, unquoted.
    pub name: String,
    /// Its type.
    pub type_oid: pg_sys::Oid,
    /// Its type, domains resolved.
    pub base_type: pg_sys::Oid,
    /// The type's name, qualified where it is not the server's own.
    pub type_name: String,
    /// True for GENERATED … STORED: nobody can write it.
    pub generated: bool,
}

impl Column {
    /// The name, quoted for SQL.
    pub fn quoted(&self) -> String {
        quote_identifier(&self.name)
    }

    /// True when values of the type can be hashed and compared by default.
    pub fn is_hashable(&self) -> bool {
        let flags = pg_sys::TYPECACHE_HASH_PROC | pg_sys::TYPECACHE_EQ_OPR;
        // SAFETY: the type cache returns an entry that lives as long as the process.
        unsafe {
            let entry = pg_sys::lookup_type_cache(self.base_type, flags as i32);
            (*entry).hash_proc != pg_sys::InvalidOid && (*entry).eq_opr != pg_sys::InvalidOid
        }
    }
}

impl Relation {
    /// Looks a relation up; `None` when there is none with that OID. Call it under a safe
    /// search_path, or types are named relative to the caller's.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn find(oid: pg_sys::Oid) -> Result<Option<Self>, ExtensionError> {
        Spi::connect(|client| {
            let rows = client.select(
                "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text, \
                        c.relkind::pg_catalog.text, \
                        c.relpersistence OPERATOR(pg_catalog.=) 't'::pg_catalog.\"char\", \
                        (pg_catalog.pg_relation_is_updatable(c.oid, true) \
                         OPERATOR(pg_catalog.&) 4) OPERATOR(pg_catalog.<>) 0 \
                 FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
                 WHERE c.oid OPERATOR(pg_catalog.=) $1",
                Some(1),
                &[oid.into()],
            )?;
            let Some(row) = rows.into_iter().next() else { return Ok(None) };
            let text = |i| row.get::<String>(i).map(Option::unwrap_or_default);
            Ok(Some(Self {
                oid,
                name: quote_qualified_identifier(text(1)?, text(2)?),
                kind: RelationKind::of(&text(3)?),
                temporary: row.get(4)?.unwrap_or(false),
                updatable: row.get(5)?.unwrap_or(false),
                columns: columns(oid)?,
            }))
        })
    }

    /// True while its name still means this relation. Called after a statement that uses the
    /// name, in the same transaction: from then on nobody can drop it.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn is_still_itself(&self) -> Result<bool, ExtensionError> {
        let now = reading::one::<pg_sys::Oid>(
            "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid",
            &[self.name.as_str().into()],
        )?;
        Ok(now == Some(self.oid))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn columns(relation: pg_sys::Oid) -> Result<Vec<Column>, ExtensionError> {
    Spi::connect(|client| {
        let rows = client.select(
            "SELECT a.attname::pg_catalog.text, a.atttypid, \
                    pg_catalog.format_type(a.atttypid, NULL), \
                    a.attgenerated OPERATOR(pg_catalog.<>) ''::pg_catalog.\"char\" \
             FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid OPERATOR(pg_catalog.=) $1 \
               AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped \
             ORDER BY a.attnum",
            None,
            &[relation.into()],
        )?;
        rows.into_iter()
            .map(|row| {
                let type_oid = row.get::<pg_sys::Oid>(2)?.unwrap_or(pg_sys::InvalidOid);
                Ok(Column {
                    name: row.get(1)?.unwrap_or_default(),
                    type_oid,
                    // SAFETY: a type that a column has exists.
                    base_type: unsafe { pg_sys::getBaseType(type_oid) },
                    type_name: row.get(3)?.unwrap_or_default(),
                    generated: row.get(4)?.unwrap_or(false),
                })
            })
            .collect()
    })
}
