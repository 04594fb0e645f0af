//! Text at the border: UTF-8 in Rust, the database's encoding in the server.
//!
//! In a database in UTF-8 every text is the same on both sides. In another, such
//! as LATIN1, it is converted when it enters and when it leaves: what the server
//! gave, it can take back. SQL_ASCII has no encoding: bytes pass as they are, and
//! what is not UTF-8 is refused where it matters, or shown as far as it can be.

use crate::error::ExtensionError;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::{self, pg_enc};
use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char, c_int};

/// True where the server's text need not be converted.
pub fn is_plain() -> bool {
    // SAFETY: reads a variable of this process.
    let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
    [pg_enc::PG_UTF8 as c_int, pg_enc::PG_SQL_ASCII as c_int].contains(&encoding)
}

/// Text of the server's.
///
/// # Errors
/// [`ExtensionError::NotUtf8`] for bytes that are not what the database says they are, or in a
/// database that says nothing.
pub fn decode(bytes: &[u8]) -> Result<String, ExtensionError> {
    let not_utf8 = || ExtensionError::NotUtf8 { text: String::from_utf8_lossy(bytes).into_owned() };
    // SAFETY: reads a variable of this process.
    if bytes.is_ascii() || is_plain() || !unsafe { pg_sys::IsTransactionState() } {
        return String::from_utf8(bytes.to_vec()).map_err(|_| not_utf8());
    }
    String::from_utf8(converted(bytes, pg_sys::pg_server_to_any)).map_err(|_| not_utf8())
}

/// The same for what is only shown: a character that is no UTF-8 becomes U+FFFD.
pub fn decode_lossy(bytes: &[u8]) -> String {
    decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned())
}

/// [`decode_lossy`] of a terminated string.
pub fn decode_c(text: &CStr) -> String {
    decode_lossy(text.to_bytes())
}

/// Text as the server has it. Raises 22P05 for a character that its encoding lacks, which is in
/// no text that came from there. U+FFFD stands for what could not be read, and becomes a question
/// mark. Call it in a transaction.
pub fn encode(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() || is_plain() {
        return Cow::Borrowed(text.as_bytes());
    }
    let text = text.replace(char::REPLACEMENT_CHARACTER, "?");
    Cow::Owned(converted(text.as_bytes(), pg_sys::pg_any_to_server))
}

/// [`encode`], terminated. Text of Postgres cannot contain NUL; anything else that does loses it.
pub fn encode_c(text: &str) -> CString {
    without_nul(encode(text).into_owned())
}

/// A message as the server has it, in or out of a transaction: no character makes it fail.
pub fn encode_message(text: &str) -> CString {
    if text.is_ascii() || is_plain() {
        return without_nul(text.as_bytes().to_vec());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // The only one in messages of ours.
            '…' => bytes.extend(b"..."),
            _ if character.is_ascii() => bytes.push(character as u8),
            _ => bytes.extend(encode_character(character)),
        }
    }
    without_nul(bytes)
}

/// A question mark for a character that the server's encoding lacks.
fn encode_character(character: char) -> Vec<u8> {
    PgTryBuilder::new(|| {
        let mut place = [0u8; pg_sys::MAX_UNICODE_EQUIVALENT_STRING as usize + 1];
        // SAFETY: the buffer has the size that the function asks for; it writes a terminator.
        unsafe { pg_sys::pg_unicode_to_server(u32::from(character), place.as_mut_ptr()) };
        place.iter().copied().take_while(|byte| *byte != 0).collect()
    })
    .catch_others(|_| vec![b'?'])
    .execute()
}

type Conversion = unsafe fn(*const c_char, c_int, c_int) -> *mut c_char;

fn converted(bytes: &[u8], conversion: Conversion) -> Vec<u8> {
    let source = bytes.as_ptr().cast::<c_char>();
    let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
    // SAFETY: the source has that length; the result is the source itself, or a palloc'ed and
    // terminated string.
    unsafe {
        let result = conversion(source, length, pg_enc::PG_UTF8 as c_int);
        if result.cast_const() == source {
            return bytes.to_vec();
        }
        let copy = CStr::from_ptr(result).to_bytes().to_vec();
        pg_sys::pfree(result.cast());
        copy
    }
}

fn without_nul(mut bytes: Vec<u8>) -> CString {
    bytes.retain(|byte| *byte != 0);
    CString::new(bytes).unwrap_or_default()
}
