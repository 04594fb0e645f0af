//! Arithmetic that knows of no item and no person.

pub(crate) mod cholesky;
pub(crate) mod compensated_sum;
pub(crate) mod eight;
pub(crate) mod elementary;
pub(crate) mod lanczos;
pub(crate) mod quasi_newton;
pub(crate) mod real;
pub(crate) mod scaled_factor;
pub(crate) mod symmetric;
pub(crate) mod tails;
pub(crate) mod vector;
