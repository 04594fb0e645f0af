//! The ability scale: where it is looked at.

pub(crate) mod quadrature;
