//! How sure the estimates are, by either method, in one form.

use super::bootstrap::bootstrap;
use super::sampling_covariance::{SamplingCovariance, SamplingCovariances};
use crate::ability::grid::Grid;
use crate::ability::population::Population;
use crate::data::patterns::Patterns;
use crate::data::persons::Persons;
use crate::error::IrtError;
use crate::fit::newton_system::NewtonSystem;
use crate::fit::plan::Plan;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, Phase};
use crate::numeric::symmetric::Symmetric2;
use crate::settings::{CalibrationSettings, StandardErrors};

/// Standard errors at `estimate`, by the method that `settings` ask for.
///
/// `held_bytes`: what the responses take.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn standard_errors(
    patterns: &Patterns,
    held_bytes: u64,
    estimate: &Evaluation,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<SamplingCovariances, IrtError> {
    let nothing = vec![None; estimate.parameters.len()];
    let wanted = settings.standard_errors;
    if wanted == StandardErrors::None {
        return Ok(SamplingCovariances::without_replicates(nothing));
    }
    monitor.progress(Phase::StandardErrors, 0, 1);
    let grid = Grid::new(&settings.quadrature, Population::STANDARD);
    let persons = Persons::everybody(patterns);
    let objective = Objective::new(persons, &grid, &settings.priors, monitor);
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
    let items = if is_dense || !is_too_much {
        by_information(&objective, estimate)?.unwrap_or(nothing)
    } else {
        nothing
    };
    monitor.progress(Phase::StandardErrors, 1, 1);
    Ok(SamplingCovariances::without_replicates(items))
}

/// From the inverse of the observed information; `None` where that is not positive definite.
fn by_information(
    objective: &Objective<'_>,
    estimate: &Evaluation,
) -> Result<Option<Vec<Option<SamplingCovariance>>>, IrtError> {
    let Some(system) = NewtonSystem::observed(objective, estimate)? else { return Ok(None) };
    let Some(covariances) = system.item_covariances(objective.monitor)? else { return Ok(None) };
    let pairs = covariances.iter().zip(&estimate.parameters);
    Ok(Some(pairs.map(|(covariance, at)| from_information(*covariance, *at)).collect()))
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
