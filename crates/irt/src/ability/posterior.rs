//! Where a person probably sits on the ability scale.

use std::ops::Range;

use crate::numeric::eight::{Eight, LANES, tree_sum};
use crate::numeric::elementary::exp_nonpositive;

/// A log posterior this far below its peak is a weight of 0: less than rounding of the sum.
const NEGLIGIBLE: f64 = -40.0;

/// Where on the grid a person may sit.
pub(crate) struct Support {
    /// The log of the sum of the weights before they were scaled to sum to 1.
    pub log_sum: f64,
    /// The eights outside of which every weight is 0.
    pub eights: Range<usize>,
}

/// Turns unnormalised log posteriors, `base + slope · node`, into posterior
/// weights that sum to 1.
#[inline(always)]
pub(crate) fn posterior(
    base: &[Eight],
    slope: f64,
    nodes: &[Eight],
    weights: &mut [Eight],
) -> Support {
    let mut highest = [f64::NEG_INFINITY; LANES];
    for ((weight, base), node) in weights.iter_mut().zip(base).zip(nodes) {
        let (mut log, node) = (*base, *node);
        for lane in 0..LANES {
            log[lane] += slope * node[lane];
        }
        for lane in 0..LANES {
            highest[lane] = if log[lane] > highest[lane] { log[lane] } else { highest[lane] };
        }
        *weight = log;
    }
    let mut peak = highest[0];
    for candidate in &highest[1..] {
        peak = if *candidate > peak { *candidate } else { peak };
    }
    let counts =
        |logs: &Eight| logs.iter().fold(false, |any, log| any | (*log - peak > NEGLIGIBLE));
    // Where nothing is a number, nothing counts, and the sum says so.
    let first = weights.iter().position(counts).unwrap_or(0);
    let last = weights.iter().rposition(counts).map_or(weights.len(), |last| last + 1);
    weights[..first].fill([0.0; LANES]);
    weights[last..].fill([0.0; LANES]);
    let mut sums = [0.0; LANES];
    for weight in &mut weights[first..last] {
        let mut value = *weight;
        for log in &mut value {
            *log = exp_nonpositive(*log - peak);
        }
        for lane in 0..LANES {
            sums[lane] += value[lane];
        }
        *weight = value;
    }
    let sum = tree_sum(sums);
    let scale = 1.0 / sum;
    for weight in &mut weights[first..last] {
        for value in weight.iter_mut() {
            *value *= scale;
        }
    }
    Support { log_sum: peak + libm::log(sum), eights: first..last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::grid::Grid;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;
    use crate::numeric::eight::{dot, vectorised};

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let plain = {
            let mut weights = grid.nodes.clone();
            let support = posterior(&grid.log_weights, 0.37, &grid.nodes, &mut weights);
            (support.log_sum, weights)
        };
        let fast = vectorised(|| {
            let mut weights = grid.nodes.clone();
            let support = posterior(&grid.log_weights, 0.37, &grid.nodes, &mut weights);
            (support.log_sum, weights)
        });
        assert_eq!(plain.0.to_bits(), fast.0.to_bits());
        assert_eq!(plain.1, fast.1);
        assert!((dot(&plain.1, &vec![[1.0; LANES]; grid.width]) - 1.0).abs() < 1e-15);
    }
}
