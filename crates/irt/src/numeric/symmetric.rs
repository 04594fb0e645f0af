//! Symmetric 2 × 2 matrices.

use std::ops::Add;

/// The matrix ((xx, xy), (xy, yy)).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Symmetric2 {
    /// First row, first column.
    pub xx: f64,
    /// Off the diagonal.
    pub xy: f64,
    /// Second row, second column.
    pub yy: f64,
}

impl Symmetric2 {
    /// 1 on the diagonal.
    pub(crate) const IDENTITY: Self = Self { xx: 1.0, xy: 0.0, yy: 1.0 };

    pub(crate) fn new(xx: f64, xy: f64, yy: f64) -> Self {
        Self { xx, xy, yy }
    }

    pub(crate) fn determinant(self) -> f64 {
        self.xx * self.yy - self.xy * self.xy
    }

    /// The inverse; not finite where the determinant is 0.
    pub(crate) fn inverse(self) -> Self {
        let scale = 1.0 / self.determinant();
        Self { xx: scale * self.yy, xy: -scale * self.xy, yy: scale * self.xx }
    }

    /// The matrix times a vector.
    pub(crate) fn times(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.xx * x + self.xy * y, self.xy * x + self.yy * y]
    }

    /// inverse · vector by Cholesky's factor; `None` unless the matrix is positive definite.
    pub(crate) fn solve(self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        if !(self.xx > 0.0) {
            return None;
        }
        let first = libm::sqrt(self.xx);
        let below = self.xy / first;
        let rest = self.yy - below * below;
        if !(rest > 0.0) {
            return None;
        }
        let second = libm::sqrt(rest);
        let x = x / first;
        let y = (y - x * below) / second / second;
        Some([(x - below * y) / first, y])
    }
}

impl Add for Symmetric2 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { xx: self.xx + other.xx, xy: self.xy + other.xy, yy: self.yy + other.yy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_is_multiplying_by_the_inverse() {
        let matrix = Symmetric2::new(4.0, -1.5, 2.0);
        let (solved, multiplied) = (matrix.solve([3.0, 5.0]), matrix.inverse().times([3.0, 5.0]));
        let gap = |k: usize| (solved.unwrap()[k] - multiplied[k]).abs();
        assert!(gap(0) < 1e-14 && gap(1) < 1e-14, "{solved:?} {multiplied:?}");
    }

    #[test]
    fn what_is_not_positive_definite_is_not_solved() {
        for (xx, xy, yy) in [(0.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 2.0, 1.0)] {
            assert_eq!(Symmetric2::new(xx, xy, yy).solve([1.0; 2]), None);
        }
        assert_eq!(Symmetric2::new(f64::NAN, 0.0, 1.0).solve([1.0; 2]), None);
    }
}
