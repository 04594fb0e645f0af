//! Responses: from rows as they are read to the distinct patterns that are computed with.

pub(crate) mod grouped;
pub(crate) mod patterns;
