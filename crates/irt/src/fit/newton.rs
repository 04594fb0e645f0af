//! Newton steps: the gradient, solved with the observed information.
//!
//! The information is scaled to a unit diagonal before it is factored, so that
//! pivots compare across items of any discrimination.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::error::IrtError;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::{Evaluation, Objective};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::cholesky::Factor;

/// Shares of the missing information that are tried in turn: 1 is Newton's
/// method, 0 steps like EM.
const SHARES: [f64; 5] = [1.0, 0.99, 0.9, 0.5, 0.0];
/// A scaled pivot below this means that the data do not determine a parameter.
const SINGULAR_PIVOT: f64 = 1e-9;
/// A component of a null vector this large, relative to the largest, belongs to it.
const INVOLVED: f64 = 0.2;

/// Up to this many items the search factors the observed information as a whole: 4,000
/// rows and 128 MB a matrix. Beyond, it learns the curvature on its way; standard errors are
/// limited by memory alone.
pub(crate) const DENSE_ITEMS: usize = 2000;

/// What turns a gradient into a step.
pub(crate) struct NewtonSystem {
    kind: Kind,
    /// The 2 × 2 block of each item: aa, ad, dd.
    blocks: Vec<[f64; 3]>,
}

enum Kind {
    /// The factored information over all items.
    Dense {
        scale: DVector<f64>,
        factor: Factor,
        /// The share of the missing information that was taken off; 1 is the observed information.
        share: f64,
        /// True where the missing information is that of a sample of persons.
        sampled: bool,
    },
    /// Complete-data information, item by item: too small a step, but cheap for any number of items.
    Blockwise,
}

impl NewtonSystem {
    /// The system at an evaluated point: dense up to [`DENSE_ITEMS`] items, else
    /// blockwise. `None` if no share of the missing information leaves the
    /// matrix positive definite.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn at(
        objective: &Objective<'_>,
        evaluation: &Evaluation,
    ) -> Result<Option<Self>, IrtError> {
        if objective.items() > objective.dense_items {
            return Ok(Some(Self::blockwise(evaluation)));
        }
        let information = ObservedInformation::at(objective, evaluation)?;
        for share in SHARES {
            let matrix = information.matrix(share)?;
            if let Some(system) = Self::dense(matrix, share, false, objective.monitor)? {
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
        Self::dense(matrix, 1.0, false, objective.monitor)
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
        Self::dense(matrix, 1.0, true, objective.monitor)
    }

    fn dense(
        matrix: DMatrix<f64>,
        share: f64,
        sampled: bool,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>, IrtError> {
        let blocks = (0..matrix.nrows() / 2)
            .map(|item| {
                let at = 2 * item;
                [matrix[(at, at)], matrix[(at, at + 1)], matrix[(at + 1, at + 1)]]
            })
            .collect();
        let Some((scaled, scale)) = scaled(matrix) else { return Ok(None) };
        let factor = Factor::new(scaled, monitor)?;
        Ok(factor
            .filter(|factor| factor.smallest_pivot() > SINGULAR_PIVOT)
            .map(|factor| Self { kind: Kind::Dense { scale, factor, share, sampled }, blocks }))
    }

    /// Complete-data information with the priors' curvature where that leaves
    /// it positive definite.
    pub(crate) fn blockwise(evaluation: &Evaluation) -> Self {
        let blocks = evaluation
            .complete_information
            .iter()
            .zip(&evaluation.prior_terms)
            .map(|(complete, prior)| {
                let whole: [f64; 3] = std::array::from_fn(|k| complete[k] + prior.curvature[k]);
                if whole[0] > 0.0 && determinant(whole) > 0.0 { whole } else { *complete }
            })
            .collect();
        Self { kind: Kind::Blockwise, blocks }
    }

    /// True where this is the observed information itself.
    pub(crate) fn is_observed_information(&self) -> bool {
        matches!(self.kind, Kind::Dense { share, sampled: false, .. } if share == 1.0)
    }

    /// True where the missing information is that of a sample of persons.
    pub(crate) fn is_sampled(&self) -> bool {
        matches!(self.kind, Kind::Dense { sampled: true, .. })
    }

    /// True where the missing information is not in it and has to be learned.
    pub(crate) fn is_blockwise(&self) -> bool {
        matches!(self.kind, Kind::Blockwise)
    }

    /// The step: information⁻¹ · gradient.
    pub(crate) fn solve(&self, gradient: &[[f64; 2]]) -> Vec<SlopeIntercept> {
        match &self.kind {
            Kind::Dense { scale, factor, .. } => {
                let products = gradient.as_flattened().iter().zip(scale).map(|(g, s)| g * s);
                let mut vector = DVector::from_iterator(scale.len(), products);
                factor.solve(&mut vector);
                vector.component_mul_assign(scale);
                let pairs = vector.as_slice().chunks_exact(2);
                pairs.map(|pair| SlopeIntercept { slope: pair[0], intercept: pair[1] }).collect()
            }
            Kind::Blockwise => self
                .blocks
                .iter()
                .zip(gradient)
                .map(|(block, [a, d])| {
                    let [aa, ad, dd] = inverse(*block);
                    SlopeIntercept { slope: aa * a + ad * d, intercept: ad * a + dd * d }
                })
                .collect(),
        }
    }

    /// The smallest eigenvalue of the scaled matrix, or up to some hundred times as much, by one
    /// step of inverse iteration: near 0 where something is hardly determined. `None` if the
    /// whole matrix is not known.
    pub(crate) fn least_curvature(&self) -> Option<f64> {
        let Kind::Dense { factor, .. } = &self.kind else { return None };
        let mut vector = unstructured(2 * self.blocks.len());
        factor.solve(&mut vector);
        Some(1.0 / vector.norm())
    }

    /// Sampling covariance of each item's (a, d): aa, ad, dd; `None` if the
    /// whole matrix is not known.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`].
    pub(crate) fn item_covariances(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<[f64; 3]>>, IrtError> {
        let Kind::Dense { scale, factor, .. } = &self.kind else { return Ok(None) };
        let blocks = factor.inverse_blocks(monitor)?;
        let pairs = blocks.into_iter().zip(scale.as_slice().chunks_exact(2));
        let covariances = pairs
            .map(|([aa, ad, dd], by)| [by[0] * by[0] * aa, by[0] * by[1] * ad, by[1] * by[1] * dd]);
        Ok(Some(covariances.collect()))
    }

    /// A lower bound of the standard errors of a and b of one item: those it
    /// would have if the other items were known.
    pub(crate) fn standard_errors_at_least(&self, item: usize, at: SlopeIntercept) -> [f64; 2] {
        let block = self.blocks[item];
        if !(determinant(block) > 0.0) {
            return [0.0; 2];
        }
        let [var_a, _, var_b] = discrimination_difficulty_covariance(inverse(block), at);
        [libm::sqrt(var_a.max(0.0)), libm::sqrt(var_b.max(0.0))]
    }
}

fn determinant([aa, ad, dd]: [f64; 3]) -> f64 {
    aa * dd - ad * ad
}

fn inverse(block: [f64; 3]) -> [f64; 3] {
    let scale = 1.0 / determinant(block);
    [scale * block[2], -scale * block[1], scale * block[0]]
}

/// Covariance of (a, b) from that of (a, d), by the delta method with b = −d/a: aa, ab, bb.
///
/// At the optimum this is the inverse of the information in (a, b) itself,
/// because the gradient there is 0.
pub(crate) fn discrimination_difficulty_covariance(
    [aa, ad, dd]: [f64; 3],
    at: SlopeIntercept,
) -> [f64; 3] {
    let (by_slope, by_intercept) = (-at.difficulty() / at.slope, -1.0 / at.slope);
    let covariance = by_slope * aa + by_intercept * ad;
    let variance = by_slope * by_slope * aa
        + 2.0 * by_slope * by_intercept * ad
        + by_intercept * by_intercept * dd;
    [aa, covariance, variance]
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

/// A direction in which the objective hardly curves.
pub(crate) struct FlatDirection {
    /// Per item in (a, d), scaled so that 1 is a typical standard error.
    pub direction: Vec<SlopeIntercept>,
    /// The items that it moves.
    pub involved: Vec<usize>,
    /// The curvature along it, as a share of what the complete data would tell.
    pub curvature: f64,
}

/// A start of inverse iteration without structure, so that it is orthogonal to nothing.
fn unstructured(side: usize) -> DVector<f64> {
    DVector::from_fn(side, |row, _| 1.0 + 0.618_034 * ((row * row) % 7) as f64 / 7.0).normalize()
}

/// The direction in which the objective curves least, or upwards.
///
/// Found by inverse iteration on the observed information, shifted until it is
/// positive definite. `None` for more than [`DENSE_ITEMS`] items.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn flattest_direction(
    objective: &Objective<'_>,
    evaluation: &Evaluation,
) -> Result<Option<FlatDirection>, IrtError> {
    const ITERATIONS: usize = 60;
    if objective.items() > objective.dense_items {
        return Ok(None);
    }
    let information = ObservedInformation::at(objective, evaluation)?;
    // What the complete data would tell: positive where the observed diagonal need not be.
    let complete = information.matrix(0.0)?.diagonal();
    let scale = complete.map(|value| 1.0 / libm::sqrt(value.abs().max(1e-280)));
    let side = scale.len();
    let (mut factor, mut shift) = (None, 0.0);
    for exponent in -9..4 {
        shift = libm::pow(10.0, f64::from(exponent));
        let mut shifted = information.matrix(1.0)?;
        for (column, mut values) in shifted.column_iter_mut().enumerate() {
            values.component_mul_assign(&scale);
            values *= scale[column];
            values[column] += shift;
        }
        factor = Factor::new(shifted, objective.monitor)?;
        if factor.is_some() {
            break;
        }
    }
    let Some(factor) = factor else { return Ok(None) };
    let mut vector = unstructured(side);
    let mut norm = 0.0;
    for _ in 0..ITERATIONS {
        factor.solve(&mut vector);
        norm = vector.norm();
        if !(norm.is_finite() && norm > 0.0) {
            return Ok(None);
        }
        vector /= norm;
    }
    let size = |item: usize| vector[2 * item].abs().max(vector[2 * item + 1].abs());
    let largest = (0..side / 2).map(size).fold(0.0, f64::max);
    let involved = (0..side / 2).filter(|item| size(*item) >= INVOLVED * largest).collect();
    let direction = (0..side / 2)
        .map(|item| SlopeIntercept {
            slope: vector[2 * item] * scale[2 * item],
            intercept: vector[2 * item + 1] * scale[2 * item + 1],
        })
        .collect();
    Ok(Some(FlatDirection { direction, involved, curvature: 1.0 / norm - shift }))
}
