//! What means, medians and standard deviations of the common items say of the scales.

use super::common_item::CommonItem;
use super::robust_z::quantile;

/// Mean and standard deviation (divisor n).
pub(super) fn mean_and_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let square = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, libm::sqrt(square))
}

/// ln(a / a of the scale in force) of the items that have it.
pub(super) fn log_ratios(common: &[CommonItem]) -> Vec<f64> {
    common.iter().filter_map(CommonItem::log_ratio).collect()
}

/// A as the discriminations have it: exp of the mean of [`log_ratios`].
pub(super) fn slope_by_discriminations(common: &[CommonItem]) -> Option<f64> {
    let logs = log_ratios(common);
    let slope = libm::exp(logs.iter().sum::<f64>() / logs.len() as f64);
    (slope > 0.0 && slope.is_finite()).then_some(slope)
}

/// A as most discriminations have it: exp of the median of [`log_ratios`].
pub(super) fn median_slope(common: &[CommonItem]) -> Option<f64> {
    quantile(&log_ratios(common), 0.5).map(libm::exp)
}

/// A as the difficulties have it: the ratio of their standard deviations.
pub(super) fn slope_by_difficulties(common: &[CommonItem]) -> Option<f64> {
    let (_, from) = mean_and_sd(common.iter().map(|item| item.from.difficulty));
    let (_, onto) = mean_and_sd(common.iter().map(|item| item.onto.difficulty));
    let slope = onto / from;
    (slope > 0.0 && slope.is_finite()).then_some(slope)
}
