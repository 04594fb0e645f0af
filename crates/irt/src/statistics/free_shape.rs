//! Guessing, or a population that is not normal?
//!
//! Where few persons are of low ability, fewer are wrong than a normal population would have: that
//! looks like guessing, on every item a little. So before many items are said to be guessed at, they
//! are tested once more with the shape of the population free: shares of persons at the nodes are
//! estimated, with the items, and the score tests repeated there.
//!
//! Source: Bock & Aitkin (1981), Psychometrika 46(4), 443–459, section 5, for the empirical
//! distribution of ability; Mislevy (1984), Psychometrika 49(3), 359–381.

use super::item_rows::ItemRows;
use super::item_sums::ItemSums;
use super::pass::sums_of_group;
use super::source::Source;
use super::sums::Sums;
use super::thresholds::{GUESSING_BY_CHANCE, GUESSING_IN_GENERAL, GUESSING_RESPONSES, GUESSING_Z};
use crate::ability::grid::PADDING;
use crate::ability::group_weights::GroupWeights;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::likelihood::expectation::{Abilities, Workers, expected_counts};
use crate::likelihood::item_counts::ItemCounts;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::eight::{Eight, add, row_sum};

/// EM cycles: after so many, a population as skewed as an exponential distribution passes for itself
/// with 20,000 persons.
const CYCLES: usize = 15;
/// The smallest share of persons at a node: 0 could not grow any more.
const SMALLEST_SHARE: f64 = 1e-12;
/// The longest step of an item in one cycle, in a and in d.
const LONGEST_STEP: f64 = 0.5;

/// What is said of one item's guessing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Guessing {
    /// The score test with the shape of the population free; `None` where it was not asked for.
    pub z_free_shape: Option<f64>,
    /// There is guessing.
    pub flagged: bool,
}

/// Judges guessing on every item, by its sums over everybody.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn guessing(
    sources: &[Source<'_>],
    rows: &ItemRows<'_>,
    sums: &[ItemSums],
    monitor: &dyn Monitor,
) -> Result<Vec<Guessing>, IrtError> {
    let tested: Vec<bool> =
        sums.iter().map(|sums| sums.rest().persons() >= GUESSING_RESPONSES).collect();
    let above = |z: Option<f64>| z.is_some_and(|z| z > GUESSING_Z);
    let mut found: Vec<Guessing> = sums
        .iter()
        .zip(&tested)
        .map(|(sums, tested)| Guessing {
            z_free_shape: None,
            flagged: *tested && above(sums.scores().guessing_z()),
        })
        .collect();
    let items = tested.iter().filter(|tested| **tested).count();
    let suspected = found.iter().filter(|item| item.flagged).count();
    if suspected as f64 <= GUESSING_BY_CHANCE * items as f64 {
        return Ok(found);
    }
    let free = z_free_shape(sources, rows.parameters, (sums, &tested), monitor)?;
    for (item, z) in found.iter_mut().zip(free) {
        item.z_free_shape = z;
    }
    let stands = |item: &Guessing| item.flagged && above(item.z_free_shape);
    let standing = found.iter().filter(|item| stands(item)).count();
    // A free shape takes up what all items have in common. Where many stand out even so, that was
    // guessing too.
    let in_general = standing >= 2 && standing as f64 >= GUESSING_IN_GENERAL * items as f64;
    if !in_general {
        for item in &mut found {
            item.flagged = stands(item);
        }
    }
    Ok(found)
}

/// [`super::score_tests::Scores::guessing_z`] at items and shares of persons that are estimated
/// anew, from those of the sources on. Items that are not tested stay as they are.
fn z_free_shape(
    sources: &[Source<'_>],
    items: &[SlopeIntercept],
    (sums, tested): (&[ItemSums], &[bool]),
    monitor: &dyn Monitor,
) -> Result<Vec<Option<f64>>, IrtError> {
    let mut items = items.to_vec();
    let mut sources: Vec<Source<'_>> = sources.iter().map(Source::with_own_grid).collect();
    let Some(first) = sources.first() else { return Ok(vec![None; items.len()]) };
    let grid = first.grid.clone();
    for _ in 0..CYCLES {
        let mut attempts: Vec<Eight> = zeroes(items.len() * grid.width, "expected counts")?;
        let mut ability_of_correct = vec![0.0; items.len()];
        // Groups of the same patterns are worked on together.
        for shared in sources.chunk_by_mut(|one, other| std::ptr::eq(one.patterns, other.patterns))
        {
            let patterns = shared[0].patterns;
            let logs = shared.iter().map(|source| source.grid.log_weights.as_slice());
            let weights = GroupWeights::of_rows(logs, &grid);
            let abilities = Abilities { grid: &grid, weights: &weights, count_persons: true };
            let persons = Persons::everybody(patterns);
            let counts = expected_counts(persons, &items, abilities, Workers::Pool, monitor)?;
            let rows = counts.by_group.persons.chunks_exact(grid.width);
            for (source, persons) in shared.iter_mut().zip(rows) {
                take_shares(&mut source.grid.log_weights, persons);
            }
            add(&mut attempts, &counts.attempts);
            for (sum, more) in ability_of_correct.iter_mut().zip(&counts.ability_of_correct) {
                *sum += more;
            }
        }
        for (number, attempts) in attempts.chunks_exact(grid.width).enumerate() {
            if tested[number] {
                let correct = sums[number].rest().correct();
                let ability_of_correct = ability_of_correct[number];
                let counts = ItemCounts { attempts, correct, ability_of_correct };
                let derivatives = counts.derivatives(items[number], &grid);
                let step = derivatives.information.solve(derivatives.gradient.into());
                items[number] = items[number] + limited(step.unwrap_or_default());
            }
        }
    }
    let rows = ItemRows::new(&items, &grid.nodes)?;
    let mut total: Option<Sums> = None;
    for source in &sources {
        let (sums, _) = sums_of_group(source, &rows, monitor)?;
        match &mut total {
            None => total = Some(sums),
            Some(total) => total.merge(&sums),
        }
    }
    let sums = total.map(|sums| sums.items).unwrap_or_default();
    let z = sums.iter().zip(tested).map(
        |(sums, tested)| {
            if *tested { sums.scores().guessing_z() } else { None }
        },
    );
    Ok(z.collect())
}

/// Log weights from expected persons.
fn take_shares(log_weights: &mut [Eight], persons: &[Eight]) {
    let total = row_sum(persons);
    let places = log_weights.as_flattened_mut().iter_mut().zip(persons.as_flattened());
    for (log, persons) in places.filter(|(log, _)| **log > PADDING) {
        *log = libm::log((persons / total).max(SMALLEST_SHARE));
    }
}

fn limited(step: [f64; 2]) -> SlopeIntercept {
    let longest = step[0].abs().max(step[1].abs());
    let share = if longest > LONGEST_STEP { LONGEST_STEP / longest } else { 1.0 };
    if share.is_finite() && longest.is_finite() {
        SlopeIntercept::from(step) * share
    } else {
        SlopeIntercept::default()
    }
}
