//! The limit of memory that responses may take.

use crate::bank::RowShape;
use crate::error::ExtensionError;
use crate::server_settings;

/// Bytes of a row without its time: person, item and correctness.
const ROW: u64 = 8;
/// Bytes of a response among its person's, which are there before the rows are given back.
pub const GROUPED_RESPONSE: u64 = 4;

/// Refuses to begin what irt_calibration.max_memory will not let end.
///
/// # Errors
/// [`ExtensionError::TooMuchMemory`].
pub fn check_memory(responses: u64, shape: RowShape) -> Result<(), ExtensionError> {
    let bytes = match shape {
        RowShape::Response => ROW + GROUPED_RESPONSE,
        RowShape::Person => GROUPED_RESPONSE,
    };
    let needed = responses.saturating_mul(bytes);
    let limit = server_settings::max_memory();
    if needed > limit {
        return Err(ExtensionError::TooMuchMemory { needed, limit, responses });
    }
    Ok(())
}

/// What was held when the limit was passed, and for how many responses: from there on they are only
/// counted, to be able to say how much all of them need.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    held: u64,
    responses: u64,
}

impl Passed {
    /// Set where so many bytes, held for so many responses, are more than the limit.
    pub fn by(held: u64, responses: u64) -> Option<Self> {
        (held > server_settings::max_memory()).then_some(Self { held, responses })
    }

    /// What `all` responses need.
    pub fn error(self, all: u64, shape: RowShape) -> ExtensionError {
        if let Err(error) = check_memory(all, shape) {
            return error;
        }
        let share = all as f64 / self.responses.max(1) as f64;
        ExtensionError::TooMuchMemory {
            needed: (self.held as f64 * share) as u64,
            limit: server_settings::max_memory(),
            responses: all,
        }
    }
}
