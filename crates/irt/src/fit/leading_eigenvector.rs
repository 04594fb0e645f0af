//! Which items go together: the leading eigenvector of the correlations between items.

use crate::data::persons::Persons;
use crate::data::response::Response;
use crate::likelihood::objective::Objective;

/// The leading eigenvector of the correlations between items, over the persons who answered
/// both, by power iteration that never forms the matrix.
pub(super) fn leading_eigenvector(objective: &Objective<'_>) -> Vec<f64> {
    const ITERATIONS: usize = 30;
    let Objective { persons: Persons { patterns, weights }, totals, .. } = objective;
    let standardised: Vec<[f64; 2]> = totals
        .iter()
        .map(|total| {
            let share = total.correct as f64 / total.responses.max(1) as f64;
            let deviation = libm::sqrt((share * (1.0 - share)).max(1e-12));
            [-share / deviation, (1.0 - share) / deviation]
        })
        .collect();
    let value = |response: &Response| standardised[response.item()][response.count() as usize];
    let mut vector: Vec<f64> =
        (0..totals.len()).map(|item| 1.0 + (item % 7) as f64 / 7.0).collect();
    for _ in 0..ITERATIONS {
        let mut next = vec![0.0; vector.len()];
        for pattern in 0..patterns.len() {
            let responses = patterns.pattern(pattern);
            let part = |response: &Response| vector[response.item()] * value(response);
            let score: f64 = responses.iter().map(part).sum();
            for response in responses {
                let item = response.item();
                // Without the item itself: its correlation with itself says nothing.
                let others = score - vector[item] * value(response);
                next[item] += f64::from(weights[pattern]) * value(response) * others;
            }
        }
        let norm = libm::sqrt(next.iter().map(|x| x * x).sum::<f64>()).max(1e-300);
        vector = next.into_iter().map(|x| x / norm).collect();
    }
    vector
}
