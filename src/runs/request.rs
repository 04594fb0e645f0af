//! What a caller asks of a run, in the form in which it reaches the worker.

use crate::bank::{Discovered, Given};
use crate::error::ExtensionError;
use serde::{Deserialize, Serialize};

/// What irt_run_calibration or irt_start_calibration was called with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    /// Run whether or not there are enough new responses.
    pub force: Option<bool>,
    /// Limits what is published.
    pub item_ids: Option<Vec<Option<String>>>,
    /// The bank's name.
    pub bank: Option<String>,
    /// False: a rehearsal. The functions of older versions have no such argument.
    #[serde(default)]
    pub publish: Option<bool>,
    /// What replaces the bank's settings.
    #[serde(flatten)]
    pub overrides: Given,
}

/// Everything that a worker cannot find out by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The bank's name.
    pub bank: String,
    /// What was asked for.
    pub arguments: Arguments,
    /// What the default bank's relations are in the caller's session.
    pub discovered: Option<Discovered>,
    /// 'cron', 'api' or 'manual'.
    pub triggered_by: String,
    /// The caller's process, where it waits for the end.
    pub waiting_process: Option<i32>,
    /// The caller's effective irt_calibration.* settings.
    pub settings: Vec<(String, String)>,
}

impl Request {
    /// True when the should-run check does not decide.
    pub fn is_forced(&self) -> bool {
        self.arguments.force == Some(true)
    }

    /// True when cron asked.
    pub fn is_from_cron(&self) -> bool {
        self.triggered_by == "cron"
    }

    /// False for a rehearsal.
    pub fn is_to_be_published(&self) -> bool {
        self.arguments.publish != Some(false)
    }

    /// The items to publish, where they are limited.
    pub fn item_ids(&self) -> Option<Vec<String>> {
        self.arguments.item_ids.as_ref().map(|items| items.iter().flatten().cloned().collect())
    }

    /// Checks the arguments that are no bank's settings.
    ///
    /// # Errors
    /// 22004 for a NULL that makes no sense, 22023 for item_ids without items.
    pub fn validate(&self) -> Result<(), ExtensionError> {
        if self.arguments.force.is_none() {
            return Err(ExtensionError::NullArgument { argument: "force" });
        }
        match &self.arguments.item_ids {
            Some(items) if items.is_empty() => Err(ExtensionError::InvalidArgument {
                argument: "item_ids",
                found: "empty".to_owned(),
                expected: "NULL for all items, or at least one item",
            }),
            Some(items) if items.iter().any(Option::is_none) => {
                Err(ExtensionError::NullArgument { argument: "an element of item_ids" })
            }
            _ => Ok(()),
        }
    }
}
