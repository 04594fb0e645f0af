//! Runs: from the lock to the last line in the log, and what stays on record.
//!
//! | module | what it does |
//! |---|---|
//! | [`life`] | carries a run out |
//! | [`request`] | what a caller asks of it |
//! | [`outcome`] | what it tells its caller, and those who report it |
//! | `settings` | irt_calibration_runs.settings |
//! | [`should_run`] | whether there are enough new responses |
//! | `items` | a run that is limited to some items |
//! | [`phase`], `progress` | how far it is |
//! | `warnings` | what it warns of though it goes on |
//! | `failure`, `lock_wait` | why it failed, and who has the lock that it did not get |
//! | [`ending`] | its end on record and in the log |
//! | [`audit`] | irt_calibration_runs |
//! | [`adopt`], [`history`] | runs of an application, and looking back |

pub mod adopt;
pub mod audit;
pub mod ending;
mod failure;
pub mod history;
mod items;
pub mod life;
mod lock_wait;
pub mod outcome;
pub mod phase;
mod progress;
pub mod request;
mod settings;
pub mod should_run;
mod warnings;
