//! What is to be said of a bank's items: do they fit, what is to be done, are they enough?
//!
//! Reports write nothing and work on a standby. They stand on what runs recorded, or on responses
//! that are read anew.
//!
//! | file | what is in it |
//! |---|---|
//! | [`fit_of_query`] | irt_fit_items: how each item of a query fits the model |
//! | [`verdicts`] | irt_item_verdicts: what is to be done about each item |
//! | [`readiness`] | irt_readiness: is the bank enough for adaptive tests? |
//! | `ready_items` | which items are precise enough, and what the others lack |
//! | [`dimensions`] | irt_check_dimensions: is one ability enough? |
//! | `run_estimates` | what the last run says of items and groups of persons |
//! | `populations` | the abilities of groups of persons, by their names |

pub mod dimensions;
pub mod fit_of_query;
mod populations;
pub mod readiness;
mod ready_items;
mod run_estimates;
pub mod verdicts;
