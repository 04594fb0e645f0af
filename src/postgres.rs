//! What the extension needs of Postgres, whatever it is needed for. Knows no bank, no run, no item, but
//! where their tables are.
//!
//! | module | what it does |
//! |---|---|
//! | [`encoding`] | text at the border: UTF-8 in Rust, the database's encoding in the server |
//! | [`sql_types`] | SQL types that pgrx does not know |
//! | [`calls`], [`aggregate_state`] | functions whose SQL is written by hand; aggregates |
//! | [`spi`] | SQL from Rust, in databases of any encoding |
//! | [`reading`] | a value by SQL, without leaving a trace |
//! | [`numbers`] | numbers of any of SQL's types |
//! | [`query`] | the rows of somebody's query, as the executor yields them |
//! | [`explain`] | how the server would execute a query |
//! | [`schema`] | where the extension's own tables are |
//! | [`sequences`] | the next number of a table's rows |
//! | [`notifications`] | NOTIFY irt_calibration |
//! | [`privileges`] | whose rights the work runs with |
//! | [`local_settings`] | settings that hold for one piece of work: the safe search_path, row security |
//! | [`text_output`] | values as text, the same in every session |
//! | [`error_report`] | an error as a user sees it |
//! | [`raising`], [`catching`] | raising and catching Postgres errors with any SQLSTATE |
//! | [`transactions`] | transactions of a worker |
//! | [`read_only`] | whether a transaction may write |
//! | [`interrupts`] | what may stop a worker, and how that is told apart |
//! | [`session`] | what this process is to the server |
//! | [`latch`] | waiting, with an eye on the client |
//! | [`cancels`] | which cancels a process was sent |
//! | [`threads`] | computing on many threads in a backend that stays open to interrupts |
//! | [`signals`] | starting threads that receive no signals |
//! | [`priority`] | giving way to the application while computing |
//! | [`memory`] | what happens when the system refuses memory |

pub mod aggregate_state;
pub mod calls;
pub mod cancels;
pub mod catching;
pub mod encoding;
pub mod error_report;
pub mod explain;
pub mod interrupts;
pub mod latch;
pub mod local_settings;
pub mod memory;
pub mod notifications;
pub mod numbers;
pub mod priority;
pub mod privileges;
pub mod query;
pub mod raising;
pub mod read_only;
pub mod reading;
pub mod schema;
pub mod sequences;
pub mod session;
pub mod signals;
pub mod spi;
pub mod sql_types;
mod sqlstate;
pub mod text_output;
pub mod threads;
pub mod transactions;
