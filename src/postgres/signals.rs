//! Threads beside the one that Postgres knows: they receive no signals.

/// While it lives, this thread receives no asynchronous signal, and threads that are started
/// inherit that: Postgres' handlers must run in the backend's thread only.
#[must_use]
pub struct SignalsBlocked(libc::sigset_t);

impl SignalsBlocked {
    /// Until dropped.
    pub fn begin() -> Self {
        const SYNCHRONOUS: [libc::c_int; 7] = [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGABRT,
            libc::SIGTRAP,
            libc::SIGSYS,
        ];
        // SAFETY: sigset_t is plain data that sigfillset initialises; pthread_sigmask changes
        // this thread's mask alone.
        unsafe {
            let mut all = std::mem::zeroed::<libc::sigset_t>();
            let mut before = std::mem::zeroed::<libc::sigset_t>();
            libc::sigfillset(&mut all);
            for signal in SYNCHRONOUS {
                libc::sigdelset(&mut all, signal);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Self(before)
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: restores the mask that `begin` found.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}
