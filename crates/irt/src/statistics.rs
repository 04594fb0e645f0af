//! What else is said of an item: one file for each statistic.

mod expected_proportion;
pub(crate) mod point_biserial;
