//! A person's missing information, nearly: from three abilities instead of the whole grid.
//!
//! A posterior is close to normal, and over a normal density with mean m and standard deviation
//! s the abilities m − √3 s, m, m + √3 s with the weights 1/6, 2/3, 1/6 integrate polynomials up
//! to degree 5 (Gauss–Hermite). The covariance of the scores over three points has rank 2,
//!
//! ```text
//! c₁c₁ᵀ + c₂c₂ᵀ,  c₁ = (s₊ − s₋) √3/6,  c₂ = (s₊ − 2 s₀ + s₋) / (3√2),
//! ```
//!
//! with s₋, s₀, s₊ the scores there: a few multiplications a pair of items, where the exact
//! covariance takes hundreds. Steps follow it; standard errors never do.
//!
//! Source: Abramowitz & Stegun (1964), table 25.10, n = 3.

use super::observed::{Pair, triangle};
use super::scores::{ScoreTables, Scratch};
use crate::numeric::eight::{self as lanes, Grid, LANES};

/// c₁ and c₂ per item that the person answered: those of a, d and of a, d.
#[derive(Default)]
pub(crate) struct Contrasts(Vec<[f64; 4]>);

/// Adds the covariances of the scores of `persons` who answered `codes` alike.
pub(crate) fn add_nearly(
    codes: &[u32],
    persons: f64,
    tables: &ScoreTables<'_>,
    grid: &Grid,
    scratch: &mut Scratch,
    contrasts: &mut Contrasts,
    missing: &mut [Pair],
) {
    lanes::vectorised(
        #[inline(always)]
        || {
            scratch.posterior(codes, tables, grid);
            let [mean, second] = scratch.ability_moments(grid);
            let distance = libm::sqrt(3.0 * (second - mean * mean).max(0.0));
            let abilities = [mean - distance, mean, mean + distance];
            let root = libm::sqrt(persons);
            let first = root * libm::sqrt(3.0) / 6.0;
            let second = root / (3.0 * libm::sqrt(2.0));
            let contrast = |[low, middle, high]: [f64; 3]| {
                [first * (high - low), second * (high - 2.0 * middle + low)]
            };
            contrasts.0.clear();
            for code in codes {
                let item = tables.base.parameters[(code >> 1) as usize];
                let mut logits = [0.0; LANES];
                for (logit, ability) in logits.iter_mut().zip(abilities) {
                    *logit = item.logit(ability);
                }
                let probabilities = lanes::logistic(logits);
                let correct = f64::from(code & 1);
                let residuals: [f64; 3] = std::array::from_fn(|k| correct - probabilities[k]);
                let [d1, d2] = contrast(residuals);
                let [a1, a2] = contrast(std::array::from_fn(|k| residuals[k] * abilities[k]));
                contrasts.0.push([a1, d1, a2, d2]);
            }
            for (row, code) in codes.iter().enumerate() {
                let [a1, d1, a2, d2] = contrasts.0[row];
                let at = triangle((code >> 1) as usize);
                for (code, other) in codes[..=row].iter().zip(&contrasts.0) {
                    let pair = &mut missing[at + (code >> 1) as usize];
                    pair[0] += a1 * other[0] + a2 * other[2];
                    pair[1] += a1 * other[1] + a2 * other[3];
                    pair[2] += d1 * other[0] + d2 * other[2];
                    pair[3] += d1 * other[1] + d2 * other[3];
                }
            }
        },
    );
}
