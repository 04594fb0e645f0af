//! The texts of many keys.

use super::hash_index::make_room;
use crate::error::ExtensionError;
use crate::postgres::memory;

/// All `count` texts, or the first error. There may be many: memory that is refused ends it.
///
/// # Errors
/// Those of `texts`; [`irt::IrtError::OutOfMemory`].
pub fn collect(
    count: usize,
    texts: impl Iterator<Item = Result<String, ExtensionError>>,
) -> Result<Vec<String>, ExtensionError> {
    let mut all = Vec::new();
    make_room(&mut all, count)?;
    for text in texts {
        memory::check()?;
        all.push(text?);
    }
    Ok(all)
}
