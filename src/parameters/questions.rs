//! The questions that a run is asked before it is published, and from which answer on each is loud.
//!
//! The thresholds come from simulations of ordinary weeks (docs/method.md), and irt_set_check
//! replaces them for one bank.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use std::collections::HashMap;

/// Persons from which on sampling error moves no check above its threshold. With n persons it is
/// larger by the root of this by n.
const PERSONS_OF_THRESHOLDS: f64 = 2000.0;

/// A question, and the answers from which on it is loud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Its name.
    pub name: &'static str,
    warn_above: f64,
    hold_above: f64,
    /// True where few persons alone make the value large.
    scales_with_persons: bool,
}

const NEVER: f64 = f64::INFINITY;

const fn question(name: &'static str, warn_above: f64, hold_above: f64) -> Question {
    Question { name, warn_above, hold_above, scales_with_persons: false }
}

const fn scaled(name: &'static str, warn_above: f64, hold_above: f64) -> Question {
    Question { name, warn_above, hold_above, scales_with_persons: true }
}

/// Every question, in the order in which they are recorded.
pub const QUESTIONS: [Question; 14] = [
    question("items_lost", 0.05, 0.2),
    question("items_left_behind", 0.05, NEVER),
    question("persons_lost", 0.3, 0.7),
    scaled("scale_shift", 0.1, 0.3),
    scaled("scale_stretch", 0.1, 0.3),
    question("population_shift", 0.3, NEVER),
    question("population_stretch", 0.2, 0.5),
    scaled("difficulty_disagreement", 0.05, 0.2),
    question("drifted_items", 0.1, 0.3),
    scaled("score_change", 0.1, 0.3),
    scaled("score_disorder", 0.02, 0.1),
    question("misfitting_items", 0.1, NEVER),
    question("reversed_items", 0.05, 0.2),
    question("since_rollback", NEVER, 0.5),
];

/// A bank's thresholds: by question, where irt_set_check replaced the default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thresholds(HashMap<String, (Option<f64>, Option<f64>)>);

impl Thresholds {
    /// Reads a bank's. Tables of an older version have none.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn read(schema: &Schema, bank: &str) -> Result<Self, ExtensionError> {
        if !schema.has_publications()? {
            return Ok(Self::default());
        }
        let query = format!(
            "SELECT check_name, warn_above, hold_above FROM {} \
             WHERE bank OPERATOR(pg_catalog.=) $1",
            schema.relation("irt_check_thresholds")
        );
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), None, &[bank.into()])?;
            let replaced = rows.into_iter().map(|row| {
                Ok((row.get::<String>(1)?.unwrap_or_default(), (row.get(2)?, row.get(3)?)))
            });
            replaced.collect::<Result<_, ExtensionError>>().map(Self)
        })
    }

    /// The thresholds of a question: those of the bank, or the defaults; where few persons alone
    /// make the value large, the warning's is raised with their number. A hold is never below it.
    pub(super) fn of(&self, question: &Question, persons: u64) -> (f64, f64) {
        let (warn, hold) = self.0.get(question.name).copied().unwrap_or_default();
        let mut warn = warn.unwrap_or(question.warn_above);
        if question.scales_with_persons {
            warn *= (PERSONS_OF_THRESHOLDS / persons.max(1) as f64).sqrt().max(1.0);
        }
        let hold = hold.unwrap_or(question.hold_above);
        (warn, if warn == NEVER { hold } else { hold.max(warn) })
    }

    /// True where nobody wants to know the answer.
    pub(super) fn is_off(&self, question: &Question) -> bool {
        let (warn, hold) = self.0.get(question.name).copied().unwrap_or_default();
        warn.unwrap_or(question.warn_above) == NEVER && hold.unwrap_or(question.hold_above) == NEVER
    }

    /// True where the answer to any of the questions about scores is wanted: they cost two E-steps.
    pub fn want_scores(&self) -> bool {
        QUESTIONS
            .iter()
            .any(|question| question.name.starts_with("score_") && !self.is_off(question))
    }
}

/// Refuses a name that no question has.
///
/// # Errors
/// 22023, with the names that there are.
pub fn must_be_known(name: &str) -> Result<(), ExtensionError> {
    if QUESTIONS.iter().any(|question| question.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = QUESTIONS.iter().map(|question| question.name).collect();
    Err(ExtensionError::UnknownCheck { found: name.to_owned(), known: names.join(", ") })
}
