//! The rows of the items table that do not hold yet what they are to hold: locked, then written.

use crate::bank::Items;
use crate::error::ExtensionError;
use crate::parameters::item_values::ItemValues;
use crate::postgres::spi::Spi;
use pgrx::pg_sys;

/// Columns of a value of which nothing depends on when: if none of them changes, no row is written.
const COLUMNS: [(&str, &str); 6] = [
    ("irt_difficulty", "difficulty"),
    ("irt_discrimination", "discrimination"),
    ("irt_se_difficulty", "se_difficulty"),
    ("irt_se_discrimination", "se_discrimination"),
    ("irt_information_peak", "information_peak"),
    ("irt_calibration_n", "responses_count"),
];

/// The rows that do not hold yet what they are to hold.
pub struct Change<'a> {
    items: &'a Items,
    same: &'a str,
    values: &'a [ItemValues],
    /// Whoever may write the columns need not be allowed to read them: then every row is written.
    sees_values: bool,
}

/// True when the current role may read what the published columns hold.
fn sees_values(items: &Items) -> Result<bool, ExtensionError> {
    let columns: Vec<&str> = items.published.iter().map(|column| column.name).collect();
    sees(items, &columns)
}

/// True where the current role may read these columns of the items table.
pub(super) fn sees(items: &Items, columns: &[&str]) -> Result<bool, ExtensionError> {
    let sees = Spi::get_one_with_args::<bool>(
        "SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege($1, c.name, 'SELECT')) \
         FROM ROWS FROM (pg_catalog.unnest($2)) AS c (name)",
        &[items.relation.oid.into(), columns.to_vec().into()],
    )?;
    Ok(sees == Some(true))
}

impl<'a> Change<'a> {
    /// Of rows that are found by the condition `same`, with the rights of the current role.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn new(
        items: &'a Items,
        same: &'a str,
        values: &'a [ItemValues],
    ) -> Result<Self, ExtensionError> {
        Ok(Self { items, same, values, sees_values: sees_values(items)? })
    }

    /// Locks them in the order of their keys; says how many they are.
    ///
    /// # Errors
    /// A lock that is not to be had.
    pub fn lock(&self) -> Result<usize, ExtensionError> {
        let key = &self.items.key;
        let order = match is_sortable(key.base_type) {
            true => format!("ORDER BY i.{}", key.quoted()),
            false => String::new(),
        };
        let statement = format!(
            "SELECT 1 FROM {} AS i, {} WHERE {} AND {} {order} FOR NO KEY UPDATE OF i",
            self.items.relation.name,
            Self::SOURCE,
            self.same,
            self.differs()
        );
        self.count(&statement)
    }

    /// Returns how many rows were updated.
    ///
    /// # Errors
    /// Whatever a trigger or the server says.
    pub fn update(&self) -> Result<usize, ExtensionError> {
        let changes: Vec<String> = self
            .items
            .published
            .iter()
            .map(|column| {
                let value = COLUMNS.iter().find(|(name, _)| *name == column.name);
                format!("{} = x.{}", column.name, value.map_or("calibrated_at", |value| value.1))
            })
            .collect();
        let statement = format!(
            "UPDATE {} AS i SET {} FROM {} WHERE {} AND {}",
            self.items.relation.name,
            changes.join(", "),
            Self::SOURCE,
            self.same,
            self.differs()
        );
        self.count(&statement)
    }

    const SOURCE: &'static str = "ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), \
        pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), \
        pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) AS x (item, \
        difficulty, discrimination, se_difficulty, se_discrimination, information_peak, \
        responses_count, calibrated_at)";

    /// The condition that a published column does not hold its value. Both are compared in the
    /// column's own type: a value that was rounded when it was written has not changed.
    fn differs(&self) -> String {
        if !self.sees_values {
            return "true".to_owned();
        }
        let differs = self.items.published.iter().filter_map(|column| {
            let (name, value) = COLUMNS.iter().find(|(name, _)| *name == column.name)?;
            let type_name = match self.items.relation.column(name)?.base_type {
                pg_sys::FLOAT4OID => "float4",
                pg_sys::NUMERICOID => "numeric",
                pg_sys::INT4OID => "int4",
                pg_sys::INT8OID => "int8",
                _ => "float8",
            };
            Some(format!(
                "(i.{name}::pg_catalog.{type_name} OPERATOR(pg_catalog.=) \
                  x.{value}::pg_catalog.{type_name}) IS NOT TRUE \
                 AND (i.{name} IS NOT NULL OR x.{value} IS NOT NULL)"
            ))
        });
        format!("({})", differs.collect::<Vec<_>>().join(" OR "))
    }

    fn count(&self, statement: &str) -> Result<usize, ExtensionError> {
        let arguments = [
            self.column(|values| values.item.as_str()).into(),
            self.column(|values| values.difficulty).into(),
            self.column(|values| values.discrimination).into(),
            self.column(|values| values.se_difficulty).into(),
            self.column(|values| values.se_discrimination).into(),
            self.column(|values| values.information_peak).into(),
            self.column(|values| values.responses_count).into(),
            self.column(|values| values.calibrated_at).into(),
        ];
        Ok(Spi::connect_mut(|client| {
            client.update(statement, None, &arguments).map(|rows| rows.len())
        })?)
    }

    /// One value of every item: a column of the arrays that a statement unnests.
    fn column<T>(&self, value: impl Fn(&'a ItemValues) -> T) -> Vec<T> {
        self.values.iter().map(value).collect()
    }
}

fn is_sortable(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: entries of the type cache live as long as the process.
    let entry = unsafe { &*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_LT_OPR as i32) };
    entry.lt_opr != pg_sys::InvalidOid
}
