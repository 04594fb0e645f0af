//! The corrected point-biserial: how an item goes with the rest of the test.

use std::ops::Range;

use rayon::prelude::*;

use crate::data::patterns::Patterns;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::monitor::{Monitor, check_now_and_then};

/// Correlation of each item's responses with the proportion correct on the
/// person's *other* eligible items, over persons who answered at least one.
///
/// `eligible`: the items that form the rest score. `None` where either side
/// does not vary. Two passes, so that nothing cancels.
///
/// Source: Henrysson (1963), Psychometrika 28(2), 211–218, for leaving the item
/// out of its own criterion.
pub(crate) fn point_biserials(
    patterns: &Patterns,
    eligible: &[bool],
    monitor: &dyn Monitor,
) -> Result<Vec<Option<f64>>, IrtError> {
    let first = over_chunks(patterns, |sums: &mut [Moments], range| {
        for_each_rest_score(patterns, eligible, range, monitor, |item, persons, x, rest| {
            sums[item].count(persons, x, rest);
        })
    })?;
    let means: Vec<(f64, f64)> =
        first.iter().map(|m| (m.correct / m.persons, m.rest / m.persons)).collect();
    let second = over_chunks(patterns, |sums: &mut [Products], range| {
        for_each_rest_score(patterns, eligible, range, monitor, |item, persons, x, rest| {
            let (by_x, by_rest) = (x - means[item].0, rest - means[item].1);
            sums[item].squares_x += persons * by_x * by_x;
            sums[item].squares_rest += persons * by_rest * by_rest;
            sums[item].products += persons * by_x * by_rest;
        })
    })?;
    let pairs = first.iter().zip(&second);
    Ok(pairs.map(|(moments, products)| correlation(moments, products)).collect())
}

fn correlation(moments: &Moments, products: &Products) -> Option<f64> {
    let x_varies = moments.correct > 0.0 && moments.correct < moments.persons;
    let rest_varies = moments.lowest < moments.highest;
    if !(x_varies && rest_varies) {
        return None;
    }
    let scale = libm::sqrt(products.squares_x) * libm::sqrt(products.squares_rest);
    let correlation = products.products / scale;
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}

/// Calls `visit(item, persons, x, rest score)` for every response that has a rest score.
fn for_each_rest_score(
    patterns: &Patterns,
    eligible: &[bool],
    range: Range<usize>,
    monitor: &dyn Monitor,
    mut visit: impl FnMut(usize, f64, f64, f64),
) -> Result<(), IrtError> {
    for pattern in range {
        check_now_and_then(monitor, pattern)?;
        let responses = patterns.pattern(pattern);
        let (mut answered, mut correct) = (0u32, 0u32);
        for response in responses.iter().filter(|response| eligible[response.item()]) {
            answered += 1;
            correct += response.count();
        }
        let persons = f64::from(patterns.multiplicities()[pattern]);
        for response in responses {
            let item = response.item();
            let own = u32::from(eligible[item]);
            let others = answered - own;
            if others > 0 {
                let rest = f64::from(correct - own * response.count()) / f64::from(others);
                visit(item, persons, response.score(), rest);
            }
        }
    }
    Ok(())
}

/// Sums over patterns, in parallel over fixed chunks, merged in their order.
fn over_chunks<S: Merge>(
    patterns: &Patterns,
    add: impl Fn(&mut [S], Range<usize>) -> Result<(), IrtError> + Sync,
) -> Result<Vec<S>, IrtError> {
    let chunks: Vec<Range<usize>> = patterns.chunks().collect();
    let partials: Result<Vec<Vec<S>>, IrtError> = chunks
        .into_par_iter()
        .map(|range| {
            let mut sums = defaults(patterns.items())?;
            add(&mut sums, range)?;
            Ok(sums)
        })
        .collect();
    let mut total: Vec<S> = defaults(patterns.items())?;
    for partial in partials? {
        for (sum, part) in total.iter_mut().zip(&partial) {
            sum.merge(part);
        }
    }
    Ok(total)
}

fn defaults<S: Merge>(items: usize) -> Result<Vec<S>, IrtError> {
    let mut sums = reserve(items, "statistics of the items")?;
    sums.resize(items, S::default());
    Ok(sums)
}

trait Merge: Clone + Default + Send {
    fn merge(&mut self, other: &Self);
}

#[derive(Debug, Clone)]
struct Moments {
    persons: f64,
    correct: f64,
    rest: f64,
    lowest: f64,
    highest: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            persons: 0.0,
            correct: 0.0,
            rest: 0.0,
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    fn count(&mut self, persons: f64, x: f64, rest: f64) {
        self.persons += persons;
        self.correct += persons * x;
        self.rest += persons * rest;
        self.lowest = self.lowest.min(rest);
        self.highest = self.highest.max(rest);
    }
}

impl Merge for Moments {
    fn merge(&mut self, other: &Self) {
        self.persons += other.persons;
        self.correct += other.correct;
        self.rest += other.rest;
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
    }
}

#[derive(Debug, Clone, Default)]
struct Products {
    squares_x: f64,
    squares_rest: f64,
    products: f64,
}

impl Merge for Products {
    fn merge(&mut self, other: &Self) {
        self.squares_x += other.squares_x;
        self.squares_rest += other.squares_rest;
        self.products += other.products;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::patterns::of_persons;
    use crate::monitor::Unmonitored;

    #[test]
    fn point_biserial_leaves_the_item_out_of_its_own_criterion() {
        // Three items; persons 111, 110, 100, 000 (items 0, 1, 2).
        let data = of_persons(
            &[
                &[(0, true), (1, true), (2, true)],
                &[(0, true), (1, true), (2, false)],
                &[(0, true), (1, false), (2, false)],
                &[(0, false), (1, false), (2, false)],
            ],
            3,
        );
        let correlations = point_biserials(&data, &[true; 3], &Unmonitored).unwrap();
        // Item 1: x = 1 1 0 0; rest = 1, .5, .5, 0: covariance 1/4·(.25+0+0+.25), by hand .7071.
        assert!((correlations[1].unwrap() - 0.5f64.sqrt()).abs() < 1e-15);
        assert!((correlations[0].unwrap() - correlations[2].unwrap()).abs() < 1e-15);
    }

    #[test]
    fn no_variance_is_no_correlation() {
        let data = of_persons(
            &[&[(0, true), (1, true)], &[(0, true), (1, false)], &[(2, true)], &[(2, false)]],
            3,
        );
        let correlations = point_biserials(&data, &[true; 3], &Unmonitored).unwrap();
        assert_eq!(correlations, [None, None, None]);
    }
}
