//! What is in force for an item, or nothing.

use crate::error::ExtensionError;
use crate::postgres::spi::Row;
use pgrx::datum::TimestampWithTimeZone;

/// What the items table is to hold of one item: what is in force, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemValues {
    /// The item's key as text.
    pub item: String,
    /// b, in standard deviations of ability.
    pub difficulty: Option<f64>,
    /// a, in logits per standard deviation of ability.
    pub discrimination: Option<f64>,
    /// Standard error of b.
    pub se_difficulty: Option<f64>,
    /// Standard error of a.
    pub se_discrimination: Option<f64>,
    /// Ability at which the item tells most.
    pub information_peak: Option<f64>,
    /// Responses behind it.
    pub responses_count: Option<i64>,
    /// When the run that estimated it ended.
    pub calibrated_at: Option<TimestampWithTimeZone>,
}

impl ItemValues {
    /// Nothing is in force for an item.
    pub fn nothing(item: String) -> Self {
        Self {
            item,
            difficulty: None,
            discrimination: None,
            se_difficulty: None,
            se_discrimination: None,
            information_peak: None,
            responses_count: None,
            calibrated_at: None,
        }
    }
}

/// How many columns [`read`] takes.
pub const COLUMNS: usize = 8;

/// The columns of a table that [`read`] takes, but for the last: when the run ended.
pub fn columns_of(table: &str) -> String {
    const NAMES: [&str; COLUMNS - 1] = [
        "item",
        "difficulty",
        "discrimination",
        "se_difficulty",
        "se_discrimination",
        "information_peak",
        "responses_count",
    ];
    NAMES.map(|name| format!("{table}.{name}")).join(", ")
}

/// Reads the first columns of a row.
///
/// # Errors
/// Only when SPI fails.
pub fn read(row: &Row) -> Result<ItemValues, ExtensionError> {
    Ok(ItemValues {
        item: row.get(1)?.unwrap_or_default(),
        difficulty: row.get(2)?,
        discrimination: row.get(3)?,
        se_difficulty: row.get(4)?,
        se_discrimination: row.get(5)?,
        information_peak: row.get(6)?,
        responses_count: row.get(7)?,
        calibrated_at: row.get(COLUMNS)?,
    })
}
