//! Item parameters: recorded for every run, compared with what is in force, and published.
//!
//! A run records; a publication decides. irt_publications says what was put in force and taken
//! back, irt_parameters_in_force is what follows from it for now, and the items table is a copy of
//! that for the application. All three change in one transaction, under the bank's publishing lock.
//!
//! | module | what it does |
//! |---|---|
//! | [`remarks`] | keys in a run's settings |
//! | `record` | sole writer of irt_item_parameters |
//! | [`questions`] | what a run is asked before it is published; irt_check_thresholds |
//! | [`checks`] | its answers: irt_run_checks |
//! | [`in_force`] | irt_parameters_in_force: read |
//! | `changes` | sole writer of it: what a publication puts there, and a rollback withdraws |
//! | [`publications`] | irt_publications: the lock, the rows, in order |
//! | [`items_lost`] | items in force that a run should have estimated, and did not |
//! | `item_values` | what is in force for an item |
//! | [`items_table`] | sole writer of the items table |
//! | [`imports`] | another program's parameters in the items table |
//! | [`conclude`] | how a successful run ends |
//! | [`decide`] | irt_publish, irt_rollback, irt_reject |
//! | [`compare`] | irt_compare_runs |
//! | [`thresholds`] | irt_set_check |
//! | [`forget`] | irt_drop_bank, irt_forget_runs |
//! | [`scored_with`] | what scores are computed with, now or at a moment |
//! | [`last_success`] | the one definition of a bank's last success |

mod changes;
pub mod checks;
pub mod compare;
pub mod conclude;
pub mod decide;
pub mod forget;
pub mod imports;
pub mod in_force;
mod item_values;
pub mod items_lost;
pub mod items_table;
pub mod last_success;
pub mod publications;
pub mod questions;
mod record;
pub mod remarks;
pub mod scored_with;
pub mod thresholds;
