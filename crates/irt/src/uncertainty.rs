//! How sure the estimates are.

pub(crate) mod bootstrap;
pub(crate) mod standard_errors;
