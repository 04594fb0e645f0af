//! What a search learns about curvature while it moves (BFGS).
//!
//! A factored information matrix costs as much as many E-steps. It stays good
//! for several steps if each step corrects it by what the gradient did.
//!
//! Source: Nocedal (1980), Mathematics of Computation 35(151), 773–782, for the
//! two-loop recursion.

use crate::fit::newton::NewtonSystem;
use crate::likelihood::objective::Evaluation;
use crate::model::two_pl::SlopeIntercept;

/// Moves that are remembered.
const MEMORY: usize = 30;

/// What the steps so far have taught about the curvature: moves and the
/// changes of the gradient that they made.
#[derive(Default)]
pub(crate) struct Corrections {
    pairs: Vec<Correction>,
}

struct Correction {
    moved: Vec<[f64; 2]>,
    bent: Vec<[f64; 2]>,
    product: f64,
}

impl Corrections {
    /// Takes note of a move from one evaluated point to another.
    pub(crate) fn learn(&mut self, from: &Evaluation, to: &Evaluation) {
        let difference = |x: [f64; 2], y: [f64; 2]| [x[0] - y[0], x[1] - y[1]];
        let moved: Vec<[f64; 2]> = to
            .parameters
            .iter()
            .zip(&from.parameters)
            .map(|(x, y)| difference([x.slope, x.intercept], [y.slope, y.intercept]))
            .collect();
        let bent: Vec<[f64; 2]> =
            from.gradient.iter().zip(&to.gradient).map(|(x, y)| difference(*x, *y)).collect();
        let product = inner(&moved, &bent);
        if product > 0.0 {
            if self.pairs.len() == MEMORY {
                self.pairs.remove(0);
            }
            self.pairs.push(Correction { moved, bent, product });
        }
    }

    /// The step: the inverse of what is known of the curvature, times the gradient.
    pub(crate) fn step(&self, gradient: &[[f64; 2]], system: &NewtonSystem) -> Vec<SlopeIntercept> {
        let mut rest = gradient.to_vec();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = inner(&pair.moved, &rest) / pair.product;
            add_scaled(&mut rest, -share, &pair.bent);
            shares.push(share);
        }
        let solved = system.solve(&rest);
        let mut step: Vec<[f64; 2]> = solved.iter().map(|s| [s.slope, s.intercept]).collect();
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let correction = share - inner(&pair.bent, &step) / pair.product;
            add_scaled(&mut step, correction, &pair.moved);
        }
        step.into_iter().map(|[slope, intercept]| SlopeIntercept { slope, intercept }).collect()
    }
}

/// Gradient times step: what the step promises to gain, twice.
pub(crate) fn gain(gradient: &[[f64; 2]], step: &[SlopeIntercept]) -> f64 {
    gradient.iter().zip(step).map(|(g, s)| g[0] * s.slope + g[1] * s.intercept).sum()
}

fn inner(left: &[[f64; 2]], right: &[[f64; 2]]) -> f64 {
    left.iter().zip(right).map(|(x, y)| x[0] * y[0] + x[1] * y[1]).sum()
}

fn add_scaled(target: &mut [[f64; 2]], factor: f64, other: &[[f64; 2]]) {
    for (x, y) in target.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
        *x += factor * y;
    }
}
