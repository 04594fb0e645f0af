//! Whether one ability is enough for all items together.

use super::q3::{ItemPair, Pairs};
use crate::numeric::lanczos::largest_eigenvalue;

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

/// Items without a pair are left out.
fn largest_share(pairs: &[ItemPair]) -> Option<f64> {
    let mut is_in = vec![false; 1 + pairs.iter().map(|pair| pair.other_item).max()?];
    for pair in pairs {
        (is_in[pair.item], is_in[pair.other_item]) = (true, true);
    }
    let mut next = 0;
    let places: Vec<usize> = is_in
        .iter()
        .map(|is_in| {
            next += usize::from(*is_in);
            next.saturating_sub(1)
        })
        .collect();
    let largest = largest_eigenvalue(next, |vector, product| {
        product.iter_mut().zip(vector).for_each(|(y, x)| *y += x);
        for pair in pairs {
            let (one, other) = (places[pair.item], places[pair.other_item]);
            product[one] += pair.q3 * vector[other];
            product[other] += pair.q3 * vector[one];
        }
    })?;
    Some(largest / next as f64)
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
