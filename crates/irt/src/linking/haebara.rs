//! Haebara: the link under which every common item is as hard.

use super::characteristic_curves::{Criterion, Curves};
use super::common_item::{CommonItem, validate};
use super::link::Link;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// The link that brings the items' characteristic curves closest to each other.
///
/// ```text
/// minimise  Σ_q w_q Σ_j (P(θ_q; a_onto, b_onto) − P(θ_q; a_from / A, A·b_from + B))²,   A > 0
/// ```
///
/// Nodes θ_q and weights w_q of `quadrature`, N(0, 1) on the scale in force; one
/// direction. The minimum is found by Newton's method with exact derivatives,
/// to the precision of the numbers.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::TooFewCommonItems`] for fewer than 2;
/// [`IrtError::LinkNotFound`] where there is no minimum.
///
/// # Source
/// Haebara (1980), Japanese Psychological Research 22(3), 144–149.
///
/// ```
/// use irt::linking::{CommonItem, Link, haebara};
/// use irt::{ItemParameters, Quadrature};
/// let truth = Link { slope: 0.9, intercept: -0.3 };
/// let common = [(1.0, -1.0), (1.4, 0.0), (0.7, 1.2)].map(|(a, b)| {
///     let from = ItemParameters::new(a, b);
///     CommonItem::new(from, truth.item(from))
/// });
/// let link = haebara(&common, &Quadrature::default())?;
/// assert!((link.slope - 0.9).abs() < 1e-12 && (link.intercept + 0.3).abs() < 1e-12);
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn haebara(common: &[CommonItem], quadrature: &Quadrature) -> Result<Link, IrtError> {
    validate(common, 2)?;
    Criterion::new(common, quadrature, Curves::OfTheItems)
        .minimum()
        .map_err(|reason| IrtError::LinkNotFound { method: "haebara", reason })
}
