//! Difficulty before against difficulty now, with the line on which they would agree.

use super::shared::{beside, key, picture};
use super::tables::{Cell, shown_as, table, with_error, words};
use crate::data::{Beside, Item, Report};
use crate::drawing::{Axis, Label, Mark, Plot, Shape};
use crate::words::names::{name, said};
use crate::words::numbers;
use maud::{Markup, html};

/// Movers that are numbered in the picture and named beside it.
const NAMED: usize = 10;
/// Curves less far apart than this have not moved: the condition of drift in docs/method.md.
const FAR: f64 = 0.05;

/// An item with parameters on both sides.
struct Common<'a> {
    item: &'a Item,
    before: f64,
    now: f64,
    distance: f64,
}

impl Common<'_> {
    fn has_drifted(&self) -> bool {
        self.item.flags().iter().any(|flag| flag == "drifted")
    }

    fn is_mover(&self) -> bool {
        self.distance >= FAR || self.has_drifted()
    }
}

/// The section.
pub fn body(report: &Report) -> Markup {
    let common = common(report);
    if common.is_empty() {
        return html! {
            p { "Nothing to compare: " (beside(report)) " and this run have no item in common." }
            (new_and_gone(report))
        };
    }
    let movers: Vec<&Common<'_>> = common.iter().filter(|c| c.is_mover()).take(NAMED).collect();
    let caption = html! {
        (key("good", "item")) (key("review", "moved far, or drifted")) (key("before", "no change"))
        @if not_applied(report).is_some() { (key("link", "the link of the two scales, not applied")) }
        br;
        (summary(&common, &beside(report)))
    };
    html! {
        (link_in_words(report))
        (picture(&drawn(report, &common, &movers), &caption, &all(&common)))
        (named(&movers, &common))
        (new_and_gone(report))
    }
}

/// Items with parameters on both sides, the furthest apart first.
fn common(report: &Report) -> Vec<Common<'_>> {
    let found = report.items.iter().filter_map(|item| {
        let before = item.parameters_before()?.difficulty;
        let now = item.parameters()?.difficulty;
        Some(Common { item, before, now, distance: item.distance()? })
    });
    let mut common: Vec<Common<'_>> = found.collect();
    common.sort_by(|one, other| {
        other.distance.total_cmp(&one.distance).then_with(|| one.item.item.cmp(&other.item.item))
    });
    common
}

/// Slope and intercept of a link that was computed, and not applied to the estimates.
fn not_applied(report: &Report) -> Option<(f64, f64)> {
    let run = report.run.as_ref()?;
    let is_own_scale = run.scale.as_deref() == Some("population");
    if !is_own_scale || matches!(report.beside, Beside::Run(_)) {
        return None;
    }
    run.link_slope.zip(run.link_intercept).filter(|(slope, _)| *slope > 0.0)
}

fn link_in_words(report: &Report) -> Markup {
    let Some(run) = &report.run else { return html! {} };
    let (Some(slope), Some(intercept)) = (run.link_slope, run.link_intercept) else {
        return html! {};
    };
    html! {
        p {
            @if run.scale.as_deref() == Some("linked") {
                "The run was put on the scale in force by "
            } @else {
                "The scale of the run and that in force are linked by "
            }
            i { "b" } " in force = (" (numbers::with_error(Some(slope), run.se_link_slope)) ") · "
            i { "b" } " of the run + (" (numbers::with_error(Some(intercept), run.se_link_intercept)) ")"
            @if let Some(count) = run.common_items { ", found from " (count) " common items" }
            "."
        }
    }
}

fn drawn(report: &Report, common: &[Common<'_>], movers: &[&Common<'_>]) -> Markup {
    let beside = beside(report);
    let mut plot = Plot::new(
        "changes-plot",
        &format!("Difficulty of {} items: {beside}, and this run", common.len()),
        &format!(
            "Points on the dashed line have not changed. {} items moved far or drifted{}",
            common.iter().filter(|c| c.is_mover()).count(),
            movers.first().map_or_else(
                || ".".to_owned(),
                |most| format!("; {} moved most.", said(&most.item.item))
            ),
        ),
        Axis::around("Difficulty before", common.iter().map(|c| c.before)),
        Axis::around("Difficulty in this run", common.iter().map(|c| c.now)),
    )
    .high(360.0);
    plot.straight("before", 1.0, 0.0);
    if let Some((slope, intercept)) = not_applied(report) {
        plot.straight("link", 1.0 / slope, -intercept / slope);
    }
    let marks: Vec<Mark> = common.iter().rev().map(mark).collect();
    plot.marks(&marks);
    let labels: Vec<Label> = movers
        .iter()
        .enumerate()
        .map(|(number, c)| Label { at: (c.before, c.now), text: (number + 1).to_string() })
        .collect();
    plot.labels(&labels);
    plot.render()
}

fn mark(common: &Common<'_>) -> Mark {
    let shape = if common.is_mover() { Shape::Diamond } else { Shape::Circle };
    let title = said(&common.item.item);
    Mark { at: (common.before, common.now), shape, radius: 3.2, title }
}

fn summary(common: &[Common<'_>], beside: &str) -> Markup {
    let changes: Vec<f64> = common.iter().map(|c| c.now - c.before).collect();
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    let largest = changes.iter().fold(0.0, |most: f64, change| most.max(change.abs()));
    html! {
        (common.len()) " items in common with " (beside) ": on average "
        (numbers::signed(mean, None)) ", at most " (numbers::fixed(largest, 2)) "."
    }
}

fn row(common: &Common<'_>) -> Vec<Cell> {
    let error = |estimate: Option<&crate::data::Estimate>| estimate.and_then(|e| e.se_difficulty);
    let now = common.item.now.as_ref().map(|now| &now.estimate);
    let change = common.now - common.before;
    vec![
        words(name(&common.item.item)),
        with_error(Some(common.before), error(common.item.before.as_ref())),
        with_error(Some(common.now), error(now)),
        shown_as(Some(change), numbers::signed(change, error(now))),
        shown_as(Some(common.distance), numbers::fixed(common.distance, 3)),
        words(if common.has_drifted() { "drifted" } else { "" }),
    ]
}

const HEADINGS: [&str; 6] =
    ["Item", "Difficulty before", "Difficulty now", "Change", "Distance of curves", "Remark"];

fn all(common: &[Common<'_>]) -> Markup {
    table("Difficulty before and now, the furthest apart first", &HEADINGS, common.iter().map(row))
}

fn named(movers: &[&Common<'_>], common: &[Common<'_>]) -> Markup {
    let count = common.iter().filter(|c| c.is_mover()).count();
    let rows = movers.iter().enumerate().map(|(number, c)| {
        let mut cells = row(c);
        cells.insert(0, shown_as(Some(number as f64), (number + 1).to_string()));
        cells
    });
    let headings: Vec<&str> = std::iter::once("No.").chain(HEADINGS).collect();
    html! {
        @if movers.is_empty() {
            p { "No item moved far." }
        } @else {
            h3 { "Movers" }
            p {
                "Items whose response curves are " (FAR) " or more apart, as a root mean square over the "
                "persons, or that are flagged as drifted"
                @if count > movers.len() { ": the first " (movers.len()) " of " (count) }
                ". The numbers are those in the picture."
            }
            (table("Items that moved most", &headings, rows))
        }
    }
}

fn new_and_gone(report: &Report) -> Markup {
    let new = report
        .items
        .iter()
        .filter(|item| item.parameters().is_some() && item.parameters_before().is_none());
    let gone = report
        .items
        .iter()
        .filter(|item| item.parameters().is_none() && item.parameters_before().is_some());
    html! {
        (some_named(new.collect(), "new: this run has parameters of them, the other side has none"))
        (some_named(gone.collect(), "without parameters of this run, though the other side has them"))
    }
}

fn some_named(items: Vec<&Item>, what: &str) -> Markup {
    html! {
        @if !items.is_empty() {
            p {
                (items.len()) " items are " (what) ": "
                @for (number, item) in items.iter().take(NAMED).enumerate() {
                    @if number > 0 { ", " }
                    (name(&item.item))
                }
                @if items.len() > NAMED { " …" } @else { "." }
            }
        }
    }
}
