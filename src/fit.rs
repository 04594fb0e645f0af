//! The estimator alone, over any query, in the caller's session and transaction.
//!
//! Reads and writes nothing else, so it works on a standby, inside any
//! transaction, and on rows that only the caller sees.

use crate::bank::{BankSettings, CheckedSettings};
use crate::error::ExtensionError;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::memory::Reserve;
use crate::postgres::privileges::LocalSettings;
use crate::postgres::raising::tell;
use crate::postgres::threads::{self, Unwatched};
use crate::responses;
use irt::Calibration;
use pgrx::pg_sys;

/// Calibrates the responses that `query` yields.
///
/// # Errors
/// A query that cannot be used, too little data, no convergence.
pub fn fit(query: &str, settings: &CheckedSettings) -> Result<Calibration, ExtensionError> {
    let _reserve = Reserve::take()?;
    let loaded = {
        let _visible = LocalSettings::without_row_security();
        let _read_only = ReadOnly::begin();
        responses::load(query, settings.repeated_responses.into())?
    };
    let (repeats, result) =
        threads::run(&mut Unwatched, |monitor| match loaded.responses.into_responses(monitor) {
            Ok(responses) => {
                let result = irt::calibrate(&responses, &settings.of_core, monitor);
                (responses.repeats_dropped(), result.map_err(ExtensionError::from))
            }
            Err(error) => (0, Err(error.into())),
        })?;
    warn_of_repeats(repeats, settings);
    let calibration = result?;
    tell_of_the_grid(&calibration, settings);
    Ok(calibration)
}

/// Says that there were more ability nodes than asked for: nothing else here could.
fn tell_of_the_grid(calibration: &Calibration, settings: &BankSettings) {
    let (used, asked) = (calibration.quadrature_nodes, settings.quadrature_nodes);
    if i64::from(used) > i64::from(asked) {
        let message = format!("the ability grid had {used} nodes instead of {asked}");
        let report = ErrorReport::new(b"00000", message);
        tell(
            Level::Notice,
            &report
                .detail("Persons answered so much that their abilities lie between fewer nodes."),
        );
    }
}

fn warn_of_repeats(dropped: u64, settings: &BankSettings) {
    if dropped > 0 {
        tell(Level::Warning, &repeats_report(dropped, settings));
    }
}

/// The warning that somebody answered an item more than once.
pub fn repeats_report(dropped: u64, settings: &BankSettings) -> ErrorReport {
    let kept = settings.repeated_responses.as_str();
    ErrorReport::new(
        b"01000",
        format!("{dropped} repeated responses of the same person to the same item were dropped"),
    )
    .detail(format!("The {kept} by time was kept; where time does not decide, an incorrect one."))
}

/// Keeps the transaction from writing, until dropped.
struct ReadOnly {
    before: bool,
}

impl ReadOnly {
    fn begin() -> Self {
        // SAFETY: a variable of the main thread's; the end of the transaction resets it too.
        unsafe {
            let before = pg_sys::XactReadOnly;
            pg_sys::XactReadOnly = true;
            Self { before }
        }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // SAFETY: puts back what `begin` found.
        unsafe { pg_sys::XactReadOnly = self.before };
    }
}
