//! What the scores of every person are made of: tables per item, and the person's posterior.

use std::ops::Range;

use crate::error::IrtError;
use crate::likelihood::expectation::{
    ItemTables, log_posterior_base, probability_table, sum_of_correct,
};
use crate::likelihood::objective::Evaluation;
use crate::memory::reserve;
use crate::numeric::eight::{self as lanes, Grid, LANES, Lane};

/// Probabilities and their products with ability, items × lanes.
pub(crate) struct ScoreTables<'a> {
    pub base: ItemTables<'a>,
    /// P, θ·P and θ²·P.
    moments: [Vec<Lane>; 3],
}

impl<'a> ScoreTables<'a> {
    pub(crate) fn new(evaluation: &'a Evaluation, grid: &Grid) -> Result<Self, IrtError> {
        let probability = probability_table(&evaluation.parameters, grid)?;
        let times_ability = |table: &[Lane]| -> Result<Vec<Lane>, IrtError> {
            let mut product = reserve(table.len(), "tables of the items")?;
            let rows = table
                .iter()
                .zip(grid.nodes.iter().cycle())
                .map(|(row, nodes)| std::array::from_fn(|lane| row[lane] * nodes[lane]));
            product.extend(rows);
            Ok(product)
        };
        let first = times_ability(&probability)?;
        let second = times_ability(&first)?;
        Ok(Self {
            base: ItemTables::new(&evaluation.parameters, grid)?,
            moments: [probability, first, second],
        })
    }

    /// θᵐ·P of the item of `code`, over the grid.
    #[inline(always)]
    pub(crate) fn row(&self, moment: usize, code: u32, grid: &Grid) -> &[Lane] {
        let item = (code >> 1) as usize;
        &self.moments[moment][item * grid.width..(item + 1) * grid.width]
    }
}

/// Rows that are overwritten for every person.
pub(crate) struct Scratch {
    pub base: Vec<Lane>,
    pub posterior: Vec<Lane>,
    /// The lanes outside of which the posterior is 0.
    pub lanes: Range<usize>,
    /// Rows for products with the posterior.
    pub weighted: [Vec<Lane>; 3],
}

impl Scratch {
    pub(crate) fn new(grid: &Grid) -> Self {
        let row = vec![[0.0; LANES]; grid.width];
        Self {
            base: row.clone(),
            posterior: row.clone(),
            lanes: 0..0,
            weighted: [row.clone(), row.clone(), row],
        }
    }

    /// The posterior of a person who answered so.
    #[inline(always)]
    pub(crate) fn posterior(&mut self, codes: &[u32], tables: &ScoreTables<'_>, grid: &Grid) {
        log_posterior_base(&mut self.base, codes, &tables.base, grid);
        self.posterior_over_base(codes, tables, grid);
    }

    /// The same where `base` already holds what the person shares with others.
    #[inline(always)]
    pub(crate) fn posterior_over_base(
        &mut self,
        codes: &[u32],
        tables: &ScoreTables<'_>,
        grid: &Grid,
    ) {
        let sums = sum_of_correct(codes, tables.base.parameters);
        let found = lanes::posterior(&self.base, sums.slope, &grid.nodes, &mut self.posterior);
        self.lanes = found.lanes;
    }

    /// The posterior's mean and second moment of ability; `weighted[0]` is overwritten.
    #[inline(always)]
    pub(crate) fn ability_moments(&mut self, grid: &Grid) -> [f64; 2] {
        let nodes = &grid.nodes[self.lanes.clone()];
        let weighted = &mut self.weighted[0][..nodes.len()];
        for (row, (posterior, node)) in
            weighted.iter_mut().zip(self.posterior[self.lanes.clone()].iter().zip(nodes))
        {
            *row = lanes::product(*posterior, *node);
        }
        [sum(weighted), lanes::dot(weighted, nodes)]
    }
}

/// The sum of a row, always in the same order.
#[inline(always)]
pub(crate) fn sum(row: &[Lane]) -> f64 {
    let mut sums = [0.0; LANES];
    for lane in row {
        for k in 0..LANES {
            sums[k] += lane[k];
        }
    }
    lanes::tree_sum(sums)
}

/// Dot products of three rows with one. One after the other: fused into one
/// loop, the compiler spills the sums.
#[inline(always)]
pub(crate) fn dots(rows: [&[Lane]; 3], other: &[Lane]) -> [f64; 3] {
    [lanes::dot(rows[0], other), lanes::dot(rows[1], other), lanes::dot(rows[2], other)]
}
