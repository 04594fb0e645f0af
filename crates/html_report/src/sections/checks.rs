//! What the run was asked before publication, and what it answered.

use super::tables::{shown_as, table, words};
use crate::data::Report;
use crate::words::checks::question;
use maud::{Markup, html};

/// The section.
pub fn body(report: &Report) -> Markup {
    if report.checks.is_empty() {
        return html! { p { "No checks are on record for this run." } };
    }
    let mut checks: Vec<_> = report.checks.iter().collect();
    // The loudest first; the others as they were asked.
    checks.sort_by_key(|check| {
        ["hold", "warn", "pass"].iter().position(|o| *o == check.outcome).unwrap_or(3)
    });
    let rows = checks.into_iter().map(|check| {
        let asked = question(&check.check_name);
        let (class, word) = outcome(&check.outcome);
        vec![
            words(html! { (asked.label) br; small { (asked.meaning) } }),
            words(html! { span class={ "badge " (class) } { (word) } }),
            shown_as(check.value, asked.shown(check.value)),
            shown_as(check.warn_above, asked.threshold(check.warn_above)),
            shown_as(check.hold_above, asked.threshold(check.hold_above)),
        ]
    });
    let headings = ["Check", "Outcome", "Value", "Warns above", "Holds above"];
    html! {
        p {
            "Each run is asked these before it is published. One answer above its hold threshold, and "
            "the run waits for somebody to decide."
        }
        (table("Checks of this run", &headings, rows))
    }
}

/// The colour and the word of an outcome.
fn outcome(code: &str) -> (&'static str, &'static str) {
    match code {
        "pass" => ("is-good", "✓ passes"),
        "warn" => ("is-review", "! warns"),
        "hold" => ("is-revise", "✗ holds"),
        _ => ("is-quiet", "does not apply"),
    }
}
