//! What happens when the system refuses memory: an error of one statement, 53200.
//!
//! Rust ends the process where an allocation is refused that nobody expected to be, and when a
//! process of Postgres' ends like that, the postmaster ends all sessions. So:
//!
//! - what is large is asked for with `try_reserve` or [`irt::memory`], and its refusal is an error;
//! - what is small comes from a reserve when it is refused (see [`allocator`]). That is noted, and
//!   whoever reads or computes asks [`check`] often, and stops while most of the reserve is left;
//! - should even the reserve be used up, the one process ends in the server's own way, with FATAL;
//! - what libc needs for a thread, and cannot do without, is set aside before threads are started
//!   ([`threads`]).

pub mod allocator;
mod arena;
mod limits;
pub mod server_reserve;
pub mod threads;

pub use limits::system_hint;
pub use server_reserve::ServerReserve;

use crate::error::ExtensionError;
use irt::IrtError;
use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// How many [`Reserve`]s there are: the main thread alone takes them.
    static HOLDERS: Cell<usize> = const { Cell::new(0) };
}

/// While it lives, small allocations are served even where the system refuses memory.
#[derive(Debug)]
pub struct Reserve(PhantomData<*const ()>);

impl Reserve {
    /// Takes it, or shares the one that is there, and forgets what was refused before. For the
    /// main thread.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`] where there is not even so much.
    pub fn take() -> Result<Self, ExtensionError> {
        if HOLDERS.get() == 0 {
            grow_stack()?;
        }
        if !allocator::open_reserve() {
            let bytes = allocator::RESERVE as u64;
            return Err(IrtError::OutOfMemory { what: "a reserve", bytes }.into());
        }
        allocator::forget_refusals();
        HOLDERS.set(HOLDERS.get() + 1);
        Ok(Self(PhantomData))
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        HOLDERS.set(HOLDERS.get() - 1);
        if HOLDERS.get() == 0 {
            allocator::close_reserve();
        }
    }
}

/// The error, if the system has refused memory since the [`Reserve`] was taken. Costs nothing.
///
/// # Errors
/// [`IrtError::OutOfMemory`].
#[inline]
pub fn check() -> Result<(), ExtensionError> {
    match allocator::refused() {
        None => Ok(()),
        Some(bytes) => Err(IrtError::OutOfMemory { what: "the calculation", bytes }.into()),
    }
}

/// Does once what would allocate when it is needed for the first time: libc ends the process where
/// it cannot note the destructor of a thread-local variable. Called when the library is loaded.
pub fn warm_up() {
    struct Nothing;
    let _ = crate::postgres::catching::catch(|| std::panic::panic_any(Nothing));
}

/// For a process that computes and ends: blocks that are freed are kept for the next ones, where
/// they are not large. libc would give them back to the system, and take them again, cleared, in
/// every pass of an estimate.
pub fn reuse_freed() {
    #[cfg(target_env = "gnu")]
    {
        const LARGE: libc::c_int = 4 << 20;
        const KEPT: libc::c_int = 64 << 20;
        // SAFETY: settings of libc's allocator, for this process.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }
}

/// Makes the stack as large now as it will be needed. Where the kernel cannot let it grow later it
/// sends a SIGSEGV.
fn grow_stack() -> Result<(), ExtensionError> {
    const DEPTH: usize = 512 << 10;
    #[inline(never)]
    fn touch() {
        std::hint::black_box(&mut [0_u8; DEPTH]);
    }
    // Room for it, and for what is written at the same time.
    if !limits::can_be_had(2 * DEPTH) {
        return Err(IrtError::OutOfMemory { what: "the stack", bytes: DEPTH as u64 }.into());
    }
    touch();
    Ok(())
}
