//! Computing on many threads inside a backend that stays open to interrupts.
//!
//! The work runs on a pool of its own; the backend's thread only waits, and
//! every few milliseconds does what Postgres expects of it. When it is cancelled
//! or terminated, the work is told to stop and waited for, and the ERROR goes on.
//! The pool's threads never touch Postgres and receive no signals.

mod pool;
mod progress;

pub use progress::{Progress, Unwatched, Watcher};

use crate::error::ExtensionError;
use crate::postgres::interrupts;
use crate::postgres::memory::{self, Reserve, allocator};
use crate::postgres::priority::Group;
use crate::server_settings;
use irt::Monitor;
use pgrx::prelude::*;
use pool::Pool;
use progress::State;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the backend's thread waits before it looks for interrupts again.
const POLL: Duration = Duration::from_millis(10);

/// The threads of one calibration: started when they are first needed, joined when this is dropped.
#[derive(Default)]
pub struct Threads(Option<Pool>);

impl Threads {
    /// Runs `work` on irt_calibration.max_threads threads and returns its value.
    ///
    /// # Errors
    /// What the watcher says; memory that was refused; threads that cannot be started; a panic in
    /// `work`. A cancel or a termination is raised by Postgres, after the work has stopped.
    pub fn run<R: Send>(
        &mut self,
        watcher: &mut dyn Watcher,
        work: impl FnOnce(&dyn Monitor) -> R + Send,
    ) -> Result<R, ExtensionError> {
        let _reserve = Reserve::take()?;
        let state = State::default();
        let (sender, receiver) = mpsc::channel();
        // Waiting takes memory of libc's, the first time.
        let _ = receiver.recv_timeout(Duration::from_micros(100));
        let pool = match &mut self.0 {
            Some(pool) => pool,
            none => none.insert(Pool::start()?),
        };
        let room = pool.take_room();
        let outcome = pool.threads().in_place_scope(|scope| {
            let state = &state;
            let running = Running { state, receiver, watcher };
            scope.spawn(move |_| {
                let result = catch_unwind(AssertUnwindSafe(|| {
                    if let Some(room) = room {
                        // Once round: what each thread needs of its own, it has then.
                        rayon::broadcast(|_| ());
                        room.close();
                    }
                    work(state)
                }));
                // Nobody listens any more once the backend's thread has been interrupted.
                let _ = sender.send(result);
            });
            wait(running, Group::new(server_settings::nice()))
        });
        interrupts::exit_if_postmaster_died();
        outcome
    }
}

type Outcome<R> = std::thread::Result<R>;

fn wait<R>(mut running: Running<'_, R>, mut group: Group) -> Result<R, ExtensionError> {
    let state = running.state;
    loop {
        match running.receiver.recv_timeout(POLL) {
            Ok(Ok(result)) => {
                if state.out_of_memory.load(Ordering::Relaxed) {
                    memory::check()?;
                }
                running.watcher.ended(state.progress());
                return Ok(result);
            }
            Ok(Err(panic)) => return Err(ExtensionError::Internal(panic_message(&*panic))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ExtensionError::Internal("the threads are gone".to_owned()));
            }
        }
        running.end_if_hopeless();
        group.lower();
        check_for_interrupts!();
        if interrupts::postmaster_is_dead() {
            return Err(ExtensionError::ServerGone);
        }
        if running.watcher.short_of_time_at().is_some_and(|time| Instant::now() >= time) {
            state.short_of_time.store(true, Ordering::Relaxed);
        }
        running.watcher.look(state.progress())?;
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the calculation panicked".to_owned())
}

/// The work: told to stop when this is dropped, also when an ERROR unwinds, and waited for.
struct Running<'a, R> {
    state: &'a State,
    receiver: Receiver<Outcome<R>>,
    watcher: &'a mut dyn Watcher,
}

impl<R> Running<'_, R> {
    fn end_if_hopeless(&mut self) {
        if allocator::is_hopeless() {
            if let Err(error) = memory::check() {
                self.watcher.hopeless(&error);
            }
            allocator::end();
        }
    }
}

impl<R> Drop for Running<'_, R> {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        while let Err(RecvTimeoutError::Timeout) = self.receiver.recv_timeout(POLL) {
            self.end_if_hopeless();
        }
    }
}
