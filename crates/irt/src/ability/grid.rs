//! The ability grid as it is computed with: eight nodes at a time, with the log weights of a
//! population.

use super::population::Population;
use super::quadrature::Quadrature;
use crate::numeric::eight::{Eight, in_eights};

/// The log weight of padding: far below any log-likelihood, yet finite.
pub(crate) const PADDING: f64 = -1e30;

/// A quadrature padded to whole eights. Padding nodes lie at ability 0 and weigh nothing.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub nodes: Vec<Eight>,
    /// ln of the share of the population at every node.
    pub log_weights: Vec<Eight>,
    /// Eights per row.
    pub width: usize,
    /// Distance between nodes.
    pub spacing: f64,
}

impl Grid {
    /// The nodes of `quadrature`, weighted by how many of `population` are there.
    pub(crate) fn new(quadrature: &Quadrature, population: Population) -> Self {
        let weights = population.weights(quadrature);
        let log_weights: Vec<f64> = weights.iter().map(|weight| libm::log(*weight)).collect();
        Self::with_log_weights(quadrature.nodes(), &log_weights, quadrature.spacing())
    }

    /// Nodes with log weights of any origin.
    pub(crate) fn with_log_weights(nodes: &[f64], log_weights: &[f64], spacing: f64) -> Self {
        let nodes = in_eights(nodes, 0.0);
        let (width, log_weights) = (nodes.len(), in_eights(log_weights, PADDING));
        Self { nodes, log_weights, width, spacing }
    }

    /// The grid of every second node: half the work, for those who are still far from the
    /// optimum. `None` where that would leave too few to tell abilities apart.
    pub(crate) fn coarser(&self) -> Option<Self> {
        const FEWEST: usize = 31;
        let every_second = |row: &[Eight]| -> Vec<f64> {
            let all = row.as_flattened().iter().zip(self.log_weights.as_flattened());
            all.filter(|(_, weight)| **weight > PADDING)
                .map(|(value, _)| *value)
                .step_by(2)
                .collect()
        };
        let (nodes, log_weights) = (every_second(&self.nodes), every_second(&self.log_weights));
        if nodes.len() < FEWEST {
            return None;
        }
        let log_weights: Vec<f64> =
            log_weights.iter().map(|weight| weight + std::f64::consts::LN_2).collect();
        Some(Self::with_log_weights(&nodes, &log_weights, 2.0 * self.spacing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarser_grid_has_every_second_node() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let coarser = grid.coarser().unwrap();
        assert_eq!((coarser.width, coarser.spacing), (4, 2.0 * grid.spacing));
        assert_eq!(coarser.nodes[0][1], grid.nodes[0][2]);
        assert_eq!(coarser.nodes[3][6], grid.nodes[7][4]);
        let weights = coarser.log_weights.as_flattened().iter().map(|log| libm::exp(*log));
        assert!((weights.sum::<f64>() - 1.0).abs() < 1e-8);
        assert!(coarser.coarser().is_none());
    }
}
