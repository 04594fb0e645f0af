//! What a diagnosis yields, and what is asked of it.

use super::ability_counts::AbilityCounts;
use super::dimensionality::Dimensionality;
use super::group_fit::GroupFit;
use super::item_fit::ItemFit;
use super::q3::ItemPair;

/// What is to be found out beside the statistics of every item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnosticsPlan {
    /// S-X².
    pub s_x2: bool,
    /// Q3 of pairs, and the dimensionality.
    pub pairs: bool,
    /// Observed and expected curve of every item.
    pub curves: bool,
}

impl Default for DiagnosticsPlan {
    /// Everything.
    fn default() -> Self {
        Self { s_x2: true, pairs: true, curves: true }
    }
}

/// How the model fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics {
    /// One entry per item, in the order of the labels; `None` for items without parameters or
    /// responses.
    pub items: Vec<Option<ItemFit>>,
    /// Items in groups with [`super::thresholds::LEAST_RESPONSES_IN_GROUP`] responses, by item and group; empty where
    /// there is one group.
    pub groups: Vec<GroupFit>,
    /// Pairs of items that stand out, the most striking first.
    pub pairs: Vec<ItemPair>,
    /// What all pairs say.
    pub dimensionality: Dimensionality,
    /// How many persons there are where, per group.
    pub abilities: Vec<AbilityCounts>,
    /// The median number of items with parameters that a person answered.
    pub items_per_person: f64,
}
