//! What sections share: pictures with captions, legends, statements.

use crate::data::{Beside, Report};
use maud::{Markup, html};

/// What the run is compared with, as a noun.
pub fn beside(report: &Report) -> String {
    match &report.beside {
        Beside::InForce => "what is in force".to_owned(),
        Beside::Before => "what was in force before".to_owned(),
        Beside::Run(run) => format!("run {}", run.id),
    }
}

/// A picture, what it says, and its numbers behind it.
pub fn picture(drawn: &Markup, caption: &Markup, numbers: &Markup) -> Markup {
    html! {
        figure {
            (drawn)
            figcaption { (caption) }
            details { summary { "The numbers of this picture" } (numbers) }
        }
    }
}

/// An entry of a legend: a line or a shape as the picture has it, and its meaning.
pub fn key(class: &str, meaning: &str) -> Markup {
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
pub fn statement(sql: &str) -> Markup {
    html! { pre { code { (sql) } } }
}

/// Text as a literal of SQL.
pub fn literal(text: &str) -> String {
    if text.contains('\\') {
        return format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    }
    format!("'{}'", text.replace('\'', "''"))
}
