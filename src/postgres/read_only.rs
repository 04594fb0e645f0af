//! Whether a transaction may write, and keeping it from writing.

use pgrx::pg_sys;
use std::ffi::CString;

/// Raises 25006 in a read-only transaction and on a standby.
pub fn must_be_writable(command: &str) {
    if let Ok(command) = CString::new(command) {
        // SAFETY: reads the transaction's state; raises an ordinary ERROR.
        unsafe { pg_sys::PreventCommandIfReadOnly(command.as_ptr()) }
    }
}

/// True while the server is in recovery, as a standby is.
pub fn is_standby() -> bool {
    // SAFETY: reads shared memory.
    unsafe { pg_sys::RecoveryInProgress() }
}

/// False in a read-only transaction and on a standby.
pub fn may_write() -> bool {
    // SAFETY: reads a variable of this process.
    !unsafe { pg_sys::XactReadOnly } && !is_standby()
}

/// Keeps the transaction from writing, until dropped.
#[must_use]
pub struct ReadOnly {
    before: bool,
}

impl ReadOnly {
    /// Until dropped.
    pub fn begin() -> Self {
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
