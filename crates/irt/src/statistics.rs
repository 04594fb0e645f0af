//! What else is said of an item, or of two sets of values: one file for each statistic.

mod correlation;
mod expected_proportion;
pub(crate) mod point_biserial;

pub use correlation::correlation;
