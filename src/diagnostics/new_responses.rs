//! The responses that came since the run in force: a change that the old ones hide in the estimates.

use crate::bank::Bank;
use crate::error::ExtensionError;
use crate::parameters::publications;
use crate::postgres::privileges::as_owner;
use crate::postgres::reading;
use pgrx::datum::TimestampWithTimeZone;

/// After which moment they came. `None`: there are no times, or nothing is in force that says up to
/// when it had seen.
///
/// # Errors
/// Only when SPI fails.
pub fn moment(bank: &Bank) -> Result<Option<TimestampWithTimeZone>, ExtensionError> {
    if bank.answered_at.is_none() {
        return Ok(None);
    }
    as_owner(|schema| {
        if !schema.has_publications()? {
            return Ok(None);
        }
        let query = publications::run_in_force(schema, "r.responses_through");
        reading::one(&query, &[bank.name.as_str().into()])
    })
}
