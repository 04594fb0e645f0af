//! Q3: whether two items have more in common than ability.

use std::ops::Range;

use rayon::prelude::*;

use super::pair_items::{Answered, PairItems};
use super::pair_tables::{PairTable, WORTH_A_BLOCK};
use super::thresholds::{LEAST_PERSONS_OF_PAIR, MOST_PAIRS, PAIR_Z};
use crate::error::IrtError;
use crate::monitor::Monitor;
use crate::numeric::eight::Eight;

/// Two items whose residuals go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemPair {
    /// The first item, by its number in the labels.
    pub item: usize,
    /// The second one.
    pub other_item: usize,
    /// Persons who answered both, of those looked at.
    pub persons: u64,
    /// The correlation of x − P(EAP) over them.
    ///
    /// Source: Yen (1984), Applied Psychological Measurement 8(2), 125–145.
    pub q3: f64,
}

impl ItemPair {
    /// How far Q3 stands out from the mean of all pairs, in standard errors of no correlation.
    #[must_use]
    pub fn standing_out(&self, mean_q3: f64) -> f64 {
        (self.q3 - mean_q3) * libm::sqrt(self.persons as f64)
    }
}

/// Pairs with enough persons, by the numbers of the items with parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs {
    pub pairs: Vec<ItemPair>,
}

/// What all tasks together may cost, in additions of a pair: so many, …
const LEAST_BUDGET: f64 = 5e6;
/// … or so many a response, whichever is more. Beyond, every second (third, …) pattern is looked
/// at, …
const BUDGET_PER_RESPONSE: f64 = 2.0;
/// … as long as a pair has so many persons on average: correlations of so many are known well
/// enough.
const PERSONS_OF_A_PAIR: f64 = 250.0;
/// What a pair costs in a block, beside one that is added alone.
const COST_IN_BLOCK: f64 = 0.2;
/// The most tasks: each goes over all persons. Fewer where the pairs are few.
const MOST_TASKS: usize = 8;
/// Pairs that a task is worth.
const PAIRS_OF_A_TASK: usize = 2048;

/// Q3 of all pairs that [`LEAST_PERSONS_OF_PAIR`] persons answered.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn pairs(
    answered: &[Answered<'_>],
    items: &PairItems,
    monitor: &dyn Monitor,
) -> Result<Pairs, IrtError> {
    let stride = stride(answered, items.len());
    let work = |rows: Range<usize>| -> Result<Vec<ItemPair>, IrtError> {
        let mut table = PairTable::new(items, rows)?;
        for answered in answered {
            table.add(answered, stride, monitor)?;
        }
        let mut found = Vec::new();
        table.for_each(|place, other, moments| {
            found.extend(pair(items.number(place), items.number(other), moments));
        });
        Ok(found)
    };
    let found: Result<Vec<Vec<ItemPair>>, IrtError> =
        tasks(items.len()).into_par_iter().map(work).collect();
    Ok(Pairs { pairs: found?.concat() })
}

fn pair(item: usize, other_item: usize, moments: &Eight) -> Option<ItemPair> {
    let [n, x, y, xx, yy, xy, ..] = *moments;
    if !(n >= LEAST_PERSONS_OF_PAIR as f64) {
        return None;
    }
    let (var_x, var_y, covariance) = (xx - x * x / n, yy - y * y / n, xy - x * y / n);
    let q3 = covariance / libm::sqrt(var_x * var_y);
    // Residuals of items that tell nothing do not vary.
    let varies = var_x > 1e-12 * n && var_y > 1e-12 * n;
    varies.then(|| ItemPair { item, other_item, persons: n as u64, q3: q3.clamp(-1.0, 1.0) })
}

/// Rows of the triangle of pairs, about as many pairs in each.
fn tasks(items: usize) -> Vec<Range<usize>> {
    let pairs = items * items.saturating_sub(1) / 2;
    let count = (pairs / PAIRS_OF_A_TASK).clamp(1, MOST_TASKS);
    let (mut tasks, mut start, mut done) = (Vec::new(), 0, 0);
    for item in 0..items.saturating_sub(1) {
        done += items - 1 - item;
        if done * count >= pairs * (tasks.len() + 1) {
            tasks.push(start..item + 1);
            start = item + 1;
        }
    }
    tasks
}

/// Every how many-th pattern is looked at.
fn stride(answered: &[Answered<'_>], items: usize) -> usize {
    let (mut cost, mut responses, mut persons_of_pairs) = (0.0, 0.0, 0.0);
    for Answered { patterns, range, .. } in answered {
        for set in patterns.item_sets(range.clone()) {
            let items = patterns.pattern(set.start).len() as f64;
            let pairs = set.len() as f64 * 0.5 * items * (items - 1.0);
            let price = if set.len() >= WORTH_A_BLOCK { COST_IN_BLOCK } else { 1.0 };
            cost += pairs * price;
            persons_of_pairs += pairs;
            responses += set.len() as f64 * items;
        }
    }
    let budget = LEAST_BUDGET.max(BUDGET_PER_RESPONSE * responses);
    let pairs = 0.5 * items as f64 * (items as f64 - 1.0);
    let most = persons_of_pairs / pairs.max(1.0) / PERSONS_OF_A_PAIR;
    libm::ceil(cost / budget).min(libm::floor(most)).max(1.0) as usize
}

impl Pairs {
    /// The mean of Q3 over pairs.
    pub(super) fn mean(&self) -> Option<f64> {
        let sum: f64 = self.pairs.iter().map(|pair| pair.q3).sum();
        (!self.pairs.is_empty()).then(|| sum / self.pairs.len() as f64)
    }

    /// Those that stand out, the most striking first.
    pub(super) fn standing_out(&self) -> Vec<ItemPair> {
        let Some(mean) = self.mean() else { return Vec::new() };
        let mut found: Vec<ItemPair> =
            self.pairs.iter().filter(|pair| pair.standing_out(mean) > PAIR_Z).copied().collect();
        found.sort_by(|one, other| other.standing_out(mean).total_cmp(&one.standing_out(mean)));
        found.truncate(MOST_PAIRS);
        found
    }
}
