//! How probable the responses are under given items.

use super::expectation::{Abilities, Workers, expected_counts};
use crate::ability::grid::Grid;
use crate::ability::group_weights::GroupWeights;
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::data::persons::Persons;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::model::item_parameters::{ItemParameters, in_slopes_and_intercepts};
use crate::monitor::Monitor;

/// The marginal log-likelihood of `responses` in nats, without priors, where abilities are those
/// of `population`, under items in the order of [`Responses::labels`]: one E-step.
///
/// Runs on the rayon pool of the calling thread; the same bits on any number of threads.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::UnknownItem`] where an item has no
/// parameters; [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
///
/// ```
/// use irt::simulate::{Simulation, simulate};
/// use irt::{ItemParameters, Population, Quadrature, Unmonitored, marginal_log_likelihood};
///
/// let design = Simulation { persons: 100, items: 3, answered: 1.0, seed: 1 };
/// let (responses, _) = simulate(&design);
/// let (grid, coins) = (Quadrature::default(), [ItemParameters::new(0.0, 0.0); 3]);
/// let found =
///     marginal_log_likelihood(&responses, &coins, &grid, Population::STANDARD, &Unmonitored)?;
/// assert!((found - 300.0 * 0.5f64.ln()).abs() < 1e-9);
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn marginal_log_likelihood(
    responses: &Responses,
    items: &[ItemParameters],
    quadrature: &Quadrature,
    population: Population,
    monitor: &dyn Monitor,
) -> Result<f64, IrtError> {
    let patterns = responses.patterns();
    let items = in_slopes_and_intercepts(items, patterns.items())?;
    let grid = Grid::new(quadrature, population);
    let persons = Persons::everybody(patterns);
    let weights = GroupWeights::shared(&grid);
    let abilities = Abilities { grid: &grid, weights: &weights, count_persons: false };
    let counts = expected_counts(persons, &items, abilities, Workers::Pool, monitor)?;
    Ok(counts.log_likelihood)
}
