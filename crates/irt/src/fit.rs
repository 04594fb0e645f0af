//! The search for the optimum.

pub(crate) mod identifiability;
pub(crate) mod m_step;
pub(crate) mod newton;
pub(crate) mod reflections;
pub(crate) mod search;
pub(crate) mod stages;
