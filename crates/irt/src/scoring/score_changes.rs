//! What new parameters do to the scores of a group of persons.

use crate::numeric::compensated_sum::CompensatedSum;
use crate::statistics::{ABILITY_BINS, AbilityCounts};

/// Bins of [`ScoreChanges::change`].
pub const CHANGE_BINS: usize = 40;
/// Where the first of them begins, and the last one ends; changes beyond are counted in these two.
pub const CHANGE_BIN_BOUND: f64 = 1.0;

/// Scores of a group of persons before and after, in counts of persons.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreChanges {
    /// Persons by EAP before, in the bins of [`AbilityCounts`].
    pub before: AbilityCounts,
    /// Persons by EAP after.
    pub after: AbilityCounts,
    /// Persons by EAP after less EAP before: 40 bins, .05 wide, from −1 to 1.
    pub change: [u64; CHANGE_BINS],
    /// Mean change; `None` without persons.
    pub mean: Option<f64>,
    /// The largest change in either direction.
    pub largest: Option<f64>,
    /// Share of the persons whose score changed by more than its standard error before.
    pub share_beyond_one_se: Option<f64>,
}

/// The same while persons are counted.
#[derive(Debug, Clone)]
pub(super) struct ChangeSums {
    before: AbilityCounts,
    after: AbilityCounts,
    change: [u64; CHANGE_BINS],
    persons: u64,
    sum: CompensatedSum,
    largest: f64,
    beyond: u64,
}

impl Default for ChangeSums {
    fn default() -> Self {
        Self {
            before: AbilityCounts::default(),
            after: AbilityCounts::default(),
            change: [0; CHANGE_BINS],
            persons: 0,
            sum: CompensatedSum::default(),
            largest: 0.0,
            beyond: 0,
        }
    }
}

impl ChangeSums {
    /// Counts persons whose score was `before`, with this standard error, and is `after`.
    pub(super) fn add(&mut self, persons: u32, [before, after]: [f64; 2], standard_error: f64) {
        let change = after - before;
        self.persons += u64::from(persons);
        self.before.add(persons, before);
        self.after.add(persons, after);
        self.change[change_bin(change)] += u64::from(persons);
        self.sum.add(f64::from(persons) * change);
        if change.abs() > self.largest.abs() {
            self.largest = change;
        }
        if change.abs() > standard_error {
            self.beyond += u64::from(persons);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.before.merge(&other.before);
        self.after.merge(&other.after);
        for (count, more) in self.change.iter_mut().zip(other.change) {
            *count += more;
        }
        self.persons += other.persons;
        self.sum.add(other.sum.total());
        if other.largest.abs() > self.largest.abs() {
            self.largest = other.largest;
        }
        self.beyond += other.beyond;
    }

    pub(super) fn changes(&self) -> ScoreChanges {
        let anybody = self.persons > 0;
        let persons = self.persons as f64;
        ScoreChanges {
            before: self.before,
            after: self.after,
            change: self.change,
            mean: anybody.then(|| self.sum.total() / persons),
            largest: anybody.then_some(self.largest),
            share_beyond_one_se: anybody.then(|| self.beyond as f64 / persons),
        }
    }
}

fn change_bin(change: f64) -> usize {
    const BINS_PER_UNIT: f64 = CHANGE_BINS as f64 / (2.0 * CHANGE_BIN_BOUND);
    // A negative number becomes bin 0.
    (libm::floor((change + CHANGE_BIN_BOUND) * BINS_PER_UNIT) as usize).min(CHANGE_BINS - 1)
}

const _: () = assert!(ABILITY_BINS == CHANGE_BINS, "one picture shows both");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_where_they_belong() {
        let mut sums = ChangeSums::default();
        sums.add(2, [0.0, 0.31], 0.3);
        sums.add(1, [1.0, -3.0], 5.0);
        sums.add(1, [0.0, 0.0], 0.3);
        let mut all = ChangeSums::default();
        all.merge(&sums);
        let found = all.changes();
        assert_eq!((found.change[26], found.change[0], found.change[20]), (2, 1, 1));
        assert_eq!(found.largest, Some(-4.0));
        assert_eq!(found.share_beyond_one_se, Some(0.5));
        assert!((found.mean.unwrap() + 0.845).abs() < 1e-15);
        assert_eq!(ChangeSums::default().changes().mean, None);
    }
}
