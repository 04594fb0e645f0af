//! Other images of keys that were met before: 1.00 of 1.0, 'A' of 'a' in citext.
//!
//! In a table, since a key may have as many images as there are rows.

use super::hash_index::{KeyedHash, out_of_memory};
use hashbrown::HashTable;
use irt::IrtError;
use irt::memory::refusable;
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use std::ffi::CStr;

/// One image, and the number of its key.
pub struct Image {
    /// The key's number.
    pub number: u32,
    /// A copy of the image.
    pub datum: Datum,
    hash: u64,
}

/// No two of the same bytes.
#[derive(Default)]
pub struct Images(HashTable<Image>);

impl Images {
    /// Keeps what `copy` makes of an image of key `number`, unless `is_same` says that it is kept.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub fn remember(
        &mut self,
        number: u32,
        hash: u64,
        mut is_same: impl FnMut(Datum) -> bool,
        copy: impl FnOnce() -> Datum,
    ) -> Result<(), IrtError> {
        let known = self.0.find(hash, |image| is_same(image.datum));
        if known.is_some() {
            return Ok(());
        }
        refusable(|| self.0.try_reserve(1, hash_of)).map_err(out_of_memory)?;
        self.0.insert_unique(hash, Image { number, datum: copy(), hash }, hash_of);
        Ok(())
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Image> {
        self.0.iter()
    }

    /// Bytes held, without what the data point to.
    pub fn allocated_bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

fn hash_of(image: &Image) -> u64 {
    image.hash
}

/// How the values of a type are stored.
#[derive(Clone, Copy)]
pub struct Layout {
    /// In the datum itself.
    pub by_value: bool,
    /// Postgres' typlen: bytes, or -1 for a varlena, -2 for a C string.
    pub length: i16,
}

impl Layout {
    /// Decompressed, and with a header of four bytes: equal images have equal bytes.
    pub fn plain(self, datum: Datum) -> Datum {
        if self.length == -1 {
            // SAFETY: a type of length -1 is a varlena.
            Datum::from(unsafe { pg_sys::pg_detoast_datum(datum.cast_mut_ptr()) })
        } else {
            datum
        }
    }

    /// A copy that lives as long as `arena`.
    pub fn copy(self, datum: Datum, arena: &PgMemoryContexts) -> Datum {
        if self.by_value {
            return datum;
        }
        let bytes = self.bytes(&datum);
        // SAFETY: fresh memory of the same size.
        unsafe {
            let copy = pg_sys::MemoryContextAlloc(arena.value(), bytes.len());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy.cast(), bytes.len());
            Datum::from(copy)
        }
    }

    /// True where both are the same bytes.
    pub fn is_same_image(self, one: Datum, other: Datum) -> bool {
        if self.by_value { one == other } else { self.bytes(&one) == self.bytes(&other) }
    }

    /// A hash of the bytes.
    pub fn hash(self, datum: Datum, key: &KeyedHash) -> u64 {
        if self.by_value {
            key.of_integer(datum.value() as u64)
        } else {
            key.of_bytes(self.bytes(&datum))
        }
    }

    /// The bytes of a value that is not stored in its datum.
    fn bytes(self, datum: &Datum) -> &[u8] {
        let start = datum.cast_mut_ptr::<u8>();
        // SAFETY: by-reference values of a type of length -1 begin with their own size, those
        // of length -2 end with a zero byte, and others have the type's size.
        unsafe {
            let length = match self.length {
                -1 => pgrx::varlena::varsize_any(start.cast()),
                -2 => CStr::from_ptr(start.cast()).to_bytes_with_nul().len(),
                length => usize::from(length.unsigned_abs()),
            };
            std::slice::from_raw_parts(start, length)
        }
    }
}
