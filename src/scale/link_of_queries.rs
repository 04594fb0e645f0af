//! irt_link: the link of two sets of items, without a bank.

use super::item_query::{self, QueriedItem};
use crate::error::ExtensionError;
use irt::Quadrature;
use irt::linking::{CommonItem, LinkingMethod, link_scales};
use std::collections::HashMap;

/// What irt_link returns.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkOfQueries {
    /// A: b' = A·b + B, a' = a / A.
    pub slope: f64,
    /// B.
    pub intercept: f64,
    /// Items that both queries yield.
    pub common_items: usize,
    /// Those of them that drifted and were left out of the link, by the bytes of their text.
    pub drifted: Vec<String>,
}

/// Puts the items of one query on the scale of another's.
///
/// # Errors
/// 22004, 22023 for a method that there is not, what reading the queries raises, and IR001 where
/// the common items determine no link or contradict each other.
pub fn link(
    items: Option<&str>,
    onto: Option<&str>,
    method: Option<&str>,
) -> Result<LinkOfQueries, ExtensionError> {
    let null = |argument| ExtensionError::NullArgument { argument };
    let (items, onto) = (items.ok_or(null("items"))?, onto.ok_or(null("onto"))?);
    let name = method.ok_or(null("method"))?;
    let method = LinkingMethod::from_name(name).ok_or_else(|| ExtensionError::InvalidArgument {
        argument: "method",
        found: format!("'{name}'"),
        expected: "'stocking_lord', 'haebara' or 'mean_sigma'",
    })?;
    let onto: HashMap<String, QueriedItem> =
        item_query::read("onto", onto)?.into_iter().map(|item| (item.item.clone(), item)).collect();
    let mut items = item_query::read("items", items)?;
    items.sort_by(|one, other| one.item.cmp(&other.item));
    let (labels, common): (Vec<String>, Vec<CommonItem>) = items
        .into_iter()
        .filter_map(|from| {
            let onto = onto.get(&from.item)?;
            let common = CommonItem {
                from: from.parameters,
                onto: onto.parameters,
                from_errors: from.errors,
                onto_errors: onto.errors,
            };
            Some((from.item, common))
        })
        .unzip();
    let linked = link_scales(&common, method, &Quadrature::default())?;
    let drifted = labels.into_iter().zip(&linked.drifted);
    Ok(LinkOfQueries {
        slope: linked.link.slope,
        intercept: linked.link.intercept,
        common_items: common.len(),
        drifted: drifted.filter_map(|(label, drifted)| drifted.then_some(label)).collect(),
    })
}
