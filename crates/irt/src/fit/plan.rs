//! How a search goes about it: what depends on the size of the data, and on who asks.

use super::thresholds::{DENSE_ITEMS, SAMPLE_AT_LEAST, SAMPLE_ONE_OF_AT_MOST, SAMPLE_PER_ITEM};
use crate::data::patterns::Patterns;

/// The choices of a search that do not change where it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Up to this many items the observed information is factored as a whole.
    pub dense_items: usize,
    /// On the way, one of so many patterns tells the missing information; 1: all do.
    pub sampling: usize,
    /// True where the search may end because the ability grid is too coarse.
    pub may_refine: bool,
}

impl Plan {
    /// For data of this size, on the grid as it is.
    pub(crate) fn of(patterns: &Patterns) -> Self {
        let enough = SAMPLE_AT_LEAST.max(SAMPLE_PER_ITEM * patterns.items());
        let sampling = (patterns.len() / enough).clamp(1, SAMPLE_ONE_OF_AT_MOST);
        Self { dense_items: DENSE_ITEMS, sampling, may_refine: false }
    }
}
