//! The abilities of groups of persons, by their names.

use crate::scale::record::EVERYBODY;
use irt::{Population, Responses};
use std::collections::HashMap;

/// Populations by the names of their groups, and that of groups that have none.
#[derive(Debug, Clone)]
pub struct Populations {
    /// By name; that of persons who are not grouped under [`EVERYBODY`].
    pub by_name: HashMap<String, Population>,
    /// Of a group that is not among them.
    pub others: Population,
}

impl Populations {
    /// Of the groups of these responses, in their order.
    pub fn of_groups(&self, responses: &Responses) -> Vec<Population> {
        let groups = responses.groups().iter();
        groups.map(|group| self.of(group.name.as_deref().unwrap_or(EVERYBODY))).collect()
    }

    fn of(&self, name: &str) -> Population {
        self.by_name.get(name).copied().unwrap_or(self.others)
    }
}
