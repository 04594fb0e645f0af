//! How sure the estimates are, by either method, in one form.

use crate::calibrate::eligibility::Bank;
use crate::calibrate::{CalibrationSettings, StandardErrors};
use crate::error::IrtError;
use crate::fit::newton::{NewtonSystem, discrimination_difficulty_covariance};
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::{Evaluation, Objective};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, Phase};
use crate::numeric::eight::Grid;
use crate::uncertainty::bootstrap::{ItemSpread, bootstrap};

/// Standard errors, covariance and intervals of one item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub se_discrimination: f64,
    pub se_difficulty: f64,
    pub covariance: f64,
    pub discrimination_interval: Option<(f64, f64)>,
    pub difficulty_interval: Option<(f64, f64)>,
}

/// What the standard errors' step found out, per selected item.
pub(crate) struct Spreads {
    pub items: Vec<Option<Spread>>,
    pub replicates: u32,
    pub failures: u32,
    pub e_steps: u64,
}

/// Standard errors of the items in `bank`, by the method that `settings` ask for.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn standard_errors(
    bank: &Bank<'_>,
    estimate: &Evaluation,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Spreads, IrtError> {
    let count = estimate.parameters.len();
    let nothing = Spreads { items: vec![None; count], replicates: 0, failures: 0, e_steps: 0 };
    if settings.standard_errors == StandardErrors::None {
        return Ok(nothing);
    }
    monitor.progress(Phase::StandardErrors, 0, 1);
    let grid = Grid::new(&settings.quadrature);
    let patterns = bank.patterns();
    let weights = patterns.multiplicities();
    let objective = Objective::new(patterns, weights, &grid, &settings.priors, monitor, true);
    let parameters = &estimate.parameters;
    let StandardErrors::Bootstrap { iterations, seed } = settings.standard_errors else {
        let items = by_information(bank, &objective, estimate, settings)?;
        monitor.progress(Phase::StandardErrors, 1, 1);
        return Ok(Spreads { items, ..nothing });
    };
    let system = if parameters.len() > objective.dense_items {
        Some(NewtonSystem::blockwise(estimate))
    } else {
        NewtonSystem::observed(&objective, estimate)?
    };
    let result = bootstrap(&objective, parameters, system.as_ref(), iterations, seed)?;
    Ok(Spreads {
        items: result.items.into_iter().map(|item| item.and_then(from_replicates)).collect(),
        replicates: result.replicates,
        failures: result.failures,
        e_steps: result.e_steps,
    })
}

/// From the inverse of the observed information; without any where that is not positive definite,
/// or needs more memory than there is.
///
/// Up to [`Objective::dense_items`] the search had such a matrix already; beyond, the settings'
/// limit decides.
fn by_information(
    bank: &Bank<'_>,
    objective: &Objective<'_>,
    estimate: &Evaluation,
    settings: &CalibrationSettings,
) -> Result<Vec<Option<Spread>>, IrtError> {
    let parameters = &estimate.parameters;
    let nothing = vec![None; parameters.len()];
    let needed = bank.bytes().saturating_add(ObservedInformation::bytes(objective.patterns));
    let too_much = settings.max_memory_bytes.is_some_and(|limit| needed > limit);
    if parameters.len() > objective.dense_items && too_much {
        return Ok(nothing);
    }
    let Some(system) = NewtonSystem::observed(objective, estimate)? else { return Ok(nothing) };
    let Some(covariances) = system.item_covariances(objective.monitor)? else { return Ok(nothing) };
    let pairs = covariances.iter().zip(parameters);
    Ok(pairs.map(|(covariance, at)| from_information(*covariance, *at)).collect())
}

fn from_information(covariance: [f64; 3], at: SlopeIntercept) -> Option<Spread> {
    let [aa, ab, bb] = discrimination_difficulty_covariance(covariance, at);
    usable(Spread {
        se_discrimination: libm::sqrt(aa),
        se_difficulty: libm::sqrt(bb),
        covariance: ab,
        discrimination_interval: None,
        difficulty_interval: None,
    })
}

fn from_replicates(spread: ItemSpread) -> Option<Spread> {
    usable(Spread {
        se_discrimination: spread.se_discrimination,
        se_difficulty: spread.se_difficulty,
        covariance: spread.covariance,
        discrimination_interval: Some(spread.discrimination_interval),
        difficulty_interval: Some(spread.difficulty_interval),
    })
}

/// An unknown standard error is none at all: never 0, never infinite.
fn usable(spread: Spread) -> Option<Spread> {
    let positive = |error: f64| error > 0.0 && error.is_finite();
    (positive(spread.se_discrimination)
        && positive(spread.se_difficulty)
        && spread.covariance.is_finite())
    .then_some(spread)
}
