//! A sum for every pair of items: the lower triangle of a symmetric matrix of 2 × 2 blocks.

/// Covariances of the scores of two items: (a, a), (a, d), (d, a), (d, d).
pub(crate) type Pair = [f64; 4];

/// Where the row of pairs of `item` starts in the lower triangle: pairs of the items before it.
pub(super) fn triangle(item: usize) -> usize {
    item * (item + 1) / 2
}
