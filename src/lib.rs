//! irt_calibration: item parameters that stay fresh, inside the database that holds the responses.
//!
//! A *bank* is a set of items calibrated together; a *run* is one attempt to
//! calibrate it; an *item* is answered by a *person* and gives a *response*.
//!
//! This crate is the Postgres side and knows no likelihood; `irt` is the
//! numeric core and knows no Postgres. Postgres is touched from the main
//! thread only.
//!
//! | module | what it does |
//! |---|---|
//! | `functions` | every function that SQL can call |
//! | [`postgres`] | what is needed of Postgres, whatever for |
//! | [`error`] | what can go wrong, and its SQLSTATE, detail and hint |
//! | [`server_settings`] | every server setting: default, bounds, unit, why |
//! | [`bank`] | irt_item_banks: discover, configure, validate, lock |
//! | [`responses`] | SQL → responses |
//! | [`estimation`] | responses → estimates, on threads |
//! | [`fit`] | the estimator alone, in the caller's session |
//! | [`parameters`] | what a run found: recorded, and published |
//! | [`runs`] | the life of a run, and its record |
//! | [`item_reports`] | what is to be said of items: fit, verdicts, readiness, dimensions |
//! | [`scores`] | abilities from answers: aggregates, whole banks, which item comes next |
//! | [`worker`] | the background worker of a run, and how its caller waits |
//! | [`schedule`] | jobs of pg_cron |
//! | [`sentry`] | reporting runs to Sentry |

#![cfg_attr(not(test), warn(clippy::expect_used))]

pub mod bank;
pub mod error;
pub mod estimation;
pub mod fit;
mod functions;
pub mod item_reports;
pub mod parameters;
pub mod postgres;
pub mod responses;
pub mod runs;
pub mod scale;
pub mod schedule;
pub mod scores;
pub mod sentry;
pub mod server_settings;
pub mod worker;

pgrx::pg_module_magic!();

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/functions.sql", name = "functions");
pgrx::extension_sql_file!("../sql/scores.sql", name = "scores", requires = ["functions"]);
pgrx::extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

/// Called by Postgres when the library is loaded into a process.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    postgres::memory::allocator::open_at_hand();
    postgres::raising::hide_rust_frames();
    postgres::memory::warm_up();
    server_settings::register();
}
