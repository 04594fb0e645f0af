//! The page's sections, one module each. `shared` and `tables` are what they share.

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
mod shared;
mod tables;
mod verdict;

pub use verdict::headline;

use crate::data::Report;
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
