//! Where curves are compared: at the nodes of a grid, by how many persons are there.

use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::model::item_parameters::ItemParameters;

/// The nodes of a grid with the shares of the standard population there.
#[derive(Debug, Clone)]
pub(super) struct WeightedNodes<'a> {
    nodes: &'a [f64],
    weights: Vec<f64>,
}

impl<'a> WeightedNodes<'a> {
    pub(super) fn new(quadrature: &'a Quadrature) -> Self {
        Self { nodes: quadrature.nodes(), weights: Population::STANDARD.weights(quadrature) }
    }

    /// Node and weight of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes.iter().copied().zip(self.weights.iter().copied())
    }

    /// [`super::curve_distance()`].
    pub(super) fn distance(&self, item: ItemParameters, other: ItemParameters) -> f64 {
        let square = |ability: f64| {
            let distance = item.probability(ability) - other.probability(ability);
            distance * distance
        };
        libm::sqrt(self.iter().map(|(node, weight)| weight * square(node)).sum())
    }
}
