//! The allocator with a reserve, where the system really refuses memory.
//!
//! This program has it too. What ends a process is tried in a child of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::alloc::Layout;
use std::process::Command;
use std::sync::Barrier;

#[path = "../src/postgres/memory"]
mod memory {
    #![allow(dead_code, reason = "what the extension needs of it and this test does not")]
    pub mod allocator;
    pub mod arena;
    pub mod limits;

    pub fn map(bytes: usize) -> *mut u8 {
        limits::map(bytes)
    }

    pub fn open_reserve() -> bool {
        allocator::open_at_hand();
        allocator::open_reserve()
    }

    pub fn close_reserve() {
        allocator::close_reserve();
    }
}

/// Takes the place of the extension's, which ends a process of Postgres'.
mod postgres {
    pub mod raising {
        use std::ffi::CStr;

        pub fn end_process(sqlstate: &[u8; 5], _message: &CStr, _detail: &CStr) -> ! {
            std::process::exit(if sqlstate == b"53200" { crate::ENDED } else { 1 })
        }
    }
}

/// Exit status of a process whose reserve is used up.
const ENDED: i32 = 42;

#[test]
fn blocks_do_not_overlap_and_come_back() {
    let arena = memory::arena::Arena::closed(1 << 16);
    assert!(arena.allocate(Layout::new::<u64>()).is_null(), "it is closed");
    let memory = memory::map(1 << 16);
    // SAFETY: a mapping of that size, which nobody else uses.
    unsafe { arena.open(memory) };
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let arena = &arena;
            scope.spawn(move || (0..2000).for_each(|i| use_blocks(arena, thread, i)));
        }
    });
    let whole = Layout::from_size_align(1 << 16, 4096).unwrap();
    let all = arena.allocate(whole);
    assert!(!all.is_null(), "something is missing");
    assert!(arena.owns(all) && !arena.owns(memory.wrapping_add(1 << 16)));
    assert!(arena.allocate(Layout::new::<u8>()).is_null(), "it is full");
    assert_eq!(arena.close(), None, "it is in use");
    arena.free(all, whole);
    assert_eq!(arena.close(), Some(memory));
}

/// Takes three blocks, writes to all of them, finds what it wrote, and gives them back.
fn use_blocks(arena: &memory::arena::Arena, thread: u8, i: usize) {
    let layouts = [(1, 1), (24 + i % 100, 8), (64, 64)];
    let layouts = layouts.map(|(size, align)| Layout::from_size_align(size, align).unwrap());
    let blocks = layouts.map(|layout| (arena.allocate(layout), layout));
    // While others hold some, there may be none left.
    let blocks = || blocks.into_iter().filter(|(block, _)| !block.is_null());
    for (block, layout) in blocks() {
        assert_eq!(block.addr() % layout.align(), 0);
        // SAFETY: a block of that size which the arena has just given.
        unsafe { block.write_bytes(thread, layout.size()) };
    }
    for (block, layout) in blocks() {
        // SAFETY: as above.
        let written = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        assert!(written.iter().all(|byte| *byte == thread));
        arena.free(block, layout);
    }
}

#[test]
fn what_is_refused_comes_from_the_reserve_and_is_noted() {
    in_a_child("what_is_refused_comes_from_the_reserve_and_is_noted", 0, || {
        assert!(memory::open_reserve());
        let mut all: Vec<Vec<Box<[u8; 1000]>>> =
            (0..4).map(|_| Vec::with_capacity(1 << 20)).collect();
        let barrier = Barrier::new(all.len());
        std::thread::scope(|scope| {
            for boxes in &mut all {
                scope.spawn(|| {
                    if barrier.wait().is_leader() {
                        end_of_memory();
                    }
                    barrier.wait();
                    while memory::allocator::refused().is_none() {
                        boxes.push(Box::new([7; 1000]));
                    }
                    (0..1000).for_each(|_| boxes.push(Box::new([8; 1000])));
                    let mut text = String::new();
                    (0..1000).for_each(|i| text.push_str(&format!("{i} ")));
                    assert!(text.ends_with("998 999 "));
                });
            }
        });
        assert_eq!(memory::allocator::refused(), Some(1000));
        assert!(all.iter().flatten().all(|block| block.iter().all(|x| [7, 8].contains(x))));
        drop(all);
        memory::close_reserve();
        assert!(memory::open_reserve(), "it was given back, and can be had again");
    });
}

#[test]
fn who_copes_with_a_refusal_gets_it() {
    in_a_child("who_copes_with_a_refusal_gets_it", 0, || {
        assert!(memory::open_reserve());
        end_of_memory();
        let refused = irt::memory::reserve_exact(&mut Vec::<u8>::new(), 4 << 20, "a test");
        assert!(refused.is_err());
        assert_eq!(memory::allocator::refused(), None, "nobody else need know");
        // The same, but nobody expects a refusal.
        assert_eq!(vec![7_u8; 4 << 20].iter().filter(|x| **x == 7).count(), 4 << 20);
        assert_eq!(memory::allocator::refused(), Some(4 << 20));
    });
}

#[test]
fn a_process_whose_reserve_is_used_up_ends_in_peace() {
    in_a_child("a_process_whose_reserve_is_used_up_ends_in_peace", ENDED, || {
        assert!(memory::open_reserve());
        end_of_memory();
        let mut boxes = Vec::with_capacity(16);
        loop {
            boxes.push(Box::new([7_u8; 1 << 20]));
        }
    });
}

#[test]
fn a_thread_without_memory_waits_and_is_noticed() {
    in_a_child("a_thread_without_memory_waits_and_is_noticed", 0, || {
        assert!(memory::open_reserve());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            end_of_memory();
            tell.send(vec![7_u8; 64 << 20].len())
        });
        while !memory::allocator::is_hopeless() {
            assert!(told.try_recv().is_err());
            std::thread::yield_now();
        }
        limit_memory(libc::RLIM_INFINITY);
        assert_eq!(told.recv(), Ok(64 << 20), "others have given memory back");
    });
}

/// Runs `body` in the only thread of a process of its own.
fn in_a_child(test: &str, status: i32, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        in_a_fork(body);
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    let output = child.output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The thread of a test is not the process's first; that of a fork is.
fn in_a_fork(body: impl FnOnce()) -> ! {
    // SAFETY: this process tries one test and does nothing else.
    let fork = unsafe { libc::fork() };
    if fork == 0 {
        body();
        std::process::exit(0);
    }
    let mut status = 0;
    // SAFETY: waits for our child, and writes to a number of ours.
    unsafe { libc::waitpid(fork, &mut status, 0) };
    std::process::exit(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 1 })
}

const CHILD: &str = "IRT_TEST_CHILD";

/// From now on the system has nothing for this process but what it has.
fn end_of_memory() {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').next().unwrap().parse().unwrap();
    limit_memory(pages * 4096);
}

fn limit_memory(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: reads one structure, which is ours.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
}
