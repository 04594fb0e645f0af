//! How much all items together tell, and how sure a score is, at each ability.

use super::shared::{beside, key, picture};
use super::tables::{number, table};
use crate::data::Report;
use crate::drawing::{Axis, Plot};
use crate::words::numbers;
use irt::ItemParameters;
use irt::scoring::{AbilityInformation, test_information};
use maud::{Markup, html};

/// Abilities from minus to plus this.
const BOUND: f64 = 4.0;
/// Larger standard errors are beyond the picture.
const LARGEST_ERROR: f64 = 2.0;

/// The section.
pub fn body(report: &Report) -> Markup {
    let now = at_abilities(report.items.iter().filter_map(|item| item.parameters()));
    let before = at_abilities(report.items.iter().filter_map(|item| item.parameters_before()));
    let Some(best) = now.iter().max_by(|a, b| a.information.total_cmp(&b.information)) else {
        return html! { p { "This run has no estimates." } };
    };
    let peak = format!(
        "All items of this run together tell most at ability {}, where their information is {} and the \
         standard error of a score {}.",
        numbers::fixed(best.ability, 1),
        numbers::fixed(best.information, 1),
        numbers::sure(best.standard_error, None),
    );
    let keys = html! {
        (key("now", "this run"))
        @if !before.is_empty() { (key("before", &beside(report))) }
        br;
    };
    let information = |found: &AbilityInformation| (found.ability, found.information);
    let error =
        |found: &AbilityInformation| (found.ability, found.standard_error.unwrap_or(f64::INFINITY));
    html! {
        div.pair {
            (picture(
                &drawn("information-plot", "Test information over ability", &peak, "Information", f64::INFINITY,
                    [points(&before, information), points(&now, information)]),
                &html! { (keys) (peak) },
                &values(&now, &before),
            ))
            (picture(
                &drawn("error-plot", "Standard error of a score over ability", &peak, "Standard error", LARGEST_ERROR,
                    [points(&before, error), points(&now, error)]),
                &html! { (keys) "Somebody who answers every item would have a score this sure." },
                &values(&now, &before),
            ))
        }
    }
}

fn points(
    found: &[AbilityInformation],
    point: impl Fn(&AbilityInformation) -> (f64, f64),
) -> Vec<(f64, f64)> {
    found.iter().map(point).collect()
}

fn at_abilities(items: impl Iterator<Item = ItemParameters>) -> Vec<AbilityInformation> {
    let items: Vec<ItemParameters> = items.collect();
    let abilities: Vec<f64> = (0..=64).map(|step| -BOUND + f64::from(step) / 8.0).collect();
    if items.is_empty() {
        Vec::new()
    } else {
        test_information(&items, &abilities).unwrap_or_default()
    }
}

fn drawn(
    id: &str,
    title: &str,
    description: &str,
    label: &str,
    most: f64,
    [before, now]: [Vec<(f64, f64)>; 2],
) -> Markup {
    let heights = before.iter().chain(&now).map(|(_, y)| *y).filter(|y| *y <= most);
    let mut plot = Plot::new(
        id,
        title,
        description,
        Axis::between("Ability", -BOUND, BOUND),
        Axis::around(label, heights.chain([0.0])),
    );
    plot.line("before", before);
    plot.line("now", now);
    plot.render()
}

fn values(now: &[AbilityInformation], before: &[AbilityInformation]) -> Markup {
    let rows = now.iter().enumerate().step_by(4).map(|(place, found)| {
        let then = before.get(place);
        vec![
            number(Some(found.ability), Some(0.5)),
            number(Some(found.information), None),
            number(then.map(|then| then.information), None),
            number(found.standard_error, None),
            number(then.and_then(|then| then.standard_error), None),
        ]
    });
    let headings = [
        "Ability",
        "Information now",
        "Information before",
        "Standard error now",
        "Standard error before",
    ];
    table("Information and standard error", &headings, rows)
}
