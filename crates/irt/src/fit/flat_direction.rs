//! Directions in which the objective hardly curves.

use nalgebra::DVector;

use super::newton_system::unstructured;
use super::thresholds::{INVERSE_ITERATIONS, INVOLVED};
use crate::error::IrtError;
use crate::likelihood::evaluation::Evaluation;
use crate::likelihood::information::border::Border;
use crate::likelihood::information::observed::ObservedInformation;
use crate::likelihood::objective::Objective;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::cholesky::Factor;

/// A direction in which the objective hardly curves.
pub(crate) struct FlatDirection {
    /// Per block of parameters, scaled so that 1 is a typical standard error.
    pub direction: Vec<SlopeIntercept>,
    /// The items that it moves.
    pub involved: Vec<usize>,
    /// The curvature along it, as a share of what the complete data would tell.
    pub curvature: f64,
}

impl FlatDirection {
    /// From an eigenvector of the scaled information and its eigenvalue.
    /// The groups move along with the items as `border` says.
    fn new(
        objective: &Objective<'_>,
        border: &Border,
        vector: &DVector<f64>,
        scale: &DVector<f64>,
        curvature: f64,
    ) -> Self {
        let design = objective.design;
        let positions = 0..vector.len() / 2;
        let size = |item: usize| vector[2 * item].abs().max(vector[2 * item + 1].abs());
        let largest = positions.clone().map(size).fold(0.0, f64::max);
        let components = vector.component_mul(scale);
        let mut direction = vec![SlopeIntercept::default(); objective.items()];
        for position in positions.clone() {
            let at = [components[2 * position], components[2 * position + 1]];
            direction[design.free_item(position)] = at.into();
        }
        let still = vec![SlopeIntercept::default(); design.groups()];
        direction.extend(border.steps(&still, &components));
        let involved = positions.filter(|item| size(*item) >= INVOLVED * largest);
        let involved = involved.map(|position| design.free_item(position)).collect();
        Self { direction, involved, curvature }
    }
}

/// The direction in which the objective curves least, or upwards.
///
/// Found by inverse iteration on the observed information, shifted until it is
/// positive definite. `None` for more than `dense_items` items.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn flattest_direction(
    objective: &Objective<'_>,
    evaluation: &Evaluation,
    dense_items: usize,
) -> Result<Option<FlatDirection>, IrtError> {
    if objective.items() > dense_items {
        return Ok(None);
    }
    let information = ObservedInformation::at(objective, evaluation)?;
    // What the complete data would tell: positive where the observed diagonal need not be.
    let complete = information.matrix(0.0)?.diagonal();
    let scale = complete.map(|value| 1.0 / libm::sqrt(value.abs().max(1e-280)));
    let Some((factor, border, shift)) = shifted_factor(&information, &scale, objective.monitor)?
    else {
        return Ok(None);
    };
    let mut vector = unstructured(scale.len());
    let mut norm = 0.0;
    for _ in 0..INVERSE_ITERATIONS {
        factor.solve(&mut vector);
        norm = vector.norm();
        if !(norm.is_finite() && norm > 0.0) {
            return Ok(None);
        }
        vector /= norm;
    }
    Ok(Some(FlatDirection::new(objective, &border, &vector, &scale, 1.0 / norm - shift)))
}

/// The scaled information with the least of 10⁻⁹, 10⁻⁸, … added to its diagonal with which it has
/// a factor, and how much that is.
fn shifted_factor(
    information: &ObservedInformation,
    scale: &DVector<f64>,
    monitor: &dyn Monitor,
) -> Result<Option<(Factor, Border, f64)>, IrtError> {
    for exponent in -9..4 {
        let shift = libm::pow(10.0, f64::from(exponent));
        let Some((mut shifted, border)) = information.eliminated(1.0)? else { return Ok(None) };
        for (column, mut values) in shifted.column_iter_mut().enumerate() {
            values.component_mul_assign(scale);
            values *= scale[column];
            values[column] += shift;
        }
        if let Some(factor) = Factor::new(shifted, monitor)? {
            return Ok(Some((factor, border, shift)));
        }
    }
    Ok(None)
}
