//! Whose responses are computed with.

use super::item_totals::ItemTotals;
use super::patterns::Patterns;

/// Persons: so many of each response pattern. A sample or a resample of persons is the same
/// patterns with other weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Persons<'a> {
    pub patterns: &'a Patterns,
    /// Persons per pattern.
    pub weights: &'a [u32],
}

impl<'a> Persons<'a> {
    /// Everybody behind the patterns.
    pub(crate) fn everybody(patterns: &'a Patterns) -> Self {
        Self { patterns, weights: patterns.multiplicities() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.weights.iter().map(|weight| u64::from(*weight)).sum()
    }

    /// Persons of a group, and their responses.
    pub(crate) fn totals_of_group(&self, group: usize) -> (u64, u64) {
        let patterns = self.patterns.of_group(group);
        patterns.fold((0, 0), |(persons, responses), pattern| {
            let weight = u64::from(self.weights[pattern]);
            (persons + weight, responses + weight * self.patterns.pattern(pattern).len() as u64)
        })
    }

    /// Responses and correct responses per item.
    pub(crate) fn item_totals(&self) -> Vec<ItemTotals> {
        let mut totals = vec![ItemTotals::default(); self.patterns.items()];
        for (pattern, weight) in self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0)
        {
            for response in self.patterns.pattern(pattern) {
                let total = &mut totals[response.item()];
                total.responses += u64::from(*weight);
                total.correct += u64::from(*weight) * u64::from(response.count());
            }
        }
        totals
    }
}
