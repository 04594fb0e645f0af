//! What is estimated, and what is given.
//!
//! The parameters of a calibration lie in blocks of two: slope and intercept of
//! every item and then, unless everybody belongs to the one population that
//! defines the scale, mean and ln sd of every group. A block may be given: that
//! of an anchor, and that of the reference group. A given block has no gradient.

use crate::ability::population::Population;
use crate::model::two_pl::SlopeIntercept;

/// Which blocks are estimated.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Design {
    /// Per item its parameters, if it is an anchor; empty without anchors.
    anchors: Vec<Option<SlopeIntercept>>,
    /// Items that are no anchors, ascending; empty without anchors.
    free_items: Vec<u32>,
    /// Per group, whether its mean and sd are estimated; empty where everybody is of the one
    /// population N(0, 1).
    free_groups: Vec<bool>,
    /// The group that is N(0, 1), if there are several.
    reference: Option<usize>,
}

/// Nothing is given, and there is one population.
pub(crate) static ITEMS_ALONE: Design = Design {
    anchors: Vec::new(),
    free_items: Vec::new(),
    free_groups: Vec::new(),
    reference: None,
};

impl Design {
    /// With these anchors, one entry an item; and these groups.
    pub(crate) fn anchored(anchors: Vec<Option<SlopeIntercept>>, free_groups: Vec<bool>) -> Self {
        let free = |item: &u32| anchors[*item as usize].is_none();
        let free_items = (0..anchors.len() as u32).filter(free).collect();
        Self { anchors, free_items, free_groups, reference: None }
    }

    /// With these groups, of which one is the reference.
    pub(crate) fn of_groups(free_groups: Vec<bool>, reference: usize) -> Self {
        Self { free_groups, reference: Some(reference), ..Self::default() }
    }

    /// True for the group that is N(0, 1).
    pub(crate) fn is_reference(&self, group: usize) -> bool {
        self.reference == Some(group)
    }

    /// The parameters of an item that is an anchor.
    pub(crate) fn anchor(&self, item: usize) -> Option<SlopeIntercept> {
        self.anchors.get(item).copied().flatten()
    }

    /// True where some items are anchors.
    pub(crate) fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// How many groups have a block.
    pub(crate) fn groups(&self) -> usize {
        self.free_groups.len()
    }

    /// True where the mean and the sd of a group are estimated.
    pub(crate) fn is_free_group(&self, group: usize) -> bool {
        self.free_groups.get(group).is_some_and(|free| *free)
    }

    /// How many of `items` are no anchors.
    pub(crate) fn free_items(&self, items: usize) -> usize {
        if self.has_anchors() { self.free_items.len() } else { items }
    }

    /// The number of the free item at a position among the free ones.
    pub(crate) fn free_item(&self, position: usize) -> usize {
        self.free_items.get(position).map_or(position, |item| *item as usize)
    }

    /// Per item its position among the free ones; `None` where every item is free.
    pub(crate) fn positions(&self) -> Option<Vec<Option<u32>>> {
        let mut positions = vec![None; self.anchors.len()];
        for (position, item) in self.free_items.iter().enumerate() {
            positions[*item as usize] = Some(position as u32);
        }
        self.has_anchors().then_some(positions)
    }
}

/// The population that a group's block, (mean, ln sd), stands for.
pub(crate) fn population(block: SlopeIntercept) -> Population {
    Population { mean: block.slope, sd: libm::exp(block.intercept) }
}
