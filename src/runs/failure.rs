//! When a run does not succeed: why, who is in the way, and whether that may pass.

use super::ending;
use super::lock_wait::{self, Place};
use super::outcome::Caller;
use super::phase::Phase;
use super::request::Request;
use crate::bank::RowShape;
use crate::error::{ExtensionError, format_duration};
use crate::postgres::cancels::{self, LockTag};
use crate::postgres::error_report::ErrorReport;
use crate::postgres::interrupts::{self, TimeLimit};
use crate::postgres::transactions::{Isolation, transaction};
use std::time::Duration;

/// Why a run did not even get its row. Called by cron, a row says so too: nothing is silent.
pub fn refused(request: &Request, error: ExtensionError) -> ErrorReport {
    let report = match name_lock_holders(error.clone(), None, request) {
        Ok(named) => ErrorReport::from(&named),
        Err(_) => ErrorReport::from(&error),
    };
    if request.is_from_cron() && matches!(error, ExtensionError::AlreadyRunning { .. }) {
        ending::record_refusal(request, &report);
    }
    report
}

/// What is known where a run failed.
pub struct Circumstances<'a> {
    /// Its time limit.
    pub limit: &'a TimeLimit,
    /// Whoever waits for it.
    pub caller: &'a dyn Caller,
    /// What was asked for.
    pub request: &'a Request,
    /// What it was busy with.
    pub phase: Phase,
    /// What a row is of the responses that it reads.
    pub shape: RowShape,
    /// The relation that it was at work on, where it locks rows.
    pub place: Option<&'a Place>,
    /// What was in the way of the last attempt to publish.
    pub obstacle: Option<&'a ExtensionError>,
}

/// The error as the row and the caller get it. A cancel says what it came from, and a lock that
/// was not to be had who has it.
pub fn explain(error: &ExtensionError, at: &Circumstances) -> ErrorReport {
    match &error.sqlstate() {
        b"57014" => why_canceled(error, at),
        b"55P03" => match name_lock_holders(error.clone(), at.place, at.request) {
            Ok(named) => ErrorReport::from(&named),
            Err(_) => ErrorReport::from(error),
        },
        // Whoever has the rows cannot group them, as where a foreign table's columns are of another
        // type on the other server. What it advises is about a statement that is not the user's.
        b"42883" | b"42804" | b"42846"
            if at.phase == Phase::Loading && at.shape == RowShape::Person =>
        {
            ErrorReport::from(error).hint(
                "Declare the foreign table's columns with the types that they have on the other \
                 server, or read responses one by one: reading => 'rows' in irt_configure.",
            )
        }
        _ => ErrorReport::from(error),
    }
}

fn why_canceled(error: &ExtensionError, at: &Circumstances) -> ErrorReport {
    if interrupts::is_terminated() {
        return ErrorReport::new(b"57P01", "the calibration was terminated by an administrator")
            .hint("The items are as they were. Run it again.");
    }
    if let Some(limit) = at.limit.passed() {
        return out_of_time(error, limit, at);
    }
    let why = if at.caller.is_gone() {
        "the calibration was canceled: its caller was canceled, timed out or disconnected"
    } else {
        "the calibration was canceled on request"
    };
    let report = ErrorReport::new(b"57014", why).hint("The items are as they were. Run it again.");
    match error {
        ExtensionError::NoStandby => with_standby(report),
        _ => report,
    }
}

/// A lock or a standby that was waited for is not to be had by a longer timeout.
fn out_of_time(error: &ExtensionError, limit: Duration, at: &Circumstances) -> ErrorReport {
    let limit = format!("irt_calibration.timeout, {}", format_duration(limit));
    let in_the_way = match cancels::waited_for() {
        Some(tag) => named(tag, at.place, &limit, at.request).ok(),
        None => at.obstacle.cloned(),
    };
    let report = ErrorReport::new(b"57014", format!("the calibration was stopped after {limit}"));
    match (error, in_the_way) {
        (ExtensionError::NoStandby, _) => with_standby(report),
        (_, Some(ExtensionError::LockNotAvailable { on, holders, own, hint, .. })) => {
            ErrorReport::from(&ExtensionError::LockNotAvailable { on, limit, holders, own, hint })
        }
        (_, Some(other)) => report
            .detail(format!("The last attempt to publish failed: {other}."))
            .hint(if is_lost_connection(&other) {
                "Publishing needs another server that cannot be reached. Run it when it can."
            } else {
                "Others change the items all the time. Run it when they do not."
            }),
        (_, None) if matches!(at.phase, Phase::Fitting | Phase::StandardErrors) => {
            report.hint("Raise irt_calibration.timeout, or lower bootstrap_iterations.")
        }
        (_, None) => report
            .detail(format!("It was {}.", at.phase.as_str()))
            .hint("Raise irt_calibration.timeout, or find out why this takes so long."),
    }
}

fn with_standby(report: ErrorReport) -> ErrorReport {
    let standby = ErrorReport::from(&ExtensionError::NoStandby);
    let report = report.detail(format!("It was waiting: {}.", standby.message));
    match standby.hint {
        Some(hint) => report.hint(hint),
        None => report,
    }
}

/// An error of Postgres' about a lock, with those who have it; every other error as it is.
///
/// # Errors
/// A cancel that comes meanwhile, and whatever keeps pg_locks from being read.
pub fn name_lock_holders(
    error: ExtensionError,
    place: Option<&Place>,
    request: &Request,
) -> Result<ExtensionError, ExtensionError> {
    match (&error, &error.sqlstate(), cancels::waited_for()) {
        (ExtensionError::Database(_), b"55P03", Some(tag)) => {
            let limit =
                crate::server_settings::lock_timeout().map(format_duration).unwrap_or_default();
            named(tag, place, &format!("irt_calibration.lock_timeout, {limit}"), request)
        }
        _ => Ok(error),
    }
}

fn named(
    tag: LockTag,
    place: Option<&Place>,
    limit: &str,
    request: &Request,
) -> Result<ExtensionError, ExtensionError> {
    transaction(Isolation::ReadCommitted, || lock_wait::explain(tag, place, limit, request))
}

/// That a run is published here, and perhaps not where it should be as well.
pub fn not_replicated(run_id: i64, limit: &TimeLimit) -> ErrorReport {
    let why = match limit.passed() {
        Some(limit) => format!("irt_calibration.timeout, {},", format_duration(limit)),
        None => "a cancel".to_owned(),
    };
    ErrorReport::new(
        b"01000",
        format!("run {run_id} is committed, but may not have reached a synchronous standby"),
    )
    .detail(format!("The wait for it was ended by {why} and what is committed stands."))
    .hint("pg_stat_replication shows the standbys that synchronous_standby_names asks for.")
}

/// True for what others' work caused and may be over soon: a lock not to be had, a deadlock, a
/// serialization failure, a lost connection to another server that publishing needs. A lock that the
/// waiting caller itself holds will not pass: it waits for us.
pub fn is_transient(error: &ExtensionError) -> bool {
    match error {
        ExtensionError::LockNotAvailable { own, .. } => !own,
        ExtensionError::Database(report) => {
            matches!(&report.sqlstate, b"55P03" | b"40P01" | b"40001") || is_lost_connection(error)
        }
        _ => false,
    }
}

/// True for an error of Postgres' of a connection to another server that was lost or cannot be made
/// (08000, 08001, 08006), or what that server said when it ended it (57P01, 57P02) or was not ready
/// (57P03). Of this server, these three end the process.
pub fn is_lost_connection(error: &ExtensionError) -> bool {
    let ExtensionError::Database(report) = error else { return false };
    matches!(&report.sqlstate, b"08000" | b"08001" | b"08006" | b"57P01" | b"57P02" | b"57P03")
}
