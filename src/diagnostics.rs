//! Does the model fit: what a run finds out of its items beside their parameters.
//!
//! | file | what is in it |
//! |---|---|
//! | [`new_responses`] | the responses since the run in force |
//! | `diagnosis` | the statistics of a run, computed; its flags |
//! | [`record`] | irt_item_fit, irt_item_groups, irt_item_pairs: written, and kept for some runs |

mod diagnosis;
pub mod new_responses;
pub mod record;

pub use diagnosis::{Diagnosis, diagnose};
