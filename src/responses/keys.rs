//! Keys of persons and items, of any type that can be hashed, as dense numbers.
//!
//! Two keys are the same where their type's own equality says so. For integers,
//! UUIDs and text under a deterministic collation that is equality of bytes, so
//! they take a short cut; every other type goes by its default hash operator
//! class ([`TypedKeys`]).

use super::hash_index::{HashIndex, make_room};
use super::labels::collect;
use super::small_keys::SmallKeys;
use super::typed_keys::TypedKeys;
use crate::error::ExtensionError;
use crate::postgres::encoding::decode;
use crate::postgres::query::Column;
use irt::IrtError;
use pgrx::pg_sys::{self, Datum};

/// Distinct keys of one column, numbered from 0 as they were met.
pub struct Keys {
    what: &'static str,
    store: Store,
}

enum Store {
    /// int2, int4 and int8, widened.
    Integers { width: usize, keys: SmallKeys<i64> },
    /// uuid.
    Uuids(SmallKeys<[u8; 16]>),
    /// text and varchar: all bytes, and where each key ends.
    Texts { index: HashIndex, bytes: Vec<u8>, ends: Vec<usize> },
    /// Everything else.
    Typed { index: HashIndex, keys: TypedKeys },
}

impl Keys {
    /// An empty collection for a column; `what`: "persons" or "items", for messages.
    ///
    /// # Errors
    /// When the column's type has no default hash operator class.
    pub fn new(column: &Column, what: &'static str) -> Result<Self, ExtensionError> {
        let integers = |width| Store::Integers { width, keys: SmallKeys::new() };
        let store = match column.base_type {
            pg_sys::INT2OID => integers(2),
            pg_sys::INT4OID => integers(4),
            pg_sys::INT8OID => integers(8),
            pg_sys::UUIDOID => Store::Uuids(SmallKeys::new()),
            pg_sys::TEXTOID | pg_sys::VARCHAROID if column.is_deterministic() => {
                Store::Texts { index: HashIndex::new(), bytes: Vec::new(), ends: Vec::new() }
            }
            _ => Store::Typed { index: HashIndex::new(), keys: TypedKeys::new(column)? },
        };
        Ok(Self { what, store })
    }

    /// The number of a key, which is new if it was not met before.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::OutOfMemory`].
    ///
    /// # Safety
    /// `datum` is a non-null value of the column's type, readable during the call.
    #[inline]
    pub unsafe fn number(&mut self, datum: Datum) -> Result<u32, IrtError> {
        let what = self.what;
        match &mut self.store {
            Store::Integers { width, keys } => keys.number(integer(datum, *width), what),
            // SAFETY: a uuid datum points to 16 bytes.
            Store::Uuids(keys) => keys.number(unsafe { *datum.cast_mut_ptr::<[u8; 16]>() }, what),
            // SAFETY: promised by the caller.
            Store::Texts { index, bytes, ends } => unsafe {
                with_bytes(datum, |key| number_of_text(index, bytes, ends, key, what))
            },
            // SAFETY: promised by the caller.
            Store::Typed { index, keys } => unsafe { keys.number(index, datum, what) },
        }
    }

    /// True where a datum holds the key itself, and outlives the row.
    #[inline]
    pub fn are_by_value(&self) -> bool {
        matches!(self.store, Store::Integers { .. })
    }

    /// Gives memory back: no key can be numbered until [`Self::rebuild_index`].
    pub fn drop_index(&mut self) {
        match &mut self.store {
            Store::Integers { keys, .. } => keys.drop_index(),
            Store::Uuids(keys) => keys.drop_index(),
            Store::Texts { index, bytes, ends } => {
                index.drop_table();
                bytes.shrink_to_fit();
                ends.shrink_to_fit();
            }
            Store::Typed { index, .. } => index.drop_table(),
        }
    }

    /// Makes [`Self::number`] possible again, with the numbers that were given before.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn rebuild_index(&mut self) -> Result<(), IrtError> {
        match &mut self.store {
            Store::Integers { keys, .. } => keys.rebuild_index(),
            Store::Uuids(keys) => keys.rebuild_index(),
            Store::Texts { index, .. } | Store::Typed { index, .. } => index.rebuild_table(),
        }
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        match &self.store {
            Store::Integers { keys, .. } => keys.allocated_bytes(),
            Store::Uuids(keys) => keys.allocated_bytes(),
            Store::Texts { index, bytes, ends } => {
                index.allocated_bytes() + bytes.capacity() + ends.capacity() * size_of::<usize>()
            }
            Store::Typed { index, keys } => index.allocated_bytes() + keys.allocated_bytes(),
        }
    }

    /// The text of the key with that number, of a type whose equal keys have equal bytes.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`]; [`ExtensionError::Internal`] for a key of another type.
    pub fn text(&self, number: u32) -> Result<String, ExtensionError> {
        let place = number as usize;
        match &self.store {
            Store::Integers { keys, .. } => Ok(keys.keys()[place].to_string()),
            Store::Uuids(keys) => Ok(uuid_text(&keys.keys()[place])),
            Store::Texts { bytes, ends, .. } => {
                let start = place.checked_sub(1).map_or(0, |before| ends[before]);
                decode(&bytes[start..ends[place]])
            }
            Store::Typed { .. } => {
                Err(ExtensionError::Internal("a key has more than one text".to_owned()))
            }
        }
    }

    /// Every key as text, by number. Where equal keys have different texts, the bytewise smallest.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`].
    pub fn texts(&self) -> Result<Vec<String>, ExtensionError> {
        match &self.store {
            Store::Integers { keys, .. } => {
                collect(keys.keys().len(), keys.keys().iter().map(|key| Ok(key.to_string())))
            }
            Store::Uuids(keys) => {
                collect(keys.keys().len(), keys.keys().iter().map(|key| Ok(uuid_text(key))))
            }
            Store::Texts { bytes, ends, .. } => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                collect(
                    ends.len(),
                    starts.zip(ends).map(|(start, &end)| decode(&bytes[start..end])),
                )
            }
            Store::Typed { keys, .. } => keys.texts(),
        }
    }
}

/// By-value integers of less than eight bytes leave the rest of the datum undefined in meaning.
#[inline]
fn integer(datum: Datum, width: usize) -> i64 {
    match width {
        2 => i64::from(datum.value() as i16),
        4 => i64::from(datum.value() as i32),
        _ => datum.value() as i64,
    }
}

fn number_of_text(
    index: &mut HashIndex,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
    key: &[u8],
    what: &'static str,
) -> Result<u32, IrtError> {
    let hash = index.hash.of_bytes(key);
    let stored = |n: u32| {
        let start = n.checked_sub(1).map_or(0, |before| ends[before as usize]);
        &bytes[start..ends[n as usize]]
    };
    if let Some(number) = index.find(hash, |n| stored(n) == key) {
        return Ok(number);
    }
    make_room(bytes, key.len())?;
    make_room(ends, 1)?;
    bytes.extend_from_slice(key);
    ends.push(bytes.len());
    index.insert(hash, what)
}

/// Shows `work` the bytes of a text or a bytea, decompressed where they were compressed.
///
/// # Safety
/// `datum` is a non-null varlena.
pub(super) unsafe fn with_bytes<T>(datum: Datum, work: impl FnOnce(&[u8]) -> T) -> T {
    let stored = datum.cast_mut_ptr::<pg_sys::varlena>();
    // SAFETY: the caller promises a varlena. A copy that detoasting made is freed after use.
    unsafe {
        let plain = pg_sys::pg_detoast_datum_packed(stored);
        let length = pgrx::varlena::varsize_any_exhdr(plain);
        let result = work(std::slice::from_raw_parts(
            pgrx::varlena::vardata_any(plain).cast::<u8>(),
            length,
        ));
        if plain != stored {
            pg_sys::pfree(plain.cast());
        }
        result
    }
}

/// A uuid as Postgres writes it.
pub(super) fn uuid_text(key: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in key.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}
