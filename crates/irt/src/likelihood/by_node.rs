//! The expectation step for any model: expected responses, and correct ones, at every node.
//!
//! [`super::expectation`] needs an exponential family, and does not tell how
//! many of an item's correct responses are expected at which node. This does,
//! for any model that says how probable a response is; it costs one pass over
//! the responses for every node. Diagnostics compare the two counts node by
//! node with what the model expects (RMSD: the root of the mean squared
//! difference); the M-step of a model that is no exponential family needs them.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459, equations 13 and 14.

use std::ops::Range;

use rayon::prelude::*;

use crate::ability::grid::Grid;
use crate::ability::population::Population;
use crate::ability::posterior::posterior;
use crate::ability::quadrature::Quadrature;
use crate::data::persons::Persons;
use crate::data::response::Response;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::model::item_parameters::{ItemParameters, in_slopes_and_intercepts};
use crate::model::response_model::ResponseModel;
use crate::monitor::{Monitor, check};
use crate::numeric::compensated_sum::CompensatedSum;
use crate::numeric::eight::{Eight, add, add_scaled, vectorised};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 128;

/// Expected responses at every node, given the items' parameters.
///
/// # Shapes
/// Both tables: items × nodes, row-major.
///
/// # Units
/// Counts: persons, fractional. Log-likelihood: nats, without priors.
#[derive(Debug, Clone, PartialEq)]
pub struct CountsByNode {
    /// Expected persons at each node who answered the item.
    pub responses: Vec<f64>,
    /// Expected persons at each node who answered it correctly.
    pub correct: Vec<f64>,
    /// The marginal log-likelihood of all responses.
    pub log_likelihood: f64,
}

/// The expected counts of everybody behind `responses`, whose abilities are those of `population`,
/// under 2PL items in the order of [`Responses::labels`].
///
/// Runs on the rayon pool of the calling thread; the same bits on any number of threads.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::UnknownItem`] where an item has no
/// parameters; [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
///
/// ```
/// use irt::simulate::{Simulation, simulate};
/// use irt::{ItemParameters, Population, Quadrature, Unmonitored, counts_by_node};
///
/// let design = Simulation { persons: 400, items: 8, answered: 1.0, seed: 1 };
/// let (responses, truth) = simulate(&design);
/// let items: Vec<ItemParameters> =
///     truth.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect();
/// let grid = Quadrature::default();
/// let counts =
///     counts_by_node(&responses, &items, &grid, Population::STANDARD, &Unmonitored)?;
/// let of_the_first_item: f64 = counts.responses[..61].iter().sum();
/// assert!((of_the_first_item - 400.0).abs() < 1e-9);
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn counts_by_node(
    responses: &Responses,
    items: &[ItemParameters],
    quadrature: &Quadrature,
    population: Population,
    monitor: &dyn Monitor,
) -> Result<CountsByNode, IrtError> {
    let patterns = responses.patterns();
    let items = in_slopes_and_intercepts(items, patterns.items())?;
    let grid = Grid::new(quadrature, population);
    let sums = sums_by_node(Persons::everybody(patterns), &items, &grid, monitor)?;
    let nodes = quadrature.nodes().len();
    let unpadded = |table: &[Eight]| -> Vec<f64> {
        table
            .chunks_exact(grid.width)
            .flat_map(|row| &row.as_flattened()[..nodes])
            .copied()
            .collect()
    };
    Ok(CountsByNode {
        responses: unpadded(&sums.responses),
        correct: unpadded(&sums.correct),
        log_likelihood: sums.log_likelihood.total(),
    })
}

/// The same for items of any model, on the grid as it is computed with.
fn sums_by_node<M: ResponseModel>(
    persons: Persons<'_>,
    items: &[M],
    grid: &Grid,
    monitor: &dyn Monitor,
) -> Result<Sums, IrtError> {
    let table = log_probabilities(items, grid)?;
    let chunks: Vec<Range<usize>> = persons.patterns.chunks().collect();
    let partials: Result<Vec<Sums>, IrtError> = chunks
        .into_par_iter()
        .map(|chunk| {
            let mut sums = Sums::new(persons.patterns.items(), grid)?;
            sums.add(persons, &table, grid, chunk, monitor)?;
            Ok(sums)
        })
        .collect();
    let mut total = Sums::new(persons.patterns.items(), grid)?;
    for partial in partials? {
        total.merge(&partial);
    }
    Ok(total)
}

/// ln (1 − P) and ln P at every node: 2 rows for each item, as [`Response::packed`] counts.
fn log_probabilities<M: ResponseModel>(items: &[M], grid: &Grid) -> Result<Vec<Eight>, IrtError> {
    let mut table: Vec<Eight> = zeroes(2 * items.len() * grid.width, "tables of the items")?;
    vectorised(
        #[inline(always)]
        || {
            for (rows, item) in table.chunks_exact_mut(2 * grid.width).zip(items) {
                let (incorrect, correct) = rows.split_at_mut(grid.width);
                for (at, nodes) in grid.nodes.iter().enumerate() {
                    [incorrect[at], correct[at]] = item.log_probabilities(*nodes);
                }
            }
        },
    );
    Ok(table)
}

/// Totals over some patterns.
struct Sums {
    responses: Vec<Eight>,
    correct: Vec<Eight>,
    log_likelihood: CompensatedSum,
    /// Rows over the grid that are overwritten for every person.
    logs: Vec<Eight>,
    shares: Vec<Eight>,
}

impl Sums {
    fn new(items: usize, grid: &Grid) -> Result<Self, IrtError> {
        let table = || zeroes(items * grid.width, "expected counts");
        Ok(Self {
            responses: table()?,
            correct: table()?,
            log_likelihood: CompensatedSum::default(),
            logs: grid.nodes.clone(),
            shares: grid.nodes.clone(),
        })
    }

    fn add(
        &mut self,
        persons: Persons<'_>,
        table: &[Eight],
        grid: &Grid,
        range: Range<usize>,
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        for pattern in range.clone() {
            if (pattern - range.start).is_multiple_of(PATTERNS_PER_CHECK) {
                check(monitor)?;
            }
            let (responses, weight) = (persons.patterns.pattern(pattern), persons.weights[pattern]);
            if weight > 0 {
                vectorised(
                    #[inline(always)]
                    || self.add_person(responses, f64::from(weight), table, grid),
                );
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn add_person(&mut self, responses: &[Response], weight: f64, table: &[Eight], grid: &Grid) {
        let width = grid.width;
        self.logs.copy_from_slice(&grid.log_weights);
        for response in responses {
            let row = response.packed() as usize * width;
            add(&mut self.logs, &table[row..row + width]);
        }
        let support = posterior(&self.logs, 0.0, &grid.nodes, &mut self.shares);
        self.log_likelihood.add(weight * support.log_sum);
        let (start, end) = (support.eights.start, support.eights.end);
        let shares = &self.shares[support.eights];
        for response in responses {
            let row = response.item() * width;
            add_scaled(&mut self.responses[row + start..row + end], weight, shares);
            if response.is_correct() {
                add_scaled(&mut self.correct[row + start..row + end], weight, shares);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.responses, &other.responses);
        add(&mut self.correct, &other.correct);
        self.log_likelihood.add(other.log_likelihood.total());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::group_weights::GroupWeights;
    use crate::likelihood::expectation::{Abilities, Workers, expected_counts};
    use crate::model::two_pl::SlopeIntercept;
    use crate::monitor::Unmonitored;
    use crate::numeric::eight::{LANES, dot};
    use crate::simulate::{Simulation, simulate};

    /// On any data, grid and population, and wherever the work is done.
    #[test]
    fn the_fast_e_step_agrees_with_the_general_one() {
        let other = Population { mean: 0.4, sd: 0.8 };
        let designs =
            [(1.0, 61, Population::STANDARD), (0.4, 61, other), (0.1, 20, Population::STANDARD)];
        let close = |x: f64, y: f64| (x - y).abs() <= 1e-10 * (1.0 + y.abs());
        for (answered, nodes, population) in designs {
            let design = Simulation { persons: 900, items: 23, answered, seed: 5 };
            let (responses, items) = simulate(&design);
            let persons = Persons::everybody(responses.patterns());
            let grid = Grid::new(&Quadrature::new(nodes, 6.0).unwrap(), population);
            let general = sums_by_node(persons, &items, &grid, &Unmonitored).unwrap();
            let totals = persons.item_totals();
            for workers in [Workers::Pool, Workers::ThisThread] {
                let weights = GroupWeights::shared(&grid);
                let abilities = Abilities { grid: &grid, weights: &weights, count_persons: false };
                let fast =
                    expected_counts(persons, &items, abilities, workers, &Unmonitored).unwrap();
                assert!(close(general.log_likelihood.total(), fast.log_likelihood));
                let attempts = fast.attempts.as_flattened();
                let pairs = general.responses.as_flattened().iter().zip(attempts);
                pairs.for_each(|(x, y)| assert!(close(*x, *y), "{x} {y}"));
                for (item, row) in general.correct.chunks_exact(grid.width).enumerate() {
                    assert!(close(dot(row, &grid.nodes), fast.ability_of_correct[item]));
                    let correct: f64 = row.as_flattened().iter().sum();
                    assert!(close(correct, totals[item].correct as f64));
                }
            }
        }
    }

    /// P = g + (1 − g) / (1 + exp(−(a θ + d))): no exponential family, and no model of this crate.
    struct Guessed(SlopeIntercept, f64);

    impl ResponseModel for Guessed {
        fn log_probabilities(&self, abilities: Eight) -> [Eight; 2] {
            let correct = |ability: f64| self.1 + (1.0 - self.1) * self.0.probability(ability);
            [
                abilities.map(|ability| libm::log(1.0 - correct(ability))),
                abilities.map(|ability| libm::log(correct(ability))),
            ]
        }
    }

    #[test]
    fn it_serves_a_model_that_is_no_exponential_family() {
        let (responses, items) =
            simulate(&Simulation { persons: 40, items: 5, answered: 0.8, seed: 2 });
        let items: Vec<Guessed> = items.into_iter().map(|item| Guessed(item, 0.2)).collect();
        let quadrature = Quadrature::default();
        let grid = Grid::new(&quadrature, Population::STANDARD);
        let persons = Persons::everybody(responses.patterns());
        let found = sums_by_node(persons, &items, &grid, &Unmonitored).unwrap();
        let weights = Population::STANDARD.weights(&quadrature);
        let (mut log_likelihood, mut correct) = (0.0, [0.0; LANES]);
        for pattern in responses.iter() {
            let likelihood = |(node, weight): (&f64, &f64)| {
                let probability = |response: &Response| {
                    let [incorrect, correct] =
                        items[response.item()].log_probabilities([*node; LANES]);
                    libm::exp(if response.is_correct() { correct[0] } else { incorrect[0] })
                };
                weight * pattern.responses.iter().map(probability).product::<f64>()
            };
            let terms: Vec<f64> = quadrature.nodes().iter().zip(&weights).map(likelihood).collect();
            let total: f64 = terms.iter().sum();
            let persons = f64::from(pattern.persons);
            log_likelihood += persons * libm::log(total);
            if pattern.responses.iter().any(|response| *response == Response::new(1, true)) {
                correct[0] += persons * terms[30] / total;
            }
        }
        assert!((found.log_likelihood.total() - log_likelihood).abs() < 1e-9);
        let node_30 = found.correct[grid.width + 30 / LANES][30 % LANES];
        assert!((node_30 - correct[0]).abs() < 1e-12, "{node_30} {}", correct[0]);
    }

    #[test]
    fn items_without_parameters_are_refused() {
        let (responses, items) =
            simulate(&Simulation { persons: 40, items: 3, answered: 1.0, seed: 2 });
        let two: Vec<ItemParameters> =
            items[1..].iter().map(|x| ItemParameters::new(x.slope, x.difficulty())).collect();
        let grid = Quadrature::default();
        let found = counts_by_node(&responses, &two, &grid, Population::STANDARD, &Unmonitored);
        assert_eq!(found, Err(IrtError::UnknownItem { item: 2, items: 2 }));
    }
}
