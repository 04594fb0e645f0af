//! Persons with the same items, summed together.

use std::ops::Range;

use super::item_pairs::Pair;
use super::person_posterior::{PersonPosterior, dots};
use super::score_tables::ScoreTables;
use super::scored::Person;
use crate::data::persons::Persons;
use crate::data::response::{Response, same_items};
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, add, add_scaled, dot, vectorised};

/// The sums over persons with the same items.
///
/// With posterior moments M₀ = 1, M₁, M₂ of a person's ability and posterior
/// means E₀ = x − E(P), E₁ = x·M₁ − E(θ·P) of an item's scores, the person adds
///
/// ```text
/// Σ_q h θᵐ (x_j − P_j)(x_k − P_k) = x_j x_k M_m − (terms that are linear in h and x·h)
/// ```
///
/// The first part and the product of means need no node; the linear terms are
/// summed over persons first (`attempts` = Σ h, `correct` = Σ x·h) and
/// multiplied out once.
///
/// The sums go on over groups, for pairs of items: only the row of the pseudo-item is that of one
/// group, and is multiplied out with the node sums of its persons when they end.
pub(super) struct SharedSums<'t> {
    tables: &'t ScoreTables<'t>,
    /// All responses of one of the persons: they stand for the items.
    answered: Vec<Response>,
    /// Those with scores, and the pseudo-item if groups have any: the rows and columns of the sums.
    items: Vec<Response>,
    /// The group whose persons are being added.
    group: usize,
    /// Four rows × columns arrays: aa, ad, da, dd; only the lower triangle counts.
    sums: [Vec<f64>; 4],
    all: NodeSums,
    /// Of the group alone, if groups have scores; not in `all` yet.
    own: Option<NodeSums>,
    block: PersonBlock,
}

/// Σ h over the grid, and Σ x·h of every item.
struct NodeSums {
    attempts: Vec<Eight>,
    correct: Vec<Eight>,
}

impl NodeSums {
    fn new(items: usize, width: usize) -> Result<Self, IrtError> {
        let correct = zeroes(width * items, WHAT)?;
        Ok(Self { attempts: vec![[0.0; LANES]; width], correct })
    }

    /// U_j = Σ x_j h − P_j Σ h / 2, so that the linear terms are Σ θᵐ (P_k U_j + P_j U_k).
    fn subtract_half_the_expected(&mut self, items: &[Response], tables: &ScoreTables<'_>) {
        let width = tables.grid.width;
        for (index, response) in items.iter().enumerate() {
            let row = &mut self.correct[index * width..(index + 1) * width];
            let probability = tables.row(0, *response);
            for (eight, (attempts, probability)) in
                self.attempts.iter().zip(probability).enumerate()
            {
                for lane in 0..LANES {
                    row[eight][lane] -= 0.5 * attempts[lane] * probability[lane];
                }
            }
        }
    }
}

/// What memory is for, in messages.
const WHAT: &str = "the observed information";

/// Persons that are added together, so that the sums are read and written once for all.
const BLOCK: usize = 4;

/// Per person of a block, item by item: x, E₁ and E₀; and the weights c, c·M₁, c·M₂.
#[derive(Default)]
struct PersonBlock {
    filled: usize,
    correct: [Vec<f64>; BLOCK],
    by_slope: [Vec<f64>; BLOCK],
    by_intercept: [Vec<f64>; BLOCK],
    weights: [[f64; 3]; BLOCK],
}

impl<'t> SharedSums<'t> {
    /// No person yet, for the group and the items of `person`.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(person: Person<'_>, tables: &'t ScoreTables<'t>) -> Result<Self, IrtError> {
        let (count, width) = (person.scored.len(), tables.grid.width);
        let has_groups = tables.scoring.has_groups();
        let square = || zeroes(count * count, WHAT);
        let mut block = PersonBlock::default();
        for rows in [&mut block.correct, &mut block.by_slope, &mut block.by_intercept] {
            for row in rows {
                row.resize(count, 0.0);
            }
        }
        Ok(Self {
            tables,
            answered: person.responses.to_vec(),
            items: person.scored.to_vec(),
            group: person.group,
            sums: [square()?, square()?, square()?, square()?],
            all: NodeSums::new(count, width)?,
            own: if has_groups { Some(NodeSums::new(count, width)?) } else { None },
            block,
        })
    }

    /// Bytes that such sums take for so many responses.
    pub(super) fn bytes(responses: usize, width: usize) -> usize {
        let count = responses + 1;
        4 * count * count * size_of::<f64>() + 2 * count * width * size_of::<Eight>()
    }

    /// True where persons with these `responses` belong to these sums.
    pub(super) fn is_over(&self, responses: &[Response]) -> bool {
        same_items(&self.answered, responses)
    }

    /// From now on, persons of this group are added.
    pub(super) fn enter(&mut self, group: usize, missing: &mut [Pair]) {
        if group != self.group {
            self.finish_group(missing);
            self.group = group;
        }
    }

    /// Adds persons who answered the items of these sums.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(super) fn add(
        &mut self,
        persons: Persons<'_>,
        set: Range<usize>,
        posterior: &mut PersonPosterior,
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        vectorised(
            #[inline(always)]
            || {
                posterior.set_base(&self.answered, self.group, self.tables);
                let mut scratch = Vec::with_capacity(self.items.len());
                for pattern in set {
                    let weight = persons.weights[pattern];
                    if weight > 0 {
                        check(monitor)?;
                        let responses = persons.patterns.pattern(pattern);
                        posterior.set_over_base(responses, self.tables);
                        let scoring = &self.tables.scoring;
                        let groups = scoring.has_groups();
                        let scored = scoring.scored(responses, groups, &mut scratch);
                        self.add_person(scored, f64::from(weight), posterior);
                    }
                }
                self.flush();
                Ok(())
            },
        )
    }

    #[inline(always)]
    fn add_person(
        &mut self,
        responses: &[Response],
        persons: f64,
        posterior: &mut PersonPosterior,
    ) {
        let tables = self.tables;
        let [mean, second] = posterior.ability_moments(tables.grid);
        let here = posterior.eights.clone();
        let shares = &posterior.shares[here.clone()];
        let sums = self.own.as_mut().unwrap_or(&mut self.all);
        add_scaled(&mut sums.attempts[here.clone()], persons, shares);
        let slot = self.block.filled;
        self.block.weights[slot] = [persons, persons * mean, persons * second];
        for (index, response) in responses.iter().enumerate() {
            let x = response.score();
            if response.is_correct() {
                let start = index * tables.grid.width;
                let row = &mut sums.correct[start + here.start..start + here.end];
                add_scaled(row, persons, shares);
            }
            self.block.correct[slot][index] = x;
            self.block.by_intercept[slot][index] =
                x - dot(shares, &tables.row(0, *response)[here.clone()]);
            self.block.by_slope[slot][index] =
                x * mean - dot(shares, &tables.row(1, *response)[here.clone()]);
        }
        self.block.filled += 1;
        if self.block.filled == BLOCK {
            self.flush();
        }
    }

    /// Adds the persons of the block to the sums over pairs of items.
    #[inline(always)]
    fn flush(&mut self) {
        let block = &mut self.block;
        for slot in block.filled..BLOCK {
            block.weights[slot] = [0.0; 3];
        }
        block.filled = 0;
        let count = self.items.len();
        let [aa, ad, da, dd] = &mut self.sums;
        for row in 0..count {
            let range = row * count..row * count + row + 1;
            let (aa, ad) = (&mut aa[range.clone()], &mut ad[range.clone()]);
            let (da, dd) = (&mut da[range.clone()], &mut dd[range]);
            for slot in 0..BLOCK {
                let x = block.correct[slot][row];
                let [zeroth, first, second] = block.weights[slot];
                let (by_slope, by_intercept) =
                    (zeroth * block.by_slope[slot][row], zeroth * block.by_intercept[slot][row]);
                let (zeroth, first, second) = (zeroth * x, first * x, second * x);
                let correct = &block.correct[slot][..row + 1];
                let slopes = &block.by_slope[slot][..row + 1];
                let intercepts = &block.by_intercept[slot][..row + 1];
                for k in 0..row + 1 {
                    aa[k] += second * correct[k] - by_slope * slopes[k];
                    ad[k] += first * correct[k] - by_slope * intercepts[k];
                    da[k] += first * correct[k] - by_intercept * slopes[k];
                    dd[k] += zeroth * correct[k] - by_intercept * intercepts[k];
                }
            }
        }
    }

    /// Multiplies the shared node sums out and adds everything to the pairs of all items.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(super) fn scatter(
        mut self,
        missing: &mut [Pair],
        monitor: &dyn Monitor,
    ) -> Result<(), IrtError> {
        self.finish_group(missing);
        self.all.subtract_half_the_expected(&self.items, self.tables);
        let rows = self.items.len() - usize::from(self.own.is_some());
        vectorised(
            #[inline(always)]
            || {
                for row in 0..rows {
                    check(monitor)?;
                    self.scatter_row(row, &self.all, missing);
                }
                Ok(())
            },
        )
    }

    /// Adds the row of the pseudo-item to the pairs of its group, and goes on with nobody in the
    /// group.
    fn finish_group(&mut self, missing: &mut [Pair]) {
        let Some(mut own) = self.own.take() else { return };
        let (count, last) = (self.items.len(), self.items.len() - 1);
        add(&mut self.all.attempts, &own.attempts);
        add(&mut self.all.correct, &own.correct);
        if self.tables.scoring.is_free_group(self.group) {
            own.subtract_half_the_expected(&self.items, self.tables);
            vectorised(
                #[inline(always)]
                || self.scatter_row(last, &own, missing),
            );
        }
        for sums in &mut self.sums {
            sums[last * count..].fill(0.0);
        }
        own.attempts.fill([0.0; LANES]);
        own.correct.fill([0.0; LANES]);
        self.own = Some(own);
    }

    #[inline(always)]
    fn scatter_row(&self, row: usize, nodes: &NodeSums, missing: &mut [Pair]) {
        let (count, width, tables) = (self.items.len(), self.tables.grid.width, self.tables);
        let own = &nodes.correct[row * width..(row + 1) * width];
        let own_rows = [0, 1, 2].map(|m| tables.row(m, self.items[row]));
        let at = tables.scoring.row_start(self.items[row], self.group);
        for column in 0..=row {
            let other = &nodes.correct[column * width..(column + 1) * width];
            let other_rows = [0, 1, 2].map(|m| tables.row(m, self.items[column]));
            let one = dots(other_rows, own);
            let two = dots(own_rows, other);
            let pair = &mut missing[at + self.items[column].item()];
            for (k, moment) in [2, 1, 1, 0].into_iter().enumerate() {
                pair[k] += self.sums[k][row * count + column] - (one[moment] + two[moment]);
            }
        }
    }
}
