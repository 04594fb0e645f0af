//! The observed information of all items together.

mod exact;
mod gauss_hermite;
pub(crate) mod observed;
mod scores;
mod shared;
