//! A Cholesky factor of a matrix that was scaled to a unit diagonal, so that pivots compare.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::cholesky::Factor;
use super::symmetric::Symmetric2;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::monitor::{Monitor, check};

/// S and L with L·Lᵀ = S·A·S, where S is diagonal and S·A·S has a diagonal of 1.
pub(crate) struct ScaledFactor {
    scale: DVector<f64>,
    factor: Factor,
}

impl ScaledFactor {
    /// Of a symmetric matrix whose lower triangle is read; `None` unless it is positive definite.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(crate) fn new(
        matrix: DMatrix<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>, IrtError> {
        let Some((scaled, scale)) = scaled(matrix) else { return Ok(None) };
        Ok(Factor::new(scaled, monitor)?.map(|factor| Self { scale, factor }))
    }

    /// Rows of the matrix.
    pub(crate) fn side(&self) -> usize {
        self.scale.len()
    }

    /// The factor of the scaled matrix.
    pub(crate) fn of_scaled(&self) -> &Factor {
        &self.factor
    }

    /// Replaces `vector` by A⁻¹ · `vector`.
    pub(crate) fn solve(&self, vector: &mut DVector<f64>) {
        vector.component_mul_assign(&self.scale);
        self.factor.solve(vector);
        vector.component_mul_assign(&self.scale);
    }

    /// The 2 × 2 blocks on the diagonal of A⁻¹.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn inverse_blocks(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Symmetric2>, IrtError> {
        let blocks = self.factor.inverse_blocks(monitor)?;
        let pairs = blocks.into_iter().zip(self.scale.as_slice().chunks_exact(2));
        let unscaled = pairs.map(|(Symmetric2 { xx, xy, yy }, by)| {
            Symmetric2::new(by[0] * by[0] * xx, by[0] * by[1] * xy, by[1] * by[1] * yy)
        });
        Ok(unscaled.collect())
    }

    /// A⁻¹ as a whole.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn inverse(&self, monitor: &dyn Monitor) -> Result<DMatrix<f64>, IrtError> {
        let side = self.side();
        let mut values: Vec<f64> = zeroes(side * side, "the joint covariance")?;
        values.par_chunks_mut(side.max(1)).enumerate().try_for_each(|(number, column)| {
            check(monitor)?;
            let mut vector = DVector::zeros(side);
            vector[number] = 1.0;
            self.solve(&mut vector);
            column.copy_from_slice(vector.as_slice());
            Ok::<(), IrtError>(())
        })?;
        Ok(DMatrix::from_vec(side, side, values))
    }
}

/// Scales a matrix to a unit diagonal; `None` unless the diagonal is positive and finite.
fn scaled(mut matrix: DMatrix<f64>) -> Option<(DMatrix<f64>, DVector<f64>)> {
    let diagonal = matrix.diagonal();
    if diagonal.iter().any(|value| !(*value > 1e-290 && value.is_finite())) {
        return None;
    }
    let scale = diagonal.map(|value| 1.0 / libm::sqrt(value));
    // Some columns at a time, so that a small matrix stays on its thread.
    const COLUMNS: usize = 64;
    let (side, scales) = (scale.len(), scale.as_slice());
    let columns = matrix.as_mut_slice().par_chunks_mut((COLUMNS * side).max(1));
    columns.zip(scales.par_chunks(COLUMNS)).for_each(|(columns, own)| {
        for (column, by_column) in columns.chunks_exact_mut(side).zip(own) {
            for (value, by_row) in column.iter_mut().zip(scales) {
                *value = *value * by_row * by_column;
            }
        }
    });
    Some((matrix, scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unmonitored;

    #[test]
    fn the_inverse_is_that_of_the_matrix_itself() {
        let matrix = DMatrix::from_row_slice(
            4,
            4,
            &[
                400.0, 3.0, -8.0, 0.1, 3.0, 0.25, 0.05, 0.0, -8.0, 0.05, 9.0, 0.2, 0.1, 0.0, 0.2,
                1.0,
            ],
        );
        let factor = ScaledFactor::new(matrix.clone(), &Unmonitored).unwrap().unwrap();
        let inverse = factor.inverse(&Unmonitored).unwrap();
        assert!((&matrix * &inverse - DMatrix::identity(4, 4)).amax() < 1e-13);
        let blocks = factor.inverse_blocks(&Unmonitored).unwrap();
        for (number, block) in blocks.iter().enumerate() {
            let at = 2 * number;
            assert!((block.xx - inverse[(at, at)]).abs() < 1e-14);
            assert!((block.xy - inverse[(at, at + 1)]).abs() < 1e-14);
            assert!((block.yy - inverse[(at + 1, at + 1)]).abs() < 1e-14);
        }
        assert!(ScaledFactor::new(-matrix, &Unmonitored).unwrap().is_none());
    }
}
