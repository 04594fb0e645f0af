//! How sure the estimates are, by either method, in one form.

use nalgebra::DMatrix;

use super::bootstrap::bootstrap;
use super::sampling_covariance::{GroupErrors, SamplingCovariance, SamplingCovariances};
use crate::ability::grid::Grid;
use crate::ability::population::Population;
use crate::data::patterns::Patterns;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::fit::newton_system::NewtonSystem;
use crate::fit::plan::Plan;
use crate::likelihood::design::Design;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::Objective;
use crate::linking::JointCovariance;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, Phase};
use crate::numeric::symmetric::Symmetric2;
use crate::settings::{CalibrationSettings, StandardErrors};

/// What was fitted, and where that ended.
pub(crate) struct Fitted<'a> {
    pub patterns: &'a Patterns,
    /// Bytes that the responses take.
    pub held_bytes: u64,
    pub design: &'a Design,
    pub estimate: &'a Evaluation,
}

/// The joint covariance is kept of so many items at most: 8 MB.
const MOST_JOINT_ITEMS: usize = 500;

/// Standard errors by the method that `settings` ask for.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn standard_errors(
    fitted: &Fitted<'_>,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<SamplingCovariances, IrtError> {
    let Fitted { patterns, held_bytes, design, estimate } = *fitted;
    let nothing = vec![None; patterns.items()];
    let wanted = settings.standard_errors;
    if wanted == StandardErrors::None {
        return Ok(SamplingCovariances::without_replicates(nothing));
    }
    monitor.progress(Phase::StandardErrors, 0, 1);
    let grid = Grid::new(&settings.quadrature, Population::STANDARD);
    let persons = Persons::everybody(patterns);
    let objective = Objective::new(persons, &grid, &settings.priors, monitor).with_design(design);
    let is_dense = objective.items() <= Plan::of(patterns).dense_items;
    if let StandardErrors::Bootstrap { iterations, seed } = wanted {
        let system = if is_dense {
            NewtonSystem::observed(&objective, estimate)?
        } else {
            Some(NewtonSystem::blockwise(estimate))
        };
        return bootstrap(&objective, &estimate.parameters, system.as_ref(), iterations, seed);
    }
    // Up to the dense limit the search had such a matrix already; beyond, the settings' limit
    // decides.
    let needed = held_bytes.saturating_add(ObservedInformation::bytes(patterns));
    let is_too_much = settings.max_memory_bytes.is_some_and(|limit| needed > limit);
    let found = if is_dense || !is_too_much {
        by_information(&objective, estimate, settings.joint_covariance)?
    } else {
        None
    };
    monitor.progress(Phase::StandardErrors, 1, 1);
    Ok(found.unwrap_or_else(|| SamplingCovariances::without_replicates(nothing)))
}

/// From the inverse of the observed information; `None` where that is not positive definite.
fn by_information(
    objective: &Objective<'_>,
    estimate: &Evaluation,
    joint: bool,
) -> Result<Option<SamplingCovariances>, IrtError> {
    let Some(system) = NewtonSystem::observed(objective, estimate)? else { return Ok(None) };
    let Some(covariances) = system.item_covariances(objective.monitor)? else { return Ok(None) };
    let (items, groups) = estimate.parameters.split_at(objective.items());
    let mut covariances = covariances.iter();
    let item = |(item, at): (usize, &SlopeIntercept)| {
        let is_free = objective.design.anchor(item).is_none();
        let covariance = if is_free { covariances.next() } else { None };
        covariance.and_then(|covariance| from_information(*covariance, *at))
    };
    let errors = items.iter().enumerate().map(item).collect();
    let mut found = SamplingCovariances::without_replicates(errors);
    let of_groups = system.group_covariances().unwrap_or_default();
    let pairs = of_groups.iter().zip(groups);
    found.groups = pairs.map(|(covariance, at)| Some(of_group(*covariance, *at))).collect();
    if joint && objective.design.free_items(items.len()) <= MOST_JOINT_ITEMS {
        let joint = system.joint_covariance(objective.monitor)?;
        found.joint = joint.and_then(|matrix| in_difficulties(objective, &matrix, items));
    }
    Ok(Some(found))
}

/// Of a group's (mean, sd) from the covariance of (mean, ln sd).
fn of_group(covariance: Symmetric2, at: SlopeIntercept) -> GroupErrors {
    GroupErrors {
        se_mean: libm::sqrt(covariance.xx),
        se_sd: libm::exp(at.intercept) * libm::sqrt(covariance.yy),
    }
}

/// The joint covariance of (a, b) from that of (a, d), by the delta method with b = −d/a.
fn in_difficulties(
    objective: &Objective<'_>,
    matrix: &DMatrix<f64>,
    items: &[SlopeIntercept],
) -> Option<JointCovariance> {
    let free: Vec<SlopeIntercept> = (0..matrix.nrows() / 2)
        .map(|position| items[objective.design.free_item(position)])
        .collect();
    // The derivatives of parameter `row` of (a, b, …) by (a, d) of its item.
    let derivatives = |row: usize| {
        let at = free[row / 2];
        if row.is_multiple_of(2) {
            [1.0, 0.0]
        } else {
            [-at.difficulty() / at.slope, -1.0 / at.slope]
        }
    };
    let mut lower = Vec::with_capacity(matrix.nrows() * (matrix.nrows() + 1) / 2);
    for row in 0..matrix.nrows() {
        for column in 0..=row {
            let (left, right) = (derivatives(row), derivatives(column));
            let (r, c) = (row - row % 2, column - column % 2);
            let by_column =
                |k: usize| right[0] * matrix[(r + k, c)] + right[1] * matrix[(r + k, c + 1)];
            lower.push(left[0] * by_column(0) + left[1] * by_column(1));
        }
    }
    JointCovariance::from_lower_triangle(free.len(), lower).ok()
}

fn from_information(covariance: Symmetric2, at: SlopeIntercept) -> Option<SamplingCovariance> {
    let Symmetric2 { xx, xy, yy } = at.covariance_with_difficulty(covariance);
    let found = SamplingCovariance {
        se_discrimination: libm::sqrt(xx),
        se_difficulty: libm::sqrt(yy),
        covariance: xy,
        discrimination_interval: None,
        difficulty_interval: None,
    };
    found.if_usable()
}
