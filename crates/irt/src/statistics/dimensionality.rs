//! Whether one ability is enough for all items together.

use super::q3::{ItemPair, Pairs};

/// What the residuals have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dimensionality {
    /// Pairs of items that enough persons answered.
    pub pairs: u64,
    /// The mean Q3: about −1 / (items − 1) where ability is all that items have in common (Yen
    /// 1993, Journal of Educational Measurement 30(3), 187–213). `None` without a pair.
    pub mean_q3: Option<f64>,
    /// The largest eigenvalue of the matrix of Q3, as a share of its trace: how much of the
    /// residuals goes along one direction. The matrix has 1 on its diagonal and 0 where too few
    /// persons answered both items. What it is under one dimension depends on the design:
    /// [`super::check_dimensions`] simulates it.
    ///
    /// Source: principal components of residuals, Linacre (1998), Journal of Outcome Measurement
    /// 2(3), 266–283; Chou & Wang (2010), Educational and Psychological Measurement 70(5), 717–731.
    pub largest_share: Option<f64>,
}

impl Dimensionality {
    pub(super) fn of(pairs: &Pairs) -> Self {
        Self {
            pairs: pairs.pairs.len() as u64,
            mean_q3: pairs.mean(),
            largest_share: largest_share(&pairs.pairs),
        }
    }
}

/// Steps of the power method at most; a step costs as much as there are pairs.
const STEPS: usize = 200;
/// The relative change of the eigenvalue at which it stops.
const TOLERANCE: f64 = 1e-9;

/// The largest eigenvalue, by the power method on Q3 + I: no eigenvalue of a matrix with 1 on its
/// diagonal that matters lies below −1. Items without a pair are left out.
fn largest_share(pairs: &[ItemPair]) -> Option<f64> {
    let mut items: Vec<usize> =
        pairs.iter().flat_map(|pair| [pair.item, pair.other_item]).collect();
    items.sort_unstable();
    items.dedup();
    let mut places = vec![0u32; items.last()? + 1];
    for (place, item) in items.iter().enumerate() {
        places[*item] = place as u32;
    }
    let entries: Vec<(u32, u32, f64)> =
        pairs.iter().map(|pair| (places[pair.item], places[pair.other_item], pair.q3)).collect();
    let mut vector: Vec<f64> = (0..items.len()).map(start).collect();
    let mut largest = 0.0;
    for _ in 0..STEPS {
        let norm = libm::sqrt(vector.iter().map(|x| x * x).sum::<f64>());
        vector.iter_mut().for_each(|x| *x /= norm);
        let mut next: Vec<f64> = vector.iter().map(|x| 2.0 * x).collect();
        for (one, other, q3) in &entries {
            next[*one as usize] += q3 * vector[*other as usize];
            next[*other as usize] += q3 * vector[*one as usize];
        }
        // Rayleigh's quotient of the unit vector.
        let found: f64 = vector.iter().zip(&next).map(|(x, y)| x * y).sum();
        let settled = (found - largest).abs() <= TOLERANCE * found.abs();
        (largest, vector) = (found, next);
        if settled {
            break;
        }
    }
    let share = (largest - 1.0) / items.len() as f64;
    share.is_finite().then_some(share)
}

/// Signs and sizes without a pattern: a vector that no eigenvector is at right angles to.
fn start(place: usize) -> f64 {
    let scattered = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    scattered as f64 / f64::from(1u32 << 23) - 1.0 + 1e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_eigenvalue_is_that_of_the_matrix() {
        // Two blocks of two items: eigenvalues 1 ± .5 and 1 ± .2.
        let pair = |item, other_item, q3| ItemPair { item, other_item, persons: 100, q3 };
        let pairs = [pair(0, 3, 0.5), pair(5, 9, -0.2), pair(0, 5, 0.0)];
        let share = largest_share(&pairs).unwrap();
        assert!((share - 1.5 / 4.0).abs() < 1e-6, "{share}");
        assert_eq!(largest_share(&[]), None);
    }
}
