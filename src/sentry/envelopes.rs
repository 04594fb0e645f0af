//! What is in the envelopes.

use crate::postgres::error_report::ErrorReport;
use crate::runs::outcome::{Outcome, RunTrace};
use crate::runs::phase::Phase;
use crate::runs::request::Request;
use crate::server_settings;
use sentry::protocol::{
    Breadcrumb, ClientSdkInfo, Context, Envelope, Event, Exception, Level, Map, MonitorCheckIn,
    MonitorCheckInStatus, MonitorConfig, MonitorSchedule, Span, SpanId, SpanStatus, TraceContext,
    TraceId, Transaction, Uuid, Value,
};
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// Sentry's word for the version.
const RELEASE: &str = concat!("irt_calibration@", env!("CARGO_PKG_VERSION"));

/// Minutes after the planned moment at which a run is missed: pg_cron starts within one.
const MARGIN_MINUTES: u64 = 10;

/// The columns of a run's row that are numbers about the whole, or words of our own.
const COUNTS: [&str; 21] = [
    "triggered_by",
    "publication",
    "new_responses_count",
    "responses_seen_count",
    "persons_count",
    "responses_count",
    "repeats_dropped",
    "items_calibrated",
    "items_skipped",
    "items_published",
    "em_iterations",
    "bootstrap_iterations",
    "log_likelihood",
    "scale",
    "population_mean",
    "population_sd",
    "link_slope",
    "link_intercept",
    "common_items",
    "drifted_items",
    "duration_seconds",
];

/// What is known of a run: the tags and contexts of all that Sentry gets, in its words a scope.
pub struct RunScope<'a> {
    trace: &'a RunTrace,
    pub(super) tags: Map<String, String>,
    failed: bool,
}

impl<'a> RunScope<'a> {
    /// Collects what may be reported.
    pub fn of(request: &Request, outcome: &Outcome, trace: &'a RunTrace) -> Self {
        let phase = trace.phases.last().map_or("starting", |(phase, _)| phase.as_str());
        let mut tags: Map<String, String> = Map::new();
        tags.insert("bank".to_owned(), request.bank.clone());
        tags.insert("phase".to_owned(), phase.to_owned());
        tags.insert("triggered_by".to_owned(), request.triggered_by.clone());
        if let Some(run_id) = trace.run_id {
            tags.insert("run_id".to_owned(), run_id.to_string());
        }
        if let Outcome::Failed(report) = outcome {
            tags.insert("sqlstate".to_owned(), report.sqlstate_str().to_owned());
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        Self { trace, tags, failed }
    }

    pub(super) fn contexts(&self) -> Map<String, Context> {
        let column = |name: &str| self.trace.row.as_ref().map(|run| run.column(name));
        let counts = COUNTS.iter().filter_map(|name| {
            let count = column(name).filter(|count| !count.is_null())?;
            Some(((*name).to_owned(), count.clone()))
        });
        let mut contexts = Map::new();
        contexts.insert("run".to_owned(), Context::Other(counts.collect()));
        if let Some(Value::Object(settings)) = column("settings") {
            let settings = settings.clone().into_iter().collect();
            contexts.insert("settings".to_owned(), Context::Other(settings));
        }
        contexts
    }
}

/// A failed run as an exception. Failures with the same code in the same phase are one issue.
pub fn failure(scope: &RunScope, report: &ErrorReport) -> Envelope {
    let code = report.sqlstate_str().to_owned();
    let mut contexts = scope.contexts();
    if let Some(hint) = report.hint.as_ref().filter(|_| quotes_no_data(&report.sqlstate)) {
        let hint = Map::from_iter([("hint".to_owned(), Value::from(hint.as_str()))]);
        contexts.insert("advice".to_owned(), Context::Other(hint));
    }
    let fingerprint = ["irt_calibration".to_owned(), code.clone(), scope.tags["phase"].clone()];
    let value = Some(exception_value(scope, report));
    Event {
        level: Level::Error,
        fingerprint: fingerprint.map(Cow::Owned).to_vec().into(),
        exception: vec![Exception { ty: code, value, ..Default::default() }].into(),
        contexts,
        ..event(scope)
    }
    .into()
}

/// What all events say: where, of which run, and what it went through.
pub(super) fn event(scope: &RunScope) -> Event<'static> {
    Event {
        breadcrumbs: breadcrumbs(scope.trace).into(),
        logger: Some("irt_calibration".to_owned()),
        release: Some(RELEASE.into()),
        environment: Some(server_settings::environment().into()),
        server_name: host_name().map(Cow::Owned),
        tags: scope.tags.clone(),
        sdk: Some(Cow::Owned(sdk())),
        ..Default::default()
    }
}

/// A run and its phases, as a trace.
pub fn transaction(scope: &RunScope) -> Envelope {
    let (trace_id, root) = (TraceId::default(), SpanId::default());
    let run = scope.trace;
    let ends = run.phases.iter().skip(1).map(|(_, at)| *at).chain([run.ended]);
    let spans = run.phases.iter().zip(ends).map(|((phase, start), end)| Span {
        trace_id,
        parent_span_id: Some(root),
        op: Some("irt_calibration.phase".to_owned()),
        description: Some(phase.as_str().to_owned()),
        start_timestamp: *start,
        timestamp: Some(end),
        ..Default::default()
    });
    let status = if scope.failed { SpanStatus::InternalError } else { SpanStatus::Ok };
    let trace = TraceContext {
        span_id: root,
        trace_id,
        op: Some("irt_calibration".to_owned()),
        status: Some(status),
        ..Default::default()
    };
    let mut contexts = scope.contexts();
    contexts.insert("trace".to_owned(), trace.into());
    Transaction {
        name: Some("irt_run_calibration".to_owned()),
        release: Some(RELEASE.into()),
        environment: Some(server_settings::environment().into()),
        server_name: host_name().map(Cow::Owned),
        tags: scope.tags.clone(),
        sdk: Some(Cow::Owned(sdk())),
        start_timestamp: run.began,
        timestamp: Some(run.ended),
        spans: spans.collect(),
        contexts,
        ..Default::default()
    }
    .into()
}

/// What a cron monitor waits for. With a schedule it also says when to expect the next.
pub fn check_in(
    id: Uuid,
    slug: &str,
    status: MonitorCheckInStatus,
    schedule: Option<&str>,
    duration: Option<f64>,
) -> Envelope {
    let schedule = schedule.and_then(|text| MonitorSchedule::from_crontab(text).ok());
    let minutes = |limit: Duration| limit.as_secs().div_ceil(60).max(1);
    let mut envelope = Envelope::new();
    envelope.add_item(MonitorCheckIn {
        check_in_id: id,
        monitor_slug: slug.to_owned(),
        status,
        environment: Some(server_settings::environment()),
        duration,
        monitor_config: schedule.map(|schedule| MonitorConfig {
            schedule,
            checkin_margin: Some(MARGIN_MINUTES),
            max_runtime: server_settings::timeout().map(minutes),
            timezone: Some(crate::schedule::timezone()),
            failure_issue_threshold: None,
            recovery_threshold: None,
        }),
    });
    envelope
}

/// Messages that quote data stay in the audit trail: what Postgres, a trigger, or we ourselves say
/// about a value. Others name objects, settings and counts.
fn quotes_no_data(sqlstate: &[u8; 5]) -> bool {
    const SAFE: [&[u8]; 9] = [b"IR", b"25", b"28", b"40", b"42", b"53", b"54", b"55", b"57"];
    SAFE.iter().any(|class| sqlstate.starts_with(class)) || sqlstate == b"22004"
}

fn exception_value(scope: &RunScope, report: &ErrorReport) -> String {
    if quotes_no_data(&report.sqlstate) {
        return report.message.clone();
    }
    let run = scope.tags.get("run_id").map(|id| format!(" of run {id}")).unwrap_or_default();
    format!(
        "SQLSTATE {}; error_message{run} in irt_calibration_runs says more",
        report.sqlstate_str()
    )
}

fn breadcrumbs(trace: &RunTrace) -> Vec<Breadcrumb> {
    let crumb = |(phase, at): &(Phase, SystemTime)| Breadcrumb {
        timestamp: *at,
        category: Some("phase".to_owned()),
        message: Some(phase.as_str().to_owned()),
        ..Default::default()
    };
    trace.phases.iter().map(crumb).collect()
}

fn sdk() -> ClientSdkInfo {
    ClientSdkInfo {
        name: "irt_calibration".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        integrations: Vec::new(),
        packages: Vec::new(),
    }
}

fn host_name() -> Option<String> {
    let mut name = [0u8; 256];
    // SAFETY: writes at most the buffer's length; the last byte stays zero.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let end = name.iter().position(|&byte| byte == 0)?;
    (failed == 0).then(|| String::from_utf8_lossy(&name[..end]).into_owned())
}
