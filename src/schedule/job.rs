//! A bank's job.

use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::schema::Schema;
use pgrx::pg_sys;
use pgrx::spi::quote_literal;

/// A bank's job, as pg_cron is told of it.
pub(super) struct Job {
    /// Its name in pg_cron's tables.
    pub name: String,
    /// The statement that it executes.
    pub command: String,
}

impl Job {
    /// The job of that bank, whether or not it is there.
    ///
    /// # Errors
    /// 22023 for a bank whose name is too long to be scheduled.
    pub fn of(bank: &str) -> Result<Self, ExtensionError> {
        let name = format!("irt_calibration_{bank}");
        // pg_cron keeps it as a name, and a longer one would be cut to that of another bank.
        if name.len() >= pg_sys::NAMEDATALEN as usize {
            return Err(ExtensionError::InvalidArgument {
                argument: "bank",
                found: format!("{} bytes long", bank.len()),
                expected: "at most 47 bytes long to be scheduled",
            });
        }
        // The command is compared with what another session wrote.
        let settings = LocalSettings::begin();
        settings.pin_names();
        let function = Schema::find()?.relation("irt_run_calibration");
        let command =
            format!("SELECT run.status FROM {function}(bank => {}) AS run", quote_literal(bank));
        Ok(Self { name, command })
    }
}
