//! Codes in words, and numbers, names and moments as people read them.

pub mod checks;
pub mod flags;
pub mod moments;
pub mod names;
pub mod numbers;
