//! What a run's settings say beside the settings.

/// The key in a run's settings that says how many parameters of another program it began with.
pub const IMPORTED_ITEMS: &str = "imported_items";

/// The key in a run's settings that says why it could not be put on the scale in force.
pub const NOT_LINKED: &str = "not_linked";
