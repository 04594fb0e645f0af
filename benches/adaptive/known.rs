//! What could be known of new items at best: a calibration that is told who the persons are.

use crate::sessions::{NEW, Session};
use irt::{ItemParameters, Quadrature};

/// EM stops where no parameter moves by more.
const TOLERANCE: f64 = 1e-5;
const MOST_CYCLES: usize = 500;
/// Of the default priors: ln a ~ N(0, .5²), b ~ N(0, 2²).
const PRIOR_VARIANCES: [f64; 2] = [0.25, 4.0];

/// Marginal maximum a posteriori of the new items under N(`mean`, `sd`²), the known items fixed, by
/// plain EM (Bock & Aitkin 1981).
pub fn with_known_persons(
    sessions: &[Session],
    known: &[ItemParameters],
    mean: f64,
    sd: f64,
) -> Vec<ItemParameters> {
    let nodes = Quadrature::default().nodes().to_vec();
    let priors: Vec<Vec<f64>> =
        sessions.iter().map(|session| by_known_items(session, known, &nodes, mean, sd)).collect();
    let mut items = vec![ItemParameters::new(1.0, 0.0); NEW];
    for _ in 0..MOST_CYCLES {
        let counts = counts(sessions, &priors, &items, &nodes);
        let mut moved = 0.0_f64;
        for (item, counts) in items.iter_mut().zip(&counts) {
            let before = *item;
            *item = maximised(before, counts, &nodes);
            moved = moved
                .max((item.difficulty - before.difficulty).abs())
                .max((item.discrimination - before.discrimination).abs());
        }
        if moved < TOLERANCE {
            return items;
        }
    }
    panic!("EM did not converge");
}

fn log_odds(item: &ItemParameters, ability: f64) -> f64 {
    item.discrimination * (ability - item.difficulty)
}

/// ln P of an answer.
fn log_probability(item: &ItemParameters, ability: f64, correct: bool) -> f64 {
    let z = log_odds(item, ability);
    -(if correct { -z } else { z }).exp().ln_1p()
}

/// The log of the prior and of the answers to the known items, at every node.
fn by_known_items(
    session: &Session,
    known: &[ItemParameters],
    nodes: &[f64],
    mean: f64,
    sd: f64,
) -> Vec<f64> {
    let at = |node: &f64| {
        let answers = session.known.iter();
        let logs = answers.map(|(item, correct)| log_probability(&known[*item], *node, *correct));
        -0.5 * ((node - mean) / sd).powi(2) + logs.sum::<f64>()
    };
    nodes.iter().map(at).collect()
}

/// By item and node: expected attempts, and expected correct ones.
fn counts(
    sessions: &[Session],
    priors: &[Vec<f64>],
    items: &[ItemParameters],
    nodes: &[f64],
) -> Vec<Vec<[f64; 2]>> {
    let table = |correct: bool| -> Vec<Vec<f64>> {
        let row = |item: &ItemParameters| {
            nodes.iter().map(|node| log_probability(item, *node, correct)).collect()
        };
        items.iter().map(row).collect()
    };
    let tables = [table(false), table(true)];
    let mut counts = vec![vec![[0.0; 2]; nodes.len()]; items.len()];
    for (session, prior) in sessions.iter().zip(priors) {
        let mut posterior = prior.clone();
        for (item, correct) in &session.new {
            let row = &tables[usize::from(*correct)][*item];
            posterior.iter_mut().zip(row).for_each(|(at, log)| *at += log);
        }
        let peak = posterior.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        posterior.iter_mut().for_each(|at| *at = (*at - peak).exp());
        let total: f64 = posterior.iter().sum();
        for (item, correct) in &session.new {
            for (cell, weight) in counts[*item].iter_mut().zip(&posterior) {
                cell[0] += weight / total;
                cell[1] += f64::from(u8::from(*correct)) * weight / total;
            }
        }
    }
    counts
}

/// The M-step of an item: Fisher scoring in (a, b).
fn maximised(mut item: ItemParameters, counts: &[[f64; 2]], nodes: &[f64]) -> ItemParameters {
    for _ in 0..20 {
        let (a, b) = (item.discrimination, item.difficulty);
        let [of_a, of_b] = PRIOR_VARIANCES;
        let mut gradient = [-1.0 / a - a.ln() / (of_a * a), -b / of_b];
        let mut information = [1.0 / (of_a * a * a), 0.0, 1.0 / of_b];
        for ([attempts, correct], node) in counts.iter().zip(nodes) {
            let p = 1.0 / (1.0 + (-log_odds(&item, *node)).exp());
            let (rest, weight) = (correct - attempts * p, attempts * p * (1.0 - p));
            gradient[0] += rest * (node - b);
            gradient[1] -= a * rest;
            information[0] += weight * (node - b) * (node - b);
            information[1] -= a * weight * (node - b);
            information[2] += a * a * weight;
        }
        let [xx, xy, yy] = information;
        let determinant = xx * yy - xy * xy;
        let step = [
            (yy * gradient[0] - xy * gradient[1]) / determinant,
            (xx * gradient[1] - xy * gradient[0]) / determinant,
        ];
        item.discrimination = (a + step[0]).max(0.5 * a);
        item.difficulty = b + step[1];
        if step[0].abs().max(step[1].abs()) < 0.1 * TOLERANCE {
            break;
        }
    }
    item
}
