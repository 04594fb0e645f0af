//! The order of persons that follows from their responses alone.
//!
//! By the items answered first, so that persons with the same items stand next
//! to each other, and then by the answers. Hashes decide nearly always: a radix
//! sort by their bytes, so that the monitor is asked often.

use std::cmp::Ordering;
use std::ops::Range;

use super::response::{Response, same_items};
use crate::error::IrtError;
use crate::memory::reserve;
use crate::monitor::{Monitor, check};

/// A person with the hashes that nearly always decide the order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keyed {
    /// Which items were answered, in the upper half; also how, in the lower.
    hash: u64,
    /// Which person.
    pub index: u32,
}

impl Keyed {
    pub(super) fn new(responses: &[Response], index: u32) -> Self {
        let start = responses.len() as u64;
        let items = responses.iter().fold(start, |hash, response| mix(hash, response.number()));
        let content = responses.iter().fold(start, |hash, response| mix(hash, response.packed()));
        Self { hash: items & 0xffff_ffff_0000_0000 | content >> 32, index }
    }

    /// Byte `level` of the hashes, the most significant first.
    fn byte(&self, level: u32) -> usize {
        (self.hash >> (56 - 8 * level) & 0xff) as usize
    }
}

/// Sorts by the hashes, and by content where they agree. Large ranges are
/// split by one byte after the other, so that the monitor is asked often.
pub(super) fn sort<'a>(
    order: &mut [Keyed],
    level: u32,
    source: &impl Fn(u32) -> &'a [Response],
    monitor: &dyn Monitor,
) -> Result<(), IrtError> {
    const AT_ONCE: usize = 1 << 15;
    const LEVELS: u32 = 8;
    check(monitor)?;
    if order.len() <= AT_ONCE || level == LEVELS {
        order.sort_unstable_by(|x, y| {
            x.hash.cmp(&y.hash).then_with(|| compare(source(x.index), source(y.index)))
        });
        return Ok(());
    }
    for bucket in into_buckets(order, level)? {
        sort(&mut order[bucket], level + 1, source, monitor)?;
    }
    Ok(())
}

/// Brings persons with the same byte `level` together; returns where those of each byte are.
fn into_buckets(order: &mut [Keyed], level: u32) -> Result<Vec<Range<usize>>, IrtError> {
    let mut counts = [0; 256];
    for keyed in order.iter() {
        counts[keyed.byte(level)] += 1;
    }
    if counts.contains(&order.len()) {
        return Ok(std::iter::once(0..order.len()).collect());
    }
    let mut total = 0;
    let starts = counts.map(|count| {
        let start = total;
        total += count;
        start
    });
    let mut next = starts;
    let mut copy = reserve(order.len(), "ordering persons")?;
    copy.extend_from_slice(order);
    for keyed in &copy {
        let place = &mut next[keyed.byte(level)];
        order[*place] = *keyed;
        *place += 1;
    }
    Ok(starts.into_iter().zip(next).map(|(start, end)| start..end).collect())
}

/// A step of a fixed hash (splitmix64): it only has to spread.
pub(super) fn mix(hash: u64, value: u32) -> u64 {
    let mut mixed = (hash ^ u64::from(value)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Orders by the items answered first, by the answers second.
fn compare(left: &[Response], right: &[Response]) -> Ordering {
    let items = |responses: &[Response]| {
        responses.iter().map(|response| response.number()).collect::<Vec<_>>()
    };
    if same_items(left, right) { left.cmp(right) } else { items(left).cmp(&items(right)) }
}
