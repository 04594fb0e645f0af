//! Numbers keys densely, in the order in which they are met.
//!
//! The index stores no keys: whoever owns them says whether a candidate is
//! equal. So one table serves integers, UUIDs, text and every other type.
//!
//! # Why hashbrown and foldhash
//! hashbrown's HashTable is what this needs: it takes hash and equality from
//! outside, stores a number and nothing else, and says when memory cannot be had.
//! std's HashMap, made of it, wants to own its keys. Keys come from whoever may write
//! responses, so the hash has a key of its own, drawn anew for every reading:
//! nobody can choose keys that collide, and no reading teaches anything about
//! the next. foldhash computes it: std's SipHash takes 5 to 13 ns longer a row.
//! Which hash it is does not show in any result: numbers follow the rows.

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use hashbrown::{HashTable, TryReserveError};
use irt::IrtError;
use irt::memory::refusable;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A hash function that nobody outside this reading knows.
#[derive(Debug)]
pub struct KeyedHash {
    seed: u64,
    shared: SharedSeed,
}

impl KeyedHash {
    /// With a key drawn at random: std draws from the operating system.
    pub fn random() -> Self {
        let random = RandomState::new();
        Self { seed: random.hash_one(0), shared: SharedSeed::from_u64(random.hash_one(1)) }
    }

    /// Of an integer.
    #[inline]
    pub fn of_integer(&self, key: u64) -> u64 {
        self.of(|hasher| hasher.write_u64(key))
    }

    /// Of bytes.
    #[inline]
    pub fn of_bytes(&self, key: &[u8]) -> u64 {
        self.of(|hasher| hasher.write(key))
    }

    /// The key, for a hash function that takes one of 64 bits.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    #[inline]
    fn of(&self, write: impl FnOnce(&mut FoldHasher<'_>)) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.seed, &self.shared);
        write(&mut hasher);
        hasher.finish()
    }
}

/// From keys, kept elsewhere, to 0, 1, 2, …
#[derive(Debug)]
pub struct HashIndex {
    /// What to hash keys with.
    pub hash: KeyedHash,
    numbers: HashTable<u32>,
    /// The hash of every number: growing needs no key.
    hashes: Vec<u64>,
}

/// The most keys that can be numbered: an item's number needs a bit beside it.
const LIMIT: usize = (1 << 31) - 1;

impl HashIndex {
    /// No keys yet, and a hash of its own.
    pub fn new() -> Self {
        Self { hash: KeyedHash::random(), numbers: HashTable::new(), hashes: Vec::new() }
    }

    /// The number of the key with this hash that `is_equal` accepts.
    #[inline]
    pub fn find(&self, hash: u64, mut is_equal: impl FnMut(u32) -> bool) -> Option<u32> {
        self.numbers.find(hash, |&number| is_equal(number)).copied()
    }

    /// Numbers a key that [`Self::find`] did not find.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    pub fn insert(&mut self, hash: u64, what: &'static str) -> Result<u32, IrtError> {
        if self.hashes.len() >= LIMIT {
            return Err(IrtError::TooMany { what, found: LIMIT as u64 + 1, limit: LIMIT as u64 });
        }
        let number = self.hashes.len() as u32;
        make_room(&mut self.hashes, 1)?;
        self.hashes.push(hash);
        if let Err(error) = self.make_room_for_numbers(1) {
            self.hashes.pop();
            return Err(error);
        }
        self.place(number);
        Ok(number)
    }

    /// Gives back what only finding and inserting need, until [`Self::rebuild_table`].
    pub fn drop_table(&mut self) {
        self.numbers = HashTable::new();
        self.hashes.shrink_to_fit();
    }

    /// Makes finding and inserting possible again.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn rebuild_table(&mut self) -> Result<(), IrtError> {
        self.make_room_for_numbers(self.hashes.len())?;
        for number in 0..self.hashes.len() as u32 {
            self.place(number);
        }
        Ok(())
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        self.numbers.allocation_size() + self.hashes.capacity() * size_of::<u64>()
    }

    fn make_room_for_numbers(&mut self, more: usize) -> Result<(), IrtError> {
        let (numbers, hashes) = (&mut self.numbers, &self.hashes);
        refusable(|| numbers.try_reserve(more, |&number| hashes[number as usize]))
            .map_err(out_of_memory)
    }

    /// There is room: so nothing is allocated.
    fn place(&mut self, number: u32) {
        let hashes = &self.hashes;
        let hash_of = |&number: &u32| hashes[number as usize];
        self.numbers.insert_unique(hash_of(&number), number, hash_of);
    }
}

/// What the caller is doing, for messages.
const WHAT: &str = "numbering persons and items";

/// The error of a hash table that could not grow.
pub fn out_of_memory(error: TryReserveError) -> IrtError {
    let bytes = match error {
        TryReserveError::AllocError { layout } => layout.size() as u64,
        TryReserveError::CapacityOverflow => u64::MAX,
    };
    IrtError::OutOfMemory { what: WHAT, bytes }
}

/// Makes room for `more` elements, by halves of what is there, or says that it cannot.
///
/// # Errors
/// [`IrtError::OutOfMemory`].
pub fn make_room<T>(vector: &mut Vec<T>, more: usize) -> Result<(), IrtError> {
    if vector.capacity() - vector.len() >= more {
        return Ok(());
    }
    let more = more.max(vector.len() / 2).max(16);
    irt::memory::reserve_exact(vector, more, WHAT)
}
