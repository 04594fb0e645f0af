//! What scores are computed with: item parameters and prior, now or at a moment.

use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};
use irt::{IrtError, ItemParameters};
use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use std::collections::HashMap;

/// What was in force in a bank.
#[derive(Debug, Clone, Default)]
pub struct ScoredWith {
    /// The newest publication in force; `None`: none is.
    pub publication: Option<i64>,
    /// Items by the text of their key.
    pub items: HashMap<String, ItemParameters>,
}

impl ScoredWith {
    /// What is in force now, or was at a moment. Call it as the tables' owner.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn read(
        schema: &Schema,
        bank: &str,
        at: Option<TimestampWithTimeZone>,
    ) -> Result<Self, ExtensionError> {
        const VALUES: &str = "x.item, x.discrimination, x.difficulty, x.publication_id";
        match at {
            None => Self::select(
                &format!(
                    "SELECT {VALUES} FROM {} AS x WHERE x.bank OPERATOR(pg_catalog.=) $1",
                    schema.relation("irt_parameters_in_force")
                ),
                &[bank.into()],
            ),
            Some(at) => Self::select(
                &format!(
                    "SELECT {VALUES} FROM {}($1, $2) AS x",
                    schema.relation("irt_parameters_at")
                ),
                &[bank.into(), at.into()],
            ),
        }
    }

    fn select(query: &str, arguments: &[DatumWithOid]) -> Result<Self, ExtensionError> {
        Spi::connect(|client| {
            let rows = client.select(query, None, arguments)?;
            let bytes = (rows.len() * size_of::<(String, ItemParameters)>()) as u64;
            let refused = |_| IrtError::OutOfMemory { what: "what is in force", bytes };
            let mut found = Self::default();
            found.items.try_reserve(rows.len()).map_err(refused)?;
            for row in rows {
                found.add(&row)?;
            }
            Ok(found)
        })
    }

    fn add(&mut self, row: &Row) -> Result<(), ExtensionError> {
        if let (Some(item), Some(a), Some(b)) = (row.get(1)?, row.get(2)?, row.get(3)?) {
            self.items.insert(item, ItemParameters::new(a, b));
            self.publication = self.publication.max(row.get(4)?);
        }
        Ok(())
    }
}

/// Mean and standard deviation of the prior of scores that the newest publication up to a moment
/// recorded; `None`: there is none, or it is of a version that had no such prior.
///
/// # Errors
/// Only when SPI fails.
pub fn prior_at(
    schema: &Schema,
    bank: &str,
    at: TimestampWithTimeZone,
) -> Result<Option<(f64, f64)>, ExtensionError> {
    let query = format!(
        "SELECT p.score_prior_mean, p.score_prior_sd FROM {} AS p \
         WHERE p.bank OPERATOR(pg_catalog.=) $1 AND p.published_at OPERATOR(pg_catalog.<=) $2 \
         ORDER BY p.id DESC LIMIT 1",
        schema.relation("irt_publications")
    );
    let (mean, sd) = reading::two::<f64, f64>(&query, &[bank.into(), at.into()])?;
    Ok(mean.zip(sd))
}
