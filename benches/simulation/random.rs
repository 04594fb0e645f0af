//! Chance, the same everywhere. Each simulation includes it, and none uses all of it.

#![allow(dead_code)]

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// A number from 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A normal number, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// `count` different numbers below `limit`.
    pub fn draw(&mut self, count: usize, limit: usize) -> Vec<usize> {
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            let number = (self.uniform() * limit as f64) as usize;
            if number < limit && !drawn.contains(&number) {
                drawn.push(number);
            }
        }
        drawn
    }
}
