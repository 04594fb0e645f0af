//! Giving way to the application: threads that compute run at a lower priority.
//!
//! Only they do. The thread that Postgres knows takes locks, and whoever waits for a lock must not
//! wait for a thread that waits for a core.
//!
//! Linux may look at whole processes first (autogroups, where sched_autogroup_enabled is 1 and no
//! control group says otherwise): every process of Postgres' is a group of its own, and a thread's
//! priority counts inside of its group alone. So the group is lowered too, for as long as the
//! threads live.

use std::fs;
use std::time::{Duration, Instant};

/// The most that Linux knows.
pub const LOWEST: i32 = 19;

/// Where this process's group of threads is, and may be lowered.
const AUTOGROUP: &str = "/proc/self/autogroup";

/// For how long a thread that computes keeps a core before it looks who else wants it: the least
/// that Linux accepts. Its own choice, some 3 ms, is what a query would wait.
const SLICE: Duration = Duration::from_micros(100);

/// Lowers the priority of the calling thread by `nice`, as the command of this name does. That
/// needs no right; where it fails nothing is lost but the application's speed.
pub fn lower_this_thread(nice: i32) {
    if nice == 0 {
        return;
    }
    // SAFETY: getpriority and setpriority take numbers; 0 is the calling thread on Linux.
    let lowered = unsafe {
        let before = libc::getpriority(libc::PRIO_PROCESS, 0);
        let lowered = (before + nice).min(LOWEST);
        libc::setpriority(libc::PRIO_PROCESS, 0, lowered);
        lowered
    };
    shorten_slice(lowered);
}

/// Linux 6.12 and later; those before take no notice.
fn shorten_slice(nice: i32) {
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: 0,
        sched_flags: libc::SCHED_FLAG_KEEP_POLICY as u64,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: SLICE.as_nanos() as u64,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: reads one structure, which is ours and says how long it is; 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

/// This process's group of threads: lowered by [`Self::lower`], raised again when dropped.
pub struct Group {
    nice: i32,
    begun: Instant,
    before: Option<i32>,
}

impl Group {
    /// As it is.
    pub fn new(nice: i32) -> Self {
        Self { nice, begun: Instant::now(), before: None }
    }

    /// Lowers it, once, as soon as it is worth it: the kernel allows few changes in a second. To be
    /// called again and again. Does nothing where there are no such groups.
    pub fn lower(&mut self) {
        const WORTH_IT: Duration = Duration::from_millis(200);
        if self.before.is_some() || self.nice == 0 || self.begun.elapsed() < WORTH_IT {
            return;
        }
        let Some(before) = group_nice() else {
            self.nice = 0;
            return;
        };
        if set_group_nice((before + self.nice).min(LOWEST)) {
            self.before = Some(before);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Somebody else's change may be in the way for a tenth of a second.
        const TRIES: usize = 30;
        let Some(before) = self.before else { return };
        for _ in 0..TRIES {
            if set_group_nice(before) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// From a line such as "/autogroup-2533 nice 0".
fn group_nice() -> Option<i32> {
    let known = fs::read_to_string(AUTOGROUP).ok()?;
    known.split_ascii_whitespace().last()?.parse().ok()
}

fn set_group_nice(nice: i32) -> bool {
    fs::write(AUTOGROUP, nice.to_string()).is_ok()
}
