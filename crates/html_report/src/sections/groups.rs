//! The groups of persons, and items that differ between them.

use super::tables::{count, number, percent, shown_as, table, with_error, words};
use crate::data::{ItemGroup, Report};
use crate::words::names::name;
use crate::words::numbers;
use maud::{Markup, html};

/// Rows about items that are shown, the surest differences first.
const SHOWN: usize = 100;
/// A difference this sure is shown.
const SURE: f64 = 1.96;

/// The section.
pub fn body(report: &Report) -> Markup {
    if report.groups.is_empty() {
        return html! { p { "No groups of persons are on record for this run." } };
    }
    let rows = report.groups.iter().map(|group| {
        vec![
            words(named(&group.group_name)),
            count(Some(group.persons_count)),
            with_error(group.mean, group.se_mean),
            with_error(group.sd, group.se_sd),
        ]
    });
    let headings = ["Group", "Persons", "Mean ability", "Standard deviation"];
    html! {
        (table("Groups and their distributions of ability, on the scale of this run", &headings, rows))
        (items(report))
    }
}

fn named(group: &str) -> Markup {
    match group {
        "(all)" => html! { "all persons" },
        "(none)" => html! { "persons without a group" },
        "(small)" => html! { "groups too small to stand alone" },
        "(new)" => html! { "responses since the last calibration" },
        other => name(other),
    }
}

/// Items that are easier for one group than for the others.
fn items(report: &Report) -> Markup {
    let strength = |row: &ItemGroup| row.delta_z.map_or(0.0, f64::abs);
    let mut sure: Vec<&ItemGroup> =
        report.item_groups.iter().filter(|row| strength(row) >= SURE).collect();
    sure.sort_by(|one, other| {
        strength(other)
            .total_cmp(&strength(one))
            .then_with(|| (&one.item, &one.group_name).cmp(&(&other.item, &other.group_name)))
    });
    let rows = sure.iter().take(SHOWN).map(|row| {
        vec![
            words(name(&row.item)),
            words(named(&row.group_name)),
            count(row.responses_count),
            percent(row.proportion_correct),
            shown_as(
                row.delta_difficulty,
                row.delta_difficulty.map_or_else(|| "–".to_owned(), |d| numbers::signed(d, None)),
            ),
            number(row.delta_z, Some(0.5)),
        ]
    });
    let headings = ["Item", "Group", "Responses", "Correct", "Harder by", "In standard errors"];
    html! {
        @if !report.item_groups.is_empty() {
            h3 { "Items that differ by group" }
            p {
                "How much harder an item is for a group than for the others of the same ability. "
                (sure.len()) " of " (report.item_groups.len()) " differences are surer than chance alone would make 5 % of them"
                @if sure.len() > SHOWN { "; the first " (SHOWN) " are shown" }
                "."
            }
            (table("Items by group, the surest differences first", &headings, rows))
        }
    }
}
