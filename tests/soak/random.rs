//! Random moments that can be drawn again.

use std::time::Duration;

/// SplitMix64: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// The generator of one test. IRT_SOAK_SEED, by default 1, makes another test of it.
    pub fn of_test(test: u64) -> Self {
        let seed = std::env::var("IRT_SOAK_SEED").map_or(1, |seed| seed.parse().unwrap());
        Self(seed ^ (test << 32))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A moment before `end`.
    pub fn moment(&mut self, end: Duration) -> Duration {
        end.mul_f64((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }
}
