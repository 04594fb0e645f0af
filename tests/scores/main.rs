//! Scores in SQL: against a reference, against crates/irt to the bit, in any plan, by the rules.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../common/mod.rs"]
mod common;

mod document;
mod items;
mod lsat7;
mod of_bank;
mod plans;
mod random_inputs;
mod rules;

use irt::Quadrature;
use irt::scoring::{AbilityEstimate, Answer, ScorePrior, Scorer, ScoringMethod};

/// The methods, by the names of SQL.
const METHODS: [(&str, ScoringMethod); 4] = [
    ("eap", ScoringMethod::Eap),
    ("map", ScoringMethod::Map),
    ("mle", ScoringMethod::Ml),
    ("wle", ScoringMethod::Wle),
];

/// What crates/irt says.
fn expected(
    method: ScoringMethod,
    prior: ScorePrior,
    answers: &[Answer],
) -> Option<AbilityEstimate> {
    Scorer::new(method, prior, &Quadrature::default()).score(answers).unwrap()
}

/// A number as the server printed it: the text has all its bits.
fn number(text: &Option<String>) -> Option<f64> {
    text.as_ref().map(|text| text.parse().unwrap())
}

/// Asserts that ability and standard error, as the server printed them, are these, to the bit.
fn assert_same(found: &[Option<String>], expected: Option<AbilityEstimate>, what: &str) {
    let bits = |number: Option<f64>| number.map(f64::to_bits);
    let found = [bits(number(&found[0])), bits(number(&found[1]))];
    let expected = [
        bits(expected.map(|estimate| estimate.ability)),
        bits(expected.and_then(|estimate| estimate.standard_error)),
    ];
    assert_eq!(found, expected, "{what}");
}
