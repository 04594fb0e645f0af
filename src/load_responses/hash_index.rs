//! Numbers keys densely, in the order in which they are met.
//!
//! The index stores no keys: whoever owns them says whether a candidate is
//! equal. So one table serves integers, UUIDs, text and every other type.

use irt::IrtError;

/// An open-addressing hash table from keys, kept elsewhere, to 0, 1, 2, …
#[derive(Debug, Default)]
pub struct HashIndex {
    /// A number plus one, or 0 for a free slot. A power of two, at most half full.
    slots: Vec<u32>,
    /// The hash of every number: growing needs no key.
    hashes: Vec<u32>,
}

/// The most keys that can be numbered: an item's number needs a bit beside it.
const LIMIT: usize = (1 << 31) - 1;

impl HashIndex {
    /// The number of the key with this hash that `is_equal` accepts.
    #[inline]
    pub fn find(&self, hash: u32, mut is_equal: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let number = self.slots[slot].checked_sub(1)?;
            if self.hashes[number as usize] == hash && is_equal(number) {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Numbers a key that [`Self::find`] did not find.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    pub fn insert(&mut self, hash: u32, what: &'static str) -> Result<u32, IrtError> {
        if self.hashes.len() >= LIMIT {
            return Err(IrtError::TooMany { what, found: LIMIT as u64 + 1, limit: LIMIT as u64 });
        }
        if self.hashes.len() * 2 >= self.slots.len() {
            self.spread(self.slots.len() * 2)?;
        }
        let number = self.hashes.len() as u32;
        make_room(&mut self.hashes, 1)?;
        self.hashes.push(hash);
        place(&mut self.slots, hash, number);
        Ok(number)
    }

    /// Gives back what only finding and inserting need, until [`Self::wake`].
    pub fn rest(&mut self) {
        self.slots = Vec::new();
        self.hashes.shrink_to_fit();
    }

    /// Makes finding and inserting possible again.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn wake(&mut self) -> Result<(), IrtError> {
        self.spread((2 * self.hashes.len()).next_power_of_two())
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        (self.slots.capacity() + self.hashes.capacity()) * size_of::<u32>()
    }

    /// Puts all numbers into `size` slots, a power of two.
    fn spread(&mut self, size: usize) -> Result<(), IrtError> {
        let size = size.max(64);
        let mut slots = Vec::new();
        make_room(&mut slots, size)?;
        slots.resize(size, 0);
        for (number, &hash) in self.hashes.iter().enumerate() {
            place(&mut slots, hash, number as u32);
        }
        self.slots = slots;
        Ok(())
    }
}

fn place(slots: &mut [u32], hash: u32, number: u32) {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    slots[slot] = number + 1;
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
    irt::memory::reserve_exact(vector, more, "numbering persons and items")
}

/// Spreads the bits of an integer key (the finalizer of MurmurHash3).
#[inline]
pub fn mix(key: u64) -> u32 {
    let mut h = key;
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (h ^ (h >> 33)) as u32
}

/// Hashes bytes, eight at a time.
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u32 {
    let mut state = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        state =
            (state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    let mut word = [0; 8];
    word[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix((state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
