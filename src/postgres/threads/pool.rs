//! Threads that wait for work, and are joined when they are no longer needed.

use crate::error::ExtensionError;
use crate::postgres::memory::threads::Room;
use crate::postgres::priority::lower_this_thread;
use crate::postgres::signals::SignalsBlocked;
use crate::server_settings;
use rayon::{ThreadBuilder, ThreadPool, ThreadPoolBuilder};
use std::error::Error;
use std::io;
use std::thread::JoinHandle;

/// Bytes of a thread's stack: what Rust gives by default.
const STACK: usize = 2 << 20;

/// irt_calibration.max_threads threads. Dropped, they are joined: rayon alone would leave them.
pub(super) struct Pool {
    /// Dropped first, which tells the threads to end.
    threads: ThreadPool,
    /// Dropped next, which joins them.
    _handles: Handles,
    room: Option<Room>,
}

impl Pool {
    /// Starts them.
    ///
    /// # Errors
    /// [`ExtensionError::NoThreads`], [`irt::IrtError::OutOfMemory`].
    pub fn start() -> Result<Self, ExtensionError> {
        let (count, nice) = (server_settings::max_threads(), server_settings::nice());
        let room = Some(Room::make(count)?);
        let mut handles = Handles(Vec::with_capacity(count));
        let blocked = SignalsBlocked::begin();
        let built = ThreadPoolBuilder::new()
            .num_threads(count)
            .stack_size(STACK)
            .thread_name(|i| format!("irt-{i}"))
            .spawn_handler(|thread| handles.start(thread, nice))
            .build();
        drop(blocked);
        match built {
            Ok(threads) => Ok(Self { threads, _handles: handles, room }),
            // Those that did start have been told to end, and are joined.
            Err(error) => Err(not_started(count, &error)),
        }
    }

    /// The threads.
    pub fn threads(&self) -> &ThreadPool {
        &self.threads
    }

    /// The room that was made for the threads' first steps: for the first work, which closes it.
    pub fn take_room(&mut self) -> Option<Room> {
        self.room.take()
    }
}

/// Threads that were started. Joined when this is dropped.
struct Handles(Vec<JoinHandle<()>>);

impl Handles {
    fn start(&mut self, thread: ThreadBuilder, nice: i32) -> io::Result<()> {
        let mut builder = std::thread::Builder::new();
        if let Some(name) = thread.name() {
            builder = builder.name(name.to_owned());
        }
        if let Some(bytes) = thread.stack_size() {
            builder = builder.stack_size(bytes);
        }
        self.0.push(builder.spawn(move || {
            lower_this_thread(nice);
            thread.run();
        })?);
        Ok(())
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        for handle in self.0.drain(..) {
            // What panics in them is caught before.
            let _ = handle.join();
        }
    }
}

/// Where the system has no room for another thread, it says "try again".
fn not_started(threads: usize, error: &rayon::ThreadPoolBuildError) -> ExtensionError {
    let cause = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    let why = error.to_string();
    match cause.and_then(std::io::Error::raw_os_error) {
        Some(libc::EAGAIN | libc::ENOMEM) => ExtensionError::NoThreads { threads, why },
        _ => ExtensionError::Internal(format!("threads could not be started: {why}")),
    }
}
