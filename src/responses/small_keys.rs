//! Keys that are small and all of one size, numbered as they are met.

use super::hash_index::{HashIndex, KeyedHash, make_room};
use irt::IrtError;

/// A key that is equal to another where its bytes are.
pub trait SmallKey: Copy + Eq {
    /// Its hash.
    fn hash(self, hash: &KeyedHash) -> u64;
}

impl SmallKey for i64 {
    #[inline]
    fn hash(self, hash: &KeyedHash) -> u64 {
        hash.of_integer(self.cast_unsigned())
    }
}

impl SmallKey for [u8; 16] {
    #[inline]
    fn hash(self, hash: &KeyedHash) -> u64 {
        hash.of_bytes(&self)
    }
}

/// Keys and their numbers: 0, 1, 2, …
#[derive(Debug)]
pub struct SmallKeys<K> {
    index: HashIndex,
    /// By number.
    keys: Vec<K>,
}

impl<K: SmallKey> SmallKeys<K> {
    /// No keys yet, and a hash of their own.
    pub fn new() -> Self {
        Self { index: HashIndex::new(), keys: Vec::new() }
    }

    /// The number of a key, which is new if it was not met before.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    #[inline]
    pub fn number(&mut self, key: K, what: &'static str) -> Result<u32, IrtError> {
        let hash = key.hash(&self.index.hash);
        let keys = &self.keys;
        match self.index.find(hash, |number| keys[number as usize] == key) {
            Some(number) => Ok(number),
            None => self.insert(hash, key, what),
        }
    }

    #[cold]
    fn insert(&mut self, hash: u64, key: K, what: &'static str) -> Result<u32, IrtError> {
        make_room(&mut self.keys, 1)?;
        let number = self.index.insert(hash, what)?;
        self.keys.push(key);
        Ok(number)
    }

    /// All of them, by number.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// Gives back what only numbering needs, until [`Self::rebuild_index`].
    pub fn drop_index(&mut self) {
        self.index.drop_table();
        self.keys.shrink_to_fit();
    }

    /// Makes numbering possible again.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn rebuild_index(&mut self) -> Result<(), IrtError> {
        self.index.rebuild_table()
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        self.index.allocated_bytes() + self.keys.capacity() * size_of::<K>()
    }
}
