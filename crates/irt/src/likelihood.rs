//! The marginal likelihood of the responses: its value, its derivatives, its curvature.

pub mod expectation;
pub(crate) mod information;
pub(crate) mod objective;
pub(crate) mod resolution;
