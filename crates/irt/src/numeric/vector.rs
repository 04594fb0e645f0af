//! Vectors in blocks: what gradients and steps are made of.

use std::ops::{Add, Mul, Sub};

/// The part of a vector that belongs together: a few neighbouring components.
pub(crate) trait Block:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f64, Output = Self>
{
    /// Σ x·y over the components of two blocks.
    fn dot(self, other: Self) -> f64;
}

/// Σ x·y over two vectors.
pub(crate) fn dot<B: Block>(left: &[B], right: &[B]) -> f64 {
    left.iter().zip(right).map(|(x, y)| x.dot(*y)).sum()
}

/// left − right.
pub(crate) fn difference<B: Block>(left: &[B], right: &[B]) -> Vec<B> {
    left.iter().zip(right).map(|(x, y)| *x - *y).collect()
}

/// target += factor · other.
pub(crate) fn add_scaled<B: Block>(target: &mut [B], factor: f64, other: &[B]) {
    for (x, y) in target.iter_mut().zip(other) {
        *x = *x + *y * factor;
    }
}
