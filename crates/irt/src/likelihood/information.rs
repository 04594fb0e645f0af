//! The observed information of all items together.

pub(crate) mod border;
mod exact;
mod gauss_hermite;
mod item_pairs;
mod missing;
pub(crate) mod observed;
mod person_posterior;
mod score_tables;
mod scored;
mod shared;
