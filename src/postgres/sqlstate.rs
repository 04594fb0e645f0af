//! A SQLSTATE in the number that the server has for it.

use std::ffi::c_int;

/// Five characters into six bits each, as MAKE_SQLSTATE does.
pub(super) fn pack(sqlstate: &[u8; 5]) -> c_int {
    sqlstate.iter().rev().fold(0, |code, &byte| (code << 6) | (c_int::from(byte) - 0x30) & 0x3F)
}

/// The inverse of [`pack`].
pub(super) fn unpack(code: c_int) -> [u8; 5] {
    std::array::from_fn(|i| ((code >> (6 * i)) & 0x3F) as u8 + b'0')
}
