//! Settings of pg_cron's, and of the server's.

use crate::postgres::session;
use std::ffi::CStr;

/// The zone in which pg_cron reads schedules.
pub fn timezone() -> String {
    setting(c"cron.timezone").unwrap_or_else(|| "GMT".to_owned())
}

/// A setting of another library's; `None` where that is not loaded, or the setting is empty. What is
/// hidden from strangers is only pg_cron's database, which the hint has to name.
pub(super) fn setting(name: &CStr) -> Option<String> {
    session::setting(name).filter(|text| !text.is_empty())
}
