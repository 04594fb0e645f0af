//! What is known of the cancels that reach a worker: that one came, and what it interrupted.
//!
//! A wait for a lock that a cancel or a timeout ends is an ERROR that does not say which lock; a
//! wait for a synchronous standby that it ends is not even an ERROR.

use pgrx::pg_sys;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Cancels that have arrived so far.
static CANCELS: AtomicU32 = AtomicU32::new(0);

/// The lock that was waited for when a cancel arrived, as [`LockTag::pack`] has it; 0: none.
static WAITED_FOR: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Counts a cancel and notes the lock that this process waits for. For signal handlers.
pub(super) fn note() {
    CANCELS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: handlers run in the main thread, which alone sets `MyProc`. The lock is an entry of
    // a table in shared memory that stays mapped; should it be granted, freed and taken for
    // another lock at this moment, the tag that is read names a lock that we do not wait for.
    unsafe {
        let process = (&raw const pg_sys::MyProc).read_volatile();
        if process.is_null() {
            return;
        }
        let lock = (&raw const (*process).waitLock).read_volatile();
        if !lock.is_null() {
            let tag = (&raw const (*lock).tag).read_volatile();
            for (place, half) in WAITED_FOR.iter().zip(LockTag::from(tag).pack()) {
                place.store(half, Ordering::SeqCst);
            }
        }
    }
}

/// What a lock is on, in the four numbers of Postgres' LOCKTAG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockTag {
    /// LockTagType of storage/lock.h.
    pub kind: u8,
    /// What the numbers mean depends on the kind.
    pub fields: (u32, u32, u32, u16),
}

impl From<pg_sys::LOCKTAG> for LockTag {
    fn from(tag: pg_sys::LOCKTAG) -> Self {
        let fields =
            (tag.locktag_field1, tag.locktag_field2, tag.locktag_field3, tag.locktag_field4);
        Self { kind: tag.locktag_type, fields }
    }
}

impl LockTag {
    fn pack(self) -> [u64; 2] {
        let (one, two, three, four) = self.fields;
        let low = u64::from(one) << 32 | u64::from(two);
        // One more than the kind: a lock is never 0.
        let high = u64::from(three) << 32 | u64::from(four) << 16 | (u64::from(self.kind) + 1);
        [low, high]
    }

    fn unpack([low, high]: [u64; 2]) -> Option<Self> {
        let kind = ((high & 0xFFFF) as u16).checked_sub(1)? as u8;
        let fields =
            ((low >> 32) as u32, low as u32, (high >> 32) as u32, (high >> 16 & 0xFFFF) as u16);
        Some(Self { kind, fields })
    }
}

/// The lock that a cancel found this process waiting for. It ends the run, unless it came from a
/// lock_timeout and the run tries again: then [`forget_waits`].
pub fn waited_for() -> Option<LockTag> {
    let [low, high] = &WAITED_FOR;
    LockTag::unpack([low.load(Ordering::SeqCst), high.load(Ordering::SeqCst)])
}

/// What is waited for from now on is something else.
pub fn forget_waits() {
    WAITED_FOR[1].store(0, Ordering::SeqCst);
}

/// Tells whether a commit ended by a cancel of its wait for a synchronous standby: nothing else
/// takes a cancel away without an ERROR.
#[derive(Debug)]
#[must_use]
pub struct CancelWatch {
    cancels: u32,
    pending: bool,
}

impl CancelWatch {
    /// Before the commit.
    pub fn start() -> Self {
        Self { cancels: CANCELS.load(Ordering::SeqCst), pending: is_cancel_pending() }
    }

    /// After it.
    pub fn one_was_taken(&self) -> bool {
        let came = self.pending || CANCELS.load(Ordering::SeqCst) != self.cancels;
        came && !is_cancel_pending()
    }
}

fn is_cancel_pending() -> bool {
    // SAFETY: a flag that handlers set and the main thread clears.
    unsafe { (&raw const pg_sys::QueryCancelPending).read_volatile() != 0 }
}

/// Sends a cancel to another process, as pg_cancel_backend does; false when there is none.
pub fn send(process: i32) -> bool {
    // SAFETY: takes numbers alone. Whoever calls this knows the process as one of ours.
    unsafe { libc::kill(process, libc::SIGINT) == 0 }
}
