//! Newton steps: the gradient, solved with the observed information.
//!
//! The information is scaled to a unit diagonal before it is factored, so that
//! pivots compare across items of any discrimination.

use nalgebra::{DMatrix, DVector};

use super::scale_directions::ScaleDirections;
use super::thresholds::{SAMPLED_SHARE, SHARES, SINGULAR_PIVOT, TELLING_REFERENCE};
use crate::error::IrtError;
use crate::likelihood::design::Design;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::information::border::Border;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::scaled_factor::ScaledFactor;
use crate::numeric::symmetric::Symmetric2;

/// What turns a gradient into a step.
pub(crate) struct NewtonSystem {
    matrix: Matrix,
    /// The 2 × 2 block of each item, then of each group.
    blocks: Vec<Symmetric2>,
    curvature: KindOfCurvature,
    /// Steps of origin and unit that the matrix underestimates, and by which share.
    directions: Option<(ScaleDirections, f64)>,
}

/// The matrix that is solved with.
enum Matrix {
    /// The factored information over all items, from which the groups were eliminated.
    Dense {
        /// The items that are in it.
        free: Vec<u32>,
        factor: ScaledFactor,
        border: Border,
    },
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
            if let Some(system) = Self::dense(&information, share, kind, objective)? {
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
        let information = ObservedInformation::at(objective, evaluation)?;
        Self::dense(&information, 1.0, KindOfCurvature::Exact, objective)
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
        let information = ObservedInformation::sampled(objective, evaluation, nth)?;
        // A small reference group holds origin and unit by little: sampling error would hide it.
        let little = 1.0 - SAMPLED_SHARE;
        let held_by = share_of_reference(objective);
        if held_by >= TELLING_REFERENCE {
            return Self::dense(&information, 1.0, KindOfCurvature::Sampled, objective);
        }
        let system = Self::dense(&information, SAMPLED_SHARE, KindOfCurvature::Sampled, objective)?;
        let share = little / (little + held_by);
        let directions = ScaleDirections::at(objective, evaluation);
        let directions = directions.map(|directions| (directions, share));
        Ok(system.map(|system| Self { directions, ..system }))
    }

    fn dense(
        information: &ObservedInformation,
        share: f64,
        curvature: KindOfCurvature,
        objective: &Objective<'_>,
    ) -> Result<Option<Self>, IrtError> {
        let Some((matrix, border)) = information.eliminated(share)? else { return Ok(None) };
        let free = free_numbers(objective.design, objective.items());
        // A block that is given has a diagonal of 1.
        let mut blocks = vec![Symmetric2::IDENTITY; objective.items()];
        for (position, item) in free.iter().enumerate() {
            let at = 2 * position;
            blocks[*item as usize] =
                Symmetric2::new(matrix[(at, at)], matrix[(at, at + 1)], matrix[(at + 1, at + 1)]);
        }
        blocks.extend(border.blocks());
        let factor = ScaledFactor::new(matrix, objective.monitor)?;
        let determined =
            |factor: &ScaledFactor| factor.of_scaled().smallest_pivot() > SINGULAR_PIVOT;
        Ok(factor.filter(determined).map(|factor| Self {
            matrix: Matrix::Dense { free, factor, border },
            blocks,
            curvature,
            directions: None,
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
        let (matrix, curvature) = (Matrix::Blockwise, KindOfCurvature::Blockwise);
        Self { matrix, blocks, curvature, directions: None }
    }

    /// What its matrix is.
    pub(crate) fn curvature(&self) -> KindOfCurvature {
        self.curvature
    }

    /// The step: information⁻¹ · gradient.
    pub(crate) fn solve(&self, gradient: &[SlopeIntercept]) -> Vec<SlopeIntercept> {
        let mut step = self.solve_matrix(gradient);
        if let Some((directions, share)) = &self.directions {
            directions.add_step(gradient, *share, &mut step);
        }
        step
    }

    fn solve_matrix(&self, gradient: &[SlopeIntercept]) -> Vec<SlopeIntercept> {
        match &self.matrix {
            Matrix::Dense { free, factor, border } => {
                let groups = border.blocks().count();
                let (items, groups) = gradient.split_at(gradient.len() - groups);
                let of_free = free.iter().map(|item| items[*item as usize]);
                let components = of_free.flat_map(|g| [g.slope, g.intercept]);
                let mut vector = DVector::from_iterator(factor.side(), components);
                border.eliminate_gradient(groups, &mut vector);
                factor.solve(&mut vector);
                let mut step = vec![SlopeIntercept::default(); items.len()];
                for (item, pair) in free.iter().zip(vector.as_slice().chunks_exact(2)) {
                    step[*item as usize] = SlopeIntercept::from([pair[0], pair[1]]);
                }
                step.extend(border.steps(groups, &vector));
                step
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
        let mut vector = unstructured(factor.side());
        factor.of_scaled().solve(&mut vector);
        Some(1.0 / vector.norm())
    }

    /// Sampling covariance of each item's (a, d), of those that are estimated, in their order;
    /// `None` if the whole matrix is not known.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn item_covariances(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<Symmetric2>>, IrtError> {
        let Matrix::Dense { factor, .. } = &self.matrix else { return Ok(None) };
        factor.inverse_blocks(monitor).map(Some)
    }

    /// Sampling covariance of each group's (mean, ln sd); an infinite variance where one is given
    /// or held. `None` if the whole matrix is not known.
    pub(crate) fn group_covariances(&self) -> Option<Vec<Symmetric2>> {
        let Matrix::Dense { factor, border, .. } = &self.matrix else { return None };
        Some(border.covariances(|vector| factor.solve(vector)))
    }

    /// The joint sampling covariance of (a, d) of the items that are estimated: the whole inverse.
    /// `None` if the whole matrix is not known.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(crate) fn joint_covariance(
        &self,
        monitor: &dyn Monitor,
    ) -> Result<Option<DMatrix<f64>>, IrtError> {
        let Matrix::Dense { factor, .. } = &self.matrix else { return Ok(None) };
        factor.inverse(monitor).map(Some)
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

    /// The same for the mean and the standard deviation of the group whose block it is.
    pub(crate) fn group_errors_at_least(&self, block: usize, at: SlopeIntercept) -> [f64; 2] {
        let information = self.blocks[block];
        if !(information.determinant() > 0.0) {
            return [0.0; 2];
        }
        let covariance = information.inverse();
        let [mean, log_sd] =
            [covariance.xx, covariance.yy].map(|variance| libm::sqrt(variance.max(0.0)));
        [mean, libm::exp(at.intercept) * log_sd]
    }
}

/// The share of the persons that are in the reference group; 1 where nothing else holds the scale
/// or where there is none.
fn share_of_reference(objective: &Objective<'_>) -> f64 {
    let design = objective.design;
    let reference = (0..design.groups()).find(|group| design.is_reference(*group));
    reference.map_or(1.0, |reference| {
        let persons = objective.persons.totals_of_group(reference).0;
        persons as f64 / objective.persons.count().max(1) as f64
    })
}

/// Numbers of the items that are no anchors.
fn free_numbers(design: &Design, items: usize) -> Vec<u32> {
    (0..design.free_items(items)).map(|position| design.free_item(position) as u32).collect()
}

/// A start of inverse iteration without structure, so that it is orthogonal to nothing.
pub(super) fn unstructured(side: usize) -> DVector<f64> {
    DVector::from_fn(side, |row, _| 1.0 + 0.618_034 * ((row * row) % 7) as f64 / 7.0).normalize()
}
