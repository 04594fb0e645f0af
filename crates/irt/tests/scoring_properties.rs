//! What holds of the score of any answers.
//!
//! `PROPTEST_CASES` new inputs are tried where that is set, else the same 10,000.
#![allow(clippy::unwrap_used)]

mod common;

use common::random::cases;
use irt::scoring::{AbilityEstimate, Answer, FLAT, ScorePrior, eap, map, ml, wle};
use irt::two_pl::softplus;
use irt::{IrtError, ItemParameters, Quadrature};
use proptest::collection::vec;
use proptest::prelude::*;

fn answer(discrimination: f64, difficulty: f64, correct: bool) -> Answer {
    Answer { item: ItemParameters { discrimination, difficulty }, correct }
}

fn grid() -> Quadrature {
    Quadrature::default()
}

/// The textbook sum over nodes.
fn plain_eap(answers: &[Answer], prior: ScorePrior) -> [f64; 2] {
    let logs: Vec<f64> = grid()
        .nodes()
        .iter()
        .map(|node| {
            let standard = (node - prior.mean()) / prior.sd();
            let surprise = |answer: &Answer| {
                let logit = answer.item.logit(*node);
                softplus(if answer.correct { -logit } else { logit })
            };
            -0.5 * standard * standard - answers.iter().map(surprise).sum::<f64>()
        })
        .collect();
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - peak).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(f64) -> f64| -> f64 {
        let pairs = weights.iter().zip(grid().nodes().to_vec());
        pairs.map(|(weight, node)| weight * value(node)).sum::<f64>() / total
    };
    let expected = mean(&|node| node);
    [expected, mean(&|node| (node - expected) * (node - expected)).sqrt()]
}

fn log_likelihood(answers: &[Answer], ability: f64) -> f64 {
    let surprise = |answer: &Answer| {
        let logit = answer.item.logit(ability);
        softplus(if answer.correct { -logit } else { logit })
    };
    -answers.iter().map(surprise).sum::<f64>()
}

fn information(answers: &[Answer], ability: f64) -> f64 {
    answers.iter().map(|answer| answer.item.information(ability)).sum()
}

fn any_discrimination() -> impl Strategy<Value = f64> {
    prop_oneof![
        30 => 0.2f64..3.0,
        6 => -2.0f64..0.2,
        3 => Just(0.0),
        3 => Just(20.0),
        2 => Just(-20.0),
        1 => -1e6f64..1e6,
        1 => Just(1e-300),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e9)],
    ]
}

fn any_difficulty() -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => -3.0f64..3.0,
        4 => -60.0f64..60.0,
        2 => Just(0.0),
        1 => -1e12f64..1e12,
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e13)],
    ]
}

/// Random answers, or all that speak for the highest or the lowest ability.
fn any_answers() -> impl Strategy<Value = Vec<Answer>> {
    let one = || (any_discrimination(), any_difficulty(), any::<bool>());
    let many = prop_oneof![9 => vec(one(), 0..12), 1 => vec(one(), 0..200)];
    (many, 0..6).prop_map(|(answers, extreme)| {
        let answers = answers.into_iter().map(|(a, b, correct)| match extreme {
            0 => answer(a, b, a > 0.0),
            1 => answer(a, b, a < 0.0),
            _ => answer(a, b, correct),
        });
        answers.collect()
    })
}

fn usual_answers() -> impl Strategy<Value = Vec<Answer>> {
    let slope = prop_oneof![6 => 0.3f64..3.0, 1 => -2.0f64..-0.3, 1 => 3.0f64..20.0];
    vec((slope, -3.0f64..3.0, any::<bool>()).prop_map(|(a, b, x)| answer(a, b, x)), 1..40)
}

fn is_valid(answer: &Answer) -> bool {
    answer.item.discrimination.abs() <= 1e6 && answer.item.difficulty.abs() <= 1e12
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn any_input_has_a_score_none_by_the_rules_or_an_error(
        answers in any_answers(),
        (mean, sd) in (-2.0f64..2.0, 0.2f64..3.0),
        turn in any::<prop::sample::Index>(),
    ) {
        let prior = ScorePrior::new(mean, sd).unwrap();
        let scores = (
            eap(&answers, prior, &grid()), map(&answers, prior), ml(&answers), wle(&answers),
        );
        if let Some(position) = answers.iter().position(|answer| !is_valid(answer)) {
            for error in [scores.0.map(|_| ()), scores.1.map(|_| ()), scores.2.map(|_| ()),
                          scores.3.map(|_| ())] {
                let named = matches!(error, Err(IrtError::InvalidItemParameters { item, .. })
                                     if item == position as u64 + 1);
                prop_assert!(named, "{error:?}");
            }
            return Ok(());
        }
        let (expected, mode) = (scores.0.unwrap(), scores.1.unwrap());
        for score in [expected, mode] {
            prop_assert!(score.ability.is_finite() && score.standard_error.unwrap() >= 0.0);
        }
        // 1 / sqrt(1 / sd²) may differ from sd in the last bit.
        prop_assert!(mode.standard_error.unwrap() <= sd * (1.0 + f64::EPSILON));
        prop_assert!(expected.ability.abs() <= 6.0);
        let (likely, weighted) = (scores.2.unwrap(), scores.3.unwrap());
        let telling: Vec<&Answer> =
            answers.iter().filter(|answer| answer.item.discrimination.abs() > FLAT).collect();
        prop_assert_eq!(telling.is_empty(), likely.is_none());
        prop_assert_eq!(telling.is_empty(), weighted.is_none());
        if let (Some(likely), Some(weighted)) = (likely, weighted) {
            let ups = telling.iter().filter(|a| a.correct == (a.item.discrimination > 0.0)).count();
            prop_assert_eq!(likely.ability == f64::INFINITY, ups == telling.len());
            prop_assert_eq!(likely.ability == f64::NEG_INFINITY, ups == 0);
            prop_assert!(!likely.ability.is_nan() && weighted.ability.is_finite());
            for score in [likely, weighted] {
                prop_assert!(score.standard_error.is_none_or(|error| error > 0.0));
            }
        }
        // Any other order gives the same bits.
        let mut turned = answers.clone();
        turned.rotate_left(turn.index(answers.len() + 1));
        turned.reverse();
        prop_assert_eq!(eap(&turned, prior, &grid()).unwrap(), expected);
        prop_assert_eq!(map(&turned, prior).unwrap(), mode);
        prop_assert_eq!(ml(&turned).unwrap(), likely);
        prop_assert_eq!(wle(&turned).unwrap(), weighted);
    }

}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn every_score_is_what_it_says(
        answers in usual_answers(),
        (mean, sd) in (-2.0f64..2.0, 0.3f64..3.0),
    ) {
        let prior = ScorePrior::new(mean, sd).unwrap();
        let [ability, deviation] = plain_eap(&answers, prior);
        let found = eap(&answers, prior, &grid()).unwrap();
        prop_assert!((found.ability - ability).abs() < 1e-11);
        prop_assert!((found.standard_error.unwrap() - deviation).abs() < 1e-11);

        let score = |ability: f64| -> f64 {
            let residual = |answer: &Answer| {
                f64::from(u8::from(answer.correct)) - answer.item.probability(ability)
            };
            answers.iter().map(|answer| answer.item.discrimination * residual(answer)).sum()
        };
        let mode = map(&answers, prior).unwrap();
        let rest = score(mode.ability) - (mode.ability - mean) / (sd * sd);
        let at_mode = information(&answers, mode.ability) + 1.0 / (sd * sd);
        prop_assert!((rest / at_mode).abs() < 1e-12);
        prop_assert!((mode.standard_error.unwrap() * at_mode.sqrt() - 1.0).abs() < 1e-12);

        let likely = ml(&answers).unwrap().unwrap();
        if likely.ability.is_finite() {
            let error = likely.standard_error.unwrap();
            let at = log_likelihood(&answers, likely.ability);
            for step in [-0.1, 0.1] {
                prop_assert!(log_likelihood(&answers, likely.ability + step * error) <= at + 1e-12);
            }
            let known = information(&answers, likely.ability);
            if known > 1e-6 {
                prop_assert!((score(likely.ability) / known).abs() < 1e-9);
                prop_assert!((error * known.sqrt() - 1.0).abs() < 1e-11);
            }
        }

        // No ability has a larger weighted likelihood.
        let weighted = wle(&answers).unwrap().unwrap();
        let value =
            |ability: f64| log_likelihood(&answers, ability) + 0.5 * information(&answers, ability).ln();
        let best = value(weighted.ability);
        for step in -80..=80 {
            prop_assert!(value(f64::from(step) * 0.1) <= best + 1e-9);
        }
        for answer in &answers {
            for logit in [-1.0, 0.0, 1.0] {
                let ability = answer.item.difficulty + logit / answer.item.discrimination;
                prop_assert!(value(ability) <= best + 1e-9);
            }
        }
        let known = information(&answers, weighted.ability);
        prop_assert!((weighted.standard_error.unwrap() * known.sqrt() - 1.0).abs() < 1e-11);
    }

    #[test]
    fn scores_move_with_the_scale(
        answers in usual_answers(),
        (slope, shift) in (0.3f64..3.0, -5.0f64..5.0),
    ) {
        let moved: Vec<Answer> = answers
            .iter()
            .map(|Answer { item, correct }| {
                answer(item.discrimination / slope, slope * item.difficulty + shift, *correct)
            })
            .collect();
        let mirrored: Vec<Answer> = answers
            .iter()
            .map(|Answer { item, correct }| answer(-item.discrimination, -item.difficulty, *correct))
            .collect();
        let same = |found: AbilityEstimate, slope: f64, shift: f64, on: AbilityEstimate| {
            let ability = slope * found.ability + shift;
            let gap = if ability == on.ability { 0.0 } else { (ability - on.ability).abs() };
            let error = found.standard_error.map_or(0.0, |error| slope.abs() * error);
            let ratio = error / on.standard_error.unwrap_or(1.0);
            // Where little is known, rounding moves the maximum by more.
            gap < 1e-11 * error.max(1.0).powi(2) && (ratio - 1.0).abs() < 1e-7 || error == 0.0
        };
        let prior = ScorePrior::new(0.4, 1.2).unwrap();
        let moved_prior = ScorePrior::new(slope * 0.4 + shift, slope * 1.2).unwrap();
        let mode = map(&answers, prior).unwrap();
        prop_assert!(same(mode, slope, shift, map(&moved, moved_prior).unwrap()));
        let likely = ml(&answers).unwrap().unwrap();
        prop_assert!(same(likely, slope, shift, ml(&moved).unwrap().unwrap()));
        prop_assert!(same(likely, -1.0, 0.0, ml(&mirrored).unwrap().unwrap()));
        let weighted = wle(&answers).unwrap().unwrap();
        prop_assert!(same(weighted, slope, shift, wle(&moved).unwrap().unwrap()));
        let expected = eap(&answers, ScorePrior::default(), &grid()).unwrap();
        let other = eap(&mirrored, ScorePrior::default(), &grid()).unwrap();
        prop_assert!(same(expected, -1.0, 0.0, other));
    }
}

#[test]
fn a_hundred_thousand_answers_are_no_problem() {
    let count = 100_000;
    let made = |slope: &dyn Fn(usize) -> f64, right: &dyn Fn(ItemParameters, f64) -> bool| {
        let answer = |number: usize| {
            let difficulty = (number * 7919 % count) as f64 / count as f64 * 8.0 - 4.0;
            let item = ItemParameters::new(slope(number), difficulty);
            // Multiples of the golden ratio are spread evenly over [0, 1).
            Answer { item, correct: right(item, (number as f64 * 0.618_033_988_749_895).fract()) }
        };
        (0..count).map(answer).collect::<Vec<Answer>>()
    };
    let as_expected = |item: ItemParameters, drawn: f64| drawn < item.probability(0.5);
    let usual = made(&|number| 0.5 + (number % 100) as f64 * 0.02, &as_expected);
    let steep = made(&|_| 20.0, &as_expected);
    let all_right = made(&|_| 1.3, &|_, _| true);
    let prior = ScorePrior::default();
    for answers in [&usual, &steep] {
        for found in
            [map(answers, prior), ml(answers).map(Option::unwrap), wle(answers).map(Option::unwrap)]
        {
            let found = found.unwrap();
            assert!((found.ability - 0.5).abs() < 0.05, "{found:?}");
            assert!(found.standard_error.unwrap() < 0.02);
        }
    }
    let [ability, deviation] = plain_eap(&usual, prior);
    let found = eap(&usual, prior, &grid()).unwrap();
    assert!((found.ability - ability).abs() < 1e-8);
    assert!((found.standard_error.unwrap() - deviation).abs() < 1e-8);
    assert_eq!(ml(&all_right).unwrap().unwrap().ability, f64::INFINITY);
    assert!(wle(&all_right).unwrap().unwrap().ability > 4.0);
    assert!((eap(&all_right, prior, &grid()).unwrap().ability - 6.0).abs() < 1.0);
}
