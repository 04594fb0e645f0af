//! What one column of the statement holds of a person's responses.
//!
//! Keys stand one after the other as the type's own send function writes them, big-endian, or as
//! quote_literal does, with commas between. Where there are times they stand in a column of their own,
//! in the same order: both are aggregated in the same pass over the same rows.

use super::super::values::Time;
use crate::error::ExtensionError;
use irt::NO_TIME;
use pgrx::pg_sys::Datum;

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// smallint, integer or bigint.
    Integer(i64),
    /// uuid.
    Uuid([u8; 16]),
    /// text or varchar, in the server's encoding.
    Text(&'a [u8]),
}

/// How the items of a part are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An integer of at most four bytes, in four.
    Narrow,
    /// The key of a bigint, below 2³⁰, and in the lowest bit the correctness: four bytes.
    Code,
    /// Any integer: eight bytes.
    Integer,
    /// Sixteen bytes.
    Uuid,
    /// Quoted, with commas between.
    Text,
}

/// Which of a person's responses a part has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// How their items are written down.
    pub form: Form,
    /// Whether they are correct; both where the form says it.
    pub correct: bool,
    /// Where times are read: whether they have one. Its own column follows.
    pub time: Option<Time>,
}

/// A part's columns, of one person: bytes, or NULL where there is no such response.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// The items.
    pub keys: &'a [u8],
    /// The times, where the part has any.
    pub times: Option<&'a [u8]>,
}

impl Part {
    /// How many columns it has.
    pub fn columns(&self) -> usize {
        1 + usize::from(self.time.is_some())
    }

    /// Calls `each` with every response: item, correctness, time.
    ///
    /// # Errors
    /// Those of `each`; bytes that are not what the statement says they are.
    #[inline]
    pub fn read(
        &self,
        columns: Columns<'_>,
        mut each: impl FnMut(Key<'_>, bool, i64) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let mut times = Times { bytes: columns.times.unwrap_or_default(), kind: self.time };
        let (keys, correct) = (columns.keys, self.correct);
        match self.form {
            Form::Narrow => fixed(keys, |bytes| {
                each(Key::Integer(i64::from(i32::from_be_bytes(bytes))), correct, times.next()?)
            })?,
            Form::Code => fixed(keys, |bytes| {
                let code = u32::from_be_bytes(bytes);
                each(Key::Integer(i64::from(code >> 1)), code & 1 == 1, times.next()?)
            })?,
            Form::Integer => fixed(keys, |bytes| {
                each(Key::Integer(i64::from_be_bytes(bytes)), correct, times.next()?)
            })?,
            Form::Uuid => fixed(keys, |bytes| each(Key::Uuid(bytes), correct, times.next()?))?,
            Form::Text => quoted(keys, |text| each(Key::Text(text), correct, times.next()?))?,
        }
        if times.bytes.is_empty() { Ok(()) } else { Err(malformed("times")) }
    }
}

/// Every piece of so many bytes.
#[inline]
fn fixed<const N: usize>(
    bytes: &[u8],
    mut each: impl FnMut([u8; N]) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    let (pieces, rest) = bytes.as_chunks::<N>();
    pieces.iter().try_for_each(|piece| each(*piece))?;
    if rest.is_empty() { Ok(()) } else { Err(malformed("items")) }
}

/// Every text of a list as quote_literal writes them, with commas between: 'it''s',E'a\\b'.
fn quoted(
    mut list: &[u8],
    mut each: impl FnMut(&[u8]) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    let mut text = Vec::new();
    loop {
        list = list.strip_prefix(b"E").unwrap_or(list);
        list = list.strip_prefix(b"'").ok_or_else(|| malformed("items"))?;
        text.clear();
        loop {
            // What is not doubled ends the text.
            let (byte, doubled) = match list {
                [b'\'', b'\'', ..] | [b'\\', b'\\', ..] => (list[0], 1),
                [b'\'', ..] => break,
                [byte, ..] => (*byte, 0),
                [] => return Err(malformed("items")),
            };
            text.push(byte);
            list = &list[1 + doubled..];
        }
        each(&text)?;
        match &list[1..] {
            [] => return Ok(()),
            [b',', rest @ ..] => list = rest,
            _ => return Err(malformed("items")),
        }
    }
}

/// Times that stand one after the other.
struct Times<'a> {
    bytes: &'a [u8],
    kind: Option<Time>,
}

impl Times<'_> {
    /// The next one, as the numeric core wants it.
    fn next(&mut self) -> Result<i64, ExtensionError> {
        let Some(kind) = self.kind else { return Ok(NO_TIME) };
        let datum = match kind {
            Time::Microseconds => Datum::from(i64::from_be_bytes(self.take()?)),
            Time::Days => Datum::from(i32::from_be_bytes(self.take()?)),
        };
        Ok(kind.read(datum))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ExtensionError> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or_else(|| malformed("times"))?;
        self.bytes = rest;
        Ok(*first)
    }
}

fn malformed(what: &str) -> ExtensionError {
    ExtensionError::Internal(format!("{what} of a person are not as they were asked for"))
}
