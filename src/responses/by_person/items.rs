//! Numbers items whose keys come as bytes.

use super::super::hash_index::{HashIndex, make_room};
use super::super::keys::uuid_text;
use super::super::labels::collect;
use super::super::small_keys::SmallKeys;
use super::part::Key;
use crate::error::ExtensionError;
use crate::postgres::encoding::decode;
use irt::IrtError;

/// For messages.
const WHAT: &str = "items";

/// Distinct items, numbered from 0 as they were met.
pub struct Items {
    integers: SmallKeys<i64>,
    uuids: SmallKeys<[u8; 16]>,
    index_of_texts: HashIndex,
    texts: Vec<Vec<u8>>,
}

impl Items {
    /// None yet.
    pub fn new() -> Self {
        Self {
            integers: SmallKeys::new(),
            uuids: SmallKeys::new(),
            index_of_texts: HashIndex::new(),
            texts: Vec::new(),
        }
    }

    /// The number of an item, which is new if it was not met before. All are of one type.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    #[inline]
    pub fn number(&mut self, key: Key<'_>) -> Result<u32, IrtError> {
        match key {
            Key::Integer(key) => self.integers.number(key, WHAT),
            Key::Uuid(key) => self.uuids.number(key, WHAT),
            Key::Text(key) => self.number_of_text(key),
        }
    }

    fn number_of_text(&mut self, key: &[u8]) -> Result<u32, IrtError> {
        let hash = self.index_of_texts.hash.of_bytes(key);
        let texts = &self.texts;
        if let Some(number) = self.index_of_texts.find(hash, |n| texts[n as usize] == key) {
            return Ok(number);
        }
        let mut copy = Vec::new();
        make_room(&mut copy, key.len())?;
        copy.extend_from_slice(key);
        make_room(&mut self.texts, 1)?;
        self.texts.push(copy);
        self.index_of_texts.insert(hash, WHAT)
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(Vec::capacity).sum();
        self.integers.allocated_bytes()
            + self.uuids.allocated_bytes()
            + self.index_of_texts.allocated_bytes()
            + self.texts.capacity() * size_of::<Vec<u8>>()
            + texts
    }

    /// Every item's key as text, by number: as the rows have it.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`].
    pub fn labels(&self) -> Result<Vec<String>, ExtensionError> {
        let (integers, uuids) = (self.integers.keys(), self.uuids.keys());
        let all = integers
            .iter()
            .map(|key| Ok(key.to_string()))
            .chain(uuids.iter().map(|key| Ok(uuid_text(key))))
            .chain(self.texts.iter().map(|key| decode(key)));
        collect(integers.len() + uuids.len() + self.texts.len(), all)
    }
}
