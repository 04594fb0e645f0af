//! What is around the sections: head, style, navigation, script.

use crate::data::Report;
use crate::section::Section;
use crate::sections;
use crate::words::moments::minute;
use crate::words::names::{name, said};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/sort.js");
/// Nothing is loaded from anywhere, and no script runs but the page's own. (Its hash: a browser that
/// runs it is the test.)
const POLICY: &str = concat!(
    "default-src 'none'; style-src 'unsafe-inline'; script-src '",
    include_str!("assets/sort.sha256"),
    "'; base-uri 'none'; form-action 'none'"
);

/// The page: one HTML document with everything in it. It is in ASCII, whatever it says, so no
/// encoding of a database, a terminal or a mail can spoil it.
pub fn page(report: &Report, chosen: &[Section]) -> String {
    in_ascii(&document(report, chosen).into_string())
}

/// All other letters as character references.
fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len() + text.len() / 16);
    for letter in text.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            ascii.push_str(&format!("&#{};", u32::from(letter)));
        }
    }
    ascii
}

fn document(report: &Report, chosen: &[Section]) -> Markup {
    let headline = sections::headline(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (headline) " · bank " (said(&report.bank)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(report, chosen, &headline))
                main id="main" { @for section in chosen { (sections::render(*section, report, chosen)) } }
                footer { p { "irt_calibration " (report.version) ", " (minute(&report.made_at)) "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn header(report: &Report, chosen: &[Section], headline: &str) -> Markup {
    html! {
        a.skip href="#main" { "To the report" }
        header {
            h1 { (headline) }
            p { "Calibration of bank " strong { (name(&report.bank)) } }
        }
        @if chosen.len() > 1 {
            nav aria-label="Sections" {
                ul {
                    @for section in chosen {
                        li { a href={ "#" (section.name()) } { (section.heading()) } }
                    }
                }
            }
        }
    }
}
