//! Pearson's correlation of two lists.

/// Pearson's r of pairs (one, other); `None` for no pair, or where one side is all the same.
///
/// ```
/// use irt::statistics::correlation;
/// let r = correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]);
/// assert!(r.is_some_and(|r| (r - 1.0).abs() < 1e-12));
/// assert_eq!(correlation(&[1.0, 1.0], &[2.0, 4.0]), None);
/// ```
#[must_use]
pub fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let varies = |values: &[f64]| values.iter().any(|value| *value != values[0]);
    if !varies(one) || !varies(other) {
        return None;
    }
    let (center, other_center) = (mean(one), mean(other));
    let (mut products, mut squares, mut other_squares) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other).map(|(x, y)| (x - center, y - other_center)) {
        products += x * y;
        squares += x * x;
        other_squares += y * y;
    }
    // Rounding must not make it more than 1.
    let found = products / (libm::sqrt(squares) * libm::sqrt(other_squares));
    found.is_finite().then(|| found.clamp(-1.0, 1.0))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
