//! In force, held and why, and what to do about it; the items to look at first.

use super::shared::{beside, literal, statement};
use crate::data::{Check, Report, Run};
use crate::judgement::{self, Verdict};
use crate::standing::{self, Standing};
use crate::words::moments::{minute, minute_or_dash};
use crate::words::names::{name, told};
use crate::words::{checks, numbers};
use maud::{Markup, html};

/// So many items are named.
const NAMED: usize = 3;
/// Curves this far apart are named though nothing else is wrong: that of drift in docs/method.md.
const FAR: f64 = 0.05;

/// The verdict in a line.
pub fn headline(report: &Report) -> String {
    let Some(run) = &report.run else {
        return "Nothing has been calibrated yet".to_owned();
    };
    let id = run.id;
    match standing::of(report, run) {
        Standing::InForce(_) => format!("Run {id} is in force"),
        Standing::Superseded(_) => format!("Run {id} was in force; a newer one is"),
        Standing::TakenBack(_) => format!("Run {id} was in force and was taken back"),
        Standing::Held => format!("Run {id} is held: it is not in force"),
        Standing::Outdated => format!("Run {id} was held, and can be published no more"),
        Standing::Rejected => format!("Run {id} was rejected: it is not in force"),
        Standing::NotRequested => format!("Run {id} is a rehearsal: it is not in force"),
        Standing::Unknown => format!("Run {id} has no publication"),
        Standing::NoEstimates => match run.status.as_str() {
            "failed" => format!("Run {id} failed"),
            "skipped" => format!("Run {id} was skipped"),
            _ => format!("Run {id} has not ended"),
        },
    }
}

/// The section; `with_items`: the page has the table of items, too.
pub fn body(report: &Report, with_items: bool) -> Markup {
    let Some(run) = &report.run else {
        return html! {
            p { "No run of this bank has estimates. The first one comes with:" }
            (statement(&format!("SELECT irt_run_calibration(force => true, bank => {});", literal(&report.bank))))
        };
    };
    let standing = standing::of(report, run);
    let class = match standing {
        Standing::InForce(_) => "verdict is-in-force",
        Standing::Held => "verdict is-held",
        _ => "verdict",
    };
    html! {
        div class=(class) {
            (because(report, run, standing))
            (to_do(report, run, standing))
        }
        @if !matches!(standing, Standing::NoEstimates) { (look_first(report, with_items)) }
        (facts(report, run))
    }
}

/// Why it is so.
fn because(report: &Report, run: &Run, standing: Standing<'_>) -> Markup {
    match standing {
        Standing::InForce(publication) => html! {
            p {
                "Since " (minute(&publication.published_at)) ", for "
                (numbers::count(publication.items_count)) " items; "
                @match publication.kind.as_str() {
                    "automatic" => "no check held it, so it was published by itself.",
                    "approved" => { "approved by " (by(publication.published_by.as_deref())) "." }
                    _ => { "restored by " (by(publication.published_by.as_deref())) "." }
                }
                @if let Some(note) = &publication.note { " Note: " (told(note)) }
            }
            (loud(report, &["warn", "hold"], "Worth a look:"))
        },
        Standing::Held => html! {
            (why_held(report, run))
            (loud(report, &["warn"], "Worth a look beside that:"))
        },
        Standing::Outdated => html! {
            p { "Something else was published or rolled back since it was compared with what was in force." }
        },
        Standing::Superseded(publication) | Standing::TakenBack(publication) => html! {
            p { "It was published at " (minute(&publication.published_at)) "." }
        },
        Standing::NotRequested => html! {
            p { "It was asked not to publish." }
            (loud(report, &["warn", "hold"], "Its checks would have been loud:"))
        },
        Standing::NoEstimates => html! {
            @if let Some(message) = &run.error_message { p { (told(message)) } }
        },
        Standing::Rejected | Standing::Unknown => html! {},
    }
}

fn by(role: Option<&str>) -> Markup {
    role.map_or_else(|| html! { "nobody known" }, name)
}

fn why_held(report: &Report, run: &Run) -> Markup {
    let holding = report.checks.iter().any(|check| check.outcome == "hold");
    html! {
        @if let Some(reason) = run.setting("not_linked") {
            p { "Its estimates could not be put on the scale in force: " (told(reason)) "." }
        }
        @if holding {
            (loud(report, &["hold"], "It is held because"))
        } @else if run.setting("not_linked").is_none() {
            p {
                @if run.setting("publish") == Some("after_approval")
                    || report.publish.as_deref() == Some("after_approval") {
                    "No check holds it: this bank publishes nothing without approval."
                } @else {
                    "No check holds it; the WARNING of the run in the server's log says why."
                }
            }
        }
    }
}

/// The checks with such an outcome, each as a sentence.
fn loud(report: &Report, outcomes: &[&str], before: &str) -> Markup {
    let loud: Vec<&Check> =
        report.checks.iter().filter(|check| outcomes.contains(&check.outcome.as_str())).collect();
    html! {
        @if !loud.is_empty() {
            p { (before) }
            ul { @for check in loud { li { (sentence(check)) } } }
        }
    }
}

fn sentence(check: &Check) -> Markup {
    let asked = checks::question(&check.check_name);
    let (word, threshold) = match check.outcome.as_str() {
        "hold" => ("held", check.hold_above),
        _ => ("a warning", check.warn_above),
    };
    html! {
        strong { (asked.label) }
        @if !asked.is_yes_or_no() {
            " " (asked.shown(check.value)) ", " (word) " above " (asked.shown(threshold))
        }
        ": " (asked.meaning) "."
    }
}

/// The statements of those who decide.
fn to_do(report: &Report, run: &Run, standing: Standing<'_>) -> Markup {
    let id = run.id;
    let bank = literal(&report.bank);
    let again = format!("SELECT irt_run_calibration(force => true, bank => {bank});");
    match standing {
        Standing::Held if run.setting("not_linked").is_none() => html! {
            p { "To put it in force, or to turn it down:" }
            (statement(&format!(
                "SELECT irt_publish({id}, 'why it may be published');\n\
                 SELECT irt_reject({id}, 'why it may not');"
            )))
            p {
                "As long as nobody decides, the items keep what is in force. If something has to be corrected "
                "first, such as a key, reject the run, correct it, and calibrate again:"
            }
            (statement(&again))
        },
        Standing::InForce(_) => html! {
            p { "If it should not be in force, this puts back what was before:" }
            (statement(&format!("SELECT irt_rollback({bank}, 'why');")))
        },
        Standing::NotRequested | Standing::Superseded(_) | Standing::TakenBack(_) => html! {
            p { "To put it in force:" }
            (statement(&format!("SELECT irt_publish({id}, 'why');")))
        },
        Standing::Held => html! {
            p {
                "It cannot be published as it is. See what changed (keys, items, persons), correct that, and "
                "calibrate again:"
            }
            (statement(&again))
        },
        Standing::Outdated | Standing::NoEstimates => html! {
            p { "To calibrate again:" }
            (statement(&again))
        },
        Standing::Rejected | Standing::Unknown => html! {},
    }
}

/// The items that somebody should look at before anything else.
fn look_first(report: &Report, with_items: bool) -> Markup {
    let judged = judgement::worst_first(&report.items);
    let flagged = judged.iter().filter(|(_, said)| said.verdict >= Verdict::Review).count();
    let far = |item: &crate::data::Item| item.distance().unwrap_or(0.0);
    let mut chosen: Vec<_> =
        judged.iter().filter(|(_, said)| said.verdict >= Verdict::Review).collect();
    let mut moved: Vec<_> = judged
        .iter()
        .filter(|(item, said)| said.verdict < Verdict::Review && far(item) >= FAR)
        .collect();
    moved.sort_by(|one, other| far(other.0).total_cmp(&far(one.0)));
    chosen.extend(moved);
    html! {
        h3 { "Look at these first" }
        @if chosen.is_empty() {
            p { "No item stands out: none is flagged, and none has moved far." }
        } @else {
            ol.first {
                @for (item, said) in chosen.iter().take(NAMED) {
                    li {
                        strong { (name(&item.item)) } ":"
                        @if let Some(worst) = said.reasons.first() { " " (worst) }
                        @if let (Some(now), Some(before)) = (item.parameters(), item.parameters_before()) {
                            @if far(item) >= FAR {
                                " Its difficulty goes from " (numbers::fixed(before.difficulty, 2)) " to "
                                (numbers::fixed(now.difficulty, 2)) "."
                            }
                        }
                        @if said.verdict >= Verdict::Review { " " (said.advice) }
                    }
                }
            }
            p {
                @if flagged > NAMED { "They are the worst of " (flagged) " items to be looked at. " }
                @if with_items {
                    "All items, the worst first, are " a href="#items" { "in the table of items" } "."
                }
            }
        }
    }
}

fn facts(report: &Report, run: &Run) -> Markup {
    let facts: [(&str, String); 7] = [
        ("Ended", minute_or_dash(run.completed_at.as_deref())),
        ("Persons", numbers::count_or_dash(run.persons_count)),
        ("Responses", numbers::count_or_dash(run.responses_count)),
        ("Items estimated", numbers::count_or_dash(run.items_calibrated)),
        ("Items skipped", numbers::count_or_dash(run.items_skipped)),
        ("Scale", scale_in_words(run.scale.as_deref()).to_owned()),
        ("Compared with", beside(report)),
    ];
    html! {
        dl.facts {
            @for (term, value) in facts { div { dt { (term) } dd { (value) } } }
        }
    }
}

fn scale_in_words(scale: Option<&str>) -> &'static str {
    match scale {
        Some("linked") => "linked to the one in force",
        Some("anchored") => "held by anchors",
        Some("population") => "its own persons'",
        _ => "–",
    }
}
