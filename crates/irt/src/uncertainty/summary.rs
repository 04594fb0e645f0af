//! What all bootstrap replicates say together.

use super::replicate::Replicate;
use super::sampling_covariance::{GroupErrors, SamplingCovariance, SamplingCovariances};

/// Standard errors and intervals from the replicates; `None` stands for one that did not converge.
pub(super) fn summarise(
    drawn: &[Option<Replicate>],
    items: usize,
    groups: usize,
    e_steps: u64,
) -> SamplingCovariances {
    let converged: Vec<&Replicate> = drawn.iter().flatten().collect();
    let block = |block: usize| {
        let values: Vec<(f64, f64)> = converged
            .iter()
            .filter_map(|replicate| replicate[block])
            .filter(|(a, b)| a.is_finite() && b.is_finite())
            .collect();
        // An item that is in fewer than half of the replicates has no standard error.
        let enough = values.len() >= 2 && 2 * values.len() >= drawn.len();
        if enough { sampling_covariance(&values).if_usable() } else { None }
    };
    SamplingCovariances {
        items: (0..items).map(block).collect(),
        groups: (items..items + groups).map(block).map(|of| of.map(GroupErrors::from)).collect(),
        joint: None,
        replicates: drawn.len() as u32,
        failures: (drawn.len() - converged.len()) as u32,
        e_steps,
    }
}

/// Of one item's (a, b) in all replicates that have it.
fn sampling_covariance(values: &[(f64, f64)]) -> SamplingCovariance {
    let (discriminations, difficulties): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
    SamplingCovariance {
        se_discrimination: libm::sqrt(covariance(&discriminations, &discriminations)),
        se_difficulty: libm::sqrt(covariance(&difficulties, &difficulties)),
        covariance: covariance(&discriminations, &difficulties),
        discrimination_interval: Some(percentile_interval(discriminations)),
        difficulty_interval: Some(percentile_interval(difficulties)),
    }
}

fn covariance(left: &[f64], right: &[f64]) -> f64 {
    let count = left.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (by_left, by_right) = (mean(left), mean(right));
    let products = left.iter().zip(right).map(|(x, y)| (x - by_left) * (y - by_right));
    products.sum::<f64>() / (count - 1.0)
}

/// Percentiles 2.5 and 97.5, interpolated linearly between order statistics.
fn percentile_interval(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let position = share * (values.len() - 1) as f64;
        let below = position as usize;
        let above = (below + 1).min(values.len() - 1);
        values[below] + (position - below as f64) * (values[above] - values[below])
    };
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_items_are_left_out_of_a_replicate() {
        let drawn: Vec<Option<Replicate>> = (0..10)
            .map(|k| {
                let first = Some((1.0 + 0.1 * f64::from(k), 0.0 - 0.2 * f64::from(k)));
                (k != 9).then(|| vec![first, (k < 4).then_some((1.0, 1.0))])
            })
            .collect();
        let summary = summarise(&drawn, 2, 0, 0);
        assert_eq!((summary.replicates, summary.failures), (10, 1));
        let first = summary.items[0].unwrap();
        assert!((first.se_discrimination - 0.1 * 7.5f64.sqrt()).abs() < 1e-12);
        assert!((first.covariance + 0.02 * 7.5).abs() < 1e-12);
        assert_eq!(summary.items[1], None);
    }
}
