//! irt_item_verdicts: what is to be done about each item of a run, by its flags.

use crate::error::{DecisionError, ExtensionError};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};
use crate::runs::history::{for_reader, last_run};
use irt::statistics::{Verdict, verdict};

/// What is said where a run did not look at the fit of its items: its "good" means less.
const NOT_DIAGNOSED: &str = "Whether it fits the model was not tested.";

/// What is to be done about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemReport {
    /// The item.
    pub item: String,
    /// How urgent it is.
    pub verdict: Verdict,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// What to do first.
    pub advice: String,
}

/// A run, and whether it diagnosed its items.
struct Judged {
    run_id: i64,
    diagnosed: bool,
}

/// Every item of a run, the severest first; `run_id` `None`: of the bank's newest success that was
/// neither a rehearsal nor rejected, which irt_validate_calibration looks at, too. Empty where
/// there is none. With the caller's rights on the extension's tables.
///
/// # Errors
/// 22004, 22023 for an unknown bank, no such run, or another bank's; 42501.
pub fn of_run(bank: Option<&str>, run_id: Option<i64>) -> Result<Vec<ItemReport>, ExtensionError> {
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let (schema, _settings) = for_reader(bank)?;
    let Some(run) = judged(&schema, bank, run_id)? else { return Ok(Vec::new()) };
    let query = format!(
        "SELECT p.item, pg_catalog.array_to_string(p.flags, ',') FROM {} p \
         WHERE p.run_id OPERATOR(pg_catalog.=) $1",
        schema.parameters()
    );
    let mut items = Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[run.run_id.into()])?;
        let report = |row: Row| {
            let flags: String = row.get(2)?.unwrap_or_default();
            Ok(report(row.get(1)?.unwrap_or_default(), &flags, run.diagnosed))
        };
        rows.into_iter().map(report).collect::<Result<Vec<_>, ExtensionError>>()
    })?;
    items.sort_unstable_by(|one, other| {
        other.verdict.cmp(&one.verdict).then_with(|| one.item.cmp(&other.item))
    });
    Ok(items)
}

fn judged(
    schema: &Schema,
    bank: &str,
    run_id: Option<i64>,
) -> Result<Option<Judged>, ExtensionError> {
    const COLUMNS: &str = "r.id, r.settings OPERATOR(pg_catalog.->>) 'diagnostics'";
    let (id, diagnosed) = match run_id {
        None => reading::two::<i64, String>(&last_run(schema, COLUMNS), &[bank.into()])?,
        Some(run_id) => {
            must_be_of(schema, bank, run_id)?;
            let query = format!(
                "SELECT {COLUMNS} FROM {} r WHERE r.id OPERATOR(pg_catalog.=) $1",
                schema.runs()
            );
            reading::two::<i64, String>(&query, &[run_id.into()])?
        }
    };
    Ok(id.map(|run_id| Judged { run_id, diagnosed: diagnosed.as_deref() == Some("true") }))
}

fn must_be_of(schema: &Schema, bank: &str, run_id: i64) -> Result<(), ExtensionError> {
    let query =
        format!("SELECT r.bank FROM {} r WHERE r.id OPERATOR(pg_catalog.=) $1", schema.runs());
    match reading::one::<String>(&query, &[run_id.into()])? {
        None => Err(DecisionError::NoSuchRun { run_id }.into()),
        Some(of) if of != bank => Err(ExtensionError::InvalidArgument {
            argument: "run_id",
            found: format!("{run_id}, a run of bank \"{of}\""),
            expected: "a run of the bank that is named",
        }),
        Some(_) => Ok(()),
    }
}

fn report(item: String, flags: &str, diagnosed: bool) -> ItemReport {
    let flags: Vec<&str> = flags.split(',').filter(|flag| !flag.is_empty()).collect();
    let found = verdict(&flags);
    let mut reasons = found.reasons;
    if !diagnosed {
        reasons.push(NOT_DIAGNOSED.to_owned());
    }
    ItemReport { item, verdict: found.verdict, reasons, advice: found.advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tested_is_said() {
        let good = report("1".to_owned(), "", true);
        assert_eq!((good.verdict, good.reasons.len()), (Verdict::Good, 0));
        let unknown = report("1".to_owned(), "", false);
        assert_eq!(
            (unknown.verdict, unknown.reasons),
            (Verdict::Good, vec![NOT_DIAGNOSED.to_owned()])
        );
        assert_eq!(report("1".to_owned(), "misfit,reversed", true).reasons.len(), 2);
    }
}
