//! What a worker tells its caller, in the form in which it passes the queue.

use crate::postgres::error_report::ErrorReport;
use serde::{Deserialize, Serialize};

/// What a worker tells its caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// The run's row is committed.
    Started(i64),
    /// To be passed on to the client.
    Notice(ErrorReport),
    /// To be passed on to the client.
    Warning(ErrorReport),
    /// The end: the run's row as JSON.
    Row(String),
    /// The end: the error.
    Failed(ErrorReport),
}
