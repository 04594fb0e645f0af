//! What Sentry gets to know of a run: its failure, its course, and that it took place.
//!
//! Called by the worker alone, after the caller has its answer, and never fatal:
//! a Sentry that is down, slow or refuses costs at most two seconds and a WARNING.
//! Without a DSN nothing is done at all. Nothing that is sent contains a person's
//! data, a response, or the DSN.

mod delivery;
mod envelopes;
mod held;

use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::raising::tell;
use crate::runs::outcome::{Outcome, RunTrace};
use crate::runs::request::Request;
use crate::{schedule, server_settings};
use delivery::Delivery;
use envelopes::RunScope;
use sentry::protocol::{Envelope, MonitorCheckInStatus, Uuid};
use sentry::types::Dsn;
use std::time::Instant;

/// The reporting of one run.
pub struct Reporting {
    dsn: Dsn,
    check_in: Option<CheckIn>,
}

/// The monitor that expects the run.
struct CheckIn {
    id: Uuid,
    slug: String,
    schedule: Option<String>,
    begun: Delivery,
}

impl Reporting {
    /// Tells the cron monitor that a scheduled run begins, without waiting. `None`: nothing is to be
    /// reported.
    pub fn begin(request: &Request) -> Option<Self> {
        let text = server_settings::sentry_dsn()?;
        let Ok(dsn) = text.parse::<Dsn>() else {
            warn("the DSN is malformed");
            return None;
        };
        let monitored = server_settings::sentry_monitor().filter(|_| request.is_from_cron());
        let check_in = monitored.map(|slug| {
            let id = Uuid::new_v4();
            let schedule = schedule::of_bank(&request.bank);
            let status = MonitorCheckInStatus::InProgress;
            let envelope = envelopes::check_in(id, &slug, status, schedule.as_deref(), None);
            CheckIn { id, slug, schedule, begun: Delivery::start(&dsn, vec![envelope]) }
        });
        Some(Self { dsn, check_in })
    }

    /// Tells how the run ended, and waits until that is delivered or the time is up.
    pub fn finish(self, request: &Request, outcome: &Outcome, trace: &RunTrace) {
        let deadline = Instant::now() + delivery::PATIENCE;
        let scope = RunScope::of(request, outcome, trace);
        let mut envelopes: Vec<Envelope> = Vec::new();
        if let (Outcome::Failed(report), true) =
            (outcome, trace.run_id.is_some() || request.is_from_cron())
        {
            envelopes.push(envelopes::failure(&scope, report));
        }
        if let Some(held) = &trace.held {
            envelopes.push(held::held(&scope, held));
        }
        if trace.run_id.is_some() && is_sampled(server_settings::traces_sample_rate()) {
            envelopes.push(envelopes::transaction(&scope));
        }
        let mut deliveries = Vec::new();
        if let Some(CheckIn { id, slug, schedule, begun }) = self.check_in {
            let status = match outcome {
                Outcome::Row(_) => MonitorCheckInStatus::Ok,
                Outcome::Failed(_) => MonitorCheckInStatus::Error,
            };
            let seconds = Some(trace.duration().as_secs_f64());
            envelopes.push(envelopes::check_in(id, &slug, status, schedule.as_deref(), seconds));
            deliveries.push(begun);
        }
        if !envelopes.is_empty() {
            deliveries.push(Delivery::start(&self.dsn, envelopes));
        }
        let failed = deliveries.into_iter().filter_map(|delivery| delivery.wait(deadline).err());
        // One WARNING a run says enough.
        if let Some(reason) = failed.last() {
            warn(&reason);
        }
    }
}

fn warn(reason: &str) {
    let report = ErrorReport::new(b"01000", format!("irt_calibration could not report to Sentry: {reason}"))
        .hint("The calibration is not affected. Check irt_calibration.sentry_dsn, or SENTRY_DSN in the server's environment.");
    tell(Level::Warning, &report);
}

/// Chooses a share of all runs.
fn is_sampled(rate: f64) -> bool {
    // The first 32 bits of such an identifier are random.
    let drawn = f64::from((Uuid::new_v4().as_u128() >> 96) as u32) / f64::from(u32::MAX);
    rate > 0.0 && drawn <= rate
}
