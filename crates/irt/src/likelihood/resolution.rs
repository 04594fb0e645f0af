//! Whether the ability grid holds its persons: fine enough, and wide enough.
//!
//! # Fine enough
//! The likelihood of a person is an integral over ability, and a sum over nodes
//! takes its place. Where a person answered hundreds of items, what is summed is
//! nearly a normal density whose standard deviation s is small, and the sum over
//! nodes h apart has a relative error of up to
//!
//! ```text
//! 2 exp(−2 π² s² / h²),    1/s² = 1/sd² + Σ_answered a² P (1 − P)
//! ```
//!
//! (Trefethen & Weideman 2014, SIAM Review 56(3), 385–458, section 5). It is
//! averaged over persons, by the items they answered, and over the abilities of
//! their population, whose standard deviation is sd. Where the mean is above [`TOLERANCE`], a finer grid takes the
//! place of the one that was asked for: half the spacing raises this error to its
//! fourth power.
//!
//! # Wide enough
//! A grid that ends within the population cuts it off; and persons whose ability
//! lies beyond the ends pile up there.

use super::design::population;
use super::evaluation::Evaluation;
use super::group_bounds::narrowest;
use super::objective::Objective;
use crate::ability::population::Population;
use crate::ability::quadrature::{MAX_NODES, Quadrature};
use crate::data::response::Response;
use crate::error::IrtError;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::check;
use crate::numeric::eight::{Eight, LANES, add, vectorised};
use crate::numeric::elementary::eight_logistics;

/// The mean relative error of a person's likelihood that a grid may have. Measured with 61 nodes
/// and complete items: with 150 of them it is 1.4e-6, and b is within 2e-6 standard errors of its
/// value on 481 nodes; with 200, 4e-5 and 3e-4; with 400, .007 and .1; with 1,000, .18 and .35.
pub(crate) const TOLERANCE: f64 = 1e-5;
/// On the way to the optimum, slopes being what they are, a grid this many times worse is left.
const HOPELESS: f64 = 100.0;
/// The spacing is halved so many times at most.
const HALVINGS: usize = 4;
/// Items times nodes of the finest grid: 32 MB for each of up to 33 tables of that size.
const MOST_CELLS: usize = 4 << 20;
/// A larger share of the population beyond the ends of the grid moves discriminations.
const POPULATION_BEYOND: f64 = 1e-4;
/// A larger share of an item's persons at the two end nodes moves its parameters.
const PERSONS_AT_THE_ENDS: f64 = 1e-3;

/// A standard deviation up to this many times the least one is held there.
const AT_THE_BOUND: f64 = 1.0 + 1e-9;

/// Where information is looked at: abilities -3.75, -3.25, …, 3.75.
const ABILITIES: usize = 2;
const FIRST_ABILITY: f64 = -3.75;
const BETWEEN_ABILITIES: f64 = 0.5;
type Row = [Eight; ABILITIES];

/// What is to become of the grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// It serves.
    Fine,
    /// This one is better.
    Finer(Quadrature),
    /// It does not serve, and there is no finer one.
    TooCoarse,
}

/// Judges the grid of `objective`, which is that of `quadrature`, at an estimate.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(crate) fn judge(
    objective: &Objective<'_>,
    quadrature: &Quadrature,
    parameters: &[SlopeIntercept],
) -> Result<Verdict, IrtError> {
    let errors = mean_errors(objective, parameters, TOLERANCE)?;
    if errors[0] <= TOLERANCE {
        return Ok(Verdict::Fine);
    }
    let enough = (1..=HALVINGS).find(|halvings| errors[*halvings] <= TOLERANCE);
    let finer = (1..=enough.unwrap_or(HALVINGS))
        .rev()
        .find_map(|halvings| halved(quadrature, halvings, objective.items()));
    Ok(finer.map_or(Verdict::TooCoarse, Verdict::Finer))
}

/// True where the spacing is so wide already that the search need not go on before there is a
/// finer grid.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(crate) fn is_hopeless(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
) -> Result<bool, IrtError> {
    let tolerance = HOPELESS * TOLERANCE;
    Ok(mean_errors(objective, parameters, tolerance)?[0] > tolerance)
}

/// True where [`judge`] can name a finer grid.
pub(crate) fn can_be_finer(quadrature: &Quadrature, items: usize) -> bool {
    halved(quadrature, 1, items).is_some()
}

/// The grid with nodes between its nodes, `halvings` times over; `None` beyond the limits.
fn halved(quadrature: &Quadrature, halvings: usize, items: usize) -> Option<Quadrature> {
    let nodes = ((quadrature.nodes().len() - 1) << halvings) + 1;
    let fits = nodes <= MAX_NODES && items.saturating_mul(nodes) <= MOST_CELLS;
    fits.then(|| Quadrature::new(nodes, quadrature.bound()).ok()).flatten()
}

/// The mean relative error of a person's likelihood with the spacing of the grid, half of it, a
/// quarter, …. Of persons for whom it cannot be more than `tolerance` it counts as 0.
fn mean_errors(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
    tolerance: f64,
) -> Result<[f64; HALVINGS + 1], IrtError> {
    const SETS_PER_CHECK: usize = 512;
    let spacing = objective.grid.spacing;
    let (parameters, groups) = parameters.split_at(objective.items());
    let most: Vec<f64> = parameters.iter().map(|item| most_information(*item, spacing)).collect();
    let most_of_all = most.iter().copied().fold(0.0, f64::max);
    let most_harmless = information_with(tolerance, spacing);
    let mut table: Option<Vec<Row>> = None;
    let mut errors = [0.0; HALVINGS + 1];
    let patterns = objective.persons.patterns;
    for (number, set) in patterns.item_sets(0..patterns.len()).enumerate() {
        if number % SETS_PER_CHECK == 0 {
            check(objective.monitor)?;
        }
        // Nearly always a bound settles it, and nothing is summed.
        let responses = patterns.pattern(set.start);
        let block = groups.get(patterns.group_of(set.start));
        let population = block.map_or(Population::STANDARD, |block| population(*block));
        // A group that is held at its bound would be narrower on any grid.
        if population.sd <= AT_THE_BOUND * narrowest(spacing) {
            continue;
        }
        let before = 1.0 / (population.sd * population.sd);
        let harmless = most_harmless - before;
        if most_of_all * responses.len() as f64 <= harmless
            || responses.iter().map(|response| most[response.item()]).sum::<f64>() <= harmless
        {
            continue;
        }
        let table = table.get_or_insert_with(|| information_table(parameters, spacing));
        let information = information(responses, table, before);
        let weights = &objective.persons.weights[set];
        let persons: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        for (halvings, sum) in errors.iter_mut().enumerate() {
            let spacing = halved_spacing(spacing, halvings);
            *sum += persons * population_error(&information, population, spacing);
        }
    }
    let persons = objective.persons.count() as f64;
    Ok(errors.map(|sum| sum / persons.max(1.0)))
}

fn halved_spacing(spacing: f64, halvings: usize) -> f64 {
    spacing / (1_u32 << halvings) as f64
}

const TWO_PI_SQUARED: f64 = 2.0 * std::f64::consts::PI * std::f64::consts::PI;

/// The information about a person with which the relative error is this one.
fn information_with(error: f64, spacing: f64) -> f64 {
    TWO_PI_SQUARED / (spacing * spacing * libm::log(2.0 / error))
}

/// The relative error for a person of whom there is this much information.
fn error(information: f64, spacing: f64) -> f64 {
    (2.0 * libm::exp(-TWO_PI_SQUARED / (information * spacing * spacing))).min(1.0)
}

/// The most that an item tells, at ability b. One so steep that it is flagged by itself does not
/// narrow a posterior: it cuts it in two.
fn most_information(item: SlopeIntercept, spacing: f64) -> f64 {
    if item.slope.abs() * spacing > 1.0 { 0.0 } else { 0.25 * item.slope * item.slope }
}

fn abilities() -> Row {
    let at = |node: usize| FIRST_ABILITY + BETWEEN_ABILITIES * node as f64;
    std::array::from_fn(|eight| std::array::from_fn(|lane| at(eight * LANES + lane)))
}

/// a² P (1 − P) of every item at every ability.
fn information_table(parameters: &[SlopeIntercept], spacing: f64) -> Vec<Row> {
    let abilities = abilities();
    let row = |item: &SlopeIntercept| -> Row {
        let most = most_information(*item, spacing);
        abilities
            .map(|eight| eight_logistics(item.logits(eight)).map(|p| 4.0 * most * p * (1.0 - p)))
    };
    parameters.iter().map(row).collect()
}

/// What is known `before`, 1/sd², + Σ a² P (1 − P) over the items of a pattern, at every ability.
fn information(responses: &[Response], table: &[Row], before: f64) -> Row {
    let mut sums = [[before; LANES]; ABILITIES];
    vectorised(
        #[inline(always)]
        || {
            for response in responses {
                add(&mut sums, &table[response.item()]);
            }
        },
    );
    sums
}

/// The error averaged over the abilities of the population.
fn population_error(information: &Row, population: Population, spacing: f64) -> f64 {
    // Further out, densities would be 0: all abilities count alike for a population that is there.
    const FAR: f64 = 1e3;
    let (mut sum, mut total) = (0.0, 0.0);
    for (ability, information) in abilities().as_flattened().iter().zip(information.as_flattened())
    {
        let standard = (ability - population.mean) / population.sd;
        let density = libm::exp(-0.5 * (standard * standard).min(FAR));
        total += density;
        sum += density * error(*information, spacing);
    }
    sum / total
}

/// True where the ends of the grid cut off some of the population.
pub(crate) fn is_too_narrow(quadrature: &Quadrature) -> bool {
    libm::erfc(quadrature.bound() * std::f64::consts::FRAC_1_SQRT_2) > POPULATION_BEYOND
}

/// Per item, whether more of its persons than one expects sit at the two end nodes.
pub(crate) fn piled_up_at_the_ends(
    objective: &Objective<'_>,
    evaluation: &Evaluation,
    quadrature: &Quadrature,
) -> Vec<bool> {
    let last = quadrature.nodes().len() - 1;
    let width = objective.grid.width * LANES;
    let attempts = evaluation.counts.attempts.as_flattened();
    attempts
        .chunks_exact(width)
        .zip(&objective.totals)
        .map(|(row, total)| row[0] + row[last] > PERSONS_AT_THE_ENDS * total.responses as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::data::persons::Persons;
    use crate::model::priors::Priors;
    use crate::monitor::Unmonitored;
    use crate::simulate::{Simulation, simulate};

    /// What is said of a grid under persons who answered so many items, all with this slope.
    fn verdict(items: u32, slope: f64, answered: f64, quadrature: &Quadrature) -> Verdict {
        let design = Simulation { persons: 50, items, answered, seed: 3 };
        let (responses, truth) = simulate(&design);
        let persons = Persons::everybody(responses.patterns());
        let grid = Grid::new(quadrature, Population::STANDARD);
        let priors = Priors::default();
        let objective = Objective::new(persons, &grid, &priors, &Unmonitored);
        let parameters: Vec<SlopeIntercept> = truth
            .iter()
            .map(|item| SlopeIntercept::from_discrimination_difficulty(slope, item.difficulty()))
            .collect();
        judge(&objective, quadrature, &parameters).unwrap()
    }

    #[test]
    fn more_items_take_more_nodes() {
        let usual = Quadrature::default();
        let nodes = |verdict| match verdict {
            Verdict::Fine => 61,
            Verdict::Finer(quadrature) => quadrature.nodes().len(),
            Verdict::TooCoarse => 0,
        };
        assert_eq!(nodes(verdict(100, 1.0, 1.0, &usual)), 61);
        assert_eq!(nodes(verdict(250, 1.0, 1.0, &usual)), 121);
        assert_eq!(nodes(verdict(1000, 1.0, 1.0, &usual)), 241);
        assert_eq!(nodes(verdict(1000, 3.0, 1.0, &usual)), 481);
        // It is the persons' tests that count, not the bank.
        assert_eq!(nodes(verdict(1000, 1.0, 0.1, &usual)), 61);
    }

    #[test]
    fn the_finest_grid_there_is_may_be_too_coarse() {
        let finest = Quadrature::new(MAX_NODES, 6.0).unwrap();
        assert_eq!(verdict(1000, 1.0, 1.0, &finest), Verdict::Fine);
        let wide = Quadrature::new(MAX_NODES, 30.0).unwrap();
        assert_eq!(verdict(1000, 2.0, 1.0, &wide), Verdict::TooCoarse);
    }

    #[test]
    fn error_and_information_are_inverse() {
        for wanted in [1e-6, 1e-3, 0.5] {
            assert!((error(information_with(wanted, 0.2), 0.2) / wanted - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_item_steeper_than_the_grid_is_not_a_narrow_posterior() {
        assert_eq!(verdict(12, 6.0, 1.0, &Quadrature::default()), Verdict::Fine);
    }

    #[test]
    fn a_grid_holds_the_population_from_3_9_on() {
        let narrow = |bound| is_too_narrow(&Quadrature::new(61, bound).unwrap());
        assert!(narrow(1.0) && narrow(3.8) && !narrow(3.9) && !narrow(6.0));
    }
}
