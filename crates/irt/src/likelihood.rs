//! The marginal likelihood of the responses: its value, its derivatives, its curvature.

pub(crate) mod by_node;
pub(crate) mod design;
pub(crate) mod evaluation;
pub(crate) mod expectation;
pub(crate) mod group_bounds;
pub(crate) mod group_counts;
pub(crate) mod information;
pub(crate) mod item_counts;
pub(crate) mod item_tables;
pub(crate) mod marginal;
pub(crate) mod objective;
pub(crate) mod resolution;
