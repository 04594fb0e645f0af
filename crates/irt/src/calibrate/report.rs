//! From what was found out to what is said of every item.

use super::eligibility::EstimableItems;
use super::estimate::Estimate;
use super::groups::group_results;
use crate::error::IrtError;
use crate::flag::Flag;
use crate::memory::reserve;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, check};
use crate::results::{Calibration, ItemCovariance, ItemResult, ItemStatus};
use crate::settings::{CalibrationSettings, StandardErrors};
use crate::uncertainty::sampling_covariance::{SamplingCovariance, SamplingCovariances};

/// A smaller discrimination is flagged.
const LOW_DISCRIMINATION: f64 = 0.2;
/// A difficulty further from 0 is flagged.
const EXTREME_DIFFICULTY: f64 = 6.0;

/// Puts together what was found out; `settings` with the grid of the estimate.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn report(
    estimable: &EstimableItems<'_>,
    estimate: &Estimate,
    errors: &SamplingCovariances,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Calibration, IrtError> {
    let Estimate { evaluation, e_steps, quadrature, .. } = estimate;
    let items = item_results(estimable, estimate, errors, settings, monitor)?;
    let calibrated = items.iter().filter(|item| item.status == ItemStatus::Calibrated);
    let names: Vec<String> = calibrated.map(|item| item.item.clone()).collect();
    let joint = errors.joint.clone();
    Ok(Calibration {
        items,
        persons_count: estimable.patterns().persons(),
        responses_count: estimable.patterns().responses(),
        log_likelihood: evaluation.log_likelihood(),
        log_prior: evaluation.log_prior,
        em_iterations: *e_steps,
        quadrature_nodes: quadrature.nodes().len() as u32,
        bootstrap_iterations: errors.replicates,
        bootstrap_failures: errors.failures,
        bootstrap_e_steps: errors.e_steps,
        groups: group_results(estimable, estimate, errors),
        joint_covariance: joint.map(|covariance| ItemCovariance { items: names, covariance }),
        components: estimable.components_of_items(),
    })
}

/// What is said of every item, skipped or not.
fn item_results(
    estimable: &EstimableItems<'_>,
    estimate: &Estimate,
    errors: &SamplingCovariances,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Vec<ItemResult>, IrtError> {
    let Estimate { evaluation, quadrature, grid_fails, .. } = estimate;
    // Anchors join components that nobody joins.
    let anchored = !settings.anchors.is_empty();
    let disconnected = estimable.components().len() > 1 && !anchored;
    let mut selected = evaluation.parameters.iter().zip(&errors.items).zip(grid_fails);
    let mut items = reserve(estimable.len(), "the results")?;
    for item in 0..estimable.len() {
        check(monitor)?;
        let result = uncalibrated(estimable, item);
        let found = if estimable.skipped(item).is_none() { selected.next() } else { None };
        items.push(match found {
            None => result,
            Some(((_, _), grid_fails)) if estimable.scale().is_anchor(item) => {
                anchor(result, *grid_fails, settings)
            }
            Some(((at, errors), grid_fails)) => {
                let steep = at.slope.abs() * quadrature.spacing() > 1.0;
                let remarks = [
                    (disconnected, Flag::Disconnected),
                    (steep || *grid_fails, Flag::QuadratureLimited),
                ];
                calibrated(result, *at, *errors, &remarks, settings)
            }
        });
    }
    Ok(items)
}

fn uncalibrated(estimable: &EstimableItems<'_>, item: usize) -> ItemResult {
    let mut flags: Vec<Flag> = estimable.skipped(item).into_iter().collect();
    let point_biserial = estimable.point_biserial(item);
    if point_biserial.is_some_and(|correlation| correlation < 0.0) {
        flags.push(Flag::NegativePointBiserial);
    }
    let totals = estimable.totals(item);
    ItemResult {
        item: estimable.label(item).to_owned(),
        status: ItemStatus::Skipped,
        flags,
        difficulty: None,
        discrimination: None,
        se_difficulty: None,
        se_discrimination: None,
        covariance: None,
        difficulty_interval: None,
        discrimination_interval: None,
        information_peak: None,
        responses_count: totals.responses,
        proportion_correct: totals.proportion_correct(),
        point_biserial,
    }
}

/// An item with the parameters that were given: to the bit, whatever was computed with.
fn anchor(mut result: ItemResult, grid_fails: bool, settings: &CalibrationSettings) -> ItemResult {
    let Some(given) = settings.anchors.get(&result.item) else { return result };
    result.flags.extend(grid_fails.then_some(Flag::QuadratureLimited));
    result.flags.sort_unstable();
    result.status = ItemStatus::Anchored;
    result.difficulty = Some(given.difficulty);
    result.discrimination = Some(given.discrimination);
    result.information_peak = Some(given.difficulty);
    result
}

fn calibrated(
    mut result: ItemResult,
    at: SlopeIntercept,
    errors: Option<SamplingCovariance>,
    of_all_items: &[(bool, Flag)],
    settings: &CalibrationSettings,
) -> ItemResult {
    let difficulty = at.difficulty();
    let wanted = settings.standard_errors != StandardErrors::None;
    let remarks = [
        (at.slope < 0.0, Flag::NegativeDiscrimination),
        (at.slope < LOW_DISCRIMINATION, Flag::LowDiscrimination),
        (difficulty.abs() > EXTREME_DIFFICULTY, Flag::ExtremeDifficulty),
        (wanted && errors.is_none(), Flag::NoStandardError),
    ];
    let remarks = of_all_items.iter().chain(&remarks);
    result.flags.extend(remarks.filter(|(holds, _)| *holds).map(|(_, flag)| *flag));
    result.flags.sort_unstable();
    result.status = ItemStatus::Calibrated;
    result.difficulty = Some(difficulty);
    result.discrimination = Some(at.slope);
    result.information_peak = Some(difficulty);
    result.se_difficulty = errors.map(|errors| errors.se_difficulty);
    result.se_discrimination = errors.map(|errors| errors.se_discrimination);
    result.covariance = errors.map(|errors| errors.covariance);
    result.difficulty_interval = errors.and_then(|errors| errors.difficulty_interval);
    result.discrimination_interval = errors.and_then(|errors| errors.discrimination_interval);
    result
}
