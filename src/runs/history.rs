//! Looking back: do the estimates agree with the raw data, and how did an item change?
//!
//! Read with the caller's own rights on the extension's tables: whoever may
//! look there may look here.

mod agreement;
mod last_run;
mod reader;
mod wrong_items;

pub use agreement::validate;
pub use last_run::last_run;
pub use reader::for_reader;

use crate::error::ExtensionError;
use crate::postgres::spi::Spi;
use pgrx::datum::TimestampWithTimeZone;

/// What one run said of an item.
pub type ItemRow = (
    i64,
    Option<TimestampWithTimeZone>,
    String,
    Vec<String>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<i64>,
    Option<f64>,
    Option<f64>,
);

/// irt_item_history: the newest run first.
///
/// # Errors
/// 22004, 22023 for an unknown bank, 42501.
pub fn of_item(item: Option<&str>, bank: Option<&str>) -> Result<Vec<ItemRow>, ExtensionError> {
    let item = item.ok_or(ExtensionError::NullArgument { argument: "item" })?;
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let (schema, _settings) = for_reader(bank)?;
    let query = format!(
        "SELECT r.id, r.completed_at, p.status, pg_catalog.array_to_string(p.flags, ','), \
                p.difficulty, p.discrimination, p.se_difficulty, p.se_discrimination, \
                p.difficulty OPERATOR(pg_catalog.-) p.previous_difficulty, \
                p.discrimination OPERATOR(pg_catalog.-) p.previous_discrimination, \
                p.responses_count, p.proportion_correct, p.point_biserial \
         FROM {} p JOIN {} r ON r.id OPERATOR(pg_catalog.=) p.run_id \
         WHERE p.item OPERATOR(pg_catalog.=) $1 AND r.bank OPERATOR(pg_catalog.=) $2 \
         ORDER BY r.started_at DESC, r.id DESC",
        schema.parameters(),
        schema.runs()
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[item.into(), bank.into()])?;
        rows.into_iter()
            .map(|row| {
                let flags: String = row.get(4)?.unwrap_or_default();
                Ok((
                    row.get(1)?.unwrap_or_default(),
                    row.get(2)?,
                    row.get(3)?.unwrap_or_default(),
                    flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
                    row.get(5)?,
                    row.get(6)?,
                    row.get(7)?,
                    row.get(8)?,
                    row.get(9)?,
                    row.get(10)?,
                    row.get(11)?,
                    row.get(12)?,
                    row.get(13)?,
                ))
            })
            .collect()
    })
}
