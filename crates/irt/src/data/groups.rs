//! Which population a person belongs to.

use std::collections::BTreeMap;

use crate::error::IrtError;
use crate::memory::{reserve, zeroes};

/// The most groups that can be told apart.
pub const MAX_GROUPS: u64 = 1000;
/// The group of those whose own group has too few persons.
const SMALL: &str = "(small)";

/// The groups of persons, numbered in any order, and the group of every person.
///
/// A person who belongs to two groups is two persons here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonGroups {
    /// The name of every group. Equal names are one group.
    pub names: Vec<String>,
    /// The group of every person of the rows.
    pub of_person: Vec<u32>,
}

/// A group of persons with responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseGroup {
    /// Its name; `None` where persons are not grouped.
    pub name: Option<String>,
    /// Persons with a response.
    pub persons: u64,
    /// Their responses, after repeats were dropped.
    pub responses: u64,
}

/// Groups in canonical order: by the bytes of their names.
pub(super) struct OrderedGroups {
    pub names: Vec<String>,
    pub of_person: Vec<u32>,
}

impl PersonGroups {
    /// Orders the groups; those with fewer than `min_persons` persons who `answered` are pooled as
    /// "(small)", and those with nobody are left out.
    ///
    /// # Errors
    /// [`IrtError::TooMany`] beyond [`MAX_GROUPS`] that have persons; [`IrtError::PersonWithoutGroup`];
    /// [`IrtError::OutOfMemory`].
    pub(super) fn ordered(
        self,
        persons: usize,
        answered: impl Fn(usize) -> bool,
        min_persons: u64,
    ) -> Result<OrderedGroups, IrtError> {
        let groups = self.names.len() as u64;
        let known = |person: usize| {
            self.of_person.get(person).is_some_and(|group| u64::from(*group) < groups)
        };
        if let Some(person) = (0..persons).find(|person| answered(*person) && !known(*person)) {
            return Err(IrtError::PersonWithoutGroup { person: person as u64, groups });
        }
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for person in (0..persons).filter(|person| answered(*person)) {
            *counts.entry(&self.names[self.of_person[person] as usize]).or_default() += 1;
        }
        let found = counts.len() as u64;
        if found > MAX_GROUPS {
            return Err(IrtError::TooMany { what: "groups", found, limit: MAX_GROUPS });
        }
        let pooled = |name: &str| {
            let few = counts.get(name).is_none_or(|persons| *persons < min_persons);
            if few { SMALL.to_owned() } else { name.to_owned() }
        };
        let mut names = reserve(counts.len(), "groups of persons")?;
        names.extend(counts.keys().map(|name| pooled(name)));
        names.sort_unstable();
        names.dedup();
        let rank = |name: &String| names.binary_search(&pooled(name)).unwrap_or(0) as u32;
        let ranks: Vec<u32> = self.names.iter().map(rank).collect();
        let mut of_person: Vec<u32> = zeroes(persons, "groups of persons")?;
        for (person, group) in of_person.iter_mut().enumerate().filter(|(at, _)| answered(*at)) {
            *group = ranks[self.of_person[person] as usize];
        }
        Ok(OrderedGroups { names, of_person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str], of_person: &[u32]) -> PersonGroups {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        PersonGroups { names, of_person: of_person.to_vec() }
    }

    #[test]
    fn groups_stand_by_their_names_and_small_ones_are_pooled() {
        let all = |_| true;
        let found = groups(&["b", "a", "c", "d"], &[0, 0, 1, 1, 2, 3]).ordered(6, all, 2).unwrap();
        assert_eq!(found.names, ["(small)", "a", "b"]);
        assert_eq!(found.of_person, [2, 2, 1, 1, 0, 0]);
        let some = |person| person < 4;
        let found = groups(&["b", "a", "c", "a"], &[0, 3, 1, 1, 2]).ordered(5, some, 1).unwrap();
        assert_eq!(
            (found.names, found.of_person),
            (vec!["a".into(), "b".into()], vec![1, 0, 0, 0, 0])
        );
    }

    #[test]
    fn what_cannot_be_grouped_is_refused() {
        let missing = groups(&["a"], &[0, 1]).ordered(2, |_| true, 1).err();
        assert_eq!(missing, Some(IrtError::PersonWithoutGroup { person: 1, groups: 1 }));
        // A group with nobody is none.
        let names: Vec<String> = (0..=1001).map(|number| format!("g{number}")).collect();
        let many = PersonGroups { names, of_person: (1..=1001).collect() };
        assert_eq!(
            many.clone().ordered(1000, |_| true, 1).map(|found| found.names.len()),
            Ok(1000)
        );
        let many = many.ordered(1001, |_| true, 1).err();
        assert_eq!(many, Some(IrtError::TooMany { what: "groups", found: 1001, limit: 1000 }));
    }
}
