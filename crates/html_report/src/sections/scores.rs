//! What becomes of the persons' scores.

use super::shared::{beside, key, picture};
use super::tables::{count, shown_as, table};
use crate::data::{Group, Report};
use crate::drawing::{Bins, Series, histogram};
use crate::words::checks::question;
use crate::words::numbers;
use irt::scoring::CHANGE_BIN_BOUND;
use irt::statistics::ABILITY_BIN_BOUND;
use maud::{Markup, html};

/// Where the bins of irt_run_groups' counts of scores begin and end, for as many bins as there are.
const SCORES: Bins = Bins { low: -ABILITY_BIN_BOUND, high: ABILITY_BIN_BOUND };

/// The same of the counts of changes.
const CHANGES: Bins = Bins { low: -CHANGE_BIN_BOUND, high: CHANGE_BIN_BOUND };

/// The section.
pub fn body(report: &Report) -> Markup {
    html! {
        p {
            "Every person of this run, scored with the items that both sides have and the bank's own "
            "prior: once with " (beside(report)) ", once with this run."
        }
        (of_checks(report))
        @if let Some(counts) = Counts::of(report) {
            (drawn(&counts))
            (drawn_changes(report))
            (changes(report))
        } @else {
            p { "This run has no record of how its persons' scores are distributed." }
        }
    }
}

/// Persons per bin of score, before and after.
struct Counts {
    before: Vec<f64>,
    after: Vec<f64>,
}

impl Counts {
    fn of(report: &Report) -> Option<Self> {
        let before = sums(report, |group| group.score_before_counts.as_deref())?;
        let after = sums(report, |group| group.score_after_counts.as_deref())?;
        (before.len() == after.len()).then_some(Self { before, after })
    }
}

/// Sums over the groups; `None` where no group has any, or they have different numbers of bins.
fn sums(report: &Report, counts: impl Fn(&Group) -> Option<&[f64]>) -> Option<Vec<f64>> {
    let all: Vec<&[f64]> = report.groups.iter().filter_map(counts).collect();
    let length = all.first()?.len();
    if length == 0 || all.iter().any(|counts| counts.len() != length) {
        return None;
    }
    Some((0..length).map(|bin| all.iter().map(|counts| counts[bin]).sum()).collect())
}

fn of_checks(report: &Report) -> Markup {
    let asked = ["score_change", "score_disorder"];
    let found: Vec<_> = report
        .checks
        .iter()
        .filter(|check| asked.contains(&check.check_name.as_str()) && check.value.is_some())
        .collect();
    html! {
        @if !found.is_empty() {
            dl.facts {
                @for check in found {
                    @let question = question(&check.check_name);
                    div { dt { (question.label) } dd { (question.shown(check.value)) br; small { (question.meaning) } } }
                }
            }
        }
    }
}

fn drawn(counts: &Counts) -> Markup {
    let title = "Distribution of scores before and after";
    let mean = |counts: &[f64]| {
        let sum: f64 = counts.iter().sum();
        let middle = |bin| {
            let (from, to) = SCORES.edges(bin, counts.len());
            (from + to) / 2.0
        };
        counts.iter().enumerate().map(|(bin, count)| middle(bin) * count).sum::<f64>()
            / sum.max(1.0)
    };
    let description = format!(
        "The mean score is about {:.2} before and {:.2} after.",
        mean(&counts.before),
        mean(&counts.after)
    );
    let all = [
        Series { class: "now", counts: &counts.after },
        Series { class: "before", counts: &counts.before },
    ];
    let drawn = histogram("scores-plot", (title, &description), "Score", SCORES, &all);
    let rows = counts.before.iter().zip(&counts.after).enumerate().map(|(bin, (before, after))| {
        let (from, to) = SCORES.edges(bin, counts.before.len());
        let range = format!("{} to {}", numbers::fixed(from, 2), numbers::fixed(to, 2));
        vec![shown_as(Some(from), range), count(whole(*before)), count(whole(*after))]
    });
    let numbers = table("Persons per range of score", &["Score", "Before", "After"], rows);
    let caption =
        html! { (key("bar", "after: this run")) (key("before", "before")) br; (description) };
    picture(&drawn, &caption, &numbers)
}

/// How many persons' scores change by how much.
fn drawn_changes(report: &Report) -> Markup {
    let Some(counts) = sums(report, |group| group.score_change_counts.as_deref()) else {
        return html! {};
    };
    let title = "Distribution of the changes of scores";
    let description = "Each person's score with this run less the one before, in standard deviations \
                       of ability; changes beyond 1 are counted in the outermost bars.";
    let all = [Series { class: "now", counts: &counts }];
    let drawn = histogram("score-changes-plot", (title, description), "Change", CHANGES, &all);
    let rows = counts.iter().enumerate().map(|(bin, persons)| {
        let (from, to) = CHANGES.edges(bin, counts.len());
        let range = format!("{} to {}", numbers::fixed(from, 2), numbers::fixed(to, 2));
        vec![shown_as(Some(from), range), count(whole(*persons))]
    });
    let numbers = table("Persons per range of change", &["Change", "Persons"], rows);
    picture(&drawn, &html! { (key("bar", "persons")) br; (description) }, &numbers)
}

fn whole(count: f64) -> Option<i64> {
    count.is_finite().then_some(count as i64)
}

/// By how much scores change, group by group.
fn changes(report: &Report) -> Markup {
    let rows =
        report.groups.iter().filter(|group| group.score_change_mean.is_some()).map(|group| {
            vec![
                super::tables::words(crate::words::names::name(&group.group_name)),
                count(Some(group.persons_count)),
                super::tables::number(group.score_change_mean, None),
                super::tables::number(group.score_change_max, None),
                super::tables::percent(group.share_changed_by_more_than_one_se),
            ]
        });
    let headings =
        ["Group", "Persons", "Mean change", "Largest change", "Changed by more than one SE"];
    table("Change of scores by group", &headings, rows)
}
