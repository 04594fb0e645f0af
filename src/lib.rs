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
//! | [`settings`] | every server setting: default, bounds, unit, why |
//! | [`error`] | what can go wrong, and its SQLSTATE, detail and hint |
//! | [`report`] | raising and catching Postgres errors with any SQLSTATE |
//! | [`privileges`] | whose rights and whose search_path the work runs with |
//! | [`reading`] | a value by SQL, without leaving a trace |
//! | [`schema`] | where the extension's own tables are |
//! | [`spi`] | SQL from Rust, in databases of any encoding |
//! | [`encoding`] | text at the border: UTF-8 in Rust, the database's encoding in the server |
//! | [`sql_types`] | SQL types that pgrx does not know |
//! | [`bank`] | irt_item_banks: discover, configure, validate |
//! | [`should_run`] | how many responses are new, and whether that is enough |
//! | [`load_responses`] | SQL → responses, counting what was left out |
//! | [`memory`] | what happens when the system refuses memory |
//! | [`interruptible`] | computing on many threads in a backend that stays open to interrupts |
//! | [`priority`] | giving way to the application while computing |
//! | [`fit`] | the estimator alone, in the caller's session |
//! | [`history`] | what runs said of a bank and of an item |
//! | [`adopt`] | an application's own history, taken over |
//! | [`schedule`] | jobs of pg_cron |
//! | [`worker`] | the background worker of a run, and how its caller waits |
//! | [`run`] | the life of a run |
//! | [`sentry`] | what Sentry is told of a run |
//! | [`bank_lock`] | one run per bank |
//! | [`audit`] | sole writer of irt_calibration_runs |
//! | [`publish`] | sole writer of item parameters |
//! | [`progress`] | how far a run is |

#![cfg_attr(not(test), warn(clippy::expect_used))]

pub mod adopt;
pub mod audit;
pub mod bank;
pub mod bank_lock;
pub mod encoding;
pub mod error;
pub mod fit;
mod functions;
pub mod history;
pub mod interruptible;
pub mod load_responses;
pub mod memory;
pub mod priority;
pub mod privileges;
pub mod progress;
pub mod publish;
pub mod reading;
pub mod report;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod sentry;
pub mod settings;
pub mod should_run;
pub mod spi;
pub mod sql_types;
pub mod worker;

pgrx::pg_module_magic!();

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

/// Called by Postgres when the library is loaded into a process.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    memory::allocator::open_at_hand();
    report::hide_rust_frames();
    memory::warm_up();
    settings::register();
}
