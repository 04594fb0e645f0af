//! Persons with the same items, summed together.

use std::ops::Range;

use super::observed::{Pair, check, triangle};
use super::scores::{ScoreTables, Scratch, dots};
use crate::error::IrtError;
use crate::likelihood::expectation::log_posterior_base;
use crate::likelihood::objective::Objective;
use crate::memory::zeroes;
use crate::numeric::eight::{self as lanes, Grid, LANES, Lane};

/// The sums over persons with the same items.
///
/// With posterior moments M₀ = 1, M₁, M₂ of a person's ability and posterior
/// means E₀ = x − E[P], E₁ = x·M₁ − E[θ·P] of an item's scores, the person adds
///
/// ```text
/// Σ_q h θᵐ (x_j − P_j)(x_k − P_k) = x_j x_k M_m − (terms that are linear in h and x·h)
/// ```
///
/// The first part and the product of means need no node; the linear terms are
/// summed over persons first (`attempts` = Σ h, `correct` = Σ x·h) and
/// multiplied out once.
pub(crate) struct SharedSums {
    codes: Vec<u32>,
    /// Four rows × columns arrays: aa, ad, da, dd; only the lower triangle counts.
    sums: [Vec<f64>; 4],
    attempts: Vec<Lane>,
    correct: Vec<Lane>,
    block: PersonBlock,
}

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

impl SharedSums {
    /// No person yet, for the items of `codes`.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn new(codes: &[u32], grid: &Grid) -> Result<Self, IrtError> {
        const WHAT: &str = "the observed information";
        let count = codes.len();
        let square = || zeroes(count * count, WHAT);
        let mut block = PersonBlock::default();
        for rows in [&mut block.correct, &mut block.by_slope, &mut block.by_intercept] {
            for row in rows {
                row.resize(count, 0.0);
            }
        }
        Ok(Self {
            codes: codes.to_vec(),
            sums: [square()?, square()?, square()?, square()?],
            attempts: vec![[0.0; LANES]; grid.width],
            correct: zeroes(grid.width * count, WHAT)?,
            block,
        })
    }

    /// True where `codes` answer the items of these sums.
    pub(crate) fn is_over(&self, codes: &[u32]) -> bool {
        self.codes.len() == codes.len()
            && self.codes.iter().zip(codes).all(|(x, y)| x >> 1 == y >> 1)
    }

    /// Adds persons who answered the items of these sums.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(crate) fn add(
        &mut self,
        objective: &Objective<'_>,
        weights: &[u32],
        tables: &ScoreTables<'_>,
        patterns: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<(), IrtError> {
        let grid = objective.grid;
        lanes::vectorised(
            #[inline(always)]
            || {
                log_posterior_base(&mut scratch.base, &self.codes, &tables.base, grid);
                for pattern in patterns {
                    let persons = weights[pattern];
                    if persons > 0 {
                        check(objective.monitor)?;
                        let codes = objective.patterns.codes(pattern);
                        scratch.posterior_over_base(codes, tables, grid);
                        self.add_person(codes, f64::from(persons), tables, grid, scratch);
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
        codes: &[u32],
        persons: f64,
        tables: &ScoreTables<'_>,
        grid: &Grid,
        scratch: &mut Scratch,
    ) {
        let [mean, second] = scratch.ability_moments(grid);
        let here = scratch.lanes.clone();
        let posterior = &scratch.posterior[here.clone()];
        lanes::add_scaled(&mut self.attempts[here.clone()], persons, posterior);
        let slot = self.block.filled;
        self.block.weights[slot] = [persons, persons * mean, persons * second];
        for (index, code) in codes.iter().enumerate() {
            let x = f64::from(code & 1);
            if code & 1 == 1 {
                let start = index * grid.width;
                let row = &mut self.correct[start + here.start..start + here.end];
                lanes::add_scaled(row, persons, posterior);
            }
            self.block.correct[slot][index] = x;
            self.block.by_intercept[slot][index] =
                x - lanes::dot(posterior, &tables.row(0, *code, grid)[here.clone()]);
            self.block.by_slope[slot][index] =
                x * mean - lanes::dot(posterior, &tables.row(1, *code, grid)[here.clone()]);
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
        let count = self.codes.len();
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
    pub(crate) fn scatter(
        mut self,
        objective: &Objective<'_>,
        tables: &ScoreTables<'_>,
        missing: &mut [Pair],
    ) -> Result<(), IrtError> {
        let (count, grid) = (self.codes.len(), objective.grid);
        // U_j = Σ x_j h − P_j Σ h / 2, so that the linear terms are Σ θᵐ (P_k U_j + P_j U_k).
        for (index, code) in self.codes.iter().enumerate() {
            let row = &mut self.correct[index * grid.width..(index + 1) * grid.width];
            let probability = tables.row(0, *code, grid);
            for (lane, (attempts, probability)) in self.attempts.iter().zip(probability).enumerate()
            {
                for k in 0..LANES {
                    row[lane][k] -= 0.5 * attempts[k] * probability[k];
                }
            }
        }
        lanes::vectorised(
            #[inline(always)]
            || {
                for row in 0..count {
                    check(objective.monitor)?;
                    let own = &self.correct[row * grid.width..(row + 1) * grid.width];
                    let own_rows = [0, 1, 2].map(|m| tables.row(m, self.codes[row], grid));
                    let at = triangle((self.codes[row] >> 1) as usize);
                    for column in 0..=row {
                        let other = &self.correct[column * grid.width..(column + 1) * grid.width];
                        let other_rows = [0, 1, 2].map(|m| tables.row(m, self.codes[column], grid));
                        let one = dots(other_rows, own);
                        let two = dots(own_rows, other);
                        let pair = &mut missing[at + (self.codes[column] >> 1) as usize];
                        for (k, moment) in [2, 1, 1, 0].into_iter().enumerate() {
                            pair[k] +=
                                self.sums[k][row * count + column] - (one[moment] + two[moment]);
                        }
                    }
                }
                Ok(())
            },
        )
    }
}
