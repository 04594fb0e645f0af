//! Arithmetic that knows of no item and no person.

pub(crate) mod cholesky;
pub(crate) mod eight;
pub(crate) mod quasi_newton;
