//! How likely the persons of every group are at every node.

use super::grid::{Grid, PADDING};
use super::population::Population;
use crate::numeric::eight::{Eight, LANES, tree_sum, vectorised};
use crate::numeric::elementary::exp_nonpositive;

/// Log weights over the grid: of every group, or the same for all of them.
#[derive(Debug, Clone)]
pub(crate) struct GroupWeights {
    /// One row of the grid's width a group, or one row.
    rows: Vec<Eight>,
    width: usize,
}

impl GroupWeights {
    /// Those of the grid itself, for everybody.
    pub(crate) fn shared(grid: &Grid) -> Self {
        Self { rows: grid.log_weights.clone(), width: grid.width }
    }

    /// Proportional to the density of each group's population at the nodes, and normalised:
    /// the truncation of the grid belongs to the likelihood.
    pub(crate) fn of_groups(populations: impl Iterator<Item = Population>, grid: &Grid) -> Self {
        let rows = populations.flat_map(|population| log_weights(population, grid)).collect();
        Self { rows, width: grid.width }
    }

    /// Log weights over `grid` as they are, of every group.
    pub(crate) fn of_rows<'a>(rows: impl Iterator<Item = &'a [Eight]>, grid: &Grid) -> Self {
        Self { rows: rows.flatten().copied().collect(), width: grid.width }
    }

    /// ln w(θ) in a group, over the grid.
    #[inline(always)]
    pub(crate) fn row(&self, group: usize) -> &[Eight] {
        let start = (group * self.width).min(self.rows.len() - self.width);
        &self.rows[start..start + self.width]
    }
}

/// ln w at every node, padded.
pub(crate) fn log_weights(population: Population, grid: &Grid) -> Vec<Eight> {
    let Population { mean, sd } = population;
    let mut row = grid.log_weights.clone();
    vectorised(
        #[inline(always)]
        || {
            let mut peak = f64::NEG_INFINITY;
            for (logs, nodes) in row.iter_mut().zip(&grid.nodes) {
                for (log, node) in logs.iter_mut().zip(nodes) {
                    let standard = (node - mean) / sd;
                    let density = -0.5 * standard * standard;
                    *log = if *log > PADDING { density } else { PADDING };
                    peak = if *log > peak { *log } else { peak };
                }
            }
            let mut sums = [0.0; LANES];
            for logs in &row {
                for lane in 0..LANES {
                    sums[lane] += exp_nonpositive(logs[lane] - peak);
                }
            }
            let total = peak + libm::log(tree_sum(sums));
            for log in row.as_flattened_mut() {
                *log = if *log > PADDING { *log - total } else { PADDING };
            }
        },
    );
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::quadrature::Quadrature;

    #[test]
    fn every_group_has_the_weights_of_its_population() {
        let quadrature = Quadrature::default();
        let grid = Grid::new(&quadrature, Population::STANDARD);
        let populations = [(0.0, 1.0), (2.5, 1.3), (-6.0, 0.2), (5.0, 6.0)]
            .map(|(mean, sd)| Population { mean, sd });
        let weights = GroupWeights::of_groups(populations.into_iter(), &grid);
        for (group, population) in populations.iter().enumerate() {
            let row = weights.row(group).as_flattened();
            for (log, weight) in row.iter().zip(population.weights(&quadrature)) {
                assert!((libm::exp(*log) - weight).abs() < 1e-15, "{population:?}");
            }
            assert_eq!(row[61..], [PADDING; 3]);
        }
        let shared = GroupWeights::shared(&grid);
        assert_eq!(shared.row(0), shared.row(7));
    }
}
