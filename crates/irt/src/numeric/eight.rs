//! Arithmetic over the ability grid, eight nodes at a time.
//!
//! Rows over the grid are slices of [`Lane`]. Sums run in a fixed order: eight
//! partial sums, then a fixed tree. Nothing is reassociated and no fused
//! multiply-add is used, so that the compiler may use whatever vector
//! instructions the processor has ([`pulp`] picks at run time) and still every
//! machine gives the same bits.

use std::ops::Range;

use crate::ability::quadrature::Quadrature;

/// Nodes that are worked on together.
pub(crate) const LANES: usize = 8;

/// A group of neighbouring nodes.
pub(crate) type Lane = [f64; LANES];

/// The log weight of padding: far below any log-likelihood, yet finite.
const PADDING: f64 = -1e30;

/// A quadrature padded to whole lanes. Padding nodes lie at ability 0 and weigh nothing.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub nodes: Vec<Lane>,
    pub log_weights: Vec<Lane>,
    /// Lanes per row.
    pub width: usize,
    /// Distance between nodes.
    pub spacing: f64,
}

impl Grid {
    pub(crate) fn new(quadrature: &Quadrature) -> Self {
        let log_weights: Vec<f64> = quadrature.weights().iter().map(|w| libm::log(*w)).collect();
        let nodes = to_lanes(quadrature.nodes(), 0.0);
        Self {
            log_weights: to_lanes(&log_weights, PADDING),
            width: nodes.len(),
            nodes,
            spacing: quadrature.spacing(),
        }
    }
}

impl Grid {
    /// The grid of every second node: half the work, for those who are still far from the
    /// optimum. `None` where that would leave too few to tell abilities apart.
    pub(crate) fn coarser(&self) -> Option<Self> {
        const FEWEST: usize = 31;
        let real = |lanes: &[Lane]| -> Vec<f64> {
            let all = lanes.as_flattened().iter().zip(self.log_weights.as_flattened());
            all.filter(|(_, weight)| **weight > PADDING)
                .map(|(value, _)| *value)
                .step_by(2)
                .collect()
        };
        let (nodes, log_weights) = (real(&self.nodes), real(&self.log_weights));
        if nodes.len() < FEWEST {
            return None;
        }
        let log_weights: Vec<f64> =
            log_weights.iter().map(|weight| weight + std::f64::consts::LN_2).collect();
        let nodes = to_lanes(&nodes, 0.0);
        Some(Self {
            log_weights: to_lanes(&log_weights, PADDING),
            width: nodes.len(),
            nodes,
            spacing: 2.0 * self.spacing,
        })
    }
}

fn to_lanes(values: &[f64], padding: f64) -> Vec<Lane> {
    values
        .chunks(LANES)
        .map(|chunk| {
            let mut lane = [padding; LANES];
            lane[..chunk.len()].copy_from_slice(chunk);
            lane
        })
        .collect()
}

/// Runs `work` compiled for the best vector instructions of this processor.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    struct Work<F>(F);
    impl<F: FnOnce() -> R, R> pulp::NullaryFnOnce for Work<F> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Work(work))
}

/// exp(x) for x ≤ 0, within 2 units in the last place; below −700 it is exp(−700) ≈ 1e−304.
///
/// Range reduction by ln 2 in two parts and the Taylor polynomial of degree 13
/// (Cody & Waite 1980): plain additions and multiplications, which vectorise.
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f64) -> f64 {
    // Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const INVERSE_FACTORIALS: [f64; 14] = [
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    ];
    let x = if x > -700.0 { x } else { -700.0 };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let exponent = shifted - ROUND;
    let rest = (x - exponent * LN_2_HIGH) - exponent * LN_2_LOW;
    // Summed as a tree (Estrin): one long chain would wait for each of its multiplications.
    let pair = |first: usize| INVERSE_FACTORIALS[first] + rest * INVERSE_FACTORIALS[first + 1];
    let square = rest * rest;
    let fourth = square * square;
    let low = (pair(0) + square * pair(2)) + fourth * (pair(4) + square * pair(6));
    let high = (pair(8) + square * pair(10)) + fourth * pair(12);
    let polynomial = low + (fourth * fourth) * high;
    polynomial * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}

/// exp(−|z|) of every node.
#[inline(always)]
fn decay(logits: Lane) -> Lane {
    let mut decayed = logits;
    for value in &mut decayed {
        *value = exp_nonpositive(-value.abs());
    }
    decayed
}

/// 1 / (1 + exp(−z)) of every node.
#[inline(always)]
pub(crate) fn logistic(logits: Lane) -> Lane {
    let decayed = decay(logits);
    let mut probabilities = logits;
    for lane in 0..LANES {
        let share = 1.0 / (1.0 + decayed[lane]);
        let positive = logits[lane] >= 0.0;
        probabilities[lane] = if positive { share } else { decayed[lane] * share };
    }
    probabilities
}

/// ln(1 + exp(z)) of every node.
///
/// With e = exp(−|z|) in (0, 1]: ln(1 + e) = 2 artanh(e / (2 + e)), whose series
/// in an argument of at most 1/3 is exact to the last digits after 17 terms.
#[inline(always)]
pub(crate) fn softplus(logits: Lane) -> Lane {
    let decayed = decay(logits);
    let mut values = logits;
    for lane in 0..LANES {
        let argument = decayed[lane] / (2.0 + decayed[lane]);
        let square = argument * argument;
        let mut series = 1.0 / 33.0;
        let mut odd = 33.0;
        while odd > 1.0 {
            odd -= 2.0;
            series = series * square + 1.0 / odd;
        }
        let positive = if logits[lane] > 0.0 { logits[lane] } else { 0.0 };
        values[lane] = positive + 2.0 * argument * series;
    }
    values
}

/// The sum of a lane, always in the same order.
#[inline(always)]
pub(crate) fn tree_sum(lane: Lane) -> f64 {
    ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
}

/// Σ x·y over a row.
#[inline(always)]
pub(crate) fn dot(left: &[Lane], right: &[Lane]) -> f64 {
    let mut sums = [0.0; LANES];
    for (x, y) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    tree_sum(sums)
}

/// Node by node.
#[inline(always)]
pub(crate) fn product(left: Lane, right: Lane) -> Lane {
    let mut product = left;
    for lane in 0..LANES {
        product[lane] *= right[lane];
    }
    product
}

/// Node by node.
#[inline(always)]
pub(crate) fn sum(left: Lane, right: Lane) -> Lane {
    let mut sum = left;
    for lane in 0..LANES {
        sum[lane] += right[lane];
    }
    sum
}

/// row += other.
#[inline(always)]
pub(crate) fn add(row: &mut [Lane], other: &[Lane]) {
    for (x, y) in row.iter_mut().zip(other) {
        // Whole lanes are read before any is written: the compiler cannot know
        // that the rows do not overlap, and would go one node at a time.
        let (mut sum, y) = (*x, *y);
        for lane in 0..LANES {
            sum[lane] += y[lane];
        }
        *x = sum;
    }
}

/// row −= the rows of `table` that belong to the items of `codes`, in their order.
///
/// `table` has rows as long as `row`; a code is an item number times 2, plus 1
/// if correct. Four lanes at a time pass by all rows, so that they stay in registers.
#[inline(always)]
pub(crate) fn subtract_rows(row: &mut [Lane], table: &[Lane], codes: &[u32]) {
    const TOGETHER: usize = 4;
    let width = row.len();
    let mut start = 0;
    while start + TOGETHER <= width {
        let mut kept = [[0.0; LANES]; TOGETHER];
        kept.copy_from_slice(&row[start..start + TOGETHER]);
        for code in codes {
            let at = (code >> 1) as usize * width + start;
            let other = &table[at..at + TOGETHER];
            for part in 0..TOGETHER {
                for lane in 0..LANES {
                    kept[part][lane] -= other[part][lane];
                }
            }
        }
        row[start..start + TOGETHER].copy_from_slice(&kept);
        start += TOGETHER;
    }
    for offset in start..width {
        let mut kept = row[offset];
        for code in codes {
            let other = table[(code >> 1) as usize * width + offset];
            for lane in 0..LANES {
                kept[lane] -= other[lane];
            }
        }
        row[offset] = kept;
    }
}

/// row += factor · other.
#[inline(always)]
pub(crate) fn add_scaled(row: &mut [Lane], factor: f64, other: &[Lane]) {
    for (x, y) in row.iter_mut().zip(other) {
        let (mut sum, y) = (*x, *y);
        for lane in 0..LANES {
            sum[lane] += factor * y[lane];
        }
        *x = sum;
    }
}

/// A log posterior this far below its peak is a weight of 0: less than rounding of the sum.
const NEGLIGIBLE: f64 = -40.0;

/// Where on the grid a person may sit.
pub(crate) struct Posterior {
    /// The log of the sum of the weights before they were scaled to sum to 1.
    pub log_sum: f64,
    /// The lanes outside of which every weight is 0.
    pub lanes: Range<usize>,
}

/// Turns unnormalised log posteriors, `base + slope · node`, into posterior
/// weights that sum to 1.
#[inline(always)]
pub(crate) fn posterior(
    base: &[Lane],
    slope: f64,
    nodes: &[Lane],
    weights: &mut [Lane],
) -> Posterior {
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
    let counts = |logs: &Lane| logs.iter().fold(false, |any, log| any | (*log - peak > NEGLIGIBLE));
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
    Posterior { log_sum: peak + libm::log(sum), lanes: first..last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::two_pl;

    #[test]
    fn exp_is_exp() {
        for step in 0..200_000 {
            let x = -f64::from(step) * 0.003_5;
            let (ours, exact) = (exp_nonpositive(x), libm::exp(x));
            assert!((ours / exact - 1.0).abs() < 5e-16, "exp({x}) = {ours}, not {exact}");
        }
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert!(exp_nonpositive(-1e30) < 1e-300);
    }

    #[test]
    fn lanes_of_the_model_are_the_model() {
        for step in -4000..4000 {
            let logit = f64::from(step) * 0.011;
            let (probability, plain) = (logistic([logit; LANES])[3], two_pl::logistic(logit));
            assert!((probability / plain - 1.0).abs() < 1e-15, "logistic({logit})");
            let (value, plain) = (softplus([logit; LANES])[5], two_pl::softplus(logit));
            assert!((value / plain - 1.0).abs() < 2e-15, "softplus({logit}) {value} {plain}");
        }
    }

    #[test]
    fn a_coarser_grid_has_every_second_node() {
        let grid = Grid::new(&Quadrature::default());
        let coarser = grid.coarser().unwrap();
        assert_eq!((coarser.width, coarser.spacing), (4, 2.0 * grid.spacing));
        assert_eq!(coarser.nodes[0][1], grid.nodes[0][2]);
        assert_eq!(coarser.nodes[3][6], grid.nodes[7][4]);
        let weights = coarser.log_weights.as_flattened().iter().map(|log| libm::exp(*log));
        assert!((weights.sum::<f64>() - 1.0).abs() < 1e-8);
        assert!(coarser.coarser().is_none());
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let grid = Grid::new(&Quadrature::default());
        let plain = {
            let mut weights = grid.nodes.clone();
            let posterior = posterior(&grid.log_weights, 0.37, &grid.nodes, &mut weights);
            (posterior.log_sum, weights)
        };
        let fast = vectorised(|| {
            let mut weights = grid.nodes.clone();
            let posterior = posterior(&grid.log_weights, 0.37, &grid.nodes, &mut weights);
            (posterior.log_sum, weights)
        });
        assert_eq!(plain.0.to_bits(), fast.0.to_bits());
        assert_eq!(plain.1, fast.1);
        assert!((dot(&plain.1, &vec![[1.0; LANES]; grid.width]) - 1.0).abs() < 1e-15);
    }
}
