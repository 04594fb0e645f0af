//! Looking back: do the estimates agree with the raw data, and how did an item change?
//!
//! Read with the caller's own rights on the extension's tables: whoever may
//! look there may look here.

use crate::bank::must_exist;
use crate::error::ExtensionError;
use crate::privileges::{LocalSettings, current_role, role_name};
use crate::reading;
use crate::schema::Schema;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::{Spi, quote_identifier};

/// How b and the proportions correct of a bank's last estimates go together.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Of b and minus the logit of the proportion correct; `None`: fewer than [`FEWEST`] items, or
    /// all the same.
    pub correlation: Option<f64>,
    /// Root mean square of their difference.
    pub rmse: Option<f64>,
    /// Calibrated items.
    pub items_count: i64,
    /// Over the items that have one.
    pub mean_se_difficulty: Option<f64>,
    /// Over the items that have one.
    pub mean_se_discrimination: Option<f64>,
    /// All that in words.
    pub interpretation: String,
}

/// Through two points there is always a line.
const FEWEST: i64 = 3;

/// From here on the orders agree.
const STRONG: f64 = 0.9;

/// From here on they agree as far as they must where persons chose, or were given, their items.
const MODERATE: f64 = 0.6;

/// A larger standard error of b leaves its place on the scale open.
const IMPRECISE: f64 = 0.5;

/// irt_validate_calibration.
///
/// # Errors
/// 22004, 22023 for an unknown bank, 42501.
pub fn validate(bank: Option<&str>) -> Result<Agreement, ExtensionError> {
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let (schema, _settings) = for_reader(bank)?;
    // Adopted runs have no estimates. A calibrated item is never all correct or all incorrect.
    let query = format!(
        "SELECT pg_catalog.count(p.b), pg_catalog.corr(p.b, p.expected), \
                pg_catalog.sqrt(pg_catalog.avg(pg_catalog.power(\
                    p.b OPERATOR(pg_catalog.-) p.expected, 2))), \
                pg_catalog.avg(p.se_difficulty), pg_catalog.avg(p.se_discrimination), \
                pg_catalog.max(r.id) \
         FROM (SELECT r.id FROM {runs} r \
               WHERE r.bank OPERATOR(pg_catalog.=) $1 AND r.status OPERATOR(pg_catalog.=) 'success' \
                 AND (r.settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NULL \
               ORDER BY r.started_at DESC, r.id DESC LIMIT 1) r \
         LEFT JOIN (SELECT p.run_id, p.difficulty AS b, p.se_difficulty, p.se_discrimination, \
                    pg_catalog.ln((1 OPERATOR(pg_catalog.-) p.proportion_correct) \
                        OPERATOR(pg_catalog./) p.proportion_correct) AS expected \
               FROM {parameters} p \
               WHERE p.status OPERATOR(pg_catalog.=) 'calibrated' \
                 AND p.proportion_correct OPERATOR(pg_catalog.>) 0 \
                 AND p.proportion_correct OPERATOR(pg_catalog.<) 1) p \
           ON p.run_id OPERATOR(pg_catalog.=) r.id",
        runs = schema.runs(),
        parameters = schema.parameters()
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), Some(1), &[bank.into()])?;
        let row = rows.first();
        let items_count = row.get::<i64>(1)?.unwrap_or(0);
        let mut agreement = Agreement {
            correlation: row.get::<f64>(2)?.filter(|_| items_count >= FEWEST),
            rmse: row.get(3)?,
            items_count,
            mean_se_difficulty: row.get(4)?,
            mean_se_discrimination: row.get(5)?,
            interpretation: String::new(),
        };
        agreement.interpretation = match row.get::<i64>(6)? {
            Some(_) => agreement.in_words(),
            None => format!("bank \"{bank}\" has not been calibrated yet"),
        };
        Ok(agreement)
    })
}

impl Agreement {
    fn in_words(&self) -> String {
        let precision = match self.mean_se_difficulty {
            None => "how precise it is, nobody computed",
            Some(error) if error > IMPRECISE => "it is imprecise: collect more responses",
            Some(_) => "it is precise",
        };
        let Some(correlation) = self.correlation else {
            let why = if self.items_count < FEWEST { "too few items" } else { "no variance" };
            return format!("cannot be judged: {why}; as for b, {precision}");
        };
        let agreement = if correlation >= STRONG {
            "strong agreement: b orders the items as the proportions correct do"
        } else if correlation >= MODERATE {
            "moderate agreement: as expected where persons of different ability got different \
             items, else look at the flags"
        } else {
            "weak agreement: look at the flags, and whether the keys are right"
        };
        format!("{agreement}; as for b, {precision}")
    }
}

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
