//! Drift, link and its checks in one.

use super::checks::{LEAST_COMMON_ITEMS, check_units};
use super::common_item::{CommonItem, validate};
use super::drift::{DriftedLink, find_drift, kept};
use super::link::Link;
use super::method::LinkingMethod;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// A link that may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedScales {
    /// By the common items that did not drift.
    pub link: Link,
    /// Per common item: true where it drifted and was left out.
    pub drifted: Vec<bool>,
    /// The items by which the link was found, in their order: those of [`super::link_errors`].
    pub linked_by: Vec<CommonItem>,
}

/// Links two scales by their common items: finds those that drifted, links by
/// the others, and refuses where these contradict each other.
///
/// What remains to be checked are the difficulties of all items under the link,
/// by [`super::check_difficulties`].
///
/// # Errors
/// [`IrtError::InvalidItemParameters`], [`IrtError::TooFewCommonItems`],
/// [`IrtError::LinkSlopesDisagree`], [`IrtError::LinkNotFound`].
pub fn link_scales(
    common: &[CommonItem],
    method: LinkingMethod,
    quadrature: &Quadrature,
) -> Result<LinkedScales, IrtError> {
    validate(common, LEAST_COMMON_ITEMS)?;
    // Where there is no link, what is wrong with the items is said rather than what came of it.
    let found = find_drift(common, method, quadrature)
        .or_else(|error| check_units(common).and(Err(error)))?;
    let DriftedLink { link, drifted } = found;
    let linked_by = kept(common, &drifted);
    check_units(&linked_by)?;
    Ok(LinkedScales { link, drifted, linked_by })
}
