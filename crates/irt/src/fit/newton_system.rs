//! Newton steps: the gradient, solved with the observed information.
//!
//! The information is scaled to a unit diagonal before it is factored, so that
//! pivots compare across items of any discrimination.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::thresholds::{SHARES, SINGULAR_PIVOT};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::cholesky::Factor;
use crate::numeric::symmetric::Symmetric2;

/// What turns a gradient into a step.
pub(crate) struct NewtonSystem {
    matrix: Matrix,
    /// The 2 × 2 block of each item.
    blocks: Vec<Symmetric2>,
    curvature: KindOfCurvature,
}

/// The matrix that is solved with.
enum Matrix {
    /// The factored information over all items.
    Dense { scale: DVector<f64>, factor: Factor },
    /// The blocks alone.
    Blockwise,
}

/// What the matrix of a [`NewtonSystem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindOfCurvature {
    /// The observed information: the exact curvature.
    Exact,
    /// The observed information with the missing part from a sample of persons.
    Sampled,
    /// With some of the missing information, or none: too small a step, but a safe one.
    Discounted,
    /// Complete-data information, item by item: too small a step, but cheap for any number of
    /// items. The missing information is not in it and has to be learned.
    Blockwise,
}

impl NewtonSystem {
    /// The system at an evaluated point: dense up to `dense_items`, else
    /// blockwise. `None` if no share of the missing information leaves the
    /// matrix positive definite.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn at(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        dense_items: usize,
    ) -> Result<Option<Self>, IrtError> {
        if objective.items() > dense_items {
            return Ok(Some(Self::blockwise(evaluation)));
        }
        let information = ObservedInformation::at(objective, evaluation)?;
        for share in SHARES {
            let kind =
                if share == 1.0 { KindOfCurvature::Exact } else { KindOfCurvature::Discounted };
            let matrix = information.matrix(share)?;
            if let Some(system) = Self::dense(matrix, kind, objective.monitor)? {
                return Ok(Some(system));
            }
        }
        Ok(None)
    }

    /// The observed information itself, of however many items; `None` where it is not positive
    /// definite.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn observed(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
    ) -> Result<Option<Self>, IrtError> {
        let matrix = ObservedInformation::at(objective, evaluation)?.matrix(1.0)?;
        Self::dense(matrix, KindOfCurvature::Exact, objective.monitor)
    }

    /// The system of every `nth` pattern. `None` where that is not positive
    /// definite: then nothing less than the whole will do.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn sampled(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
        nth: usize,
    ) -> Result<Option<Self>, IrtError> {
        let matrix = ObservedInformation::sampled(objective, evaluation, nth)?.matrix(1.0)?;
        Self::dense(matrix, KindOfCurvature::Sampled, objective.monitor)
    }

    fn dense(
        matrix: DMatrix<f64>,
        curvature: KindOfCurvature,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>, IrtError> {
        let block = |item: usize| {
            let at = 2 * item;
            Symmetric2::new(matrix[(at, at)], matrix[(at, at + 1)], matrix[(at + 1, at + 1)])
        };
        let blocks = (0..matrix.nrows() / 2).map(block).collect();
        let Some((scaled, scale)) = scaled(matrix) else { return Ok(None) };
        let factor = Factor::new(scaled, monitor)?;
        Ok(factor.filter(|factor| factor.smallest_pivot() > SINGULAR_PIVOT).map(|factor| Self {
            matrix: Matrix::Dense { scale, factor },
            blocks,
            curvature,
        }))
    }

    /// Complete-data information with the priors' curvature where that leaves
    /// it positive definite.
    pub(crate) fn blockwise(evaluation: &Evaluation) -> Self {
        let pairs = evaluation.complete_information.iter().zip(evaluation.complete_curvature());
        let blocks = pairs
            .map(
                |(complete, whole)| {
                    if whole.xx > 0.0 && whole.determinant() > 0.0 { whole } else { *complete }
                },
            )
            .collect();
        Self { matrix: Matrix::Blockwise, blocks, curvature: KindOfCurvature::Blockwise }
    }

    /// What its matrix is.
    pub(crate) fn curvature(&self) -> KindOfCurvature {
        self.curvature
    }

    /// The step: information⁻¹ · gradient.
    pub(crate) fn solve(&self, gradient: &[SlopeIntercept]) -> Vec<SlopeIntercept> {
        match &self.matrix {
            Matrix::Dense { scale, factor } => {
                let components = gradient.iter().flat_map(|g| [g.slope, g.intercept]);
                let products = components.zip(scale).map(|(g, s)| g * s);
                let mut vector = DVector::from_iterator(scale.len(), products);
                factor.solve(&mut vector);
                vector.component_mul_assign(scale);
                let pairs = vector.as_slice().chunks_exact(2);
                pairs.map(|pair| SlopeIntercept::from([pair[0], pair[1]])).collect()
            }
            Matrix::Blockwise => self
                .blocks
                .iter()
                .zip(gradient)
                .map(|(block, gradient)| block.inverse().times((*gradient).into()).into())
                .collect(),
        }
    }

    /// The smallest eigenvalue of the scaled matrix, or up to some hundred times as much, by one
    /// step of inverse iteration: near 0 where something is hardly determined. `None` if the
    /// whole matrix is not known.
    pub(crate) fn least_curvature(&self) -> Option<f64> {
        let Matrix::Dense { factor, .. } = &self.matrix else { return None };
        let mut vector = unstructured(2 * self.blocks.len());
        factor.solve(&mut vector);
        Some(1.0 / vector.norm())
    }

    /// Sampling covariance of each item's (a, d); `None` if the whole matrix is not known.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn item_covariances(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<Symmetric2>>, IrtError> {
        let Matrix::Dense { scale, factor } = &self.matrix else { return Ok(None) };
        let blocks = factor.inverse_blocks(monitor)?;
        let pairs = blocks.into_iter().zip(scale.as_slice().chunks_exact(2));
        let covariances = pairs.map(|(Symmetric2 { xx, xy, yy }, by)| {
            Symmetric2::new(by[0] * by[0] * xx, by[0] * by[1] * xy, by[1] * by[1] * yy)
        });
        Ok(Some(covariances.collect()))
    }

    /// A lower bound of the standard errors of a and b of one item: those it
    /// would have if the other items were known.
    pub(crate) fn standard_errors_at_least(&self, item: usize, at: SlopeIntercept) -> [f64; 2] {
        let block = self.blocks[item];
        if !(block.determinant() > 0.0) {
            return [0.0; 2];
        }
        let covariance = at.covariance_with_difficulty(block.inverse());
        [covariance.xx, covariance.yy].map(|variance| libm::sqrt(variance.max(0.0)))
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

/// A start of inverse iteration without structure, so that it is orthogonal to nothing.
pub(super) fn unstructured(side: usize) -> DVector<f64> {
    DVector::from_fn(side, |row, _| 1.0 + 0.618_034 * ((row * row) % 7) as f64 / 7.0).normalize()
}
