//! Banks for which nobody answers, and what their runs say of it.

use crate::postgres::error_report::ErrorReport;
use pgrx::spi::quote_literal;

/// Why nobody answers for what a bank's run executes. It is said in each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unowned {
    /// The tables are those of an older version, which knew no owners.
    OlderVersion,
    /// Nobody has taken the bank over since it came from an older version.
    Never,
    /// Its owner, of this name, was dropped or renamed.
    Gone(String),
}

impl Unowned {
    /// The warning of a run.
    pub fn report(&self, bank: &str) -> ErrorReport {
        let call = format!("SELECT irt_configure({})", quote_literal(bank));
        let (message, hint) = match self {
            Self::OlderVersion => (
                format!("bank \"{bank}\" has no owner"),
                format!("ALTER EXTENSION irt_calibration UPDATE; then {call};"),
            ),
            Self::Never => (
                format!("bank \"{bank}\" has no owner"),
                format!("Take it over, as the owner of its responses or of the extension: {call};"),
            ),
            Self::Gone(owner) => (
                format!("bank \"{bank}\" belongs to role \"{owner}\", which does not exist"),
                format!("Take it over, as the owner of the extension: {call};"),
            ),
        };
        ErrorReport::new(b"01000", message)
            .detail(
                "Its run executes the views and triggers of whoever configured it, with the \
                 rights of the role that runs.",
            )
            .hint(hint)
    }
}
