//! Memory that libc takes when a thread starts, and without which it ends the process.
//!
//! Thread-local variables of a library that was loaded at run time, and the notes of their
//! destructors, come from malloc when a thread touches them for the first time. So a hole is made
//! in malloc's memory before threads are started, and closed when all of them have touched what
//! they will. Where memory may be refused the threads share the main thread's, with the hole in
//! it: an arena of its own takes 64 MB of addresses for each. Elsewhere they do not: it is slower.

use super::limits;
use crate::error::ExtensionError;
use irt::IrtError;

/// Bytes for one thread: several times what all libraries' variables take.
const PER_THREAD: usize = 64 << 10;

/// While it lives, what lies behind the hole stays, so that malloc does not give it back.
pub struct Room(Block);

impl Room {
    /// Makes room for so many threads. For the main thread, before they are started.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn make(threads: usize) -> Result<Self, ExtensionError> {
        if limits::may_refuse() {
            share_one_arena();
        }
        let refused = || IrtError::OutOfMemory {
            what: "starting threads",
            bytes: (threads * PER_THREAD) as u64,
        };
        // One after the other; then the last alone stays.
        let blocks: Option<Vec<Block>> = (0..=threads).map(|_| Block::new(PER_THREAD)).collect();
        let last = Block::new(64).ok_or_else(refused)?;
        drop(blocks.ok_or_else(refused)?);
        Ok(Self(last))
    }

    /// The threads have started.
    pub fn close(self) {
        drop(self.0);
    }
}

/// A block of malloc's.
struct Block(*mut libc::c_void);

// SAFETY: malloc's blocks may be freed by any thread.
unsafe impl Send for Block {}

impl Block {
    fn new(bytes: usize) -> Option<Self> {
        // SAFETY: malloc has no preconditions.
        let block = unsafe { libc::malloc(bytes) };
        (!block.is_null()).then_some(Self(block))
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: comes from malloc, and is freed once.
        unsafe { libc::free(self.0) };
    }
}

/// New threads of this process allocate from the main thread's arena.
#[cfg(target_env = "gnu")]
fn share_one_arena() {
    // SAFETY: sets a number; threads that exist already keep their arenas.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(target_env = "gnu"))]
fn share_one_arena() {}
