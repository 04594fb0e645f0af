//! Looking back: do the estimates agree with the raw data, and how did an item change?
//!
//! Read with the caller's own rights on the extension's tables: whoever may
//! look there may look here.

mod agreement;

pub use agreement::validate;

use crate::bank::must_exist;
use crate::error::ExtensionError;
use crate::postgres::privileges::{LocalSettings, current_role, role_name};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::quote_identifier;

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

/// Makes sure that the bank exists and the caller may look; a safe search_path comes along.
fn for_reader(bank: &str) -> Result<(Schema, LocalSettings), ExtensionError> {
    must_exist(bank)?;
    let settings = LocalSettings::begin();
    settings.set(c"search_path", c"pg_catalog, pg_temp");
    let schema = Schema::find()?;
    for table in [schema.runs(), schema.parameters()] {
        let may = reading::one::<bool>(
            "SELECT pg_catalog.has_table_privilege($1, 'SELECT')",
            &[table.as_str().into()],
        )?;
        if may != Some(true) {
            return Err(ExtensionError::NoPrivilege {
                role: quote_identifier(role_name(current_role())),
                action: "SELECT".to_owned(),
                relation: table,
            });
        }
    }
    Ok((schema, settings))
}
