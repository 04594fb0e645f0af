//! A piece of memory from which small blocks are cut, without a lock.
//!
//! Blocks are cut one after the other. The last one goes back when it is freed, all of them when
//! none is left: enough for the moments between a refusal and the end of the work. One atomic
//! number holds where the next block begins and how many there are, so that it can be used from
//! any thread, at any moment.

use std::alloc::Layout;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// No block can be cut.
const CLOSED: u64 = u64::MAX;

/// See the module's text.
pub struct Arena {
    /// Address of the memory; 0: none.
    start: AtomicUsize,
    length: usize,
    /// Bytes in use from the start, times 2³², plus the number of blocks; or [`CLOSED`].
    state: AtomicU64,
}

impl Arena {
    /// One without memory, for `length` bytes, less than 2³¹.
    pub const fn closed(length: usize) -> Self {
        Self { start: AtomicUsize::new(0), length, state: AtomicU64::new(CLOSED) }
    }

    /// True until [`Self::open`], and after [`Self::close`].
    pub fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// Puts memory in. For one thread at a time, while it is closed.
    ///
    /// # Safety
    /// `memory` points to as many bytes as [`Self::closed`] was told, which are nobody else's from
    /// now on, until [`Self::close`] gives them back. It is aligned to a page.
    pub unsafe fn open(&self, memory: *mut u8) {
        self.start.store(memory.expose_provenance(), Ordering::Release);
        self.state.store(0, Ordering::Release);
    }

    /// Takes the memory out again, unless a block of it is in use.
    pub fn close(&self) -> Option<*mut u8> {
        self.state.compare_exchange(0, CLOSED, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        let start = self.start.swap(0, Ordering::AcqRel);
        Some(std::ptr::with_exposed_provenance_mut(start))
    }

    /// True for a block of this arena.
    #[inline]
    pub fn owns(&self, block: *mut u8) -> bool {
        let start = self.start.load(Ordering::Acquire);
        start != 0 && block.addr().wrapping_sub(start) < self.length
    }

    /// A block, or null where there is none left.
    pub fn allocate(&self, layout: Layout) -> *mut u8 {
        let mut from = 0;
        let cut = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            let (used, blocks) = unpack(state)?;
            // The start is aligned to a page; nothing small asks for more.
            from = used.next_multiple_of(layout.align());
            let to = from.checked_add(layout.size())?;
            (to <= self.length && layout.align() <= 4096).then(|| pack(to, blocks + 1))
        });
        if cut.is_err() {
            return null_mut();
        }
        // A block is in use: the memory cannot be taken out.
        let start = self.start.load(Ordering::Acquire);
        std::ptr::with_exposed_provenance_mut(start + from)
    }

    /// Takes a block of this arena back.
    pub fn free(&self, block: *mut u8, layout: Layout) {
        let from = block.addr() - self.start.load(Ordering::Acquire);
        let _ = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            let (used, blocks) = unpack(state)?;
            Some(match blocks {
                0 | 1 => 0,
                _ if from + layout.size() == used => pack(from, blocks - 1),
                _ => pack(used, blocks - 1),
            })
        });
    }
}

fn pack(used: usize, blocks: usize) -> u64 {
    (used as u64) << 32 | blocks as u64
}

fn unpack(state: u64) -> Option<(usize, usize)> {
    (state != CLOSED).then_some(((state >> 32) as usize, state as u32 as usize))
}
