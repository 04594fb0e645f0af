//! What an item is: its response model, and what is believed of it beforehand.

pub(crate) mod item_parameters;
pub(crate) mod priors;
pub mod two_pl;
