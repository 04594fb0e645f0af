//! How sure the estimates are.

pub(crate) mod bootstrap;
mod replicate;
pub(crate) mod sampling_covariance;
pub(crate) mod standard_errors;
mod summary;
