//! Memory by the page, and the limits of the system's that end it.

use std::ptr::null_mut;

/// New memory of the system's, or null.
pub(super) fn map(bytes: usize) -> *mut u8 {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, at an address of the kernel's choice.
    let memory = unsafe { libc::mmap(null_mut(), bytes, access, kind, -1, 0) };
    if memory == libc::MAP_FAILED { null_mut() } else { memory.cast() }
}

/// Gives memory back.
///
/// # Safety
/// It comes from [`map`] with as many bytes, and is not used any more.
pub(super) unsafe fn unmap(memory: *mut u8, bytes: usize) {
    // SAFETY: promised by the caller.
    unsafe { libc::munmap(memory.cast(), bytes) };
}

/// True where the system would give so much at this moment.
pub(super) fn can_be_had(bytes: usize) -> bool {
    let memory = map(bytes);
    if memory.is_null() {
        return false;
    }
    // SAFETY: from map, and never used.
    unsafe { unmap(memory, bytes) };
    true
}

/// What to do where the system has refused memory, and which of its limits it was.
pub fn system_hint() -> String {
    let limit = if let Some(bytes) = address_space() {
        format!("this process may address {} MB (ulimit -v)", bytes >> 20)
    } else if promises_are_kept() {
        "no more is promised than there is (vm.overcommit_memory = 2)".to_owned()
    } else {
        "free some, or add some".to_owned()
    };
    format!(
        "The limit is the system's, not irt_calibration.max_memory: {limit}. Raise it, lower \
         irt_calibration.max_threads, or calibrate a subset of the responses."
    )
}

/// True where the system refuses memory. Elsewhere it gives more than it has.
pub(super) fn may_refuse() -> bool {
    address_space().is_some() || promises_are_kept()
}

/// How many bytes this process may address, where that is limited.
fn address_space() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills in the structure, which is ours.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } == 0;
    (known && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// True where the kernel refuses what it could not keep, instead of killing later.
fn promises_are_kept() -> bool {
    std::fs::read_to_string("/proc/sys/vm/overcommit_memory")
        .is_ok_and(|mode| mode.trim_ascii() == "2")
}
