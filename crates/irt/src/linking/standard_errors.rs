//! How sure a link is.

use super::common_item::CommonItem;
use super::covariance::JointCovariance;
use super::link::Link;
use super::method::LinkingMethod;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// Sampling errors of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkErrors {
    /// Standard error of A.
    pub slope: f64,
    /// Standard error of B, in units of the scale in force.
    pub intercept: f64,
    /// Sampling covariance of A and B.
    pub covariance: f64,
}

/// Standard errors of the link of two calibrations by the delta method.
///
/// ```text
/// Cov(A, B) = D_from Σ_from D_fromᵀ + D_onto Σ_onto D_ontoᵀ
/// ```
///
/// with the derivatives D of (A, B) by the common items' parameters, for the
/// curve methods by the implicit function theorem, and the joint covariances Σ
/// of their (a, b) in both calibrations, in the order of `common`. The two are
/// taken as independent: where they share persons, these are upper bounds.
/// `link` is what `method` found for `common`. `None` where the link's curvature
/// or a variance is not above 0.
///
/// # Errors
/// [`IrtError::InvalidCovariance`] where a matrix is not one of these items.
///
/// # Source
/// Ogasawara (2001), Applied Psychological Measurement 25(1), 53–67; Battauz
/// (2015), Journal of Statistical Software 68(7), for the same in R.
pub fn link_errors(
    method: LinkingMethod,
    common: &[CommonItem],
    link: Link,
    from: &JointCovariance,
    onto: &JointCovariance,
    quadrature: &Quadrature,
) -> Result<Option<LinkErrors>, IrtError> {
    for covariance in [from, onto] {
        if covariance.items() != common.len() {
            let items = common.len() as u64;
            let (expected, found) = (items * (2 * items + 1), covariance.items());
            let found = format!("it is of {found} items");
            return Err(IrtError::InvalidCovariance { items, expected, found });
        }
    }
    let Some(sensitivity) = method.sensitivity(common, link, quadrature) else { return Ok(None) };
    let [by_from, by_onto] = sensitivity;
    let parts = [from.propagated(&by_from), onto.propagated(&by_onto)];
    let [slope, covariance, intercept] = [0, 1, 2].map(|k| parts[0][k] + parts[1][k]);
    let usable = slope > 0.0 && intercept > 0.0 && covariance.is_finite();
    Ok(usable.then(|| LinkErrors {
        slope: libm::sqrt(slope),
        intercept: libm::sqrt(intercept),
        covariance,
    }))
}
