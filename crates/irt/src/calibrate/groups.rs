//! What is said of every group.

use super::eligibility::EstimableItems;
use super::estimate::Estimate;
use crate::ability::population::Population;
use crate::data::persons::Persons;
use crate::likelihood::design::population;
use crate::results::GroupResult;
use crate::uncertainty::sampling_covariance::SamplingCovariances;

/// A group is held by the grid if this many standard deviations around its mean are.
const STANDARD_DEVIATIONS: f64 = 3.0;

/// Every group with persons in the fit.
pub(super) fn group_results(
    estimable: &EstimableItems<'_>,
    estimate: &Estimate,
    errors: &SamplingCovariances,
) -> Vec<GroupResult> {
    let patterns = estimable.patterns();
    let with_persons = (0..patterns.groups()).filter(|group| !patterns.of_group(*group).is_empty());
    with_persons.map(|group| group_result(estimable, estimate, errors, group)).collect()
}

fn group_result(
    estimable: &EstimableItems<'_>,
    estimate: &Estimate,
    errors: &SamplingCovariances,
    group: usize,
) -> GroupResult {
    let evaluation = &estimate.evaluation;
    let patterns = estimable.patterns();
    let block = evaluation.parameters.get(patterns.items() + group);
    let Population { mean, sd } = block.map_or(Population::STANDARD, |block| population(*block));
    let errors = errors.groups.get(group).copied().flatten();
    let usable = |error: f64| (error.is_finite() && error > 0.0).then_some(error);
    let log_likelihood = if patterns.groups() == 1 {
        evaluation.log_likelihood()
    } else {
        evaluation.counts.by_group.log_likelihoods[group]
    };
    let bound = estimate.quadrature.bound();
    let reach = STANDARD_DEVIATIONS * sd;
    GroupResult {
        name: estimable.group_name(group),
        persons_count: Persons::everybody(patterns).totals_of_group(group).0,
        mean,
        sd,
        se_mean: errors.and_then(|errors| usable(errors.se_mean)),
        se_sd: errors.and_then(|errors| usable(errors.se_sd)),
        log_likelihood,
        is_reference: estimable.scale().is_reference(group),
        leaves_grid: mean - reach < -bound || mean + reach > bound,
    }
}
