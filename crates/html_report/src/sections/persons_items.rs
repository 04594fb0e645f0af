//! Where the persons are, and where the items are, on one scale.

use super::shared::{key, picture};
use super::tables::{count, percent, shown_as, table};
use crate::data::{Group, Report};
use crate::drawing::{Axis, Plot};
use crate::words::names::{name, said};
use crate::words::numbers;
use maud::{Markup, html};

/// Width of a bin of difficulty.
const BIN: f64 = 0.25;
/// Groups that are drawn, the largest first; as many as page.css has lines for.
const DRAWN: usize = 4;
/// Items beyond this are left out of the picture, and said.
const BOUND: f64 = 6.0;

/// The section.
pub fn body(report: &Report) -> Markup {
    let difficulties: Vec<f64> =
        report.items.iter().filter_map(|item| Some(item.parameters()?.difficulty)).collect();
    let groups = drawn_groups(report);
    if difficulties.is_empty() {
        return html! { p { "This run has no estimates." } };
    }
    let (low, high) = range(&difficulties, &groups);
    let bins = bins(&difficulties, low, high);
    let highest_item = bins.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let highest_group =
        groups.iter().map(|(_, mean, sd)| density(*mean, *mean, *sd)).fold(0.0, f64::max);
    let description = description(&difficulties, &groups);
    let mut plot = Plot::new(
        "persons-items-plot",
        "Difficulties of the items and abilities of the persons",
        &description,
        Axis::between("Ability, difficulty", low, high),
        Axis::between(&format!("Share per {BIN}"), 0.0, highest_item.max(highest_group)),
    );
    for (from, share) in &bins {
        plot.bar("bar", (*from, from + BIN), *share);
    }
    for (number, (_, mean, sd)) in groups.iter().enumerate() {
        let steps = (0..=120).map(|step| low + (high - low) * f64::from(step) / 120.0);
        plot.line(
            &format!("g{number}"),
            steps.map(|ability| (ability, density(ability, *mean, *sd))),
        );
    }
    let rows = bins.iter().map(|(from, share)| {
        let range = format!("{} to {}", numbers::fixed(*from, 2), numbers::fixed(from + BIN, 2));
        let here = (share * difficulties.len() as f64).round() as i64;
        let persons = groups.first().map(|(_, mean, sd)| density(from + BIN / 2.0, *mean, *sd));
        vec![shown_as(Some(*from), range), count(Some(here)), percent(persons)]
    });
    let headings = ["Ability, difficulty", "Items", "Persons of the largest group"];
    let numbers = table("Items and persons per range", &headings, rows);
    let caption = html! {
        (key("bar", "items"))
        @for (number, (group, _, _)) in groups.iter().enumerate() {
            (group_key(number, &group.group_name))
        }
        br; (description)
    };
    picture(&plot.render(), &caption, &numbers)
}

fn group_key(number: usize, group: &str) -> Markup {
    html! { (key(&format!("g{number}"), "")) @if group == "(all)" { "all persons" } @else { (name(group)) } " " }
}

/// The largest groups with mean and sd.
fn drawn_groups(report: &Report) -> Vec<(&Group, f64, f64)> {
    let known = |group| {
        let group: &Group = group;
        Some((group, group.mean?, group.sd.filter(|sd| *sd > 0.0)?))
    };
    let mut groups: Vec<(&Group, f64, f64)> = report.groups.iter().filter_map(known).collect();
    groups.sort_by(|one, other| {
        let key =
            |group: &Group| (std::cmp::Reverse(group.persons_count), group.group_name.clone());
        key(one.0).cmp(&key(other.0))
    });
    groups.truncate(DRAWN);
    groups
}

/// From where to where: whole numbers around the items and nearly all persons.
fn range(difficulties: &[f64], groups: &[(&Group, f64, f64)]) -> (f64, f64) {
    let ends = groups.iter().flat_map(|(_, mean, sd)| [mean - 3.0 * sd, mean + 3.0 * sd]);
    let all = difficulties.iter().copied().chain(ends);
    let (mut low, mut high) = (-1.0_f64, 1.0_f64);
    for value in all {
        (low, high) = (low.min(value), high.max(value));
    }
    (low.max(-BOUND).floor(), high.min(BOUND).ceil())
}

/// The share of all items in each bin of the picture.
fn bins(difficulties: &[f64], low: f64, high: f64) -> Vec<(f64, f64)> {
    let count = ((high - low) / BIN).round() as usize;
    let mut counts = vec![0_usize; count];
    for difficulty in difficulties.iter().filter(|b| (low..=high).contains(*b)) {
        let bin = ((difficulty - low) / BIN) as usize;
        counts[bin.min(count - 1)] += 1;
    }
    let share = |count: usize| count as f64 / difficulties.len() as f64;
    counts.iter().enumerate().map(|(bin, n)| (low + bin as f64 * BIN, share(*n))).collect()
}

/// The share of a normal distribution in a bin around an ability.
fn density(ability: f64, mean: f64, sd: f64) -> f64 {
    let z = (ability - mean) / sd;
    BIN * (-0.5 * z * z).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
}

fn description(difficulties: &[f64], groups: &[(&Group, f64, f64)]) -> String {
    let mut sorted = difficulties.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut said_of = format!(
        "Half of the {} items have difficulties below {}, from {} to {}.",
        sorted.len(),
        numbers::fixed(sorted[sorted.len() / 2], 2),
        numbers::fixed(sorted[0], 2),
        numbers::fixed(sorted[sorted.len() - 1], 2),
    );
    let beyond = difficulties.iter().filter(|b| b.abs() > BOUND).count();
    if beyond > 0 {
        said_of.push_str(&format!(" {beyond} are beyond ±{BOUND} and not in the picture."));
    }
    for (group, mean, sd) in groups {
        let who = if group.group_name == "(all)" {
            "All persons".to_owned()
        } else {
            said(&group.group_name)
        };
        let (mean, sd) =
            (numbers::sure(Some(*mean), group.se_mean), numbers::sure(Some(*sd), group.se_sd));
        said_of.push_str(&format!(" {who}: mean ability {mean}, standard deviation {sd}."));
    }
    said_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_bin() {
        let found = bins(&[-1.0, -0.76, 0.0, 0.24, 1.0], -1.0, 1.0);
        assert_eq!(found.len(), 8);
        assert_eq!(found[0], (-1.0, 0.4));
        assert_eq!(found[4], (0.0, 0.4));
        assert_eq!(found[7], (0.75, 0.2));
        let sum: f64 = (0..200).map(|i| density(f64::from(i) * BIN - 25.0, 0.3, 1.2)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }
}
