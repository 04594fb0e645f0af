//! Persons of several groups: who belongs to two counts once in each.

use super::hash_index::make_room;
use super::keys::Keys;
use crate::error::ExtensionError;
use crate::postgres::query::Column;
use irt::{IrtError, PersonGroups};
use pgrx::pg_sys::Datum;
use std::collections::{HashMap, HashSet};

/// The group of persons whose group is NULL.
const NONE: &str = "(none)";

/// Numbers persons in groups, as they are met.
pub struct Groups {
    keys: Keys,
    /// By the number of a person: the group in which he was met first, and his number there.
    first: Vec<Option<(u32, u32)>>,
    /// By person and group: his number in any other.
    others: HashMap<(u32, u32), u32>,
    /// By number in a group: the person, and the group.
    members: Vec<(u32, u32)>,
}

impl Groups {
    /// Nobody yet; `column` tells the group.
    ///
    /// # Errors
    /// When the column's type has no default hash operator class.
    pub fn new(column: &Column) -> Result<Self, ExtensionError> {
        let keys = Keys::new(column, "groups")?;
        Ok(Self { keys, first: Vec::new(), others: HashMap::new(), members: Vec::new() })
    }

    /// The number of a person in a group, which is new if he was not met there before. Group 0 is
    /// that of a NULL.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    ///
    /// # Safety
    /// `group` is a value of the column's type, readable during the call.
    pub unsafe fn number(&mut self, person: u32, group: Option<Datum>) -> Result<u32, IrtError> {
        let group = match group {
            // SAFETY: promised by the caller.
            Some(key) => 1 + unsafe { self.keys.number(key)? },
            None => 0,
        };
        let place = person as usize;
        if place >= self.first.len() {
            let more = place + 1 - self.first.len();
            make_room(&mut self.first, more)?;
            self.first.resize(place + 1, None);
        }
        match self.first[place] {
            Some((met, number)) if met == group => return Ok(number),
            Some(_) => {
                if let Some(number) = self.others.get(&(person, group)) {
                    return Ok(*number);
                }
            }
            None => {}
        }
        make_room(&mut self.members, 1)?;
        let limit = u64::from(u32::MAX);
        let found = self.members.len() as u64;
        let number = u32::try_from(found).map_err(|_| IrtError::TooMany {
            what: "persons",
            found,
            limit,
        })?;
        self.members.push((person, group));
        match &mut self.first[place] {
            first @ None => *first = Some((group, number)),
            Some(_) => {
                let bytes = size_of::<((u32, u32), u32)>() as u64;
                let refused = |_| IrtError::OutOfMemory { what: "groups of persons", bytes };
                self.others.try_reserve(1).map_err(refused)?;
                self.others.insert((person, group), number);
            }
        }
        Ok(number)
    }

    /// What the numeric core wants to know.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`], [`IrtError::OutOfMemory`].
    pub fn to_core(&self) -> Result<PersonGroups, ExtensionError> {
        let mut names = vec![NONE.to_owned()];
        names.extend(self.keys.texts()?);
        let mut of_person = Vec::new();
        make_room(&mut of_person, self.members.len())?;
        of_person.extend(self.members.iter().map(|(_, group)| *group));
        Ok(PersonGroups { names, of_person })
    }

    /// By number in a group: the person.
    pub fn persons(&self) -> impl Iterator<Item = u32> + '_ {
        self.members.iter().map(|(person, _)| *person)
    }

    /// The person with that number in a group.
    pub fn person(&self, number: u32) -> u32 {
        self.members[number as usize].0
    }

    /// How many persons belong to more than one group.
    pub fn in_several(&self) -> u64 {
        let persons: HashSet<u32> = self.others.keys().map(|(person, _)| *person).collect();
        persons.len() as u64
    }

    /// Gives memory back: nobody can be numbered until [`Self::rebuild_index`].
    pub fn drop_index(&mut self) {
        self.keys.drop_index();
    }

    /// Makes [`Self::number`] possible again, with the numbers that were given before.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn rebuild_index(&mut self) -> Result<(), IrtError> {
        self.keys.rebuild_index()
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        self.keys.allocated_bytes()
            + self.first.capacity() * size_of::<Option<(u32, u32)>>()
            + self.others.capacity() * size_of::<((u32, u32), u32)>()
            + self.members.capacity() * size_of::<(u32, u32)>()
    }
}
