//! The scale of a run: what origin and unit of ability are.
//!
//! A run is estimated with its reference group at N(0, 1). On scale `population` that is the
//! scale; on `linked` it is put on the scale in force by the items that both have; on `anchored`
//! anchors held it there while it was estimated.
//!
//! | file | what is in it |
//! |---|---|
//! | [`common`] | the items by which a run can be put on the scale in force |
//! | [`anchoring`] | those that keep their values on scale `anchored` |
//! | `placing` | drift, link, and the estimates on the scale on which they are published |
//! | [`covariances`] | irt_run_covariances: for the standard errors of links |
//! | [`record`] | what the run's row and irt_run_groups say of it |
//! | [`item_query`] | items with their parameters, as a query yields them |
//! | `link_of_queries` | irt_link |

pub mod anchoring;
pub mod common;
pub mod covariances;
pub mod item_query;
mod link_of_queries;
mod placing;
pub mod record;

pub use link_of_queries::link;
pub use placing::{Beside, FoundLink, Placed, place};
