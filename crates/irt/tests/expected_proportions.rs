//! The proportion correct that the model expects at the mode, against a plain E-step.
#![allow(clippy::unwrap_used)]

mod common;

use common::{plain_e_step, read_responses, settings};
use irt::two_pl::SlopeIntercept;
use irt::{Priors, Quadrature, StandardErrors, Unmonitored, calibrate};

/// Expected correct responses of every item, by its persons' posterior abilities.
fn expected_correct(
    responses: &irt::Responses,
    items: &[SlopeIntercept],
    quadrature: &Quadrature,
) -> Vec<f64> {
    let plain = plain_e_step(responses, items, quadrature);
    let nodes = quadrature.nodes();
    let of_item = |(item, attempts): (&SlopeIntercept, &[f64])| {
        nodes.iter().zip(attempts).map(|(node, count)| count * item.probability(*node)).sum()
    };
    items.iter().zip(plain.responses.chunks_exact(nodes.len())).map(of_item).collect()
}

/// sim2: 5,000 persons who answered 30 of 200 items each. Strong priors pull by up to .09.
#[test]
fn who_answers_what_is_expected_of_them() {
    let responses = read_responses("sim2");
    let strong = Priors::new(0.0, 0.5, 1.0, 0.1).unwrap();
    for (priors, least, most) in [(Priors::default(), 1e-4, 0.01), (strong, 0.03, 0.2)] {
        let settings = settings(priors, StandardErrors::None);
        let result = calibrate(&responses, &settings, &Unmonitored).unwrap();
        let items: Vec<SlopeIntercept> = result
            .items
            .iter()
            .map(|item| {
                let (a, b) = (item.discrimination.unwrap(), item.difficulty.unwrap());
                SlopeIntercept::from_discrimination_difficulty(a, b)
            })
            .collect();
        assert!(result.items.iter().map(|item| &item.item).eq(responses.labels()));
        let expected = expected_correct(&responses, &items, &settings.quadrature);
        let mut pull = 0.0f64;
        for ((item, at), expected) in result.items.iter().zip(&items).zip(expected) {
            let (count, observed) = (item.responses_count, item.proportion_correct.unwrap());
            let said = priors.expected_proportion_correct(*at, count, observed);
            let gap = (said - expected / count as f64).abs();
            assert!(gap < 1e-7, "{}: {said}, off by {gap:e}", item.item);
            pull = pull.max((said - observed).abs());
        }
        assert!((least..most).contains(&pull), "{pull}");
    }
}
