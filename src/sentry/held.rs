//! A run that is held: a warning.

use super::envelopes::{RunScope, event};
use crate::parameters::checks::{Check, Outcome};
use crate::postgres::error_report::ErrorReport;
use crate::runs::outcome::Held;
use sentry::protocol::{Context, Envelope, Event, Level, Value};
use std::borrow::Cow;

/// A run that awaits a decision: its checks, and what to do. Those of one bank are one issue.
pub fn held(scope: &RunScope, held: &Held) -> Envelope {
    let mut contexts = scope.contexts();
    let asked = held.checks.iter().filter(|check| check.outcome != Outcome::NotApplicable);
    let checks = asked.map(|check| (check.name.to_owned(), in_numbers(check))).collect();
    contexts.insert("checks".to_owned(), Context::Other(checks));
    let ErrorReport { message, detail, hint, .. } = &held.report;
    let advice = [("detail", detail), ("hint", hint)]
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Value::from(text.as_deref()?))));
    contexts.insert("advice".to_owned(), Context::Other(advice.collect()));
    let fingerprint = ["irt_calibration", "held", &scope.tags["bank"]];
    Event {
        level: Level::Warning,
        fingerprint: fingerprint.map(|part| Cow::Owned(part.to_owned())).to_vec().into(),
        message: Some(message.clone()),
        contexts,
        ..event(scope)
    }
    .into()
}

/// A check's numbers. JSON knows no infinity.
fn in_numbers(check: &Check) -> Value {
    let threshold = |above: f64| match above.is_finite() {
        true => Value::from(above),
        false => Value::from("infinity"),
    };
    serde_json::json!({
        "value": check.value,
        "warn_above": threshold(check.warn_above),
        "hold_above": threshold(check.hold_above),
        "outcome": check.outcome.as_str(),
    })
}
