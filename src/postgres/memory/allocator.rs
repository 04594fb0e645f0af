//! The allocator of this library: the system's, with a reserve for the day on which it refuses.
//!
//! Every library has its own; other extensions' allocations do not come here, nor do those of
//! Postgres or libc. A refusal that is expected ([`irt::memory::refusable`]) is passed on. Any other is
//! served from one of two arenas: a small one that is always there, and the [`super::Reserve`], there
//! while something is read or computed. Null is returned to nobody who does not expect it: it
//! would end the process.

use super::arena::Arena;
use crate::postgres::raising;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes of the reserve. Nearly always something large is refused first: 5 of 600 limits of `make
/// soak` took anything from it, a few bytes. A list of parameters of 50,000 items fits in.
pub const RESERVE: usize = 8 << 20;

/// Bytes that are always there: for what is said of an error, outside of reading and computing.
const ALWAYS: usize = 256 << 10;

#[global_allocator]
static ALLOCATOR: WithReserve = WithReserve;

static RESERVED: Arena = Arena::closed(RESERVE);
static AT_HAND: Arena = Arena::closed(ALWAYS);

/// The largest refusal since [`forget_refusals`], in bytes; 0: none.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// A thread waits for memory that does not come, though the work was told to stop.
static HOPELESS: AtomicBool = AtomicBool::new(false);

/// How long a thread waits for others to give memory back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Memory of [`AT_HAND`].
#[repr(align(4096))]
struct Page(UnsafeCell<[u8; ALWAYS]>);

// SAFETY: touched through the arena alone, which gives every byte to one owner at a time.
unsafe impl Sync for Page {}

static PAGE: Page = Page(UnsafeCell::new([0; ALWAYS]));

/// How many bytes were refused since the reserve was taken, if any.
#[inline]
pub fn refused() -> Option<u64> {
    match REFUSED.load(Ordering::Relaxed) {
        0 => None,
        bytes => Some(bytes),
    }
}

pub(super) fn forget_refusals() {
    REFUSED.store(0, Ordering::Relaxed);
}

/// True if a thread waits for memory in vain: it cannot be stopped, nor waited for.
pub fn is_hopeless() -> bool {
    HOPELESS.load(Ordering::Relaxed)
}

/// Makes the arena usable that is always there. Called when the library is loaded.
pub fn open_at_hand() {
    if AT_HAND.is_closed() {
        // SAFETY: memory of that size which nobody else knows, aligned to a page.
        unsafe { AT_HAND.open(PAGE.0.get().cast()) };
    }
}

/// Takes the reserve from the system, unless it is there. For the main thread.
pub(super) fn open_reserve() -> bool {
    if !RESERVED.is_closed() {
        return true;
    }
    let memory = super::limits::map(RESERVE);
    if memory.is_null() {
        return false;
    }
    // SAFETY: a mapping of that size, new, and aligned to a page.
    unsafe { RESERVED.open(memory) };
    true
}

/// Gives the reserve back, unless something is in it: then the next one finds it there.
pub(super) fn close_reserve() {
    if let Some(memory) = RESERVED.close() {
        // SAFETY: from map, and no block of it is in use.
        unsafe { super::limits::unmap(memory, RESERVE) };
    }
}

struct WithReserve;

// SAFETY: every block is System's or an arena's, with the size and alignment that were asked for,
// and goes back to where it came from. Nothing here unwinds.
unsafe impl GlobalAlloc for WithReserve {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that System asks for.
        let block = unsafe { System.alloc(layout) };
        if block.is_null() { refuse(layout) } else { block }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            return block;
        }
        let block = refuse(layout);
        if !block.is_null() {
            // SAFETY: a new block of that size. An arena's has been used before.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match arena_of(block) {
            Some(arena) => arena.free(block, layout),
            // SAFETY: the caller's promises; the block is not an arena's.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if arena_of(block).is_none() {
            // SAFETY: the caller's promises; the block is System's.
            let grown = unsafe { System.realloc(block, layout, size) };
            if !grown.is_null() {
                return grown;
            }
        }
        // SAFETY: the caller promises that the new size is valid with this alignment; both blocks
        // have as many bytes as are copied, and the old one is not used any more.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[inline]
fn arena_of(block: *mut u8) -> Option<&'static Arena> {
    [&AT_HAND, &RESERVED].into_iter().find(|arena| arena.owns(block))
}

/// What the system has refused: null for those who cope with it, a block for all others.
#[cold]
fn refuse(layout: Layout) -> *mut u8 {
    if irt::memory::refusal_is_handled() {
        return null_mut();
    }
    REFUSED.fetch_max(layout.size() as u64, Ordering::Relaxed);
    let block = from_arenas(layout);
    if !block.is_null() {
        return block;
    }
    if is_main_thread() {
        end();
    }
    wait_for_memory(layout)
}

fn from_arenas(layout: Layout) -> *mut u8 {
    let block = RESERVED.allocate(layout);
    if block.is_null() { AT_HAND.allocate(layout) } else { block }
}

/// Others have been told to stop, and give back what they have.
fn wait_for_memory(layout: Layout) -> *mut u8 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        std::thread::sleep(Duration::from_millis(1));
        let block = from_arenas(layout);
        if !block.is_null() {
            return block;
        }
        // SAFETY: whoever asked for this block has promised a size that is not 0.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            return block;
        }
        if Instant::now() >= deadline {
            HOPELESS.store(true, Ordering::Relaxed);
        }
    }
}

fn is_main_thread() -> bool {
    // SAFETY: neither has preconditions, nor can fail.
    unsafe { libc::getpid() == libc::gettid() }
}

/// Ends this process in the way that leaves the others alone. For the main thread.
pub fn end() -> ! {
    raising::end_process(
        b"53200",
        c"out of memory",
        c"The memory that irt_calibration keeps for this case is used up as well.",
    )
}
