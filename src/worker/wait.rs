//! Waiting for a worker, as a backend waits: on its latch, open to interrupts, with an eye on
//! its client.

use super::channel::{CallerEnd, Received, decode};
use super::launch::Launched;
use super::message::Message;
use super::unbegun;
use crate::error::ExtensionError;
use crate::postgres::error_report::Level;
use crate::postgres::interrupts::take_cancel;
use crate::postgres::latch::{is_dying, is_interrupted, wait_for_client, wait_on_latch};
use crate::postgres::raising::tell;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often the client is looked after.
const LOOK_AT_CLIENT: Duration = Duration::from_millis(50);

/// How long an interrupted caller stays to let its worker end the run's row: the next run of
/// the same session finds the bank free then. Less than the 100 ms that a cancel may take.
const GRACE: Duration = Duration::from_millis(70);

/// Waits until the run's row is committed and returns its id; the worker goes on alone.
///
/// # Errors
/// Why the run did not start.
pub fn until_the_start(mut run: Launched) -> Result<i64, ExtensionError> {
    loop {
        match next(&mut run.end).map_err(|error| record_if_lost(&run, error))? {
            Message::Started(run_id) => {
                run.end.release();
                return Ok(run_id);
            }
            Message::Failed(report) => return Err(ExtensionError::Database(report)),
            Message::Row(_) => return Err(ExtensionError::WorkerLost),
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
}

/// Waits until the run has ended and returns its row as JSON.
///
/// # Errors
/// What the run failed with.
pub fn until_the_end(mut run: Launched) -> Result<String, ExtensionError> {
    let mut begun = false;
    loop {
        let message = next(&mut run.end);
        match message.map_err(|error| if begun { error } else { record_if_lost(&run, error) })? {
            Message::Started(_) => begun = true,
            Message::Row(row) => {
                run.end.release();
                return Ok(row);
            }
            Message::Failed(report) => {
                run.end.release();
                return Err(ExtensionError::Database(report));
            }
            Message::Notice(report) => tell(Level::Notice, &report),
            Message::Warning(report) => tell(Level::Warning, &report),
        }
    }
}

/// A worker that was lost before it said that its row is there has left none.
fn record_if_lost(run: &Launched, error: ExtensionError) -> ExtensionError {
    if error == ExtensionError::WorkerLost {
        unbegun::record_at_exit(&run.bank, run.triggered_by, &error);
    }
    error
}

/// The next message. Raises an ERROR when this backend is interrupted; that ends the worker too.
fn next(end: &mut CallerEnd) -> Result<Message, ExtensionError> {
    loop {
        match end.receive() {
            Received::Message(bytes) => return decode(&bytes),
            Received::Gone => return Err(ExtensionError::WorkerLost),
            Received::Nothing => {}
        }
        wait_on_latch(LOOK_AT_CLIENT);
        if is_interrupted() {
            end.interrupt();
            if let (Some(error), false) = (let_it_finish(end), is_dying()) {
                take_cancel();
                return Err(error);
            }
        }
        wait_for_client(Duration::ZERO).inspect_err(|_| end.interrupt())?;
    }
}

/// Reads on until the worker has ended or the grace is over. The error: the run had published.
fn let_it_finish(end: &mut CallerEnd) -> Option<ExtensionError> {
    let deadline = Instant::now() + GRACE;
    loop {
        match end.receive() {
            Received::Message(bytes) => match decode(&bytes) {
                Ok(Message::Row(row)) => return published(&row),
                Ok(Message::Failed(_)) | Err(_) => return None,
                Ok(_) => continue,
            },
            Received::Gone => return None,
            Received::Nothing => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        wait_on_latch(left.min(Duration::from_millis(10)));
    }
}

/// What a caller that is canceled must hear of a run that had published.
fn published(row: &str) -> Option<ExtensionError> {
    let row: Value = serde_json::from_str(row).ok()?;
    (row["status"] == "success").then_some(ExtensionError::CanceledTooLate {
        run_id: row["id"].as_i64()?,
        bank: row["bank"].as_str()?.to_owned(),
    })
}
