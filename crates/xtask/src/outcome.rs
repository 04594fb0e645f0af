//! How a task ends.

use std::error::Error;
use std::process::ExitCode;

/// With an exit code: a failure is not always an error of the task's.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;
