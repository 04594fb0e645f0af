//! An error, a warning or a notice as a user sees it: the parts that Postgres sends to a client.

use serde::{Deserialize, Serialize};

/// An error as a user sees it. Can be sent from a worker to the one who waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Five characters, A–Z and 0–9.
    pub sqlstate: [u8; 5],
    /// Names the thing, what was found, what was expected.
    pub message: String,
    /// The numbers behind it.
    pub detail: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Where it happened: which run.
    #[serde(default)]
    pub context: Option<String>,
}

impl ErrorReport {
    /// A report with a message alone.
    pub fn new(sqlstate: &[u8; 5], message: impl Into<String>) -> Self {
        Self {
            sqlstate: *sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
        }
    }

    /// Adds the numbers behind it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where it happened.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The SQLSTATE as text.
    pub fn sqlstate_str(&self) -> &str {
        std::str::from_utf8(&self.sqlstate).unwrap_or("XX000")
    }
}

/// How loud a message is that does not end the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For whoever looks for it: DEBUG1.
    Debug,
    /// To the server's log only.
    Log,
    /// To the client.
    Notice,
    /// To the client and the log.
    Warning,
}
