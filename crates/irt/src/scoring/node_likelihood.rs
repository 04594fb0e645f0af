//! The likelihood of one person's answers at every node of the ability grid.
//!
//! With z = a (θ − b) for a wrong answer and z = −a (θ − b) for a right one,
//!
//! ```text
//! −ln P(answers | θ) = Σ ln(1 + exp(z)) = Σ max(z, 0) + ln Π (1 + exp(−|z|))
//! ```
//!
//! Each factor of the product lies between 1 and 2, so that hundreds of them fit
//! into a number and one logarithm serves them all. The factor is the same for
//! either answer: a whole bank's factors are a table of items × nodes.

use super::answers::RisingAnswer;
use crate::numeric::eight::{Eight, LANES};
use crate::numeric::elementary::exp_nonpositive;

/// Factors of at most 2 whose product is below the largest number, 2¹⁰²⁴.
const MOST_FACTORS: usize = 1000;

/// 1 + exp(−|a (θ − b)|) at some nodes.
#[inline(always)]
pub(super) fn factors(answer: &RisingAnswer, nodes: Eight) -> Eight {
    let mut factors = nodes;
    for value in &mut factors {
        *value = 1.0 + exp_nonpositive(-answer.logit(*value).abs());
    }
    factors
}

/// −ln P(answers | θ) at some nodes, in nats.
///
/// `factors(number)` yields the [`factors`] of the answer with this number. The
/// result depends on the order of the answers in the last bits. Nodes are the
/// outer loop of the caller, so that sum and product stay in registers.
#[inline(always)]
pub(super) fn negative_log_likelihood(
    answers: &[RisingAnswer],
    nodes: Eight,
    factors: impl Fn(usize) -> Eight,
) -> Eight {
    let mut sum = [0.0; LANES];
    for (chunk, some) in answers.chunks(MOST_FACTORS).enumerate() {
        let mut product = [1.0; LANES];
        for (number, answer) in some.iter().enumerate() {
            let factors = factors(chunk * MOST_FACTORS + number);
            let slope = if answer.up { -answer.slope } else { answer.slope };
            for lane in 0..LANES {
                let logit = slope * (nodes[lane] - answer.difficulty);
                sum[lane] += if logit > 0.0 { logit } else { 0.0 };
                product[lane] *= factors[lane];
            }
        }
        for lane in 0..LANES {
            sum[lane] += libm::log(product[lane]);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::scoring::likelihood::log_likelihood;

    #[test]
    fn thousands_of_answers_have_the_plain_likelihood() {
        let answers: Vec<RisingAnswer> = (0..2500)
            .map(|number| RisingAnswer {
                slope: 0.1 + 0.01 * f64::from(number % 170),
                difficulty: 0.05 * f64::from(number % 131) - 3.0,
                up: number % 3 == 0,
            })
            .collect();
        for nodes in Grid::new(&Quadrature::default(), Population::STANDARD).nodes {
            let found =
                negative_log_likelihood(&answers, nodes, |number| factors(&answers[number], nodes));
            for (node, value) in nodes.iter().zip(found) {
                assert!((-value / log_likelihood(&answers, *node) - 1.0).abs() < 1e-13);
            }
        }
    }
}
