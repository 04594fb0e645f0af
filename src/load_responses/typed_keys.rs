//! Keys of a type that only Postgres knows how to compare.
//!
//! Hash and equality are those of the type's default hash operator class, under
//! the column's collation. Equal keys need not look equal (numeric 1.0 and 1.00,
//! citext 'A' and 'a'), so every image of a key is kept: which one is written
//! down must not depend on the order of the rows.

use super::hash_index::{HashIndex, make_room};
use super::query::Column;
use crate::encoding::decode;
use crate::error::ExtensionError;
use crate::privileges::LocalSettings;
use irt::IrtError;
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use std::collections::HashMap;
use std::ffi::CStr;

/// Keys and their images, copied into a memory context of their own.
pub struct TypedKeys {
    hash: *mut pg_sys::FmgrInfo,
    equal: *mut pg_sys::FmgrInfo,
    collation: pg_sys::Oid,
    type_oid: pg_sys::Oid,
    by_value: bool,
    length: i16,
    /// Where the copies live.
    arena: PgMemoryContexts,
    /// For what one comparison leaves behind.
    scratch: PgMemoryContexts,
    /// The first image met of every key.
    keys: Vec<Datum>,
    /// Other images of a key.
    variants: HashMap<u32, Vec<Datum>>,
}

impl TypedKeys {
    /// An empty collection.
    ///
    /// # Errors
    /// When the type has no default hash operator class.
    pub fn new(column: &Column) -> Result<Self, ExtensionError> {
        let wanted = pg_sys::TYPECACHE_HASH_PROC_FINFO | pg_sys::TYPECACHE_EQ_OPR_FINFO;
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
        Ok(Self {
            hash: &raw mut kind.hash_proc_finfo,
            equal: &raw mut kind.eq_opr_finfo,
            collation: column.collation,
            type_oid: column.base_type,
            by_value: kind.typbyval,
            length: kind.typlen,
            arena: transaction_context("irt_calibration keys"),
            scratch: transaction_context("irt_calibration key comparison"),
            keys: Vec::new(),
            variants: HashMap::new(),
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
        let datum = self.plain(datum);
        // SAFETY: the functions are the type's own, called on its values.
        let hash =
            unsafe { pg_sys::FunctionCall1Coll(self.hash, self.collation, datum) }.value() as u32;
        let (equal, collation, keys) = (self.equal, self.collation, &self.keys);
        let found = index.find(hash, |n| {
            // SAFETY: as above.
            let same =
                unsafe { pg_sys::FunctionCall2Coll(equal, collation, keys[n as usize], datum) };
            same.value() as u8 != 0
        });
        match found {
            Some(number) => {
                self.remember_image(number, datum)?;
                Ok(number)
            }
            None => {
                make_room(&mut self.keys, 1)?;
                let copy = self.copy(datum);
                self.keys.push(copy);
                index.insert(hash, what)
            }
        }
    }

    fn remember_image(&mut self, number: u32, datum: Datum) -> Result<(), IrtError> {
        if self.same_image(self.keys[number as usize], datum) {
            return Ok(());
        }
        let known = self.variants.get(&number);
        if known.is_some_and(|images| images.iter().any(|&image| self.same_image(image, datum))) {
            return Ok(());
        }
        let copy = self.copy(datum);
        let images = self.variants.entry(number).or_default();
        make_room(images, 1)?;
        images.push(copy);
        Ok(())
    }

    /// Bytes held.
    pub fn allocated_bytes(&self) -> usize {
        // SAFETY: the context lives as long as `self`.
        let arena = unsafe { pg_sys::MemoryContextMemAllocated(self.arena.value(), true) };
        arena as usize + (self.keys.capacity() + 4 * self.variants.len()) * size_of::<Datum>()
    }

    /// Every key as text, by number; of several images the bytewise smallest.
    ///
    /// # Errors
    /// [`ExtensionError::NotUtf8`].
    pub fn texts(&self) -> Result<Vec<String>, ExtensionError> {
        let _pinned = pin_text_settings();
        super::keys::collect(
            self.keys.len(),
            self.keys.iter().enumerate().map(|(number, &key)| {
                let mut smallest = self.text(key)?;
                for &image in self.variants.get(&(number as u32)).into_iter().flatten() {
                    smallest = smallest.min(self.text(image)?);
                }
                Ok(smallest)
            }),
        )
    }

    fn text(&self, datum: Datum) -> Result<String, ExtensionError> {
        // SAFETY: the keys are values of this type.
        unsafe { text_of(self.type_oid, datum) }
    }

    /// Decompressed, and with a header of four bytes: equal images have equal bytes.
    fn plain(&self, datum: Datum) -> Datum {
        if self.length == -1 {
            // SAFETY: a type of length -1 is a varlena.
            Datum::from(unsafe { pg_sys::pg_detoast_datum(datum.cast_mut_ptr()) })
        } else {
            datum
        }
    }

    fn copy(&self, datum: Datum) -> Datum {
        if self.by_value {
            return datum;
        }
        let bytes = self.bytes(datum);
        // SAFETY: fresh memory of the same size, in a context that lives as long as `self`.
        unsafe {
            let copy = pg_sys::MemoryContextAlloc(self.arena.value(), bytes.len());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy.cast(), bytes.len());
            Datum::from(copy)
        }
    }

    fn same_image(&self, one: Datum, other: Datum) -> bool {
        if self.by_value { one == other } else { self.bytes(one) == self.bytes(other) }
    }

    fn bytes(&self, datum: Datum) -> &[u8] {
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

/// A context that outlives the SPI connection in which the keys are collected.
fn transaction_context(name: &str) -> PgMemoryContexts {
    // SAFETY: a plain switch, back at the end; the new context is owned by its guard.
    unsafe { PgMemoryContexts::TopTransactionContext.switch_to(|_| PgMemoryContexts::new(name)) }
}

/// A value as its type prints it.
///
/// # Errors
/// Text that is not UTF-8.
///
/// # Safety
/// `datum` is a non-null value of the type.
pub unsafe fn text_of(type_oid: pg_sys::Oid, datum: Datum) -> Result<String, ExtensionError> {
    let mut function = pg_sys::InvalidOid;
    let mut is_varlena = false;
    // SAFETY: the output function of a type, called on a value of that type, returns a
    // palloc'ed, terminated string.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut is_varlena);
        let text = pg_sys::OidOutputFunctionCall(function, datum);
        let result = decode(CStr::from_ptr(text).to_bytes());
        pg_sys::pfree(text.cast());
        result
    }
}

/// Settings under which a key has the same text in every session.
pub fn pin_text_settings() -> LocalSettings {
    let settings = LocalSettings::begin();
    settings.set(c"extra_float_digits", c"1");
    settings.set(c"DateStyle", c"ISO, YMD");
    settings.set(c"IntervalStyle", c"postgres");
    settings.set(c"bytea_output", c"hex");
    settings.set(c"TimeZone", c"UTC");
    settings.set(c"lc_monetary", c"C");
    settings
}
