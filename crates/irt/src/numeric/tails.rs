//! Tail probabilities of the normal and the chi-square distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// P(|Z| ≥ |z|) of a standard normal Z.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// P(X ≥ x) of a chi-square X with `df` degrees of freedom, 1 or more.
///
/// By Q(s + 1, t) = Q(s, t) + t^s exp(−t) / Γ(s + 1) from s = 1/2 or 1, with t = x / 2 and
/// s = df / 2: all terms are positive (Abramowitz & Stegun 1964, 26.4.4 and 26.4.5).
pub(crate) fn chi_square_tail(x: f64, df: u32) -> f64 {
    if !(x > 0.0) {
        return 1.0;
    }
    let half = 0.5 * x;
    let log_half = libm::log(half);
    // Terms in logs: exp(−t) alone is 0 where there are many degrees of freedom.
    let (mut tail, mut shape, mut log_term) = if df % 2 == 1 {
        let log_term = 0.5 * log_half - half - libm::log(0.5 * libm::sqrt(PI));
        (libm::erfc(libm::sqrt(half)), 0.5, log_term)
    } else {
        (libm::exp(-half), 1.0, log_half - half)
    };
    while shape < 0.5 * f64::from(df) - 0.25 {
        tail += libm::exp(log_term);
        shape += 1.0;
        log_term += log_half - libm::log(shape);
    }
    tail.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        // R: pchisq(x, df, lower.tail = FALSE), 2 * pnorm(-1.96).
        for (x, df, expected) in [
            (3.841_458_820_694_124, 1, 0.05),
            (5.991_464_547_107_979, 2, 0.05),
            (14.453_452_793_81, 2, 0.000_726_896_543_285),
            (18.307_038_053_275_147, 10, 0.05),
            (61.656_233_376_279_55, 45, 0.05),
        ] {
            let found = chi_square_tail(x, df);
            assert!((found / expected - 1.0).abs() < 1e-9, "{x} {df}: {found}");
        }
        assert!((normal_two_sided(-1.96) - 0.049_995_790_296_440_87).abs() < 1e-15);
        assert_eq!(chi_square_tail(0.0, 3), 1.0);
    }

    #[test]
    fn many_degrees_of_freedom_do_not_underflow() {
        let found = chi_square_tail(3000.0, 3000);
        assert!((found - 0.5).abs() < 0.01, "{found}");
    }
}
