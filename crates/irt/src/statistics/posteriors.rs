//! Everybody's posterior and nothing else: EAPs, and where a group of persons is.

use std::ops::Range;

use rayon::prelude::*;

use super::item_rows::ItemRows;
use super::source::Source;
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;
use crate::monitor::{Monitor, check};
use crate::numeric::compensated_sum::CompensatedSum;
use crate::numeric::eight::{dot, product, vectorised};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 512;

/// Mean and mean square of the posterior of every pattern of a source, in their order.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(super) fn posterior_moments(
    source: &Source<'_>,
    items: &ItemRows<'_>,
    monitor: &dyn Monitor,
) -> Result<Vec<[f64; 2]>, IrtError> {
    let chunks: Vec<Range<usize>> = source.chunks().collect();
    let work = |chunk: Range<usize>| -> Result<Vec<[f64; 2]>, IrtError> {
        let mut rows = [source.grid.nodes.clone(), source.grid.nodes.clone()];
        let mut found = Vec::with_capacity(chunk.len());
        let mut start = chunk.start;
        while start < chunk.end {
            check(monitor)?;
            let end = chunk.end.min(start + PATTERNS_PER_CHECK);
            vectorised(
                #[inline(always)]
                || {
                    for set in source.patterns.item_sets(start..end) {
                        add_item_set(source, items, set, &mut rows, &mut found);
                    }
                },
            );
            start = end;
        }
        Ok(found)
    };
    let found: Result<Vec<Vec<[f64; 2]>>, IrtError> = chunks.into_par_iter().map(work).collect();
    Ok(found?.concat())
}

#[inline(always)]
fn add_item_set(
    source: &Source<'_>,
    items: &ItemRows<'_>,
    set: Range<usize>,
    [base, weights]: &mut [Vec<[f64; 8]>; 2],
    found: &mut Vec<[f64; 2]>,
) {
    source.log_posterior_base(items, base, source.patterns.pattern(set.start));
    for pattern in set {
        let slope = items.slope_of_correct(source.patterns.pattern(pattern));
        let here = source.posterior(base, slope, weights).eights;
        let nodes = &source.grid.nodes[here.clone()];
        let mean = dot(&weights[here.clone()], nodes);
        for (weight, node) in weights[here.clone()].iter_mut().zip(nodes) {
            *weight = product(*weight, *node);
        }
        found.push([mean, dot(&weights[here], nodes)]);
    }
}

/// EM cycles for mean and standard deviation, at most.
const CYCLES: usize = 50;
/// The change of both at which it stops, in units of ability.
const TOLERANCE: f64 = 1e-4;
/// The smallest standard deviation that is believed.
const SMALLEST_SD: f64 = 0.1;

/// The population that persons are most likely from, given the items: maximum marginal likelihood
/// by EM, from the source's own population on.
///
/// Source: Mislevy (1984), Psychometrika 49(3), 359–381.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(super) fn estimated_population(
    source: &Source<'_>,
    items: &ItemRows<'_>,
    quadrature: &Quadrature,
    monitor: &dyn Monitor,
) -> Result<Population, IrtError> {
    let mut population = source.population;
    for _ in 0..CYCLES {
        let here = Source::new(source.patterns, source.range.clone(), population, quadrature);
        let moments = posterior_moments(&here, items, monitor)?;
        let mut sums = [CompensatedSum::default(); 3];
        for ((_, persons), [mean, square]) in here.persons().zip(&moments) {
            let persons = f64::from(persons);
            for (sum, term) in sums.iter_mut().zip([1.0, *mean, *square]) {
                sum.add(persons * term);
            }
        }
        let [persons, mean, square] = sums.map(CompensatedSum::total);
        if !(persons > 0.0) {
            return Ok(population);
        }
        let mean = mean / persons;
        let sd = libm::sqrt((square / persons - mean * mean).max(0.0)).max(SMALLEST_SD);
        let change = (mean - population.mean).abs().max((sd - population.sd).abs());
        population = Population { mean, sd };
        if change < TOLERANCE {
            break;
        }
    }
    Ok(population)
}
