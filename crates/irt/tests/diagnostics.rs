//! The diagnosis against mirt's numbers, and against plain implementations of its formulas.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GroupedRow, build, build_grouped, data, read_responses};
use irt::simulate::{Simulation, simulate};
use irt::statistics::{
    Diagnostics, DiagnosticsPlan, FitFlag, diagnose, diagnose_groups, q3_of_pairs,
};
use irt::two_pl::{SlopeIntercept, logistic};
use irt::{
    CalibrationSettings, ItemParameters, NO_TIME, Population, Quadrature, RepeatedResponses,
    ResponseRows, Responses, Unmonitored, calibrate,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn reference(name: &str) -> Value {
    serde_json::from_str(&data(name)).unwrap()
}

fn known(items: &[SlopeIntercept]) -> Vec<Option<ItemParameters>> {
    items.iter().map(|item| Some(ItemParameters::new(item.slope, item.difficulty()))).collect()
}

fn lsat7() -> (Responses, Vec<Option<ItemParameters>>) {
    let reference = reference("lsat7.reference.json");
    let number = |item: &Value, name: &str| item[name].as_f64().unwrap();
    let items = reference["ml"]["items"].as_array().unwrap().iter();
    let items = items.map(|item| Some(ItemParameters::new(number(item, "a"), number(item, "b"))));
    (read_responses("lsat7"), items.collect())
}

fn diagnosed(responses: &Responses, items: &[Option<ItemParameters>]) -> Diagnostics {
    let (everybody, plan) = ([Population::STANDARD], DiagnosticsPlan::default());
    diagnose(responses, items, &everybody, &Quadrature::default(), plan, &Unmonitored).unwrap()
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let gap = (found - expected).abs();
    assert!(gap <= tolerance * (1.0 + expected.abs()), "{what}: {found}, not {expected}");
}

#[test]
fn lsat7_is_as_mirt_has_it() {
    let (responses, items) = lsat7();
    let found = diagnosed(&responses, &items);
    let reference = reference("lsat7_fit.reference.json");
    let (squares, s_x2) = (&reference["mirt"]["infit_outfit_EAP"], &reference["mirt"]["S_X2"]);
    for (item, fit) in found.items.iter().enumerate() {
        let fit = fit.as_ref().unwrap();
        let check = |found: f64, table: &Value, column: &str| {
            close(found, table[column][item].as_f64().unwrap(), 1e-4, column);
        };
        check(fit.mean_squares.infit, squares, "infit");
        check(fit.mean_squares.outfit, squares, "outfit");
        check(fit.mean_squares.z_infit.unwrap(), squares, "z.infit");
        check(fit.mean_squares.z_outfit.unwrap(), squares, "z.outfit");
        let found = fit.s_x2.unwrap();
        check(found.statistic, s_x2, "S_X2");
        check(f64::from(found.df), s_x2, "df.S_X2");
        check(found.p, s_x2, "p.S_X2");
    }
}

#[test]
fn q3_of_lsat7_is_the_correlation_of_residuals() {
    let (responses, items) = lsat7();
    let (everybody, grid) = ([Population::STANDARD], Quadrature::default());
    let pairs = q3_of_pairs(&responses, &items, &everybody, &grid, &Unmonitored).unwrap();
    let expected = &reference("lsat7_fit.reference.json")["own"];
    assert_eq!(pairs.len(), 10);
    for pair in &pairs {
        let expected = expected["Q3"][pair.item][pair.other_item].as_f64().unwrap();
        close(pair.q3, expected, 1e-6, "Q3");
        assert_eq!(pair.persons, 1000);
    }
    let mean = diagnosed(&responses, &items).dimensionality.mean_q3.unwrap();
    close(mean, expected["Q3_summary"]["mean"].as_f64().unwrap(), 1e-6, "mean Q3");
}

/// One person's posterior over the nodes, from these responses.
fn posterior(answers: &[(usize, bool)], items: &[SlopeIntercept], weights: &[f64]) -> Vec<f64> {
    let grid = Quadrature::default();
    let likelihood = |node: &f64| -> f64 {
        let probability = |(item, correct): &(usize, bool)| {
            let p = items[*item].probability(*node);
            if *correct { p } else { 1.0 - p }
        };
        answers.iter().map(probability).product()
    };
    let joint: Vec<f64> =
        grid.nodes().iter().zip(weights).map(|(node, weight)| weight * likelihood(node)).collect();
    let total: f64 = joint.iter().sum();
    joint.into_iter().map(|value| value / total).collect()
}

/// What the plain implementation finds of one item: attempts and correct by node, score and
/// information of (a, d, c), sums of the test of slope 0.
struct Plain {
    attempts: Vec<f64>,
    correct: Vec<f64>,
    score: [f64; 3],
    information: [[f64; 3]; 3],
    rest: Vec<(f64, f64)>,
}

/// Everything of one item from the definitions: posteriors without the item, Bernoulli scores.
fn plain(responses: &Responses, items: &[SlopeIntercept], item: usize, weights: &[f64]) -> Plain {
    let grid = Quadrature::default();
    let nodes = grid.nodes();
    let zeroes = vec![0.0; nodes.len()];
    let mut plain = Plain {
        attempts: zeroes.clone(),
        correct: zeroes,
        score: [0.0; 3],
        information: [[0.0; 3]; 3],
        rest: Vec::new(),
    };
    for pattern in responses.iter() {
        let answers: Vec<(usize, bool)> =
            pattern.responses.iter().map(|r| (r.item(), r.is_correct())).collect();
        let Some((_, correct)) = answers.iter().find(|(number, _)| *number == item) else {
            continue;
        };
        let (persons, x) = (f64::from(pattern.persons), f64::from(u8::from(*correct)));
        for (node, weight) in posterior(&answers, items, weights).iter().enumerate() {
            plain.attempts[node] += persons * weight;
            plain.correct[node] += persons * weight * x;
        }
        let others: Vec<(usize, bool)> =
            answers.iter().filter(|(number, _)| *number != item).copied().collect();
        let rest = posterior(&others, items, weights);
        let mean = |f: &dyn Fn(f64) -> f64| -> f64 {
            rest.iter().zip(nodes).map(|(weight, node)| weight * f(*node)).sum()
        };
        let p_at = |node: f64| logistic(items[item].logit(node));
        let p = mean(&p_at);
        let derivatives = [
            mean(&|node| node * p_at(node) * (1.0 - p_at(node))),
            mean(&|node| p_at(node) * (1.0 - p_at(node))),
            mean(&|node| 1.0 - p_at(node)),
        ];
        for row in 0..3 {
            plain.score[row] += persons * derivatives[row] * (x - p) / (p * (1.0 - p));
            for column in 0..3 {
                plain.information[row][column] +=
                    persons * derivatives[row] * derivatives[column] / (p * (1.0 - p));
            }
        }
        let ability = mean(&|node| node);
        (0..pattern.persons).for_each(|_| plain.rest.push((x, ability)));
    }
    plain
}

impl Plain {
    fn rmsd_and_mean_deviation(&self, item: SlopeIntercept) -> (f64, f64) {
        let total: f64 = self.attempts.iter().sum();
        let (mut squares, mut mean) = (0.0, 0.0);
        for (node, at) in Quadrature::default().nodes().iter().enumerate() {
            if self.attempts[node] > 0.0 {
                let difference = self.correct[node] / self.attempts[node] - item.probability(*at);
                squares += self.attempts[node] / total * difference * difference;
                mean += self.attempts[node] / total * difference;
            }
        }
        (squares.sqrt(), mean)
    }

    fn guessing_z(&self) -> f64 {
        let [[aa, ad, ac], [_, dd, dc], [_, _, cc]] = self.information;
        let [a, d, c] = self.score;
        let determinant = aa * dd - ad * ad;
        let inverse =
            [[dd / determinant, -ad / determinant], [-ad / determinant, aa / determinant]];
        let weight = |k: usize| ac * inverse[0][k] + dc * inverse[1][k];
        (c - weight(0) * a - weight(1) * d) / (cc - weight(0) * ac - weight(1) * dc).sqrt()
    }

    fn slope_z(&self) -> f64 {
        let n = self.rest.len() as f64;
        let mean = |f: &dyn Fn(&(f64, f64)) -> f64| self.rest.iter().map(f).sum::<f64>() / n;
        let (x, t) = (mean(&|(x, _)| *x), mean(&|(_, t)| *t));
        let score: f64 = self.rest.iter().map(|(one, t)| (one - x) * t).sum();
        let spread: f64 = self.rest.iter().map(|(_, at)| (at - t) * (at - t)).sum();
        score / (x * (1.0 - x) * spread).sqrt()
    }
}

/// At parameters that are not quite the truth, so that there is something to find.
fn simulated(answered: f64) -> (Responses, Vec<SlopeIntercept>) {
    let design = Simulation { persons: 700, items: 12, answered, seed: 11 };
    let (responses, truth) = simulate(&design);
    let moved = |(number, item): (usize, &SlopeIntercept)| {
        let by = 0.2 * (number as f64 % 3.0 - 1.0);
        SlopeIntercept { slope: item.slope + by, intercept: item.intercept - by }
    };
    (responses, truth.iter().enumerate().map(moved).collect())
}

#[test]
fn what_is_said_of_an_item_follows_from_the_definitions() {
    let normal = Population::STANDARD.weights(&Quadrature::default());
    for answered in [1.0, 0.5] {
        let (responses, items) = simulated(answered);
        let found = diagnosed(&responses, &known(&items));
        for (number, item) in items.iter().enumerate() {
            let fit = found.items[number].as_ref().unwrap();
            let plain = plain(&responses, &items, number, &normal);
            let (rmsd, mean) = plain.rmsd_and_mean_deviation(*item);
            close(fit.deviation.rmsd, rmsd, 1e-9, "rmsd");
            close(fit.deviation.mean_deviation, mean, 1e-9, "mean_deviation");
            close(fit.guessing_z.unwrap(), plain.guessing_z(), 1e-9, "guessing_z");
            close(fit.slope_z.unwrap(), plain.slope_z(), 1e-9, "slope_z");
            assert_eq!(fit.responses, plain.rest.len() as u64);
            assert_eq!(fit.curve.attempts.len(), 61);
            let (attempts, total) = (&fit.curve.attempts, fit.responses as f64);
            let sum: f64 = attempts.iter().map(|attempts| f64::from(*attempts)).sum();
            close(sum, total, 1e-5, "attempts");
        }
    }
}

#[test]
fn a_difference_between_groups_follows_from_the_definitions() {
    let (one, items) = simulated(0.7);
    let design = Simulation { persons: 500, items: 12, answered: 0.7, seed: 12 };
    let other = irt::simulate::simulate_responses(&design, &items);
    let populations = [Population::STANDARD, Population { mean: 0.3, sd: 0.9 }];
    let groups = [(&one, populations[0]), (&other, populations[1])];
    let (grid, plan) = (Quadrature::default(), DiagnosticsPlan::default());
    let found = diagnose_groups(&groups, &known(&items), &grid, plan, &Unmonitored).unwrap();
    assert_eq!(found.groups.len(), 24);
    let weights = populations.map(|population| population.weights(&grid));
    for (number, item) in items.iter().enumerate() {
        let of_group = [0, 1].map(|group| plain(groups[group].0, &items, number, &weights[group]));
        let score = of_group.each_ref().map(|plain| -item.slope * plain.score[1]);
        let information =
            of_group.each_ref().map(|plain| item.slope * item.slope * plain.information[1][1]);
        let (s, i) = (score[0] + score[1], information[0] + information[1]);
        for group in 0..2 {
            let share = 1.0 - information[group] / i;
            let delta = (score[group] / information[group] - s / i) / share;
            let row = &found.groups[2 * number + group];
            assert_eq!((row.item, row.group), (number, group));
            close(row.delta_difficulty.unwrap(), delta, 1e-9, "delta_difficulty");
            close(row.delta_z.unwrap(), delta * (information[group] * share).sqrt(), 1e-9, "z");
            let (rmsd, mean) = of_group[group].rmsd_and_mean_deviation(*item);
            close(row.rmsd, rmsd, 1e-9, "rmsd of a group");
            close(row.mean_deviation, mean, 1e-9, "mean_deviation of a group");
        }
    }
}

/// 20 items by persons of the abilities that `ability` makes of uniform deviates, who guess with
/// this probability; and what a calibration finds.
fn by_a_population(
    persons: u32,
    ability: fn(f64) -> f64,
    guess: f64,
) -> (Responses, Vec<SlopeIntercept>) {
    let truth = irt::simulate::simulate_items(20, 5);
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(persons));
    let mut rows = ResponseRows::new(false);
    for person in 0..persons {
        let ability = ability(rng.random());
        for (number, item) in (0..).zip(&truth) {
            let p = guess + (1.0 - guess) * item.probability(ability);
            rows.push(person, number, rng.random::<f64>() < p, NO_TIME).unwrap();
        }
    }
    let labels = (0..20).map(|item| format!("I{item:02}")).collect();
    let first = RepeatedResponses::First;
    let responses = Responses::from_rows(labels, rows, first, &Unmonitored).unwrap();
    let settings = CalibrationSettings::default();
    let found = calibrate(&responses, &settings, &Unmonitored).unwrap().items.into_iter();
    let items = found.map(|item| {
        let (a, b) = (item.discrimination.unwrap(), item.difficulty.unwrap());
        SlopeIntercept::from_discrimination_difficulty(a, b)
    });
    (responses, items.collect())
}

fn exponential(uniform: f64) -> f64 {
    -(1.0 - uniform).ln() - 1.0
}

/// Items and the shares of persons at the nodes, after 15 cycles of EM from the normal population.
fn with_free_shape(
    responses: &Responses,
    items: &[SlopeIntercept],
) -> (Vec<SlopeIntercept>, Vec<f64>) {
    let grid = Quadrature::default();
    let (mut items, mut shares) = (items.to_vec(), Population::STANDARD.weights(&grid));
    for _ in 0..15 {
        let mut persons = vec![0.0; shares.len()];
        let mut correct = vec![persons.clone(); items.len()];
        for pattern in responses.iter() {
            let answers: Vec<(usize, bool)> =
                pattern.responses.iter().map(|r| (r.item(), r.is_correct())).collect();
            for (node, weight) in posterior(&answers, &items, &shares).iter().enumerate() {
                let weight = f64::from(pattern.persons) * weight;
                persons[node] += weight;
                answers.iter().filter(|(_, x)| *x).for_each(|(j, _)| correct[*j][node] += weight);
            }
        }
        for (item, correct) in items.iter_mut().zip(&correct) {
            let (mut score, mut information) = ([0.0; 2], [0.0; 3]);
            for (node, at) in grid.nodes().iter().enumerate() {
                let p = item.probability(*at);
                let residual = correct[node] - persons[node] * p;
                let weight = persons[node] * p * (1.0 - p);
                score = [score[0] + residual * at, score[1] + residual];
                let [aa, ad, dd] = information;
                information = [aa + weight * at * at, ad + weight * at, dd + weight];
            }
            let ([x, y], [aa, ad, dd]) = (score, information);
            let determinant = aa * dd - ad * ad;
            let step = [(dd * x - ad * y) / determinant, (aa * y - ad * x) / determinant];
            assert!(step[0].abs().max(step[1].abs()) < 0.5, "a step that is not limited");
            item.slope += step[0];
            item.intercept += step[1];
        }
        let total: f64 = persons.iter().sum();
        shares = persons.iter().map(|persons| (persons / total).max(1e-12)).collect();
    }
    (items, shares)
}

#[test]
fn a_long_tail_of_able_persons_is_not_taken_for_guessing() {
    let (responses, items) = by_a_population(1000, exponential, 0.0);
    let found = diagnosed(&responses, &known(&items));
    let fits: Vec<_> = found.items.iter().flatten().collect();
    let suspected = fits.iter().filter(|fit| fit.guessing_z.unwrap() > 3.0).count();
    assert!(suspected >= 2, "{suspected}");
    assert!(fits.iter().all(|fit| !fit.flags.contains(&FitFlag::Guessing)));
    let (items, shares) = with_free_shape(&responses, &items);
    for (number, fit) in fits.iter().enumerate().step_by(11) {
        let expected = plain(&responses, &items, number, &shares).guessing_z();
        close(fit.guessing_z_free_shape.unwrap(), expected, 1e-9, "guessing_z_free_shape");
    }
}

#[test]
fn guessing_on_all_items_is_found() {
    // Tukey's lambda distribution, the normal one but for its last tails.
    let normal = |uniform: f64| (uniform.powf(0.135) - (1.0 - uniform).powf(0.135)) / 0.1975;
    let (responses, items) = by_a_population(40_000, normal, 0.2);
    let found = diagnosed(&responses, &known(&items));
    let truth = irt::simulate::simulate_items(20, 5);
    for (fit, item) in found.items.iter().flatten().zip(&truth) {
        let is_flagged = fit.flags.contains(&FitFlag::Guessing);
        assert_eq!(is_flagged, fit.guessing_z.unwrap() > 3.0);
        assert!(is_flagged || item.slope < 1.0 || item.difficulty() < 0.0);
    }
}

/// Groups of one data set, and the same persons as data sets of their own.
#[test]
fn a_free_shape_is_that_of_every_group() {
    let (one, items) = by_a_population(1200, exponential, 0.0);
    let (other, _) = by_a_population(1300, exponential, 0.0);
    let mut rows: Vec<GroupedRow> = Vec::new();
    for (name, responses) in [("a", &one), ("b", &other)] {
        for (number, pattern) in responses.iter().enumerate() {
            for person in 0..pattern.persons {
                let of_person = |response: &irt::Response| {
                    let label = responses.labels()[response.item()].clone();
                    (
                        format!("{name} {number} {person}"),
                        name.to_owned(),
                        label,
                        response.is_correct(),
                    )
                };
                rows.extend(pattern.responses.iter().map(of_person));
            }
        }
    }
    let pooled = build_grouped(&rows, 100);
    let (grid, plan) = (Quadrature::default(), DiagnosticsPlan::default());
    let (items, populations) = (known(&items), [Population::STANDARD; 2]);
    let apart: Vec<(&Responses, Population)> =
        [&one, &other].into_iter().zip(populations).collect();
    let apart = diagnose_groups(&apart, &items, &grid, plan, &Unmonitored).unwrap();
    let pooled = diagnose(&pooled, &items, &populations, &grid, plan, &Unmonitored).unwrap();
    for (apart, pooled) in apart.items.iter().flatten().zip(pooled.items.iter().flatten()) {
        let z = [apart, pooled].map(|fit| fit.guessing_z_free_shape.unwrap());
        close(z[0], z[1], 1e-9, "guessing_z_free_shape");
    }
}

/// Yen's Q3 person by person, for blocks of persons and for persons alone.
#[test]
fn q3_is_the_plain_correlation() {
    for answered in [1.0, 0.6] {
        let (responses, items) = simulated(answered);
        let (everybody, grid) = ([Population::STANDARD], Quadrature::default());
        let weights = everybody[0].weights(&grid);
        let found =
            q3_of_pairs(&responses, &known(&items), &everybody, &grid, &Unmonitored).unwrap();
        assert_eq!(found.len(), 66);
        let mut residuals = Vec::new();
        for pattern in responses.iter() {
            let answers: Vec<(usize, bool)> =
                pattern.responses.iter().map(|r| (r.item(), r.is_correct())).collect();
            let shares = posterior(&answers, &items, &weights);
            let ability: f64 = shares.iter().zip(grid.nodes()).map(|(share, at)| share * at).sum();
            let mut row = [None; 12];
            for (item, correct) in answers {
                row[item] = Some(f64::from(u8::from(correct)) - items[item].probability(ability));
            }
            (0..pattern.persons).for_each(|_| residuals.push(row));
        }
        for pair in found {
            let both = residuals.iter().filter_map(|row| row[pair.item].zip(row[pair.other_item]));
            let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
            assert_eq!(pair.persons, x.len() as u64);
            let expected = irt::statistics::correlation(&x, &y).unwrap();
            close(pair.q3, expected, 1e-9, "Q3");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let design = Simulation { persons: 6000, items: 60, answered: 0.4, seed: 3 };
    let (responses, truth) = simulate(&design);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| diagnosed(&responses, &known(&truth)))
    };
    let one = on(1);
    assert!(one.pairs.len() > 1 && one.items.len() == 60);
    assert_eq!(one, on(3));
}

#[test]
fn items_without_parameters_are_left_out() {
    let (responses, items) = simulated(1.0);
    let mut some = known(&items);
    some[4] = None;
    let found = diagnosed(&responses, &some);
    assert!(found.items[4].is_none() && found.items[5].is_some());
    let rows: Vec<(String, String, bool)> = common::read_rows("lsat7");
    let without: Vec<(String, String, bool)> =
        rows.iter().filter(|(_, item, _)| item != "Item.3").cloned().collect();
    let (all, mut known) = lsat7();
    known[2] = None;
    let left_out = diagnosed(&all, &known);
    known.remove(2);
    let never_there = diagnosed(&build(&without), &known);
    assert_eq!(left_out.items[3], never_there.items[2]);
    assert_eq!(left_out.items_per_person, 4.0);
}
