//! Memory that may be refused.
//!
//! What grows with the responses, or with items times nodes, is asked for here: a refusal becomes
//! [`IrtError::OutOfMemory`]. What is small is asked for as everywhere in Rust, where a refusal ends
//! the process; a program that must not end has an allocator with a reserve for those, and asks
//! [`refusal_is_handled`] which of the two it has before it.

use crate::error::IrtError;
use std::cell::Cell;

thread_local! {
    static HANDLED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `allocate`, which copes with a refusal: for `try_reserve` and its like.
pub fn refusable<T>(allocate: impl FnOnce() -> T) -> T {
    HANDLED.set(true);
    let outcome = allocate();
    HANDLED.set(false);
    outcome
}

/// True where whoever allocates in this thread at this moment copes with a refusal. For a
/// program's global allocator: it takes no lock and allocates nothing.
#[must_use]
pub fn refusal_is_handled() -> bool {
    HANDLED.get()
}

/// Makes room for `more` elements in `vector`, exactly so many.
///
/// # Errors
/// [`IrtError::OutOfMemory`], with `what` it was for.
pub fn reserve_exact<T>(
    vector: &mut Vec<T>,
    more: usize,
    what: &'static str,
) -> Result<(), IrtError> {
    let bytes = || (more as u64).saturating_mul(size_of::<T>() as u64);
    refusable(|| vector.try_reserve_exact(more))
        .map_err(|_| IrtError::OutOfMemory { what, bytes: bytes() })
}

/// A vector with room for `count` elements.
///
/// # Errors
/// [`IrtError::OutOfMemory`], with `what` it was for.
pub(crate) fn reserve<T>(count: usize, what: &'static str) -> Result<Vec<T>, IrtError> {
    let mut vector = Vec::new();
    reserve_exact(&mut vector, count, what)?;
    Ok(vector)
}

/// `count` zeroes. Memory is taken as it is written to.
///
/// # Errors
/// [`IrtError::OutOfMemory`], with `what` they were for.
pub(crate) fn zeroes<T: bytemuck::Zeroable>(
    count: usize,
    what: &'static str,
) -> Result<Vec<T>, IrtError> {
    let bytes = (count as u64).saturating_mul(size_of::<T>() as u64);
    let zeroes = refusable(|| bytemuck::allocation::try_zeroed_slice_box(count));
    Ok(zeroes.map_err(|()| IrtError::OutOfMemory { what, bytes })?.into_vec())
}

/// Adds an element, making room by halves of what is there.
///
/// # Errors
/// [`IrtError::OutOfMemory`], with `what` it was for.
#[inline]
pub(crate) fn push<T>(vector: &mut Vec<T>, element: T, what: &'static str) -> Result<(), IrtError> {
    if vector.len() == vector.capacity() {
        reserve_exact(vector, (vector.len() / 2).max(16), what)?;
    }
    vector.push(element);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_said_and_handled() {
        let refused = reserve::<u64>(usize::MAX / 8, "a test").unwrap_err();
        assert!(matches!(refused, IrtError::OutOfMemory { what: "a test", .. }));
        assert!(zeroes::<u64>(1 << 59, "a test").is_err());
        assert!(!refusal_is_handled());
        refusable(|| assert!(refusal_is_handled()));
    }

    #[test]
    fn elements_that_are_pushed_are_there() {
        let mut vector = Vec::new();
        (0..1000).for_each(|x| push(&mut vector, x, "a test").unwrap());
        assert!(vector.iter().copied().eq(0..1000));
    }
}
