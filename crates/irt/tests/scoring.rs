//! Scores against a reference, against plain textbook sums, and for any input.
//!
//! `PROPTEST_CASES` sets how many inputs are tried (10,000 unless told).
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::data;
use irt::scoring::{
    AbilityEstimate, Answer, Eap, FLAT, ScorePrior, compare_scores, eap, eap_of_everybody, map, ml,
    wle,
};
use irt::simulate::{Simulation, simulate};
use irt::two_pl::softplus;
use irt::{IrtError, ItemParameters, Monitor, Quadrature, Unmonitored};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Items {
    ml: Estimates,
}

#[derive(Deserialize)]
struct Estimates {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    a: f64,
    b: f64,
}

#[derive(Deserialize)]
struct Scores {
    dataset: Dataset,
}

#[derive(Deserialize)]
struct Dataset {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    pattern: String,
    eap: f64,
    psd: f64,
    map: f64,
    se_map: f64,
    ml: Option<f64>,
    ml_status: String,
    se_ml: Option<f64>,
    wle: f64,
    se_wle: f64,
}

fn answer(discrimination: f64, difficulty: f64, correct: bool) -> Answer {
    Answer { item: ItemParameters { discrimination, difficulty }, correct }
}

fn grid() -> Quadrature {
    Quadrature::default()
}

#[test]
fn all_patterns_of_lsat7_have_the_reference_scores() {
    let items: Items = serde_json::from_str(&data("lsat7.reference.json")).unwrap();
    let reference: Scores = serde_json::from_str(&data("lsat7_scores.reference.json")).unwrap();
    let prior = ScorePrior::default();
    let mut worst = [0.0f64; 2];
    let mut close =
        |found: AbilityEstimate, ability: f64, error: f64, tolerance: f64, what: &str| {
            let gaps =
                [(found.ability - ability).abs(), (found.standard_error.unwrap() - error).abs()];
            assert!(gaps[0] <= tolerance && gaps[1] <= 1e-7, "{what}: off by {gaps:?}");
            worst = [worst[0].max(gaps[0]), worst[1].max(gaps[1])];
        };
    assert_eq!(reference.dataset.rows.len(), 32);
    for row in &reference.dataset.rows {
        let answers: Vec<Answer> = items
            .ml
            .items
            .iter()
            .zip(row.pattern.chars())
            .map(|(item, correct)| answer(item.a, item.b, correct == '1'))
            .collect();
        close(eap(&answers, prior, &grid()).unwrap(), row.eap, row.psd, 1e-9, &row.pattern);
        close(map(&answers, prior).unwrap(), row.map, row.se_map, 1e-8, &row.pattern);
        close(wle(&answers).unwrap().unwrap(), row.wle, row.se_wle, 1e-8, &row.pattern);
        let likely = ml(&answers).unwrap().unwrap();
        match row.ml_status.as_str() {
            "finite" => close(likely, row.ml.unwrap(), row.se_ml.unwrap(), 1e-8, &row.pattern),
            infinite => {
                let sign = if infinite == "+inf" { 1.0 } else { -1.0 };
                assert_eq!(likely.ability, sign * f64::INFINITY);
                assert_eq!(likely.standard_error, None);
            }
        }
    }
    println!("scores within {:.1e}, standard errors within {:.1e}", worst[0], worst[1]);
}

#[test]
fn without_answers_the_rules_hold() {
    let prior = ScorePrior::new(0.3, 1.7).unwrap();
    let believed = AbilityEstimate { ability: 0.3, standard_error: Some(1.7) };
    // Flat items tell nothing, whatever was answered.
    for answers in [vec![], vec![answer(0.0, 1.0, true), answer(-0.0, 5.0, false)]] {
        assert_eq!(eap(&answers, prior, &grid()), Ok(believed));
        assert_eq!(map(&answers, prior), Ok(believed));
        assert_eq!(ml(&answers), Ok(None));
        assert_eq!(wle(&answers), Ok(None));
    }
}

#[test]
fn with_negative_slopes_all_right_is_not_infinite() {
    let ability = |answers: &[Answer]| ml(answers).unwrap().unwrap().ability;
    assert!(ability(&[answer(1.0, 0.0, true), answer(-1.0, 0.5, true)]).is_finite());
    let infinite = [answer(1.0, 0.0, true), answer(-1.0, 0.5, false), answer(0.0, 0.0, false)];
    assert_eq!(ability(&infinite), f64::INFINITY);
    let reverse = infinite.map(|answer| Answer { correct: !answer.correct, ..answer });
    assert_eq!(ability(&reverse), f64::NEG_INFINITY);
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

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

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
    #![proptest_config(ProptestConfig::with_cases(cases() / 10))]

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

/// A bank with flat, falling and equal items, and its answers.
fn odd_bank() -> (irt::Responses, Vec<ItemParameters>) {
    let design = Simulation { persons: 3000, items: 31, answered: 0.7, seed: 11 };
    let (responses, truth) = simulate(&design);
    let mut items: Vec<ItemParameters> =
        truth.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect();
    items[3].discrimination = 0.0;
    items[4].discrimination = -0.8;
    items[9] = items[17];
    items[21] = ItemParameters::new(-items[17].discrimination, items[17].difficulty);
    (responses, items)
}

fn answers_of(codes: &[u32], items: &[ItemParameters]) -> Vec<Answer> {
    let answer = |code: &u32| Answer { item: items[(code >> 1) as usize], correct: code & 1 == 1 };
    codes.iter().map(answer).collect()
}

#[test]
fn everybody_at_once_is_everybody_alone_to_the_bit() {
    let (responses, items) = odd_bank();
    let patterns = responses.patterns();
    let scorer = Eap::new(ScorePrior::new(0.2, 1.1).unwrap(), &grid());
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let codes = |pattern: usize| patterns.codes(pattern);
        pool.install(|| eap_of_everybody(&scorer, &items, patterns.len(), codes, &Unmonitored))
            .unwrap()
    };
    let scores = on(1);
    assert_eq!(scores.len(), patterns.len());
    for (pattern, score) in scores.iter().enumerate() {
        let alone = scorer.score(&answers_of(patterns.codes(pattern), &items)).unwrap();
        assert_eq!(*score, alone);
    }
    assert_eq!(scores, on(7));
}

/// Stops the work at the nth question.
struct StopAt(AtomicUsize);

impl Monitor for StopAt {
    fn interrupted(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) <= 1
    }
}

#[test]
fn scoring_a_bank_can_be_stopped_and_refuses_what_it_cannot_use() {
    let (responses, mut items) = odd_bank();
    let patterns = responses.patterns();
    let scorer = Eap::new(ScorePrior::default(), &grid());
    let codes = |pattern: usize| patterns.codes(pattern);
    let score = |items: &[ItemParameters], monitor: &dyn Monitor| {
        eap_of_everybody(&scorer, items, patterns.len(), codes, monitor).map(|_| ())
    };
    assert_eq!(score(&items, &StopAt(AtomicUsize::new(5))), Err(IrtError::Interrupted));
    assert!(matches!(score(&items[..9], &Unmonitored), Err(IrtError::UnknownItem { .. })));
    let some: Vec<_> = items.iter().copied().map(Some).collect();
    let compare = |after: &[Option<ItemParameters>], monitor: &dyn Monitor| {
        compare_scores(patterns, &some, after, ScorePrior::default(), &grid(), monitor).map(|_| ())
    };
    assert_eq!(compare(&some, &StopAt(AtomicUsize::new(2))), Err(IrtError::Interrupted));
    assert!(matches!(compare(&some[..9], &Unmonitored), Err(IrtError::UnknownItem { .. })));
    items[30].difficulty = f64::NAN;
    let expected = |error| matches!(error, Err(IrtError::InvalidItemParameters { item: 31, .. }));
    assert!(expected(score(&items, &Unmonitored)));
    let broken: Vec<_> = items.iter().copied().map(Some).collect();
    assert!(expected(compare(&broken, &Unmonitored)));
}

#[test]
fn comparing_scores_is_scoring_twice() {
    let (responses, before) = odd_bank();
    let patterns = responses.patterns();
    let (prior, grid) = (ScorePrior::new(-0.3, 1.2).unwrap(), grid());
    let scorer = Eap::new(prior, &grid);
    let mut before: Vec<Option<ItemParameters>> = before.into_iter().map(Some).collect();
    let mut after = before.clone();
    for (number, item) in after.iter_mut().flatten().enumerate() {
        item.difficulty += 0.1 + 0.3 * (number % 3) as f64;
    }
    (before[5], after[6]) = (None, None);
    let common: Vec<bool> = (0..31).map(|item| item != 5 && item != 6).collect();
    let (mut persons, mut change, mut pairs) = (0.0, 0.0, Vec::new());
    for (pattern, weight) in patterns.multiplicities().iter().enumerate() {
        let codes: Vec<u32> = patterns
            .codes(pattern)
            .iter()
            .copied()
            .filter(|code| common[(code >> 1) as usize])
            .collect();
        if codes.is_empty() {
            continue;
        }
        let score = |items: &[Option<ItemParameters>]| {
            let items: Vec<ItemParameters> =
                items.iter().map(|item| item.unwrap_or(ItemParameters::new(0.0, 0.0))).collect();
            scorer.score(&answers_of(&codes, &items)).unwrap().ability
        };
        let (x, y) = (score(&before), score(&after));
        for _ in 0..*weight {
            persons += 1.0;
            change += (y - x).abs();
            pairs.push((x, y));
        }
    }
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / persons;
    let (x, y) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let covariance = mean(&|pair| (pair.0 - x) * (pair.1 - y));
    let variances = mean(&|pair| (pair.0 - x).powi(2)) * mean(&|pair| (pair.1 - y).powi(2));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| compare_scores(patterns, &before, &after, prior, &grid, &Unmonitored))
            .unwrap()
    };
    let found = on(1);
    assert_eq!(found.persons as f64, persons);
    assert!((found.mean_absolute_change.unwrap() - change / persons).abs() < 1e-12);
    assert!((found.disorder.unwrap() - (1.0 - covariance / variances.sqrt())).abs() < 1e-12);
    assert_eq!(found, on(5));

    // Nothing in common, and nothing that changes.
    let none = vec![None; 31];
    let compare = |before: &[_], after: &[_]| {
        compare_scores(patterns, before, after, prior, &grid, &Unmonitored).unwrap()
    };
    let nobody = compare(&none, &after);
    assert_eq!((nobody.persons, nobody.mean_absolute_change, nobody.disorder), (0, None, None));
    let same = compare(&before, &before);
    assert_eq!(same.mean_absolute_change, Some(0.0));
    assert!(same.disorder.unwrap() < 1e-12);
    // Flat items give everybody the prior's mean: no order to compare.
    let flat = vec![Some(ItemParameters::new(0.0, 0.0)); 31];
    assert_eq!(compare(&flat, &after).disorder, None);
}
