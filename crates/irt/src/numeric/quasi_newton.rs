//! What a search learns about curvature while it moves (BFGS).
//!
//! A factored matrix costs as much as many evaluations of the gradient. It
//! stays good for several steps if each step corrects it by what the gradient
//! did.
//!
//! Written out here, because a library's L-BFGS begins with a multiple of the
//! identity, and this one with a factored matrix.
//!
//! Source: Nocedal (1980), Mathematics of Computation 35(151), 773–782, for the
//! two-loop recursion.

use super::vector::{Block, add_scaled, dot};

/// Moves that are remembered. Searches take fewer: it bounds the memory of those that do not end.
const MEMORY: usize = 30;

/// What the steps so far have taught about the curvature: pairs (s, y) of moves and of the
/// changes of the gradient that they made.
pub(crate) struct Corrections<B> {
    pairs: Vec<Correction<B>>,
}

/// One move.
struct Correction<B> {
    /// By how much the point moved.
    s: Vec<B>,
    /// By how much the gradient fell.
    y: Vec<B>,
    /// s · y, above 0.
    product: f64,
}

impl<B> Default for Corrections<B> {
    fn default() -> Self {
        Self { pairs: Vec::new() }
    }
}

impl<B: Block> Corrections<B> {
    /// Takes note of a move by `s`, along which the gradient of what is maximised fell by `y`.
    pub(crate) fn learn(&mut self, s: Vec<B>, y: Vec<B>) {
        let product = dot(&s, &y);
        if product > 0.0 {
            if self.pairs.len() == MEMORY {
                self.pairs.remove(0);
            }
            self.pairs.push(Correction { s, y, product });
        }
    }

    /// The step: the inverse of what is known of the curvature, times the gradient.
    /// `solve` multiplies by the inverse of the matrix that is corrected.
    pub(crate) fn step(&self, gradient: &[B], solve: impl FnOnce(&[B]) -> Vec<B>) -> Vec<B> {
        let mut rest = gradient.to_vec();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.s, &rest) / pair.product;
            add_scaled(&mut rest, -share, &pair.y);
            shares.push(share);
        }
        let mut step = solve(&rest);
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let correction = share - dot(&pair.y, &step) / pair.product;
            add_scaled(&mut step, correction, &pair.s);
        }
        step
    }
}

/// The squared Newton decrement, gradient · step: twice what the step promises to gain. Its root
/// is the length of the step in the metric of the curvature.
///
/// Source: Boyd & Vandenberghe (2004), Convex Optimization, section 9.5.1.
pub(crate) fn squared_newton_decrement<B: Block>(gradient: &[B], step: &[B]) -> f64 {
    dot(gradient, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::two_pl::SlopeIntercept;

    /// On a quadratic of so many variables, as many independent moves teach all of the curvature.
    #[test]
    fn moves_teach_the_curvature_of_a_quadratic() {
        let curvature = |v: [f64; 2]| [3.0 * v[0] + v[1], v[0] + 2.0 * v[1]];
        let vector = |v: [f64; 2]| vec![SlopeIntercept::from(v)];
        let mut corrections = Corrections::default();
        // Conjugate moves: BFGS keeps what it learned of the first.
        for s in [[1.0, 0.0], [1.0, -3.0]] {
            corrections.learn(vector(s), vector(curvature(s)));
        }
        let step = corrections.step(&vector(curvature([0.3, -0.7])), <[SlopeIntercept]>::to_vec);
        assert!((step[0].slope - 0.3).abs() < 1e-14 && (step[0].intercept + 0.7).abs() < 1e-14);
    }
}
