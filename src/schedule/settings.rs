//! Settings of pg_cron's, and of the server's.

use crate::postgres::encoding::decode_c;
use pgrx::pg_sys;
use std::ffi::CStr;

/// The zone in which pg_cron reads schedules.
pub fn timezone() -> String {
    setting(c"cron.timezone").unwrap_or_else(|| "GMT".to_owned())
}

/// A setting of another library's; `None` where that is not loaded, or the setting is empty.
pub(super) fn setting(name: &CStr) -> Option<String> {
    // SAFETY: a terminated name; the value is terminated and copied at once. What is hidden from
    // strangers is only pg_cron's database, which the hint has to name.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        Some(decode_c(CStr::from_ptr(value))).filter(|text| !text.is_empty())
    }
}
