//! The ability scale: where it is looked at, who is where on it, and how that is computed with.

pub(crate) mod grid;
pub(crate) mod group_weights;
pub(crate) mod population;
pub(crate) mod posterior;
pub(crate) mod quadrature;
