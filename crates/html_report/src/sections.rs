//! The page's sections, one module each, and what they share.

mod changes;
mod checks;
mod groups;
mod history;
mod information;
mod items;
mod pairs;
mod parameters;
mod persons_items;
mod scores;
mod tables;
mod verdict;

pub use verdict::headline;

use crate::data::{Beside, Report};
use crate::section::Section;
use maud::{Markup, html};

/// A section, with its heading; `chosen` are all that are on the page.
pub fn render(section: Section, report: &Report, chosen: &[Section]) -> Markup {
    let body = match section {
        Section::Verdict => verdict::body(report, chosen.contains(&Section::Items)),
        Section::Checks => checks::body(report),
        Section::Changes => changes::body(report),
        Section::Scores => scores::body(report),
        Section::Parameters => parameters::body(report),
        Section::PersonsItems => persons_items::body(report),
        Section::Information => information::body(report),
        Section::Groups => groups::body(report),
        Section::Items => items::body(report),
        Section::Pairs => pairs::body(report),
        Section::History => history::body(report),
    };
    let (id, heading) = (section.name(), format!("{}-heading", section.name()));
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (section.heading()) }
            (body)
        }
    }
}

/// What the run is compared with, as a noun.
fn beside(report: &Report) -> String {
    match &report.beside {
        Beside::InForce => "what is in force".to_owned(),
        Beside::Before => "what was in force before".to_owned(),
        Beside::Run(run) => format!("run {}", run.id),
    }
}

/// A picture, what it says, and its numbers behind it.
fn picture(drawn: &Markup, caption: &Markup, numbers: &Markup) -> Markup {
    html! {
        figure {
            (drawn)
            figcaption { (caption) }
            details { summary { "The numbers of this picture" } (numbers) }
        }
    }
}

/// An entry of a legend: a line or a shape as the picture has it, and its meaning.
fn key(class: &str, meaning: &str) -> Markup {
    html! {
        span.key {
            svg.swatch viewBox="0 0 24 12" aria-hidden="true" focusable="false" {
                @match class {
                    "good" | "observed" => { circle class=(class) cx="12" cy="6" r="4" {} }
                    "review" => { polygon.review points="12,0.5 17.5,6 12,11.5 6.5,6" {} }
                    "revise" => { polygon.revise points="12,0.5 18,11 6,11" {} }
                    "bar" | "band" => { rect class=(class) x="2" y="1" width="20" height="10" {} }
                    _ => { path class=(class) d="M0 6L24 6" {} }
                }
            }
            " " (meaning)
        }
        " "
    }
}

/// A statement that somebody may want to execute.
fn statement(sql: &str) -> Markup {
    html! { pre { code { (sql) } } }
}

/// Text as a literal of SQL.
fn literal(text: &str) -> String {
    if text.contains('\\') {
        return format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    }
    format!("'{}'", text.replace('\'', "''"))
}
