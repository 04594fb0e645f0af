//! Moments of the residuals of pairs of items, over the persons who answered both.
//!
//! Every task has some rows of the triangle of pairs to itself and goes over all persons: nothing
//! is shared, sums run in the canonical order, and the rows stay in the cache. Persons who answered
//! the same items are multiplied as a block, 64 at a time; others add pair by pair.

use std::ops::Range;

use super::pair_items::{Answered, PairItems};
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, dot, product, row_sum, sum, tree_sum, vectorised};
use crate::numeric::elementary::eight_logistics;

/// Item sets between two looks at the monitor.
const SETS_PER_CHECK: usize = 1024;
/// Item sets of fewer patterns are added pair by pair.
pub(super) const WORTH_A_BLOCK: usize = 16;
/// Eights of persons in a block.
const BLOCK: usize = 8;

/// Rows `rows` of the triangle of pairs.
pub(super) struct PairTable<'a> {
    items: &'a PairItems,
    rows: Range<usize>,
    /// Per pair: n, Σx, Σy, Σx², Σy², Σxy.
    moments: Vec<Eight>,
    desk: Desk,
}

#[derive(Default)]
struct Desk {
    /// Of the item set: where a response stands in a pattern, and its item among those of pairs.
    positions: Vec<(usize, usize)>,
    slopes: Vec<Eight>,
    intercepts: Vec<Eight>,
    residuals: Vec<Eight>,
    weighted: Vec<Eight>,
    /// Per response: 1, 1, y, 1, y², y.
    factors: Vec<Eight>,
    sums: Vec<[f64; 2]>,
    products: Vec<f64>,
}

impl<'a> PairTable<'a> {
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(items: &'a PairItems, rows: Range<usize>) -> Result<Self, IrtError> {
        let pairs: usize = rows.clone().map(|row| items.len() - 1 - row).sum();
        let moments = zeroes(pairs, "pairs of items")?;
        Ok(Self { items, rows, moments, desk: Desk::default() })
    }

    /// Every `stride`-th pattern of `answered`.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(super) fn add(
        &mut self,
        answered: &Answered<'_>,
        stride: usize,
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        let sets = answered.patterns.item_sets(answered.range.clone());
        for (number, set) in sets.enumerate() {
            if number % SETS_PER_CHECK == 0 || set.len() >= SETS_PER_CHECK {
                check(monitor)?;
            }
            if set.start.next_multiple_of(stride) >= set.end {
                continue;
            }
            let rows = self.gather(answered.patterns.pattern(set.start));
            if rows == 0 || self.desk.positions.len() < 2 {
                continue;
            }
            vectorised(
                #[inline(always)]
                || {
                    let chosen = set.clone().filter(|pattern| pattern.is_multiple_of(stride));
                    if set.len() / stride >= WORTH_A_BLOCK {
                        self.add_block(answered, chosen, rows);
                    } else {
                        // No `for_each`: it would not be compiled for the vector instructions.
                        for pattern in chosen {
                            self.add_pattern(answered, pattern, rows);
                        }
                    }
                },
            );
        }
        Ok(())
    }

    /// Calls `visit(item, other, moments)` for every pair.
    pub(super) fn for_each(&self, mut visit: impl FnMut(usize, usize, &Eight)) {
        let mut moments = self.moments.iter();
        for item in self.rows.clone() {
            for (other, moments) in (item + 1..self.items.len()).zip(&mut moments) {
                visit(item, other, moments);
            }
        }
    }

    /// Where the pair (item, 0) would stand, if there were one: others are counted from there.
    #[inline(always)]
    fn row(&self, item: usize) -> isize {
        let (above, first) = (item - self.rows.start, self.rows.start);
        // Rows first, first + 1, … hold items − 1 − row pairs each.
        let before = above * (self.items.len() - 1 - first) - above * above.saturating_sub(1) / 2;
        before as isize - (item as isize + 1)
    }

    /// Notes where the items of an item set are, from this task's first row on; returns how many of
    /// them are rows of this task.
    fn gather(&mut self, shared: &[Response]) -> usize {
        let first = self.items.number(self.rows.start);
        let from = shared.partition_point(|response| response.item() < first);
        let desk = &mut self.desk;
        desk.positions.clear();
        let last = self.items.number(self.rows.end - 1);
        if shared.get(from).is_none_or(|response| response.item() > last) {
            return 0;
        }
        for (position, response) in shared.iter().enumerate().skip(from) {
            desk.positions.extend(self.items.place(response.item()).map(|place| (position, place)));
        }
        let eights = desk.positions.len().div_ceil(LANES);
        desk.slopes.resize(eights, [0.0; LANES]);
        desk.intercepts.resize(eights, [0.0; LANES]);
        let intercepts = desk.intercepts.as_flattened_mut();
        let places = desk.slopes.as_flattened_mut().iter_mut().zip(intercepts);
        for ((slope, intercept), (_, place)) in places.zip(&desk.positions) {
            let item = self.items.parameters(*place);
            (*slope, *intercept) = (item.slope, item.intercept);
        }
        desk.positions.partition_point(|(_, place)| *place < self.rows.end)
    }

    #[inline(always)]
    fn add_pattern(&mut self, answered: &Answered<'_>, pattern: usize, rows: usize) {
        let responses = answered.patterns.pattern(pattern);
        let ability = answered.ability(pattern);
        let weight = f64::from(answered.patterns.multiplicities()[pattern]);
        let desk = &mut self.desk;
        desk.factors.clear();
        let eights = desk.slopes.iter().zip(&desk.intercepts);
        for ((slopes, intercepts), positions) in eights.zip(desk.positions.chunks(LANES)) {
            let mut logits = *intercepts;
            for lane in 0..LANES {
                logits[lane] += slopes[lane] * ability;
            }
            let p = eight_logistics(logits);
            for ((position, _), p) in positions.iter().zip(p) {
                let y = responses[*position].score() - p;
                desk.factors.push([1.0, 1.0, y, 1.0, y * y, y, 0.0, 0.0]);
            }
        }
        for place in 0..rows {
            let x = self.desk.factors[place][2];
            let (wx, wxx) = (weight * x, weight * x * x);
            let left = [weight, wx, weight, wxx, weight, wx, 0.0, 0.0];
            let row = self.row(self.desk.positions[place].1);
            let others =
                self.desk.positions[place + 1..].iter().zip(&self.desk.factors[place + 1..]);
            for ((_, other), factors) in others {
                let moments = &mut self.moments[(row + *other as isize) as usize];
                *moments = sum(*moments, product(left, *factors));
            }
        }
    }

    #[inline(always)]
    fn add_block(
        &mut self,
        answered: &Answered<'_>,
        patterns: impl Iterator<Item = usize>,
        rows: usize,
    ) {
        let patterns: Vec<usize> = patterns.collect();
        let items = self.desk.positions.len();
        self.desk.products.clear();
        self.desk.products.resize(rows * items, 0.0);
        self.desk.sums.clear();
        self.desk.sums.resize(items, [0.0; 2]);
        let mut persons = 0.0;
        for block in patterns.chunks(BLOCK * LANES) {
            persons += self.desk.multiply(answered, block, rows);
        }
        for place in 0..rows {
            let (row, [x, xx]) = (self.row(self.desk.positions[place].1), self.desk.sums[place]);
            for column in place + 1..items {
                let [y, yy] = self.desk.sums[column];
                let xy = self.desk.products[place * items + column];
                let more = [persons, x, y, xx, yy, xy, 0.0, 0.0];
                let other = self.desk.positions[column].1 as isize;
                let moments = &mut self.moments[(row + other) as usize];
                for lane in 0..LANES {
                    moments[lane] += more[lane];
                }
            }
        }
    }
}

impl Desk {
    /// Adds the products of a block of patterns of one item set; returns how many persons.
    #[inline(always)]
    fn multiply(&mut self, answered: &Answered<'_>, block: &[usize], rows: usize) -> f64 {
        let mut weights = [[0.0; LANES]; BLOCK];
        let mut abilities = [[0.0; LANES]; BLOCK];
        let places = weights.as_flattened_mut().iter_mut().zip(abilities.as_flattened_mut());
        for ((weight, ability), pattern) in places.zip(block) {
            *weight = f64::from(answered.patterns.multiplicities()[*pattern]);
            *ability = answered.ability(*pattern);
        }
        let items = self.sums.len();
        self.residuals.resize(items * BLOCK, [0.0; LANES]);
        self.weighted.resize(items * BLOCK, [0.0; LANES]);
        let places =
            self.residuals.chunks_exact_mut(BLOCK).zip(self.weighted.chunks_exact_mut(BLOCK));
        for (place, (residuals, weighted)) in places.enumerate() {
            let slope = self.slopes.as_flattened()[place];
            let intercept = self.intercepts.as_flattened()[place];
            let mut scores = [[0.0; LANES]; BLOCK];
            let position = self.positions[place].0;
            for (score, pattern) in scores.as_flattened_mut().iter_mut().zip(block) {
                *score = answered.patterns.pattern(*pattern)[position].score();
            }
            for eight in 0..BLOCK {
                let mut logits = abilities[eight];
                for logit in &mut logits {
                    *logit = slope * *logit + intercept;
                }
                let p = eight_logistics(logits);
                for lane in 0..LANES {
                    let residual = scores[eight][lane] - p[lane];
                    residuals[eight][lane] = residual;
                    weighted[eight][lane] = weights[eight][lane] * residual;
                }
            }
            self.sums[place][0] += row_sum(weighted);
            self.sums[place][1] += dot(weighted, residuals);
        }
        for place in 0..rows {
            let first = place * items;
            let products = &mut self.products[first + place + 1..first + items];
            let left = &self.weighted[place * BLOCK..(place + 1) * BLOCK];
            add_products(left, &self.residuals[(place + 1) * BLOCK..items * BLOCK], products);
        }
        weights.as_flattened().iter().sum()
    }
}

/// Adds left · row to every product, for rows as long as `left`: four at a time, so that `left` is
/// read once for them.
#[inline(always)]
fn add_products(left: &[Eight], rows: &[Eight], products: &mut [f64]) {
    const TOGETHER: usize = 4;
    let mut fours = rows.chunks_exact(TOGETHER * BLOCK);
    let mut places = products.chunks_exact_mut(TOGETHER);
    for (rows, products) in (&mut fours).zip(&mut places) {
        let mut sums = [[0.0; LANES]; TOGETHER];
        for eight in 0..BLOCK {
            for row in 0..TOGETHER {
                let right = &rows[row * BLOCK + eight];
                for lane in 0..LANES {
                    sums[row][lane] += left[eight][lane] * right[lane];
                }
            }
        }
        for (product, sum) in products.iter_mut().zip(sums) {
            *product += tree_sum(sum);
        }
    }
    let rest = fours.remainder().chunks_exact(BLOCK);
    for (product, row) in places.into_remainder().iter_mut().zip(rest) {
        *product += dot(left, row);
    }
}
