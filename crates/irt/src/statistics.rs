//! What else is said of an item.

pub(crate) mod point_biserial;
