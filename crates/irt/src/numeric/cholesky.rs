//! Cholesky factors of large matrices: in blocks, on all threads, interruptible.
//!
//! nalgebra factors small matrices; its plain loops take seconds where hundreds
//! of items are calibrated together, and cannot be stopped. This is the usual
//! right-looking block algorithm on top of it (Golub & Van Loan 2013, Matrix
//! Computations, section 4.2.9). Every entry is updated in a fixed order without
//! fused operations: the same bits on any number of threads and any processor.
//! That is why no library takes its place: faer picks kernels with fused
//! operations by the processor, and cannot be stopped either.

use nalgebra::linalg::Cholesky;
use nalgebra::{DMatrix, DVector, DVectorView};
use rayon::prelude::*;

use crate::error::IrtError;
use crate::memory::zeroes;
use crate::monitor::Monitor;

use super::eight::vectorised;
use super::symmetric::Symmetric2;

/// Columns of a block.
const BLOCK: usize = 64;
/// Rows of a tile: a block's columns over so many rows stay in a core's cache.
const TILE: usize = 256;

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
            right.par_chunks_mut(BLOCK * side).enumerate().try_for_each(|(number, columns)| {
                if monitor.interrupted() {
                    return Err(IrtError::Interrupted);
                }
                vectorised(
                    #[inline(always)]
                    || subtract_products(columns, panel, side, end + number * BLOCK),
                );
                Ok(())
            })?;
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

    /// The 2 × 2 blocks on the diagonal of A⁻¹, for an even number of rows: of rows 0 and 1, of
    /// rows 2 and 3, ….
    ///
    /// A⁻¹ = L⁻ᵀ·L⁻¹, so these are products of two columns of L⁻¹, which are 0 above the
    /// diagonal. Some columns at a time are solved for, all by the same panel of L before the
    /// next panel comes: L is read once for all of them. No sum is reordered by that.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn inverse_blocks(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Symmetric2>, IrtError> {
        let side = self.lower.nrows();
        let blocks: Result<Vec<Vec<Symmetric2>>, IrtError> = (0..side.div_ceil(BLOCK))
            .into_par_iter()
            .map(|number| self.inverse_blocks_from(number * BLOCK, monitor))
            .collect();
        Ok(blocks?.into_iter().flatten().collect())
    }

    /// Those of the block of columns that begins at `start`.
    fn inverse_blocks_from(
        &self,
        start: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Symmetric2>, IrtError> {
        let side = self.lower.nrows();
        let (rest, width) = (side - start, BLOCK.min(side - start));
        let mut columns: Vec<f64> = zeroes(rest * width, "the inverse of the information")?;
        for column in 0..width {
            columns[column * rest + column] = 1.0;
        }
        for first in (start..side).step_by(BLOCK) {
            if monitor.interrupted() {
                return Err(IrtError::Interrupted);
            }
            let panel = &self.lower.as_slice()[first * side..side.min(first + BLOCK) * side];
            vectorised(
                #[inline(always)]
                || eliminate(&mut columns, panel, side, first, start),
            );
        }
        Ok(columns
            .chunks_exact(2 * rest)
            .enumerate()
            .map(|(pair, columns)| {
                let [first, second] = [0, 1].map(|k| {
                    let column = &columns[k * rest + 2 * pair..(k + 1) * rest];
                    DVectorView::from_slice(column, column.len())
                });
                Symmetric2::new(first.norm_squared(), first.dot(&second), second.norm_squared())
            })
            .collect())
    }
}

/// Forward substitution by one panel of L, whose first row and column is `first`, of right-hand
/// sides that hold the rows from `start` on: their rows of the panel are solved for, and taken
/// out of the rows below.
#[inline(always)]
fn eliminate(columns: &mut [f64], panel: &[f64], side: usize, first: usize, start: usize) {
    let (rest, end) = (side - start, first + panel.len() / side);
    for column in columns.chunks_exact_mut(rest) {
        let here = &mut column[first - start..end - start];
        for (k, source) in panel.chunks_exact(side).enumerate() {
            let coefficient = here[k] / source[first + k];
            here[k] = coefficient;
            for (x, y) in here[k + 1..].iter_mut().zip(&source[first + k + 1..end]) {
                *x -= coefficient * y;
            }
        }
    }
    for top in (end..side).step_by(TILE) {
        let bottom = side.min(top + TILE);
        for column in columns.chunks_exact_mut(rest) {
            let (solved, below) = column.split_at_mut(end - start);
            let solved = &solved[first - start..];
            let target = &mut below[top - end..bottom - end];
            let mut sources = panel.chunks_exact(4 * side);
            let mut coefficients = solved.chunks_exact(4);
            for (four, by) in (&mut sources).zip(&mut coefficients) {
                let [a, b, c, d] = [0, 1, 2, 3].map(|k| &four[k * side + top..k * side + bottom]);
                let [fa, fb, fc, fd] = [by[0], by[1], by[2], by[3]];
                for ((((x, a), b), c), d) in target.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *x = (((*x - fa * a) - fb * b) - fc * c) - fd * d;
                }
            }
            let sources = sources.remainder().chunks_exact(side);
            for (source, coefficient) in sources.zip(coefficients.remainder()) {
                for (x, y) in target.iter_mut().zip(&source[top..bottom]) {
                    *x -= coefficient * y;
                }
            }
        }
    }
}

/// The rows of a panel below its corner C, times C⁻ᵀ: columns one after the other.
fn divide_by_corner(panel: &mut [f64], corner: &DMatrix<f64>, side: usize, below: usize) {
    let width = corner.nrows();
    vectorised(
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
    for top in (first..side).step_by(TILE) {
        let bottom = side.min(top + TILE);
        for (offset, column) in columns.chunks_exact_mut(side).enumerate() {
            let row = first + offset;
            let above = top.max(row);
            if above < bottom {
                subtract_from_column(&mut column[above..bottom], panel, side, row, above);
            }
        }
    }
}

/// Of the column that stands at `row` on the diagonal: the rows from `top` on.
#[inline(always)]
fn subtract_from_column(target: &mut [f64], panel: &[f64], side: usize, row: usize, top: usize) {
    let bottom = top + target.len();
    let mut sources = panel.chunks_exact(4 * side);
    for four in &mut sources {
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| &four[k * side + top..k * side + bottom]);
        let [fa, fb, fc, fd] = [0, 1, 2, 3].map(|k| four[k * side + row]);
        for ((((x, a), b), c), d) in target.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *x -= (fa * a + fb * b) + (fc * c + fd * d);
        }
    }
    for source in sources.remainder().chunks_exact(side) {
        let factor = source[row];
        for (x, y) in target.iter_mut().zip(&source[top..bottom]) {
            *x -= factor * y;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

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
        for side in [1, 2, 63, 64, 65, 130, 257, 700] {
            let matrix = matrix(side);
            let plain = Cholesky::new(matrix.clone()).unwrap().unpack();
            let factor = Factor::new(matrix.clone(), &Unmonitored).unwrap().unwrap();
            let gap = (factor.lower.lower_triangle() - &plain).amax();
            assert!(gap < 1e-12 * plain.amax() * side as f64, "{side}: {gap:e}");
            let truth = DVector::from_fn(side, |row, _| (row as f64).sin());
            let mut solved = &matrix * &truth;
            factor.solve(&mut solved);
            assert!((solved - truth).amax() < 1e-10, "{side}");
            if side.is_multiple_of(2) {
                let inverse = matrix.try_inverse().unwrap();
                let blocks = factor.inverse_blocks(&Unmonitored).unwrap();
                assert_eq!(blocks.len(), side / 2);
                for (number, block) in blocks.iter().enumerate() {
                    let at = 2 * number;
                    let cells = [(at, at), (at, at + 1), (at + 1, at + 1)];
                    for (x, cell) in [block.xx, block.xy, block.yy].iter().zip(cells) {
                        assert!((x - inverse[cell]).abs() < 1e-12, "{side}, {at}");
                    }
                    assert_eq!(*block, column_by_column(&factor, at), "{side}, {at}: other bits");
                }
            }
        }
    }

    /// The same block of the inverse by nalgebra's substitution, two columns at a time.
    fn column_by_column(factor: &Factor, at: usize) -> Symmetric2 {
        let rest = factor.lower.nrows() - at;
        let mut columns = DMatrix::identity(rest, 2);
        let lower = factor.lower.view((at, at), (rest, rest));
        lower.solve_lower_triangular_unchecked_mut(&mut columns);
        let (first, second) = (columns.column(0), columns.column(1));
        Symmetric2::new(first.norm_squared(), first.dot(&second), second.norm_squared())
    }

    #[test]
    fn a_monitor_stops_both_halves_of_the_work() {
        struct Stop(AtomicU32);
        impl Monitor for Stop {
            fn interrupted(&self) -> bool {
                self.0.fetch_add(1, Ordering::Relaxed) >= 3
            }
        }
        let stop = || Stop(AtomicU32::new(0));
        assert_eq!(Factor::new(matrix(300), &stop()).err(), Some(IrtError::Interrupted));
        let factor = Factor::new(matrix(300), &Unmonitored).unwrap().unwrap();
        assert_eq!(factor.inverse_blocks(&stop()).err(), Some(IrtError::Interrupted));
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        let mut indefinite = matrix(100);
        indefinite[(90, 90)] = -1.0;
        assert!(Factor::new(indefinite, &Unmonitored).unwrap().is_none());
    }
}
