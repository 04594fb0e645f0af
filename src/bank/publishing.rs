//! The columns of the items table into which parameters are published.

use super::relation::{Column, Relation, RelationKind};
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::read_only;
use crate::postgres::spi::Spi;
use crate::postgres::sql_types::SqlName;
use pgrx::prelude::*;
use pgrx::spi::quote_identifier;

/// Where parameters are published: checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    /// The table, or a view through which it can be updated.
    pub relation: Relation,
    /// The column that holds the items' keys.
    pub key: Column,
    /// The boolean column that says which items are estimated and not published.
    pub pin: Option<Column>,
    /// The boolean column that says by which items runs are put on the scale in force.
    pub anchor: Option<Column>,
    /// Those of [`PUBLISHED_COLUMNS`] that the relation has.
    pub published: Vec<PublishedColumn>,
}

/// A column that a run writes where it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedColumn {
    /// Its name.
    pub name: &'static str,
    /// The type with which irt_add_item_columns creates it.
    pub sql_type: &'static str,
    /// Without it nothing can be published.
    pub required: bool,
    accepted: Accepted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Real,
    Count,
    Moment,
}

impl Accepted {
    fn accepts(self, base_type: pg_sys::Oid) -> bool {
        let reals = [pg_sys::FLOAT8OID, pg_sys::FLOAT4OID, pg_sys::NUMERICOID];
        match self {
            Self::Real => reals.contains(&base_type),
            Self::Count => {
                reals.contains(&base_type)
                    || [pg_sys::INT4OID, pg_sys::INT8OID].contains(&base_type)
            }
            Self::Moment => [pg_sys::TIMESTAMPTZOID, pg_sys::TIMESTAMPOID].contains(&base_type),
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Real => "double precision, real or numeric, and not generated",
            Self::Count => "bigint, integer, numeric, double precision or real, and not generated",
            Self::Moment => "timestamp with or without time zone, and not generated",
        }
    }
}

const fn real(name: &'static str, required: bool) -> PublishedColumn {
    PublishedColumn { name, sql_type: "double precision", required, accepted: Accepted::Real }
}

/// Every column that a run can write, in the order in which they are added.
pub const PUBLISHED_COLUMNS: [PublishedColumn; 7] = [
    real("irt_difficulty", true),
    real("irt_discrimination", true),
    real("irt_se_difficulty", false),
    real("irt_se_discrimination", false),
    real("irt_information_peak", false),
    PublishedColumn {
        name: "irt_calibrated_at",
        sql_type: "timestamp with time zone",
        required: false,
        accepted: Accepted::Moment,
    },
    PublishedColumn {
        name: "irt_calibration_n",
        sql_type: "bigint",
        required: false,
        accepted: Accepted::Count,
    },
];

/// Adds the columns that a table lacks, as the current role; names them.
///
/// # Errors
/// 42P01 for no such relation, IR002 for one that cannot have columns added; what ALTER
/// TABLE raises.
pub fn add_item_columns(oid: pg_sys::Oid) -> Result<Vec<SqlName>, ExtensionError> {
    read_only::must_be_writable("irt_add_item_columns()");
    let settings = LocalSettings::begin();
    settings.pin_names();
    let relation = Relation::find(oid)?.ok_or_else(|| ExtensionError::NoSuchRelation {
        role: "items",
        found: oid.to_u32().to_string(),
    })?;
    if relation.temporary {
        return Err(ExtensionError::TemporaryRelation { role: "items", relation: relation.name });
    }
    if !matches!(
        relation.kind,
        RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign
    ) {
        return Err(wrong_kind(&relation, "a table"));
    }
    let missing: Vec<PublishedColumn> = PUBLISHED_COLUMNS
        .into_iter()
        .filter(|published| relation.column(published.name).is_none())
        .collect();
    if !missing.is_empty() {
        let additions: Vec<String> =
            missing.iter().map(|new| format!("ADD COLUMN {} {}", new.name, new.sql_type)).collect();
        Spi::run(&format!("ALTER TABLE {} {}", relation.name, additions.join(", ")))?;
    }
    Ok(missing.iter().map(|new| SqlName(new.name.to_owned())).collect())
}

/// Refuses relations that cannot be updated.
pub(super) fn must_be_writable(relation: &Relation) -> Result<(), ExtensionError> {
    if relation.updatable {
        Ok(())
    } else {
        Err(wrong_kind(relation, "a table that can be updated"))
    }
}

/// The columns that can be published, their types checked.
pub(super) fn published_columns(
    relation: &Relation,
) -> Result<Vec<PublishedColumn>, ExtensionError> {
    let lacking: Vec<String> = PUBLISHED_COLUMNS
        .iter()
        .filter(|published| published.required && relation.column(published.name).is_none())
        .map(|published| quote_identifier(published.name))
        .collect();
    if !lacking.is_empty() {
        return Err(ExtensionError::MissingItemColumns {
            relation: relation.name.clone(),
            columns: lacking.join(", "),
        });
    }
    let mut found = Vec::new();
    for published in PUBLISHED_COLUMNS {
        let Some(column) = relation.column(published.name) else { continue };
        must_take(relation, column, published)?;
        found.push(published);
    }
    Ok(found)
}

fn must_take(
    relation: &Relation,
    column: &Column,
    published: PublishedColumn,
) -> Result<(), ExtensionError> {
    if published.accepted.accepts(column.base_type) && !column.generated {
        return Ok(());
    }
    let generated = if column.generated { " (generated)" } else { "" };
    Err(ExtensionError::WrongColumnType {
        relation: relation.name.clone(),
        column: column.name.clone(),
        found: format!("{}{generated}", column.type_name),
        expected: published.accepted.in_words(),
        setting: "items",
    })
}

fn wrong_kind(relation: &Relation, expected: &'static str) -> ExtensionError {
    ExtensionError::WrongRelationKind {
        role: "items",
        relation: relation.name.clone(),
        kind: relation.kind.as_str(),
        expected,
    }
}
