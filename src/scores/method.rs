//! The methods by the names that SQL has for them.

use crate::error::ExtensionError;
use irt::scoring::ScoringMethod;

/// The method of that name.
///
/// # Errors
/// 22004, 22023.
pub fn named(name: Option<&str>) -> Result<ScoringMethod, ExtensionError> {
    match name.ok_or(ExtensionError::NullArgument { argument: "method" })? {
        "eap" => Ok(ScoringMethod::Eap),
        "map" => Ok(ScoringMethod::Map),
        "mle" => Ok(ScoringMethod::Ml),
        "wle" => Ok(ScoringMethod::Wle),
        other => Err(ExtensionError::InvalidArgument {
            argument: "method",
            found: format!("'{other}'"),
            expected: "'eap', 'map', 'mle' or 'wle'",
        }),
    }
}
