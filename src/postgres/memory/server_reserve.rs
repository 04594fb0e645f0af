//! Memory that is kept for the server, which needs some to handle that there was none.
//!
//! Where Postgres reports an ERROR, each handler on the way out copies it first. Where that is
//! refused memory, too, it is a new ERROR in the midst of the old one, and five of them are a PANIC,
//! which ends every session. So the first report that there is no memory gives this back at once.

use super::limits;
use crate::error::ExtensionError;
use irt::IrtError;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// What is kept; null: nothing is.
static KEPT: AtomicPtr<u8> = AtomicPtr::new(null_mut());

/// Bytes: several times what the transaction takes that ends a run's row.
const BYTES: usize = 2 << 20;

/// While it lives, memory is kept for the server. Given back when it is dropped, before the server
/// writes down how a run ended, and by [`give_back`]. For the main thread; one at a time.
#[derive(Debug)]
pub struct ServerReserve(PhantomData<*const ()>);

impl ServerReserve {
    /// Sets it aside.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`] where there is not even so much.
    pub fn take() -> Result<Self, ExtensionError> {
        let memory = limits::map(BYTES);
        if memory.is_null() {
            return Err(IrtError::OutOfMemory { what: "a run", bytes: BYTES as u64 }.into());
        }
        give_back();
        KEPT.store(memory, Ordering::SeqCst);
        Ok(Self(PhantomData))
    }
}

impl Drop for ServerReserve {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives back what is kept. Allocates nothing and raises nothing: it is called in the midst of an
/// ERROR.
pub fn give_back() {
    let memory = KEPT.swap(null_mut(), Ordering::SeqCst);
    if !memory.is_null() {
        // SAFETY: from map, with as many bytes, never used, and taken out of its place once.
        unsafe { limits::unmap(memory, BYTES) };
    }
}
