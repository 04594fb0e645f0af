//! The order of items that follows from their labels alone.

use super::response::Response;
use crate::error::IrtError;
use crate::memory::{reserve, zeroes};

/// Sorts the labels by their bytes; `rank[old number]` is the new number.
pub(super) fn order_labels(labels: Vec<String>) -> Result<(Vec<String>, Vec<u32>), IrtError> {
    const LIMIT: u64 = Response::MOST_ITEMS;
    if labels.len() as u64 > LIMIT {
        return Err(IrtError::TooMany { what: "items", found: labels.len() as u64, limit: LIMIT });
    }
    const WHAT: &str = "ordering items";
    let mut order: Vec<u32> = reserve(labels.len(), WHAT)?;
    order.extend(0..labels.len() as u32);
    order.sort_unstable_by(|x, y| labels[*x as usize].cmp(&labels[*y as usize]));
    let mut rank = zeroes(labels.len(), WHAT)?;
    for (position, old) in order.iter().enumerate() {
        rank[*old as usize] = position as u32;
    }
    let mut sorted = reserve(labels.len(), WHAT)?;
    sorted.resize(labels.len(), String::new());
    for (old, label) in labels.into_iter().enumerate() {
        sorted[rank[old] as usize] = label;
    }
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(IrtError::DuplicateItem { label: pair[0].clone() }),
        None => Ok((sorted, rank)),
    }
}
