//! In which shape a bank's responses are read: one row a response, or one row a person.
//!
//! A row a person is made where the rows are, and takes a sixth of the bytes on the way that its
//! responses would. So it is chosen from the catalogs where rows have a way to go, and whole persons
//! are at its beginning: in a Citus table that is distributed by the person, in a foreign table of
//! postgres_fdw, and in a table that is partitioned by the person into such. A table of this server's
//! own is faster to read row by row, partitioned or not ([scale.md](../../docs/scale.md)).

use super::checked::Bank;
use super::citus;
use super::relation::{Column, RelationKind};
use super::row_shape::RowShape;
use super::settings::Reading;
use crate::error::ExtensionError;
use crate::postgres::reading;
use pgrx::pg_sys;

/// What keeps responses from being read person by person.
enum Obstacle<'a> {
    /// It is no table.
    Kind,
    /// Equal keys of its column may differ in their bytes: which is shown depends on all rows.
    Key(&'a Column),
}

/// The shape in which the bank's setting, and the catalogs, say that responses are read.
///
/// # Errors
/// [`ExtensionError::NotGroupable`] where they are to be grouped and cannot be.
pub(super) fn shape(bank: &Bank) -> Result<RowShape, ExtensionError> {
    match bank.settings.reading {
        Reading::Rows => Ok(RowShape::Response),
        Reading::Auto if !persons_are_elsewhere(bank)? => Ok(RowShape::Response),
        Reading::Auto => Ok(match obstacle(bank)? {
            None => RowShape::Person,
            Some(_) => RowShape::Response,
        }),
        Reading::Grouped => match obstacle(bank)? {
            None => Ok(RowShape::Person),
            Some(obstacle) => Err(ExtensionError::NotGroupable {
                relation: bank.responses.name.clone(),
                obstacle: obstacle.words(bank),
            }),
        },
    }
}

impl Obstacle<'_> {
    fn words(&self, bank: &Bank) -> String {
        match self {
            Self::Kind => format!("it is {}", bank.responses.kind.as_str()),
            Self::Key(column) => format!(
                "column \"{}\" is of type {}, or of a collation, of which equal keys can look \
                 different",
                column.name, column.type_name
            ),
        }
    }
}

fn obstacle(bank: &Bank) -> Result<Option<Obstacle<'_>>, ExtensionError> {
    if matches!(bank.responses.kind, RelationKind::View | RelationKind::Other) {
        return Ok(Some(Obstacle::Kind));
    }
    for key in [&bank.person, &bank.item].into_iter().chain(&bank.group) {
        if !is_equal_by_bytes(bank.responses.oid, key)? {
            return Ok(Some(Obstacle::Key(key)));
        }
    }
    Ok(None)
}

/// True where two keys are equal exactly when their bytes are.
fn is_equal_by_bytes(relation: pg_sys::Oid, column: &Column) -> Result<bool, ExtensionError> {
    match column.base_type {
        pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID | pg_sys::UUIDOID => Ok(true),
        pg_sys::TEXTOID | pg_sys::VARCHAROID => is_true(
            "SELECT c.collisdeterministic FROM pg_catalog.pg_attribute AS a \
             JOIN pg_catalog.pg_collation AS c ON c.oid OPERATOR(pg_catalog.=) a.attcollation \
             WHERE a.attrelid OPERATOR(pg_catalog.=) $1 \
               AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name",
            relation,
            &column.name,
        ),
        _ => Ok(false),
    }
}

/// True where rows come from elsewhere, and whole persons are there.
fn persons_are_elsewhere(bank: &Bank) -> Result<bool, ExtensionError> {
    let (relation, person) = (bank.responses.oid, &bank.person.name);
    match bank.responses.kind {
        RelationKind::Foreign => Ok(is_shipped(bank) && is_true(FOREIGN, relation, person)?),
        RelationKind::Table => is_distributed(relation, person),
        RelationKind::Partitioned if is_distributed(relation, person)? => Ok(true),
        RelationKind::Partitioned => {
            Ok(is_shipped(bank) && is_true(PARTITIONED, relation, person)?)
        }
        _ => Ok(false),
    }
}

/// True where postgres_fdw ships what is said of these columns: it knows nothing of domains.
fn is_shipped(bank: &Bank) -> bool {
    let columns = [&bank.person, &bank.item, &bank.correct];
    let mut all = columns.into_iter().chain(&bank.answered_at).chain(&bank.group);
    all.all(|column| column.type_oid == column.base_type)
}

/// A condition: `{relation}` is a foreign table of postgres_fdw, which ships aggregates.
macro_rules! of_postgres_fdw {
    ($relation:literal) => {
        concat!(
            "EXISTS (SELECT FROM pg_catalog.pg_foreign_table AS t \
             JOIN pg_catalog.pg_foreign_server AS s ON s.oid OPERATOR(pg_catalog.=) t.ftserver \
             JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid OPERATOR(pg_catalog.=) s.srvfdw \
             JOIN pg_catalog.pg_proc AS h ON h.oid OPERATOR(pg_catalog.=) w.fdwhandler \
             WHERE t.ftrelid OPERATOR(pg_catalog.=) ",
            $relation,
            " AND h.proname OPERATOR(pg_catalog.=) 'postgres_fdw_handler')"
        )
    };
}

/// Whether a relation is such a table.
const FOREIGN: &str = concat!("SELECT ", of_postgres_fdw!("$1"), " AND $2 IS NOT NULL");

/// Whether a relation is partitioned by the person on every level, into one such table at least: then
/// each partition has whole persons, and Postgres groups partition by partition.
const PARTITIONED: &str = concat!(
    "SELECT pg_catalog.bool_and(p.isleaf OR a.attname IS NOT NULL) AND pg_catalog.bool_or(",
    of_postgres_fdw!("p.relid::pg_catalog.oid"),
    ") FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) AS p \
     LEFT JOIN pg_catalog.pg_partitioned_table AS k \
       ON k.partrelid OPERATOR(pg_catalog.=) p.relid::pg_catalog.oid \
      AND k.partnatts OPERATOR(pg_catalog.=) 1::pg_catalog.int2 \
     LEFT JOIN pg_catalog.pg_attribute AS a \
       ON a.attrelid OPERATOR(pg_catalog.=) k.partrelid \
      AND a.attnum OPERATOR(pg_catalog.=) k.partattrs[0] \
      AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name"
);

/// Whether Citus distributes a relation by the person.
fn is_distributed(relation: pg_sys::Oid, person: &str) -> Result<bool, ExtensionError> {
    Ok(citus::distribution_column(relation)?.as_deref() == Some(person))
}

/// What `query` says of a relation and one of its columns; false where it says nothing.
fn is_true(query: &str, relation: pg_sys::Oid, column: &str) -> Result<bool, ExtensionError> {
    Ok(reading::one(query, &[relation.into(), column.into()])?.unwrap_or(false))
}
