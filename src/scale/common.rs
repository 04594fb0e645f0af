//! The items by which a run can be put on the scale in force.

use crate::bank::{Bank, Scale};
use crate::error::ExtensionError;
use crate::parameters::in_force::{InForce, ItemInForce};
use crate::parameters::{imports, items_table};
use irt::linking::{CommonItem, ItemErrors};
use irt::{Calibration, ItemParameters, ItemResult};
use std::collections::HashSet;

/// Which items those are.
#[derive(Debug, Clone, Default)]
pub struct CommonItems {
    /// Those that the bank's anchor_column marks; `None`: there is no such column.
    marked: Option<HashSet<String>>,
    /// How many values were taken from the items table, where nothing was in force.
    pub imported: usize,
}

impl CommonItems {
    /// Reads the marks. Where nothing is in force, another program's parameters may be: these are
    /// put into `in_force`. `labels`: the items that have responses. As the current role.
    ///
    /// # Errors
    /// When the items table cannot be read.
    pub fn read(
        bank: &Bank,
        labels: &[String],
        in_force: &mut InForce,
    ) -> Result<Self, ExtensionError> {
        let texts: Vec<&str> = labels.iter().map(String::as_str).collect();
        let anchor = bank.items.as_ref().and_then(|items| items.anchor.as_ref());
        let marked = match anchor {
            Some(column) => Some(items_table::marked(bank, column, &texts)?),
            None => None,
        };
        let mut imported = 0;
        if in_force.items.is_empty() && bank.settings.scale != Scale::Population {
            in_force.items = imports::read(bank, &texts)?;
            imported = in_force.items.len();
        }
        Ok(Self { marked, imported })
    }

    /// The items that were estimated and are in force, each with its values on both scales.
    pub fn of<'a>(
        &self,
        calibration: &'a Calibration,
        in_force: &InForce,
    ) -> Vec<(&'a ItemResult, CommonItem)> {
        let common = |item: &'a ItemResult| {
            let onto = in_force.items.get(&item.item).filter(|_| self.may_link(&item.item))?;
            Some((item, common_item(item, onto)?))
        };
        calibration.calibrated().filter_map(common).collect()
    }

    /// Whether the bank's anchor_column marks the item; `None`: there is no such column.
    pub fn is_marked(&self, item: &str) -> Option<bool> {
        self.marked.as_ref().map(|marked| marked.contains(item))
    }

    fn may_link(&self, item: &str) -> bool {
        self.is_marked(item) != Some(false)
    }
}

fn common_item(item: &ItemResult, onto: &ItemInForce) -> Option<CommonItem> {
    let errors = item.se_discrimination.zip(item.se_difficulty);
    Some(CommonItem {
        from: ItemParameters::new(item.discrimination?, item.difficulty?),
        onto: onto.parameters,
        from_errors: errors
            .map(|(discrimination, difficulty)| ItemErrors { discrimination, difficulty }),
        onto_errors: onto.errors,
    })
}
