//! Expected counts and the marginal likelihood against a plain E-step.
#![allow(clippy::unwrap_used)]

mod common;

use common::plain_e_step;
use irt::simulate::{Simulation, simulate};
use irt::{
    ItemParameters, Population, Quadrature, Unmonitored, counts_by_node, marginal_log_likelihood,
};

#[test]
fn expected_counts_are_those_of_the_textbook() {
    let close = |x: f64, y: f64| (x - y).abs() <= 1e-10 * (1.0 + y.abs());
    for (answered, nodes) in [(1.0, 61), (0.4, 61), (0.1, 20)] {
        let grid = Quadrature::new(nodes, 6.0).unwrap();
        let design = Simulation { persons: 900, items: 23, answered, seed: 5 };
        let (responses, truth) = simulate(&design);
        let items: Vec<ItemParameters> =
            truth.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect();
        let (everybody, never) = (Population::STANDARD, &Unmonitored);
        let plain = plain_e_step(&responses, &truth, &grid);
        let found = counts_by_node(&responses, &items, &grid, everybody, never).unwrap();
        assert_eq!(found.responses.len(), plain.responses.len());
        let pairs = found.responses.iter().zip(&plain.responses);
        pairs.for_each(|(x, y)| assert!(close(*x, *y), "{x} {y}"));
        let pairs = found.correct.iter().zip(&plain.correct);
        pairs.for_each(|(x, y)| assert!(close(*x, *y), "{x} {y}"));
        assert!(close(found.log_likelihood, plain.log_likelihood));
        let fast = marginal_log_likelihood(&responses, &items, &grid, everybody, never).unwrap();
        assert!(close(fast, plain.log_likelihood));
    }
}
