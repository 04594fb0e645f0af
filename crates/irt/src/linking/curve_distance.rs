//! How far two items are apart where the persons are.

use super::weighted_nodes::WeightedNodes;
use crate::ability::quadrature::Quadrature;
use crate::model::item_parameters::ItemParameters;

/// The root mean square distance of two items' curves.
///
/// ```text
/// sqrt(Σ_q w_q (P(θ_q) − P'(θ_q))²)
/// ```
///
/// with the weights of N(0, 1) at the nodes of `quadrature`. Both items on the
/// same scale. A probability: 0 to 1. Parameters as [`ItemParameters::validate`] has them.
///
/// # Source
/// The unsigned measures of Raju (1988), Psychometrika 53(4), 495–502, with
/// squares and a population in place of the whole axis.
///
/// ```
/// use irt::linking::curve_distance;
/// use irt::{ItemParameters, Quadrature};
/// let item = ItemParameters::new(1.0, 0.0);
/// let moved = ItemParameters::new(1.0, 0.6);
/// assert_eq!(curve_distance(item, item, &Quadrature::default()), 0.0);
/// let distance = curve_distance(item, moved, &Quadrature::default());
/// assert!(0.1 < distance && distance < 0.15);
/// ```
#[must_use]
pub fn curve_distance(item: ItemParameters, other: ItemParameters, quadrature: &Quadrature) -> f64 {
    WeightedNodes::new(quadrature).distance(item, other)
}
