//! Pairs of items that have more in common than ability.

use super::tables::{count, number, table, words};
use crate::data::Report;
use crate::words::names::name;
use maud::{Markup, html};

/// Pairs that are shown, the strongest first.
const SHOWN: usize = 100;

/// The section.
pub fn body(report: &Report) -> Markup {
    let Some(pairs) = &report.pairs else {
        return html! { p { "Nobody has looked at pairs of items in this run." } };
    };
    if pairs.is_empty() {
        return html! { p { "No two items have more in common than ability." } };
    }
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_by(|one, other| {
        let strength = |q3: Option<f64>| q3.unwrap_or(f64::NEG_INFINITY);
        strength(other.q3)
            .total_cmp(&strength(one.q3))
            .then_with(|| (&one.item, &one.other_item).cmp(&(&other.item, &other.other_item)))
    });
    let rows = pairs.iter().take(SHOWN).map(|pair| {
        vec![
            words(name(&pair.item)),
            words(name(&pair.other_item)),
            count(Some(pair.persons_count)),
            number(pair.q3, None),
        ]
    });
    html! {
        p {
            "Who is right on one of these is right on the other more often than their abilities explain: "
            "one may give the other's answer away, or both belong to one text. Correlation of what ability "
            "leaves unexplained (Yen's Q3)"
            @if pairs.len() > SHOWN { "; the first " (SHOWN) " of " (pairs.len()) }
            "."
        }
        (table("Pairs of items, the strongest first", &["Item", "Other item", "Persons", "Correlation"], rows))
    }
}
