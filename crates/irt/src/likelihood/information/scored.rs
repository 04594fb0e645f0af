//! Which scores a person has.
//!
//! Anchors have none. The group of a person, where its mean and sd are estimated, has two:
//! up to constants and a linear transformation (see `border`) they are θ² and θ, which is what
//! an item has whose residual x − P(θ) is θ: x = 0 and P = −θ. So a group takes part as a
//! *pseudo-item*, which comes after all items.

use super::item_pairs::triangle;
use crate::data::response::Response;
use crate::likelihood::design::Design;

/// Persons of one group who answered alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'r> {
    /// All responses: they say where the person may be.
    pub responses: &'r [Response],
    /// Those that have scores, in the numbering of [`Scoring`].
    pub scored: &'r [Response],
    pub group: usize,
    /// How many there are.
    pub persons: f64,
}

/// The numbering of scores: free items in their order, then the pseudo-item.
#[derive(Debug, Clone)]
pub(super) struct Scoring<'a> {
    design: &'a Design,
    /// Per item its number among the free ones; `None` where every item is free.
    positions: Option<Vec<Option<u32>>>,
    /// Free items: the number of the pseudo-item.
    pub items: usize,
}

impl<'a> Scoring<'a> {
    /// For so many items in all.
    pub(super) fn new(design: &'a Design, items: usize) -> Self {
        let (positions, items) = (design.positions(), design.free_items(items));
        Self { design, positions, items }
    }

    /// True where groups have scores.
    pub(super) fn has_groups(&self) -> bool {
        self.design.groups() > 0
    }

    /// True where this group has scores.
    pub(super) fn is_free_group(&self, group: usize) -> bool {
        self.design.is_free_group(group)
    }

    /// The responses of a person that have scores, and the pseudo-item if it is wanted; `scratch`
    /// is overwritten.
    #[inline(always)]
    pub(super) fn scored<'r>(
        &self,
        responses: &'r [Response],
        with_group: bool,
        scratch: &'r mut Vec<Response>,
    ) -> &'r [Response] {
        if self.positions.is_none() && !with_group {
            return responses;
        }
        scratch.clear();
        match &self.positions {
            None => scratch.extend_from_slice(responses),
            Some(positions) => scratch.extend(responses.iter().filter_map(|response| {
                positions[response.item()].map(|position| response.with_number(position))
            })),
        }
        if with_group {
            scratch.push(Response::new(self.items as u32, false));
        }
        scratch
    }

    /// Pairs of scores: a triangle of free items, then for every group a row with each of them
    /// and with itself.
    pub(super) fn pairs(&self) -> usize {
        triangle(self.items) + self.design.groups() * (self.items + 1)
    }

    /// Where the pairs of a response start, for a person of this group.
    #[inline(always)]
    pub(super) fn row_start(&self, response: Response, group: usize) -> usize {
        let item = response.item();
        let of_group = if item == self.items { group * (item + 1) } else { 0 };
        triangle(item) + of_group
    }
}
