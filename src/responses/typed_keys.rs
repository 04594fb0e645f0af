//! Keys of a type that only Postgres knows how to compare.
//!
//! Hash and equality are those of the type's default hash operator class, under
//! the column's collation. Equal keys need not look equal (numeric 1.0 and 1.00,
//! citext 'A' and 'a'), so every image of a key is kept: which one is written
//! down must not depend on the order of the rows.

use super::hash_index::{HashIndex, KeyedHash, make_room};
use super::images::{Images, Layout};
use super::labels::collect;
use crate::error::ExtensionError;
use crate::postgres::query::Column;
use crate::postgres::text_output::{pin_text_settings, text_of};
use irt::IrtError;
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};

/// Keys and their images, copied into a memory context of their own.
pub struct TypedKeys {
    hash: TypesHash,
    equal: *mut pg_sys::FmgrInfo,
    collation: pg_sys::Oid,
    type_oid: pg_sys::Oid,
    layout: Layout,
    /// Where the copies live.
    arena: PgMemoryContexts,
    /// For what one comparison leaves behind.
    scratch: PgMemoryContexts,
    /// The first image met of every key.
    keys: Vec<Datum>,
    images: Images,
}

/// The hash function of a type.
#[derive(Clone, Copy)]
enum TypesHash {
    /// With a seed: collisions cannot be chosen, unless the type folds keys before it hashes them
    /// (timestamps do: the two halves of 64 bits).
    Seeded(*mut pg_sys::FmgrInfo),
    /// A type that has no other: whoever knows the function can choose keys that collide.
    Unseeded(*mut pg_sys::FmgrInfo),
}

impl TypesHash {
    /// # Safety
    /// `datum` is a value of the type.
    unsafe fn of(self, key: &KeyedHash, collation: pg_sys::Oid, datum: Datum) -> u64 {
        let hash = match self {
            Self::Seeded(function) => {
                let seed = Datum::from(key.seed().cast_signed());
                // SAFETY: the function is the type's own, called on its value.
                let hash = unsafe { pg_sys::FunctionCall2Coll(function, collation, datum, seed) };
                hash.value() as u64
            }
            Self::Unseeded(function) => {
                // SAFETY: as above.
                let hash = unsafe { pg_sys::FunctionCall1Coll(function, collation, datum) };
                u64::from(hash.value() as u32)
            }
        };
        key.of_integer(hash)
    }
}

impl TypedKeys {
    /// An empty collection.
    ///
    /// # Errors
    /// When the type has no default hash operator class.
    pub fn new(column: &Column) -> Result<Self, ExtensionError> {
        let wanted = pg_sys::TYPECACHE_HASH_PROC_FINFO
            | pg_sys::TYPECACHE_HASH_EXTENDED_PROC_FINFO
            | pg_sys::TYPECACHE_EQ_OPR_FINFO;
        // SAFETY: entries of the type cache live as long as the process.
        let entry = unsafe { pg_sys::lookup_type_cache(column.base_type, wanted as i32) };
        // SAFETY: as above; never null.
        let kind = unsafe { &mut *entry };
        if kind.hash_proc_finfo.fn_oid == pg_sys::InvalidOid
            || kind.eq_opr_finfo.fn_oid == pg_sys::InvalidOid
        {
            return Err(ExtensionError::UnhashableKey {
                column: column.name.clone(),
                found: column.type_name(),
            });
        }
        let hash = if kind.hash_extended_proc_finfo.fn_oid == pg_sys::InvalidOid {
            TypesHash::Unseeded(&raw mut kind.hash_proc_finfo)
        } else {
            TypesHash::Seeded(&raw mut kind.hash_extended_proc_finfo)
        };
        Ok(Self {
            hash,
            equal: &raw mut kind.eq_opr_finfo,
            collation: column.collation,
            type_oid: column.base_type,
            layout: Layout { by_value: kind.typbyval, length: kind.typlen },
            arena: transaction_context("irt_calibration keys"),
            scratch: transaction_context("irt_calibration key comparison"),
            keys: Vec::new(),
            images: Images::default(),
        })
    }

    /// The number of a key, which is new if it was not met before.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    ///
    /// # Safety
    /// `datum` is a non-null value of the column's type.
    pub unsafe fn number(
        &mut self,
        index: &mut HashIndex,
        datum: Datum,
        what: &'static str,
    ) -> Result<u32, IrtError> {
        // SAFETY: plain switches of the current memory context, undone below. An ERROR in
        // between ends the transaction, which resets it as well.
        let before = unsafe { pg_sys::MemoryContextSwitchTo(self.scratch.value()) };
        // SAFETY: promised by the caller.
        let number = unsafe { self.number_in_scratch(index, datum, what) };
        // SAFETY: as above.
        unsafe {
            pg_sys::MemoryContextSwitchTo(before);
            pg_sys::MemoryContextReset(self.scratch.value());
        }
        number
    }

    unsafe fn number_in_scratch(
        &mut self,
        index: &mut HashIndex,
        datum: Datum,
        what: &'static str,
    ) -> Result<u32, IrtError> {
        let datum = self.layout.plain(datum);
        // SAFETY: promised by the caller.
        let hash = unsafe { self.hash.of(&index.hash, self.collation, datum) };
        let (equal, collation, keys) = (self.equal, self.collation, &self.keys);
        let found = index.find(hash, |n| {
            // SAFETY: the function is the type's own, called on its values.
            let same =
                unsafe { pg_sys::FunctionCall2Coll(equal, collation, keys[n as usize], datum) };
            same.value() as u8 != 0
        });
        match found {
            Some(number) => {
                self.remember_image(&index.hash, number, datum)?;
                Ok(number)
            }
            None => {
                make_room(&mut self.keys, 1)?;
                let copy = self.layout.copy(datum, &self.arena);
                self.keys.push(copy);
                index.insert(hash, what)
            }
        }
    }

    fn remember_image(
        &mut self,
        key: &KeyedHash,
        number: u32,
        datum: Datum,
    ) -> Result<(), IrtError> {
        if self.layout.is_same_image(self.keys[number as usize], datum) {
            return Ok(());
        }
        let (layout, arena) = (self.layout, &self.arena);
        let hash = layout.hash(datum, key);
        let is_same = |image| layout.is_same_image(image, datum);
        self.images.remember(number, hash, is_same, || layout.copy(datum, arena))
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        // SAFETY: the context lives as long as `self`.
        let arena = unsafe { pg_sys::MemoryContextMemAllocated(self.arena.value(), true) };
        arena as usize + self.keys.capacity() * size_of::<Datum>() + self.images.allocated_bytes()
    }

    /// Every key as text, by number; of several images the bytewise smallest.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`].
    pub fn texts(&self) -> Result<Vec<String>, ExtensionError> {
        let _pinned = pin_text_settings();
        let texts = self.keys.iter().map(|&key| self.text(key));
        let mut texts = collect(self.keys.len(), texts)?;
        for image in self.images.iter() {
            let text = self.text(image.datum)?;
            let smallest = &mut texts[image.number as usize];
            if text < *smallest {
                *smallest = text;
            }
        }
        Ok(texts)
    }

    fn text(&self, datum: Datum) -> Result<String, ExtensionError> {
        // SAFETY: the keys are values of this type.
        unsafe { text_of(self.type_oid, datum) }
    }
}

/// A context that outlives the SPI connection in which the keys are collected.
fn transaction_context(name: &str) -> PgMemoryContexts {
    // SAFETY: a plain switch, back at the end; the new context is owned by its guard.
    unsafe { PgMemoryContexts::TopTransactionContext.switch_to(|_| PgMemoryContexts::new(name)) }
}
