//! Refusals of irt_report.

use pgrx::spi::quote_literal;
use thiserror::Error;

/// Why irt_report made no page. The SQLSTATE is 22023.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A section that there is not.
    #[error("there is no section \"{found}\"")]
    UnknownSection {
        /// The name that was given.
        found: String,
        /// The sections that there are.
        known: String,
    },
    /// A run of another bank.
    #[error("run {run_id} is of bank \"{of}\", not of bank \"{bank}\"")]
    OtherBank {
        /// The run.
        run_id: i64,
        /// Its bank.
        of: String,
        /// The bank that was asked for.
        bank: String,
    },
}

impl ReportError {
    /// The numbers behind the message.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::UnknownSection { known, .. } => Some(format!("Sections: {known}.")),
            Self::OtherBank { .. } => None,
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownSection { .. } => {
                "Name sections that there are, or none for all of them.".to_owned()
            }
            Self::OtherBank { run_id, of, .. } => format!(
                "Name its bank: SELECT irt_report({}, run_id => {run_id}).",
                quote_literal(of)
            ),
        }
    }
}
