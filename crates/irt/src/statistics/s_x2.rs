//! S-X²: observed and expected proportions correct, by number-correct score.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::item_rows::ItemRows;
use super::source::Source;
use super::sum_scores::{SumScores, without_each};
use super::thresholds::{ITEMS_OF_S_X2, LEAST_EXPECTED, LEAST_PERSONS_OF_ITEM_SET};
use crate::data::response::{Response, same_items};
use crate::error::IrtError;
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, dot, vectorised};
use crate::numeric::tails::chi_square_tail;

/// Fit of an item by the number-correct scores of persons who answered the same items.
///
/// # Source
/// Orlando & Thissen (2000), Applied Psychological Measurement 24(1), 50–64. Score groups 1 to
/// J − 1; walking up, a group whose smaller expected frequency is below 1 is merged into the next
/// higher; the last one, if below 1, into the one below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SX2 {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// Score groups less the two parameters.
    pub df: u32,
    /// P of a larger value under the model, by the chi-square distribution.
    pub p: f64,
}

/// S-X² of every item, over the persons of the item set with the most items that
/// [`LEAST_PERSONS_OF_ITEM_SET`] persons or more share, of several the one that most share.
///
/// `None` for items that are not in it, and where fewer than three score groups remain.
///
/// # Errors
/// [`IrtError::Interrupted`].
pub(super) fn s_x2(
    sources: &[Source<'_>],
    items: &ItemRows<'_>,
    monitor: &dyn Monitor,
) -> Result<Vec<Option<SX2>>, IrtError> {
    let mut found = vec![None; items.parameters.len()];
    let Some(set) = largest_item_set(sources) else { return Ok(found) };
    let table = ScoreTable::new(set, sources);
    let width = items.width;
    let row = |position: usize| &items.probability[items.row(set[position].item())];
    let mut interrupted = Ok(());
    vectorised(
        #[inline(always)]
        || {
            let mut all = SumScores::of_nobody(width);
            (0..set.len()).for_each(|position| all.add_item(row(position)));
            let shares: Vec<f64> =
                (0..=set.len()).map(|score| dot(all.row(score), &table.weights)).collect();
            without_each(set.len(), width, &row, &mut |position, others| {
                if interrupted.is_ok() {
                    interrupted = check(monitor);
                    let expected = expected(&table.weights, row(position), others, &shares);
                    found[set[position].item()] = table.statistic(position, &expected);
                }
            });
        },
    );
    interrupted.map(|()| found)
}

/// P(correct | score) for scores 1 … J − 1.
#[inline(always)]
fn expected(
    weights: &[Eight],
    probability: &[Eight],
    others: &SumScores,
    shares: &[f64],
) -> Vec<f64> {
    let weighted: Vec<Eight> = weights
        .iter()
        .zip(probability)
        .map(|(weights, p)| std::array::from_fn(|lane: usize| weights[lane] * p[lane]))
        .collect();
    (1..shares.len() - 1)
        .map(|score| dot(others.row(score - 1), &weighted) / shares[score])
        .collect()
}

/// What the persons of an item set answered, by score.
struct ScoreTable {
    /// Persons per score 0 … J.
    persons: Vec<u64>,
    /// Correct responses, scores 0 … J × items.
    correct: Vec<u64>,
    /// The share of these persons at every node, before they answer.
    weights: Vec<Eight>,
}

impl ScoreTable {
    fn new(set: &[Response], sources: &[Source<'_>]) -> Self {
        let items = set.len();
        let (mut persons, mut correct) = (vec![0; items + 1], vec![0; items * (items + 1)]);
        let mut weights = vec![[0.0; LANES]; sources.first().map_or(0, |source| source.grid.width)];
        for source in sources {
            let mut of_group = 0;
            let patterns = source.patterns;
            let same = |range: &Range<usize>| same_items(patterns.pattern(range.start), set);
            let shared = patterns.item_sets(source.range.clone()).filter(same).flatten();
            for pattern in shared {
                let (responses, count) =
                    (patterns.pattern(pattern), u64::from(patterns.multiplicities()[pattern]));
                let score: u32 = responses.iter().map(|response| response.count()).sum();
                let score = score as usize;
                of_group += count;
                persons[score] += count;
                let row = &mut correct[score * items..(score + 1) * items];
                for (total, response) in row.iter_mut().zip(responses) {
                    *total += count * u64::from(response.count());
                }
            }
            for (weight, log) in weights.iter_mut().zip(&source.grid.log_weights) {
                for lane in 0..LANES {
                    weight[lane] += of_group as f64 * libm::exp(log[lane]);
                }
            }
        }
        Self { persons, correct, weights }
    }

    fn statistic(&self, position: usize, expected: &[f64]) -> Option<SX2> {
        let items = self.persons.len() - 1;
        let correct = self.correct[items..].iter().skip(position).step_by(items);
        let cells = expected.iter().zip(correct).zip(&self.persons[1..]);
        let groups = collapsed(cells.map(|((expected, correct), persons)| {
            let n = *persons as f64;
            // Where nobody is, nothing is expected either, whatever the probability.
            let expected = if *persons > 0 { n * expected } else { 0.0 };
            Cell { persons: n, correct: *correct as f64, expected }
        }));
        let df = groups.len().checked_sub(2).filter(|df| *df > 0)? as u32;
        let statistic: f64 = groups.iter().map(Cell::distance).sum();
        let p = chi_square_tail(statistic, df);
        statistic.is_finite().then_some(SX2 { statistic, df, p })
    }
}

/// The persons of one or several neighbouring scores.
#[derive(Clone, Copy, Default)]
struct Cell {
    persons: f64,
    correct: f64,
    expected: f64,
}

impl Cell {
    fn is_too_small(&self) -> bool {
        !(self.expected.min(self.persons - self.expected) >= LEAST_EXPECTED)
    }

    fn with(self, other: Self) -> Self {
        Self {
            persons: self.persons + other.persons,
            correct: self.correct + other.correct,
            expected: self.expected + other.expected,
        }
    }

    fn distance(&self) -> f64 {
        let difference = self.correct - self.expected;
        let square = difference * difference;
        square / self.expected + square / (self.persons - self.expected)
    }
}

fn collapsed(cells: impl Iterator<Item = Cell>) -> Vec<Cell> {
    let mut groups = Vec::new();
    let mut carried: Option<Cell> = None;
    for cell in cells {
        let cell = carried.take().map_or(cell, |below| below.with(cell));
        if cell.is_too_small() {
            carried = Some(cell);
        } else {
            groups.push(cell);
        }
    }
    if let (Some(rest), Some(last)) = (carried, groups.last_mut()) {
        *last = last.with(rest);
    }
    groups
}

/// Items as what tells one item set from another.
struct ItemSet<'a>(&'a [Response]);

impl PartialEq for ItemSet<'_> {
    fn eq(&self, other: &Self) -> bool {
        same_items(self.0, other.0)
    }
}

impl Eq for ItemSet<'_> {}

impl Hash for ItemSet<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|response| response.number().hash(state));
    }
}

fn largest_item_set<'a>(sources: &[Source<'a>]) -> Option<&'a [Response]> {
    // A set that enough persons share is one of at least this many in some group.
    let least = LEAST_PERSONS_OF_ITEM_SET.div_ceil(sources.len().max(1) as u64);
    let mut persons: HashMap<ItemSet<'a>, u64> = HashMap::new();
    for source in sources {
        for set in source.patterns.item_sets(source.range.clone()) {
            let counts = &source.patterns.multiplicities()[set.clone()];
            let count: u64 = counts.iter().map(|count| u64::from(*count)).sum();
            let items = source.patterns.pattern(set.start);
            if count >= least && ITEMS_OF_S_X2.contains(&items.len()) {
                *persons.entry(ItemSet(items)).or_default() += count;
            }
        }
    }
    let shared = persons.iter().filter(|(_, count)| **count >= LEAST_PERSONS_OF_ITEM_SET);
    let numbers = |set: &ItemSet<'a>| -> Vec<u32> { set.0.iter().map(|r| r.number()).collect() };
    // The order of a map is no order: of equals the first by its items.
    shared
        .max_by(|(one, ones), (other, others)| {
            let by_size = one.0.len().cmp(&other.0.len()).then(ones.cmp(others));
            by_size.then_with(|| numbers(other).cmp(&numbers(one)))
        })
        .map(|(set, _)| set.0)
}
