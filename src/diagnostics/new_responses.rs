//! The responses that came since the run in force: a change that the old ones hide in the estimates.

use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::parameters::publications;
use crate::postgres::privileges::as_owner;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::text_output::pin_text_settings;
use crate::responses::{Loaded, of_bank};
use irt::RepeatedResponses;

/// Reads them, with the current role's rights. `None`: there are no times, or nothing is in force
/// that says up to when it had seen.
///
/// # Errors
/// When the responses cannot be read.
pub fn read(bank: &Bank, repeated: RepeatedResponses) -> Result<Option<Loaded>, ExtensionError> {
    if bank.answered_at.is_none() {
        return Ok(None);
    }
    match as_owner(|schema| seen_through(schema, &bank.name))? {
        Some(through) => of_bank::read_since(bank, &through, repeated).map(Some),
        None => Ok(None),
    }
}

/// Up to when the run in force had seen responses, as a literal.
fn seen_through(schema: &Schema, bank: &str) -> Result<Option<String>, ExtensionError> {
    if !schema.has_publications()? {
        return Ok(None);
    }
    let _pinned = pin_text_settings();
    let through = "pg_catalog.quote_literal(r.responses_through::pg_catalog.text)";
    let query = publications::run_in_force(schema, through);
    reading::one(&query, &[bank.into()])
}
