//! Many tests at once, with a bound on the share of false alarms among the alarms.

/// Which hypotheses are rejected at `level`, in the order of `p`.
///
/// Source: Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289–300.
pub(super) fn rejected(p: &[f64], level: f64) -> Vec<bool> {
    let mut sorted = p.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let bound = |rank: usize| level * (rank + 1) as f64 / p.len() as f64;
    let last = sorted.iter().enumerate().rev().find(|(rank, p)| **p <= bound(*rank));
    let largest = last.map(|(_, p)| *p);
    p.iter().map(|p| largest.is_some_and(|largest| *p <= largest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_value_is_helped_by_smaller_and_larger_ones() {
        assert_eq!(rejected(&[0.04, 0.001, 0.03, 0.9], 0.05), [false, true, false, false]);
        assert_eq!(rejected(&[0.05, 0.04], 0.05), [true, true]);
        assert_eq!(rejected(&[0.05], 0.05), [true]);
        assert_eq!(rejected(&[], 0.05), Vec::<bool>::new());
    }
}
