//! Scores against a reference, by the rules, and of whole banks.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::data;
use irt::scoring::{
    AbilityEstimate, Answer, Eap, PersonScore, ScorePrior, Scorer, ScoringMethod, compare_scores,
    eap, map, ml, score_everybody, wle,
};
use irt::simulate::{Simulation, simulate};
use irt::{IrtError, ItemParameters, Monitor, Quadrature, Response, Unmonitored};
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

fn answers_of(responses: &[Response], items: &[ItemParameters]) -> Vec<Answer> {
    let answer = |response: &Response| Answer {
        item: items[response.item()],
        correct: response.is_correct(),
    };
    responses.iter().map(answer).collect()
}

fn patterns_of(responses: &irt::Responses) -> Vec<&[Response]> {
    responses.iter().map(|pattern| pattern.responses).collect()
}

const METHODS: [ScoringMethod; 4] =
    [ScoringMethod::Eap, ScoringMethod::Map, ScoringMethod::Ml, ScoringMethod::Wle];

#[test]
fn everybody_at_once_is_everybody_alone_to_the_bit() {
    let (responses, items) = odd_bank();
    let patterns = patterns_of(&responses);
    // Item 7 has no parameters.
    let known: Vec<_> =
        items.iter().enumerate().map(|(i, item)| (i != 7).then_some(*item)).collect();
    for method in METHODS {
        let scorer = Scorer::new(method, ScorePrior::new(0.2, 1.1).unwrap(), &grid());
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let answers = |pattern: usize| patterns[pattern];
            let score = || score_everybody(&scorer, &known, patterns.len(), answers, &Unmonitored);
            pool.install(score).unwrap()
        };
        let scores = on(1);
        assert_eq!(scores.len(), patterns.len());
        for (pattern, score) in scores.iter().enumerate() {
            let counted: Vec<_> =
                patterns[pattern].iter().filter(|r| r.item() != 7).copied().collect();
            let alone = PersonScore {
                estimate: scorer.score(&answers_of(&counted, &items)).unwrap(),
                responses: counted.len() as u32,
                correct: counted.iter().filter(|r| r.is_correct()).count() as u32,
            };
            assert_eq!(*score, alone);
        }
        assert_eq!(scores, on(7));
    }
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
    let patterns = patterns_of(&responses);
    let scorer = Scorer::new(ScoringMethod::Eap, ScorePrior::default(), &grid());
    let answers = |pattern: usize| patterns[pattern];
    let score = |items: &[ItemParameters], monitor: &dyn Monitor| {
        let items: Vec<_> = items.iter().copied().map(Some).collect();
        score_everybody(&scorer, &items, patterns.len(), answers, monitor).map(|_| ())
    };
    assert_eq!(score(&items, &StopAt(AtomicUsize::new(5))), Err(IrtError::Interrupted));
    assert!(matches!(score(&items[..9], &Unmonitored), Err(IrtError::UnknownItem { .. })));
    let some: Vec<_> = items.iter().copied().map(Some).collect();
    let compare = |after: &[Option<ItemParameters>], monitor: &dyn Monitor| {
        compare_scores(&responses, &some, after, ScorePrior::default(), &grid(), monitor)
            .map(|_| ())
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
    for pattern in responses.iter() {
        let of_both = pattern.responses.iter().copied().filter(|response| common[response.item()]);
        let answered: Vec<Response> = of_both.collect();
        if answered.is_empty() {
            continue;
        }
        let score = |items: &[Option<ItemParameters>]| {
            let items: Vec<ItemParameters> =
                items.iter().map(|item| item.unwrap_or(ItemParameters::new(0.0, 0.0))).collect();
            scorer.score(&answers_of(&answered, &items)).unwrap().ability
        };
        let (x, y) = (score(&before), score(&after));
        for _ in 0..pattern.persons {
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
        pool.install(|| compare_scores(&responses, &before, &after, prior, &grid, &Unmonitored))
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
        compare_scores(&responses, before, after, prior, &grid, &Unmonitored).unwrap()
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
