//! How many persons there are where, by their EAP.

/// Bins of [`AbilityCounts`].
pub const ABILITY_BINS: usize = 40;
/// Where the first bin begins, and the last one ends; persons beyond are counted in these two.
pub const ABILITY_BIN_BOUND: f64 = 5.0;

/// Persons per bin of ability: [`ABILITY_BINS`] bins, .25 wide, from −5 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbilityCounts(pub [u64; ABILITY_BINS]);

impl Default for AbilityCounts {
    fn default() -> Self {
        Self([0; ABILITY_BINS])
    }
}

impl AbilityCounts {
    /// Counts persons of this ability.
    pub(crate) fn add(&mut self, persons: u32, ability: f64) {
        const BINS_PER_UNIT: f64 = ABILITY_BINS as f64 / (2.0 * ABILITY_BIN_BOUND);
        let bin = libm::floor((ability + ABILITY_BIN_BOUND) * BINS_PER_UNIT);
        // A negative number becomes bin 0.
        let bin = (bin as usize).min(ABILITY_BINS - 1);
        self.0[bin] += u64::from(persons);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_counted_in_a_bin() {
        let mut counts = AbilityCounts::default();
        for ability in [-9.0, -5.0, -0.01, 0.0, 0.24, 4.99, 5.0, 77.0] {
            counts.add(2, ability);
        }
        assert_eq!(counts.0.iter().sum::<u64>(), 16);
        assert_eq!((counts.0[0], counts.0[19], counts.0[20], counts.0[39]), (4, 2, 4, 6));
    }
}
