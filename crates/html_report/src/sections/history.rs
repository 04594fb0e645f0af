//! What was in force when, and who ran and decided.

use super::tables::{count, shown_as, table, words};
use crate::data::{Publication, Report, Run};
use crate::standing;
use crate::words::moments::{minute, minute_or_dash};
use crate::words::names::{name, told};
use maud::{Markup, html};

/// The section.
pub fn body(report: &Report) -> Markup {
    html! {
        @if report.publications.is_empty() {
            p { "Nothing was ever published in this bank." }
        } @else {
            (publications(report))
        }
        @if !report.runs.is_empty() { (runs(report)) }
    }
}

fn publications(report: &Report) -> Markup {
    let all = &report.publications;
    let in_force = standing::in_force(all).map(|publication| publication.id);
    let rows = all.iter().map(|publication| {
        vec![
            words(minute(&publication.published_at)),
            words(what(publication)),
            shown_as(
                publication.run_id.map(|run| run as f64),
                publication.run_id.map_or_else(|| "–".to_owned(), |run| run.to_string()),
            ),
            count(Some(publication.items_count)),
            words(publication.published_by.as_deref().map_or_else(|| html! { "–" }, name)),
            words(state(all, publication, in_force)),
            words(publication.note.as_deref().map_or_else(|| html! {}, told)),
        ]
    });
    let headings = ["When", "What", "Run", "Items", "By", "Now", "Note"];
    table("Publications, the newest first", &headings, rows)
}

fn what(publication: &Publication) -> &'static str {
    match (publication.undoes, publication.kind.as_str()) {
        (Some(_), _) => "rolled back",
        (None, "automatic") => "published by a run",
        (None, "approved") => "approved",
        (None, _) => "restored",
    }
}

fn state(all: &[Publication], publication: &Publication, in_force: Option<i64>) -> &'static str {
    if in_force == Some(publication.id) {
        "in force"
    } else if publication.undoes.is_none() && !standing::stands(all, publication) {
        "taken back"
    } else {
        ""
    }
}

fn runs(report: &Report) -> Markup {
    let rows = report.runs.iter().map(|run| {
        vec![
            shown_as(Some(run.id as f64), run.id.to_string()),
            words(minute_or_dash(run.started_at.as_deref())),
            words(outcome(run)),
            count(run.persons_count),
            count(run.responses_count),
            count(run.items_calibrated),
            words(run.run_by.as_deref().map_or_else(|| html! { "–" }, name)),
        ]
    });
    let headings = ["Run", "Began", "Outcome", "Persons", "Responses", "Items", "By"];
    table("Runs, the newest first", &headings, rows)
}

fn outcome(run: &Run) -> Markup {
    let word = match (run.status.as_str(), run.publication.as_deref()) {
        ("success", Some("published")) => "published",
        ("success", Some("held")) => "held",
        ("success", Some("rejected")) => "rejected",
        ("success", Some("not_requested")) => "rehearsal",
        ("success", _) => "success",
        ("failed", _) => "failed",
        ("skipped", _) => "skipped: too little was new",
        (_, _) => "running",
    };
    html! {
        (word)
        @if let Some(message) = &run.error_message { ": " (told(message)) }
    }
}
