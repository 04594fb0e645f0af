//! The posterior of one person after another, in the same memory.

use std::ops::Range;

use super::score_tables::ScoreTables;
use crate::ability::grid::Grid;
use crate::ability::posterior::posterior;
use crate::data::response::Response;
use crate::numeric::eight::{Eight, LANES, dot, product, row_sum};

/// Rows that are overwritten for every person.
pub(super) struct PersonPosterior {
    /// What persons with the same items share.
    pub base: Vec<Eight>,
    /// Shares of the posterior; 0 outside of `eights`.
    pub shares: Vec<Eight>,
    /// The eights outside of which the posterior is 0.
    pub eights: Range<usize>,
    /// Rows for products with the posterior.
    pub weighted: [Vec<Eight>; 3],
}

impl PersonPosterior {
    pub(super) fn new(grid: &Grid) -> Self {
        let row = vec![[0.0; LANES]; grid.width];
        Self {
            base: row.clone(),
            shares: row.clone(),
            eights: 0..0,
            weighted: [row.clone(), row.clone(), row],
        }
    }

    /// The posterior of a person of this group who answered so.
    #[inline(always)]
    pub(super) fn set(&mut self, responses: &[Response], group: usize, tables: &ScoreTables<'_>) {
        self.set_base(responses, group, tables);
        self.set_over_base(responses, tables);
    }

    /// What persons of this group who answered these items share.
    #[inline(always)]
    pub(super) fn set_base(
        &mut self,
        responses: &[Response],
        group: usize,
        tables: &ScoreTables<'_>,
    ) {
        tables.base.log_posterior_base(&mut self.base, tables.weights.row(group), responses);
    }

    /// The same where `base` already holds what the person shares with others.
    #[inline(always)]
    pub(super) fn set_over_base(&mut self, responses: &[Response], tables: &ScoreTables<'_>) {
        let sums = tables.base.sum_of_correct(responses);
        self.eights =
            posterior(&self.base, sums.slope, &tables.grid.nodes, &mut self.shares).eights;
    }

    /// The posterior's mean and second moment of ability; `weighted[0]` is overwritten.
    #[inline(always)]
    pub(super) fn ability_moments(&mut self, grid: &Grid) -> [f64; 2] {
        let nodes = &grid.nodes[self.eights.clone()];
        let weighted = &mut self.weighted[0][..nodes.len()];
        for (row, (share, node)) in
            weighted.iter_mut().zip(self.shares[self.eights.clone()].iter().zip(nodes))
        {
            *row = product(*share, *node);
        }
        [row_sum(weighted), dot(weighted, nodes)]
    }
}

/// Dot products of three rows with one. One after the other: fused into one
/// loop, the compiler spills the sums.
#[inline(always)]
pub(super) fn dots(rows: [&[Eight]; 3], other: &[Eight]) -> [f64; 3] {
    [dot(rows[0], other), dot(rows[1], other), dot(rows[2], other)]
}
