//! Discrimination against difficulty.

use super::shared::{key, picture};
use super::tables::{table, with_error, words};
use crate::data::Report;
use crate::drawing::{Axis, Mark, Plot, Shape};
use crate::judgement::{self, Verdict};
use crate::words::names::{name, said};
use maud::{Markup, html};

/// The section.
pub fn body(report: &Report) -> Markup {
    let judged = judgement::worst_first(&report.items);
    let estimated: Vec<_> = judged
        .iter()
        .filter_map(|(item, said)| Some((*item, said.verdict, item.parameters()?)))
        .collect();
    if estimated.is_empty() {
        return html! { p { "This run has no estimates." } };
    }
    let count = |verdict| estimated.iter().filter(|(_, found, _)| *found == verdict).count();
    let description = format!(
        "{} items: {} good, {} to be reviewed, {} to be revised. An item further to the right is \
         harder, and one further up tells people apart more sharply.",
        estimated.len(),
        count(Verdict::Good),
        count(Verdict::Review),
        count(Verdict::Revise),
    );
    let discriminations = || estimated.iter().map(|(_, _, item)| item.discrimination);
    let mut plot = Plot::new(
        "parameters-plot",
        "Discrimination against difficulty",
        &description,
        Axis::around("Difficulty", estimated.iter().map(|(_, _, item)| item.difficulty)),
        Axis::around("Discrimination", discriminations().chain([0.0])),
    );
    // The worst are drawn last, above the others.
    let marks: Vec<Mark> = estimated
        .iter()
        .rev()
        .map(|(item, verdict, parameters)| Mark {
            at: (parameters.difficulty, parameters.discrimination),
            shape: shape(*verdict),
            radius: 3.2,
            title: said(&item.item),
        })
        .collect();
    plot.marks(&marks);
    let rows = estimated.iter().filter_map(|(item, verdict, _)| {
        let now = &item.now.as_ref()?.estimate;
        Some(vec![
            words(name(&item.item)),
            with_error(now.difficulty, now.se_difficulty),
            with_error(now.discrimination, now.se_discrimination),
            words(verdict.label()),
        ])
    });
    let numbers = table(
        "Parameters of all items",
        &["Item", "Difficulty", "Discrimination", "Verdict"],
        rows,
    );
    let caption = html! {
        (key("good", "good")) (key("review", "to be reviewed")) (key("revise", "to be revised"))
        br; (description)
    };
    picture(&plot.render(), &caption, &numbers)
}

/// The shape of a verdict.
fn shape(verdict: Verdict) -> Shape {
    match verdict {
        Verdict::Good | Verdict::NotEstimated => Shape::Circle,
        Verdict::Review => Shape::Diamond,
        Verdict::Revise => Shape::Triangle,
    }
}
