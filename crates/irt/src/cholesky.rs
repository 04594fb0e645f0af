//! Cholesky factors of large matrices: in blocks, on all threads, interruptible.
//!
//! nalgebra factors small matrices; its plain loops take seconds where hundreds
//! of items are calibrated together, and cannot be stopped. This is the usual
//! right-looking block algorithm on top of it (Golub & Van Loan 2013, Matrix
//! Computations, section 4.2.9). Every entry is updated in a fixed order without
//! fused operations: the same bits on any number of threads and any processor.

use nalgebra::linalg::Cholesky;
use nalgebra::{Const, DMatrix, DVector, Dyn, OMatrix};
use rayon::prelude::*;

use crate::error::IrtError;
use crate::lanes;
use crate::monitor::Monitor;

/// Columns of a block.
const BLOCK: usize = 64;

/// L with L·Lᵀ = A; only the lower triangle counts.
pub(crate) struct Factor {
    lower: DMatrix<f64>,
}

impl Factor {
    /// Factors a symmetric matrix, of which the lower triangle is read; `None`
    /// unless it is positive definite.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(crate) fn new(
        mut matrix: DMatrix<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>, IrtError> {
        let side = matrix.nrows();
        for start in (0..side).step_by(BLOCK) {
            if monitor.interrupted() {
                return Err(IrtError::Interrupted);
            }
            let width = BLOCK.min(side - start);
            let corner = matrix.view((start, start), (width, width)).into_owned();
            let Some(corner) = Cholesky::new(corner) else { return Ok(None) };
            let corner = corner.unpack();
            matrix.view_mut((start, start), (width, width)).copy_from(&corner);
            let end = start + width;
            let (left, right) = matrix.as_mut_slice().split_at_mut(end * side);
            let panel = &mut left[start * side..];
            divide_by_corner(panel, &corner, side, end);
            let panel = &*panel;
            right.par_chunks_mut(BLOCK * side).enumerate().for_each(|(number, columns)| {
                lanes::vectorised(
                    #[inline(always)]
                    || subtract_products(columns, panel, side, end + number * BLOCK),
                );
            });
        }
        Ok(Some(Self { lower: matrix }))
    }

    /// The smallest diagonal entry of L, squared.
    pub(crate) fn smallest_pivot(&self) -> f64 {
        let smallest = self.lower.diagonal().iter().copied().fold(f64::INFINITY, f64::min);
        smallest * smallest
    }

    /// Replaces `vector` by A⁻¹ · `vector`.
    pub(crate) fn solve(&self, vector: &mut DVector<f64>) {
        self.lower.solve_lower_triangular_unchecked_mut(vector);
        self.lower.tr_solve_lower_triangular_unchecked_mut(vector);
    }

    /// The 2 × 2 block of A⁻¹ at rows `at` and `at + 1`: (at, at), (at, at + 1), (at + 1, at + 1).
    ///
    /// A⁻¹ = L⁻ᵀ·L⁻¹, so these are products of two columns of L⁻¹, which are 0 above `at`.
    pub(crate) fn inverse_block(&self, at: usize) -> [f64; 3] {
        let rest = self.lower.nrows() - at;
        let mut columns = OMatrix::<f64, Dyn, Const<2>>::identity(rest);
        self.lower.view((at, at), (rest, rest)).solve_lower_triangular_unchecked_mut(&mut columns);
        let (first, second) = (columns.column(0), columns.column(1));
        [first.norm_squared(), first.dot(&second), second.norm_squared()]
    }
}

/// The rows of a panel below its corner C, times C⁻ᵀ: columns one after the other.
fn divide_by_corner(panel: &mut [f64], corner: &DMatrix<f64>, side: usize, below: usize) {
    let width = corner.nrows();
    lanes::vectorised(
        #[inline(always)]
        || {
            for column in 0..width {
                let (done, rest) = panel.split_at_mut(column * side);
                let target = &mut rest[below..side];
                for other in 0..column {
                    let factor = corner[(column, other)];
                    let source = &done[other * side + below..(other + 1) * side];
                    for (x, y) in target.iter_mut().zip(source) {
                        *x -= factor * y;
                    }
                }
                let scale = 1.0 / corner[(column, column)];
                target.iter_mut().for_each(|x| *x *= scale);
            }
        },
    );
}

/// Subtracts panel · panelᵀ from some columns, from the diagonal down. `first`
/// is the number of the first of them in the whole matrix.
#[inline(always)]
fn subtract_products(columns: &mut [f64], panel: &[f64], side: usize, first: usize) {
    for (offset, column) in columns.chunks_exact_mut(side).enumerate() {
        let row = first + offset;
        let target = &mut column[row..];
        let mut sources = panel.chunks_exact(4 * side);
        for four in &mut sources {
            let [a, b, c, d] = [0, 1, 2, 3].map(|k| &four[k * side + row..(k + 1) * side]);
            let (fa, fb, fc, fd) = (a[0], b[0], c[0], d[0]);
            for ((((x, a), b), c), d) in target.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *x -= (fa * a + fb * b) + (fc * c + fd * d);
            }
        }
        for source in sources.remainder().chunks_exact(side) {
            let source = &source[row..];
            let factor = source[0];
            for (x, y) in target.iter_mut().zip(source) {
                *x -= factor * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unmonitored;

    fn matrix(side: usize) -> DMatrix<f64> {
        let root = DMatrix::from_fn(side, side, |r, c| {
            ((r * 7919 + c * 104_729) % 1009) as f64 / 1009.0 - 0.5
        });
        &root * root.transpose() + DMatrix::identity(side, side) * (0.1 * side as f64)
    }

    #[test]
    fn blocks_agree_with_the_plain_factor() {
        for side in [1, 2, 63, 64, 65, 130, 257] {
            let matrix = matrix(side);
            let plain = Cholesky::new(matrix.clone()).unwrap().unpack();
            let factor = Factor::new(matrix.clone(), &Unmonitored).unwrap().unwrap();
            let gap = (factor.lower.lower_triangle() - &plain).amax();
            assert!(gap < 1e-12 * plain.amax() * side as f64, "{side}: {gap:e}");
            let truth = DVector::from_fn(side, |row, _| (row as f64).sin());
            let mut solved = &matrix * &truth;
            factor.solve(&mut solved);
            assert!((solved - truth).amax() < 1e-10, "{side}");
            let inverse = matrix.try_inverse().unwrap();
            for at in 0..side - 1 {
                let block = factor.inverse_block(at);
                let plain = [(at, at), (at, at + 1), (at + 1, at + 1)].map(|cell| inverse[cell]);
                let gap = block.iter().zip(plain).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
                assert!(gap < 1e-12, "{side}, {at}: {gap:e}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        let mut indefinite = matrix(100);
        indefinite[(90, 90)] = -1.0;
        assert!(Factor::new(indefinite, &Unmonitored).unwrap().is_none());
    }
}
