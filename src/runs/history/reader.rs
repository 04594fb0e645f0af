//! Who may look back.

use crate::bank::must_exist;
use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::privileges::{current_role, role_name};
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use pgrx::spi::quote_identifier;

/// Makes sure that the bank exists and the caller may look; a safe search_path comes along.
///
/// # Errors
/// 22023 for an unknown bank; 42501 without SELECT on runs and parameters.
pub fn for_reader(bank: &str) -> Result<(Schema, LocalSettings), ExtensionError> {
    must_exist(bank)?;
    let settings = LocalSettings::with_safe_search_path();
    let schema = Schema::find()?;
    for table in [schema.runs(), schema.parameters()] {
        let may = reading::one::<bool>(
            "SELECT pg_catalog.has_table_privilege($1, 'SELECT')",
            &[table.as_str().into()],
        )?;
        if may != Some(true) {
            return Err(ExtensionError::NoPrivilege {
                role: quote_identifier(role_name(current_role())),
                action: "SELECT".to_owned(),
                relation: table,
            });
        }
    }
    Ok((schema, settings))
}
