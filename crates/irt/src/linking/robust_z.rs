//! Which values lie apart from the others, by measures that those cannot move.

/// What the interquartile range of a normal distribution is to its standard deviation.
const NORMAL_IQR: f64 = 0.74;

/// The quantile of type 7 of Hyndman & Fan (1996): linear between the values,
/// as SQL's percentile_cont. `None` of nothing.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// z = (d − median) / (0.74 IQR) of every value; 0 throughout where the IQR is 0.
///
/// A value that is `None` is left out of the quantiles and gets ∞.
///
/// Source: Huynh & Meyer (2010), Practical Assessment, Research & Evaluation 15(2).
pub(super) fn robust_z(values: &[Option<f64>]) -> Vec<f64> {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let at = |share| quantile(&known, share).unwrap_or(0.0);
    let (median, spread) = (at(0.5), NORMAL_IQR * (at(0.75) - at(0.25)));
    let z = |value: f64| if spread > 0.0 { (value - median) / spread } else { 0.0 };
    values.iter().map(|value| value.map_or(f64::INFINITY, z)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_type_7() {
        let values = [4.0, 1.0, 3.0, 2.0];
        // R: quantile(1:4, c(.25, .5, .75)) is 1.75 2.50 3.25.
        assert_eq!(
            [0.25, 0.5, 0.75].map(|share| quantile(&values, share)),
            [1.75, 2.5, 3.25].map(Some)
        );
        assert_eq!((quantile(&[7.0], 0.75), quantile(&[], 0.5)), (Some(7.0), None));
    }

    #[test]
    fn one_far_value_stands_out_and_equal_values_do_not() {
        let z = robust_z(&[Some(0.0), Some(1.0), Some(2.0), Some(3.0), Some(100.0), None]);
        assert_eq!((z[2], z[5]), (0.0, f64::INFINITY));
        assert!((z[4] - 98.0 / 1.48).abs() < 1e-12);
        assert_eq!(robust_z(&[Some(1.0), Some(1.0), Some(1.0), Some(1.0), Some(9.0)]), [0.0; 5]);
    }
}
