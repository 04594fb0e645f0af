//! What a pass over persons adds up.

use super::ability_counts::AbilityCounts;
use super::item_rows::ItemRows;
use super::item_sums::ItemSums;
use crate::error::IrtError;
use crate::memory::{reserve, zeroes};
use crate::numeric::eight::{Eight, add};

/// Sums over the persons of one group, or of all.
pub(super) struct Sums {
    /// Expected attempts, items × eights of nodes.
    pub attempts: Vec<Eight>,
    /// Expected correct attempts, likewise.
    pub correct: Vec<Eight>,
    pub items: Vec<ItemSums>,
    pub abilities: AbilityCounts,
    pub persons: u64,
}

impl Sums {
    pub(super) fn new(items: &ItemRows<'_>) -> Result<Self, IrtError> {
        const WHAT: &str = "expected counts";
        let count = items.parameters.len();
        let mut sums = reserve(count, WHAT)?;
        sums.resize(count, ItemSums::default());
        Ok(Self {
            attempts: zeroes(count * items.width, WHAT)?,
            correct: zeroes(count * items.width, WHAT)?,
            items: sums,
            abilities: AbilityCounts::default(),
            persons: 0,
        })
    }

    pub(super) fn merge(&mut self, other: &Self) {
        add(&mut self.attempts, &other.attempts);
        add(&mut self.correct, &other.correct);
        for (sums, other) in self.items.iter_mut().zip(&other.items) {
            sums.merge(other);
        }
        self.abilities.merge(&other.abilities);
        self.persons += other.persons;
    }
}
