//! The line between the caller of a run and its worker.
//!
//! One segment of shared memory holds a header, the request (of any length) and
//! a queue for the worker's messages. Either end notices when the other is gone:
//! the caller because the queue says so, the worker because a caller that leaves
//! before it has its answer raises a flag and a SIGINT, whatever made it leave:
//! a cancel, a timeout, a lost client, a termination.

use crate::error::ExtensionError;
use pgrx::pg_sys::{self, Datum, dsm_segment, shm_mq_handle};
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// Room for messages that the caller has not read yet.
const QUEUE_BYTES: usize = 64 * 1024;

/// Postgres asks for MAXALIGN; a cache line is more.
const ALIGNMENT: usize = 64;

/// How long a worker waits for a caller that does not read.
const PATIENCE: Duration = Duration::from_secs(10);

/// What both ends share, at the beginning of the segment.
#[repr(C)]
struct Header {
    /// The worker's process while it may be interrupted on the caller's behalf, else 0.
    worker: AtomicI32,
    /// The caller left before it had its answer.
    abandoned: AtomicBool,
    /// The caller does not want the answer.
    released: AtomicBool,
    database: u32,
    role: u32,
    request_length: usize,
}

/// What the caller got from the queue.
pub enum Received {
    /// One message.
    Message(Vec<u8>),
    /// None yet.
    Nothing,
    /// The worker is gone.
    Gone,
}

/// The caller's end. The segment goes with the transaction, or the process.
pub struct CallerEnd {
    segment: *mut dsm_segment,
    queue: *mut shm_mq_handle,
}

/// The worker's end, for the life of its process.
pub struct WorkerEnd {
    segment: *mut dsm_segment,
    queue: *mut shm_mq_handle,
}

impl CallerEnd {
    /// Makes a segment with `request` in it, for a worker of this database and role.
    pub fn create(request: &[u8]) -> Self {
        let queue_at = queue_offset(request.len());
        // SAFETY: the segment is large enough for header, request and queue, each aligned; the
        // worker does not know it yet. It is released with the current resource owner.
        unsafe {
            let segment = pg_sys::dsm_create(queue_at + QUEUE_BYTES, 0);
            let start = pg_sys::dsm_segment_address(segment).cast::<u8>();
            start.cast::<Header>().write(Header {
                worker: AtomicI32::new(0),
                abandoned: AtomicBool::new(false),
                released: AtomicBool::new(false),
                database: pg_sys::MyDatabaseId.to_u32(),
                role: pg_sys::GetUserId().to_u32(),
                request_length: request.len(),
            });
            start
                .add(size_of::<Header>())
                .copy_from_nonoverlapping(request.as_ptr(), request.len());
            let queue = pg_sys::shm_mq_create(start.add(queue_at).cast(), QUEUE_BYTES);
            pg_sys::shm_mq_set_receiver(queue, pg_sys::MyProc);
            let queue = pg_sys::shm_mq_attach(queue, segment, std::ptr::null_mut());
            pg_sys::on_dsm_detach(segment, Some(caller_leaves), Datum::from(0));
            Self { segment, queue }
        }
    }

    /// What the worker is given to find the segment.
    pub fn handle(&self) -> u32 {
        // SAFETY: the segment is attached.
        unsafe { pg_sys::dsm_segment_handle(self.segment) }
    }

    /// Lets the queue notice a worker that ends before it attaches.
    pub(super) fn watch(&self, worker: *mut pg_sys::BackgroundWorkerHandle) {
        // SAFETY: both handles are valid in this process.
        unsafe { pg_sys::shm_mq_set_handle(self.queue, worker) }
    }

    /// The next message, without waiting for it.
    pub fn receive(&mut self) -> Received {
        let mut length: pg_sys::Size = 0;
        let mut data: *mut c_void = std::ptr::null_mut();
        // SAFETY: on success `data` points to `length` bytes, valid until the next receive.
        unsafe {
            match pg_sys::shm_mq_receive(self.queue, &mut length, &mut data, true) {
                pg_sys::shm_mq_result::SHM_MQ_SUCCESS => Received::Message(
                    std::slice::from_raw_parts(data.cast::<u8>(), length).to_vec(),
                ),
                pg_sys::shm_mq_result::SHM_MQ_WOULD_BLOCK => Received::Nothing,
                _ => Received::Gone,
            }
        }
    }

    /// Asks the worker to stop, as pg_cancel_backend does.
    pub fn interrupt(&self) {
        // SAFETY: the segment is attached.
        unsafe { abandon(self.segment) }
    }

    /// Leaves without interrupting the worker.
    pub fn release(self) {
        // SAFETY: the segment is attached; nothing of it is used afterwards.
        unsafe {
            header(self.segment).released.store(true, Ordering::SeqCst);
            pg_sys::dsm_detach(self.segment);
        }
    }
}

impl WorkerEnd {
    /// Attaches; `None` when the caller is gone already.
    pub fn open(handle: u32) -> Option<Self> {
        // SAFETY: the segment was laid out by `CallerEnd::create`. Pinned, the mapping lasts as
        // long as the process.
        unsafe {
            let segment = pg_sys::dsm_attach(handle);
            if segment.is_null() {
                return None;
            }
            pg_sys::dsm_pin_mapping(segment);
            let shared = header(segment);
            let start = pg_sys::dsm_segment_address(segment).cast::<u8>();
            let queue = start.add(queue_offset(shared.request_length)).cast();
            pg_sys::shm_mq_set_sender(queue, pg_sys::MyProc);
            let queue = pg_sys::shm_mq_attach(queue, segment, std::ptr::null_mut());
            pg_sys::on_dsm_detach(segment, Some(worker_leaves), Datum::from(0));
            shared.worker.store(pg_sys::MyProcPid, Ordering::SeqCst);
            let end = Self { segment, queue };
            (!end.is_abandoned()).then_some(end)
        }
    }

    /// Database and role of the caller.
    pub fn database_and_role(&self) -> (pg_sys::Oid, pg_sys::Oid) {
        let shared = self.header();
        (shared.database.into(), shared.role.into())
    }

    /// What the caller asked for.
    pub fn request(&self) -> &[u8] {
        // SAFETY: the request follows the header and is not changed by anybody.
        unsafe {
            let start = pg_sys::dsm_segment_address(self.segment).cast::<u8>();
            std::slice::from_raw_parts(start.add(size_of::<Header>()), self.header().request_length)
        }
    }

    /// True when the caller left before it had its answer.
    pub fn is_abandoned(&self) -> bool {
        self.header().abandoned.load(Ordering::SeqCst)
    }

    /// From now on the caller's leaving interrupts nothing.
    pub fn outlive_caller(&self) {
        self.header().worker.store(0, Ordering::SeqCst);
    }

    /// Sends one message; does nothing when nobody reads it. Heeds no interrupts: it is used
    /// after the end of a run as well.
    pub fn send(&self, message: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        while self.try_send(message) == pg_sys::shm_mq_result::SHM_MQ_WOULD_BLOCK
            && !self.is_abandoned()
            && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn try_send(&self, message: &[u8]) -> pg_sys::shm_mq_result::Type {
        // SAFETY: the queue is attached; a message that did not fit is offered again unchanged.
        unsafe {
            pg_sys::shm_mq_send(
                self.queue,
                message.len(),
                message.as_ptr().cast(),
                true,
                #[cfg(not(feature = "pg14"))]
                true,
            )
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: the segment is attached for the life of the process.
        unsafe { header(self.segment) }
    }
}

fn queue_offset(request: usize) -> usize {
    (size_of::<Header>() + request).next_multiple_of(ALIGNMENT)
}

/// # Safety
/// The segment is attached and was laid out by [`CallerEnd::create`].
unsafe fn header<'a>(segment: *mut dsm_segment) -> &'a Header {
    // SAFETY: promised by the caller; what changes in it is atomic.
    unsafe { &*pg_sys::dsm_segment_address(segment).cast::<Header>() }
}

/// # Safety
/// As [`header`].
unsafe fn abandon(segment: *mut dsm_segment) {
    // SAFETY: promised by the caller.
    let shared = unsafe { header(segment) };
    if shared.released.load(Ordering::SeqCst) {
        return;
    }
    shared.abandoned.store(true, Ordering::SeqCst);
    let worker = shared.worker.load(Ordering::SeqCst);
    if worker > 0 {
        // SAFETY: a worker clears its id before it ends, so this is still the worker.
        unsafe { libc::kill(worker, libc::SIGINT) };
    }
}

/// Called by Postgres when the caller lets go of the segment, for whatever reason.
unsafe extern "C-unwind" fn caller_leaves(segment: *mut dsm_segment, _argument: Datum) {
    // SAFETY: callbacks run before the segment is unmapped.
    unsafe { abandon(segment) }
}

/// Called by Postgres when the worker ends, for whatever reason.
unsafe extern "C-unwind" fn worker_leaves(segment: *mut dsm_segment, _argument: Datum) {
    // SAFETY: as above.
    unsafe { header(segment) }.worker.store(0, Ordering::SeqCst);
}

/// A message as bytes.
///
/// # Errors
/// Only if it cannot be represented, which no message of ours is.
pub fn encode<T: serde::Serialize>(message: &T) -> Result<Vec<u8>, ExtensionError> {
    serde_json::to_vec(message).map_err(|error| ExtensionError::Internal(error.to_string()))
}

/// A message from bytes.
///
/// # Errors
/// When the two ends are of different versions.
pub fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ExtensionError> {
    serde_json::from_slice(bytes).map_err(|error| ExtensionError::Internal(error.to_string()))
}
