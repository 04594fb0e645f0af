//! All items, the worst first, with the reason in words; curves of the worst.

use super::shared::{beside, key};
use super::tables::{Cell, compact, count, number, percent, table, with_error, words};
use crate::data::{Item, ItemFit, Report, Run};
use crate::drawing::{ItemCurve, Observed, item_curve};
use crate::judgement::{self, Judgement, Verdict};
use crate::words::names::{name, said};
use crate::words::{flags, numbers};
use irt::statistics::flag_meaning;
use maud::{Markup, html};

/// Curves that are drawn.
const DRAWN: usize = 60;
/// Rows of the table; what is beyond is said.
const LISTED: usize = 10_000;

/// The section.
pub fn body(report: &Report) -> Markup {
    let judged = judgement::worst_first(&report.items);
    if judged.is_empty() {
        return html! { p { "There are no items." } };
    }
    let has_fit = judged.iter().any(|(item, _)| item.fit.is_some());
    html! {
        (summary(&judged))
        @if !has_fit { p { "Whether the items fit the model was not tested in this run." } }
        (all(&judged, has_fit))
        @if judged.len() > LISTED {
            p { "The other " (judged.len() - LISTED) " items are in irt_item_parameters." }
        }
        (meanings(report))
        (curves(report, &judged))
    }
}

fn summary(judged: &[(&Item, Judgement)]) -> Markup {
    let count = |verdict| judged.iter().filter(|(_, said)| said.verdict == verdict).count();
    html! {
        p {
            (judged.len()) " items: " (count(Verdict::Revise)) " to be revised, " (count(Verdict::Review))
            " to be reviewed, " (count(Verdict::Good)) " good, " (count(Verdict::NotEstimated))
            " not estimated."
        }
    }
}

fn all(judged: &[(&Item, Judgement)], has_fit: bool) -> Markup {
    let mut headings = vec![
        "Item",
        "Verdict",
        "Why",
        "Difficulty",
        "Discrimination",
        "Responses",
        "Correct",
        "Correlation with the rest",
    ];
    if has_fit {
        headings.extend(["RMSD", "Infit", "Outfit"]);
    }
    let rows = judged.iter().take(LISTED).map(|(item, said)| row(item, said, has_fit));
    table("All items, the worst first", &headings, rows)
}

fn row(item: &Item, said: &Judgement, has_fit: bool) -> Vec<Cell> {
    let now = item.now.clone().unwrap_or_default();
    let estimate = &now.estimate;
    let (class, sign) = sign(said.verdict);
    let mut cells = vec![
        words(name(&item.item)),
        words(html! { span class={ "badge " (class) } { (sign) (said.verdict.label()) } }),
        words(why(item, said)),
        with_error(estimate.difficulty, estimate.se_difficulty),
        with_error(estimate.discrimination, estimate.se_discrimination),
        count(now.responses_count),
        percent(now.proportion_correct),
        number(now.point_biserial, None),
    ];
    if has_fit {
        let fit = item.fit.clone().unwrap_or_default();
        cells.extend([
            number(fit.rmsd, Some(0.01)),
            number(fit.infit, None),
            number(fit.outfit, None),
        ]);
    }
    cells
}

/// The worst reason as a sentence, and the other flags by their labels, which stand explained below
/// the table.
fn why(item: &Item, said: &Judgement) -> String {
    let Some(worst) = said.reasons.first() else { return String::new() };
    let says_so = |flag: &str| flag_meaning(flag).is_some_and(|known| known.reason == worst);
    let others: Vec<String> = item
        .flags()
        .iter()
        .filter(|flag| said.reasons.len() > 1 && !says_so(flag))
        .map(|flag| flags::label(flag))
        .collect();
    if others.is_empty() { worst.clone() } else { format!("{worst} Also: {}.", others.join(", ")) }
}

/// The colour of a verdict, and a sign for those who do not see it.
fn sign(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Good => ("is-good", "✓ "),
        Verdict::NotEstimated => ("", ""),
        Verdict::Review => ("is-review", "! "),
        Verdict::Revise => ("is-revise", "✗ "),
    }
}

/// Every flag that is on this page, explained.
fn meanings(report: &Report) -> Markup {
    let mut found: Vec<&str> =
        report.items.iter().flat_map(Item::flags).map(String::as_str).collect();
    found.sort_unstable();
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for flag in found {
        match counted.last_mut() {
            Some((last, count)) if *last == flag => *count += 1,
            _ => counted.push((flag, 1)),
        }
    }
    html! {
        @if !counted.is_empty() {
            details {
                summary { "What the flags mean, and what to do" }
                dl {
                    @for (flag, count) in counted {
                        dt { (flags::label(flag)) " (" (count) ")" }
                        dd {
                            @if let Some(known) = flags::explanation(flag) {
                                (known)
                            } @else {
                                "See the reference."
                            }
                        }
                    }
                }
            }
        }
    }
}

fn curves(report: &Report, judged: &[(&Item, Judgement)]) -> Markup {
    let drawable = judged
        .iter()
        .filter(|(item, _)| item.parameters().is_some() || item.parameters_before().is_some());
    let drawn: Vec<_> = drawable.clone().take(DRAWN).collect();
    let has_points = drawn.iter().any(|(item, _)| item.fit.is_some());
    html! {
        @if !drawn.is_empty() {
            h3 { "Response curves" }
            p {
                @if drawable.count() > drawn.len() { "Of the " (drawn.len()) " items that come first in the table. " }
                (key("now", "this run")) (key("before", &beside(report)))
                @if has_points {
                    (key("observed", "observed, the larger the more attempts"))
                    (key("band", "where 95 % of the points would be, were the model right"))
                }
            }
            div.gallery {
                @for (number, (item, said)) in drawn.iter().enumerate() {
                    (figure(number, item, said, report.run.as_ref()))
                }
            }
        }
    }
}

fn figure(number: usize, item: &Item, judged: &Judgement, run: Option<&Run>) -> Markup {
    let observed = item.fit.as_ref().map(|fit| observed(fit, run)).unwrap_or_default();
    let numbers = numbers_of(item, &observed);
    let curve = ItemCurve {
        id: format!("curve-{number}"),
        item: said(&item.item),
        now: item.parameters(),
        before: item.parameters_before(),
        observed,
    };
    html! {
        figure {
            figcaption {
                strong { (name(&item.item)) } " " (judged.verdict.label())
                @if !judged.reasons.is_empty() { ": " (why(item, judged)) }
            }
            (item_curve(&curve))
            details { summary { "The numbers of this picture" } (numbers) }
        }
    }
}

fn observed(fit: &ItemFit, run: Option<&Run>) -> Vec<Observed> {
    let abilities = run.and_then(|run| run.curve_ability.as_deref());
    match (abilities, &fit.curve_attempts, &fit.curve_observed, &fit.curve_expected) {
        (Some(abilities), Some(attempts), Some(observed), Some(expected)) => {
            Observed::at_nodes(abilities, attempts, observed, expected)
        }
        _ => Vec::new(),
    }
}

fn numbers_of(item: &Item, observed: &[Observed]) -> Markup {
    if !observed.is_empty() {
        let share = |share: f64| numbers::percent(share);
        let rows = observed.iter().map(|node| {
            let (low, high) = node.band();
            let ability = numbers::fixed(node.ability, 2);
            let attempts = numbers::fixed(node.attempts, 0);
            [ability, attempts, share(node.share), share(node.expected), share(low), share(high)]
        });
        let headings = ["Ability", "Attempts", "Observed", "Expected", "Band from", "to"];
        return compact("Observed and expected answers", headings, rows);
    }
    let side = |label: &'static str, estimate: Option<&crate::data::Estimate>| {
        let found = estimate.cloned().unwrap_or_default();
        vec![
            words(label),
            with_error(found.difficulty, found.se_difficulty),
            with_error(found.discrimination, found.se_discrimination),
        ]
    };
    let now = item.now.as_ref().map(|now| &now.estimate);
    let rows = [side("This run", now), side("Before", item.before.as_ref())];
    table("Parameters of the curves", &["Side", "Difficulty", "Discrimination"], rows)
}
