//! Distinct response patterns: the form in which the estimator sees the data.
//!
//! A pattern is the list of a person's responses; persons with the same list
//! share it. Patterns stand in an order that follows from their content, those
//! over the same *item set* next to each other, because sums over ability that
//! depend only on which items were answered can be shared by a whole item set.
//!
//! Memory: 4 bytes a response and 12 a pattern.

use std::cmp::Ordering;
use std::ops::Range;

use crate::error::IrtError;
use crate::memory::{push, reserve};
use crate::monitor::Monitor;

/// How much work, in responses, makes a chunk worth a task of its own.
const CHUNK_COST: u64 = 1 << 15;
/// The most chunks: each holds totals per item and node of its own.
const MAX_CHUNKS: u64 = 32;
/// What a pattern costs beside its responses, in responses: the exponentials.
const PATTERN_COST: u64 = 32;

/// What memory is for, in messages.
const PATTERNS: &str = "response patterns";

/// Response patterns in canonical order, with how many persons share each.
#[derive(Debug, Clone, PartialEq)]
pub struct Patterns {
    items: usize,
    offsets: Vec<u32>,
    codes: Vec<u32>,
    multiplicities: Vec<u32>,
    /// First pattern of every item set, then the number of patterns.
    item_sets: Vec<u32>,
    /// First pattern of every chunk, then the number of patterns.
    chunks: Vec<u32>,
    persons: u64,
    responses: u64,
}

/// Patterns over one item set within one chunk.
#[derive(Debug, Clone)]
pub(crate) struct ItemSet {
    /// The patterns.
    pub patterns: Range<usize>,
}

impl Patterns {
    /// Collapses persons (`offsets` into `codes`, each sorted by item) into patterns.
    pub(crate) fn collapse(
        offsets: &[u32],
        codes: Vec<u32>,
        items: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        Self::weighted(offsets, codes, items, |_| 1, monitor)
    }

    /// The patterns that remain when only the chosen items are looked at,
    /// renumbered densely in the same order. Persons left without a response drop out.
    pub(crate) fn restricted_to(
        &self,
        chosen: &[bool],
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let mut new_number = vec![u32::MAX; self.items];
        let mut items = 0;
        for (item, _) in chosen.iter().enumerate().filter(|(_, chosen)| **chosen) {
            new_number[item] = items;
            items += 1;
        }
        let mut codes = reserve(self.codes.len(), "selecting items")?;
        let mut offsets = reserve(self.len() + 1, "selecting items")?;
        for pattern in 0..self.len() {
            check(monitor, pattern)?;
            offsets.push(codes.len() as u32);
            codes.extend(self.codes(pattern).iter().filter_map(|code| {
                let number = new_number[(code >> 1) as usize];
                (number != u32::MAX).then_some(number << 1 | (code & 1))
            }));
        }
        offsets.push(codes.len() as u32);
        Self::weighted(
            &offsets,
            codes,
            items as usize,
            |pattern| self.multiplicities[pattern],
            monitor,
        )
    }

    fn weighted(
        offsets: &[u32],
        codes: Vec<u32>,
        items: usize,
        multiplicity: impl Fn(usize) -> u32,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        const LIMIT: u64 = u32::MAX as u64;
        let sources = offsets.len() - 1;
        if sources as u64 > LIMIT {
            return Err(IrtError::TooMany { what: "persons", found: sources as u64, limit: LIMIT });
        }
        let source = |index: u32| {
            &codes[offsets[index as usize] as usize..offsets[index as usize + 1] as usize]
        };
        let mut order: Vec<Keyed> = reserve(sources, "ordering persons")?;
        for index in 0..sources as u32 {
            check(monitor, index as usize)?;
            if !source(index).is_empty() {
                order.push(Keyed::new(source(index), index));
            }
        }
        sort(&mut order, 0, &source, monitor)?;
        let mut patterns = Self {
            items,
            offsets: vec![0],
            codes: reserve(codes.len(), PATTERNS)?,
            multiplicities: Vec::new(),
            item_sets: Vec::new(),
            chunks: Vec::new(),
            persons: 0,
            responses: 0,
        };
        for (position, keyed) in order.iter().enumerate() {
            check(monitor, position)?;
            patterns.append(source(keyed.index), multiplicity(keyed.index as usize))?;
        }
        patterns.codes.shrink_to_fit();
        let count = patterns.len() as u32;
        push(&mut patterns.item_sets, count, PATTERNS)?;
        patterns.chunks = patterns.cut_into_chunks();
        Ok(patterns)
    }

    fn append(&mut self, codes: &[u32], multiplicity: u32) -> Result<(), IrtError> {
        self.persons += u64::from(multiplicity);
        self.responses += u64::from(multiplicity) * codes.len() as u64;
        if let Some(last) = self.len().checked_sub(1) {
            if self.codes(last) == codes {
                self.multiplicities[last] += multiplicity;
                return Ok(());
            }
            if !same_items(self.codes(last), codes) {
                push(&mut self.item_sets, last as u32 + 1, PATTERNS)?;
            }
        } else {
            push(&mut self.item_sets, 0, PATTERNS)?;
        }
        self.codes.extend_from_slice(codes);
        push(&mut self.offsets, self.codes.len() as u32, PATTERNS)?;
        push(&mut self.multiplicities, multiplicity, PATTERNS)
    }

    fn cut_into_chunks(&self) -> Vec<u32> {
        let total = self.codes.len() as u64 + PATTERN_COST * self.len() as u64;
        let count = (total / CHUNK_COST).clamp(1, MAX_CHUNKS);
        let mut starts = vec![0];
        for pattern in 0..self.len() {
            let cost = u64::from(self.offsets[pattern]) + PATTERN_COST * pattern as u64;
            if cost * count >= total * starts.len() as u64 && pattern > 0 {
                starts.push(pattern as u32);
            }
        }
        starts.push(self.len() as u32);
        starts
    }

    /// How many distinct patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.multiplicities.len()
    }

    /// True without any response.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.multiplicities.is_empty()
    }

    /// How many items there are, answered or not.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> u64 {
        const BYTES_OF_A_PATTERN: u64 = 12;
        (self.codes.len() * size_of::<u32>()) as u64 + self.len() as u64 * BYTES_OF_A_PATTERN
    }

    /// Persons behind the patterns.
    #[must_use]
    pub fn persons(&self) -> u64 {
        self.persons
    }

    /// Responses by these persons.
    #[must_use]
    pub fn responses(&self) -> u64 {
        self.responses
    }

    /// A pattern's responses by ascending item: item number times 2, plus 1 if correct.
    #[must_use]
    #[inline]
    pub fn codes(&self, pattern: usize) -> &[u32] {
        &self.codes[self.offsets[pattern] as usize..self.offsets[pattern + 1] as usize]
    }

    /// How many persons share each pattern.
    #[must_use]
    pub fn multiplicities(&self) -> &[u32] {
        &self.multiplicities
    }

    /// Ranges of patterns that are worked on independently; they depend on the data alone.
    pub(crate) fn chunks(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.chunks.windows(2).map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// The item sets of a range of patterns, each cut to the range.
    pub(crate) fn item_sets(&self, range: Range<usize>) -> impl Iterator<Item = ItemSet> + '_ {
        let first = self.item_sets.partition_point(|start| *start as usize <= range.start);
        let mut start = range.start;
        self.item_sets[first..].iter().map_while(move |end| {
            (start < range.end).then(|| {
                let patterns = start..range.end.min(*end as usize);
                start = patterns.end;
                ItemSet { patterns }
            })
        })
    }

    /// Responses and correct responses per item under the given pattern weights.
    pub(crate) fn item_totals(&self, weights: &[u32]) -> Vec<ItemTotals> {
        let mut totals = vec![ItemTotals::default(); self.items];
        for (pattern, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            for code in self.codes(pattern) {
                let total = &mut totals[(code >> 1) as usize];
                total.responses += u64::from(*weight);
                total.correct += u64::from(*weight) * u64::from(code & 1);
            }
        }
        totals
    }
}

/// How often an item was answered, and correctly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ItemTotals {
    pub responses: u64,
    pub correct: u64,
}

impl ItemTotals {
    /// True where the responses do not differ, or where there is none.
    pub(crate) fn is_constant(self) -> bool {
        self.correct == 0 || self.correct == self.responses
    }

    /// Share of correct responses; NaN never: `None` without responses.
    pub(crate) fn proportion_correct(self) -> Option<f64> {
        (self.responses > 0).then(|| self.correct as f64 / self.responses as f64)
    }
}

/// A person with the hashes that nearly always decide the order.
#[derive(Debug, Clone, Copy)]
struct Keyed {
    /// Which items were answered, in the upper half; also how, in the lower.
    hash: u64,
    index: u32,
}

impl Keyed {
    fn new(codes: &[u32], index: u32) -> Self {
        let start = codes.len() as u64;
        let items = codes.iter().fold(start, |hash, code| mix(hash, code >> 1));
        let content = codes.iter().fold(start, |hash, code| mix(hash, *code));
        Self { hash: items & 0xffff_ffff_0000_0000 | content >> 32, index }
    }

    /// Byte `level` of the hashes, the most significant first.
    fn byte(&self, level: u32) -> usize {
        (self.hash >> (56 - 8 * level) & 0xff) as usize
    }
}

/// Sorts by the hashes, and by content where they agree. Large ranges are
/// split by one byte after the other, so that the monitor is asked often.
fn sort<'a>(
    order: &mut [Keyed],
    level: u32,
    source: &impl Fn(u32) -> &'a [u32],
    monitor: &dyn Monitor,
) -> Result<(), IrtError> {
    const AT_ONCE: usize = 1 << 15;
    const LEVELS: u32 = 8;
    if monitor.interrupted() {
        return Err(IrtError::Interrupted);
    }
    if order.len() <= AT_ONCE || level == LEVELS {
        order.sort_unstable_by(|x, y| {
            x.hash.cmp(&y.hash).then_with(|| compare(source(x.index), source(y.index)))
        });
        return Ok(());
    }
    let mut ends = [0; 256];
    for keyed in order.iter() {
        ends[keyed.byte(level)] += 1;
    }
    if ends.contains(&order.len()) {
        return sort(order, level + 1, source, monitor);
    }
    let mut total = 0;
    let starts = ends.map(|count| {
        let start = total;
        total += count;
        start
    });
    let mut next = starts;
    let mut sorted = reserve(order.len(), "ordering persons")?;
    sorted.extend_from_slice(order);
    for keyed in &sorted {
        let place = &mut next[keyed.byte(level)];
        order[*place] = *keyed;
        *place += 1;
    }
    drop(sorted);
    for (start, end) in starts.into_iter().zip(next) {
        sort(&mut order[start..end], level + 1, source, monitor)?;
    }
    Ok(())
}

/// Asks the monitor now and then.
pub(crate) fn check(monitor: &dyn Monitor, position: usize) -> Result<(), IrtError> {
    const EVERY: usize = 1 << 16;
    if position.is_multiple_of(EVERY) && monitor.interrupted() {
        return Err(IrtError::Interrupted);
    }
    Ok(())
}

/// A step of a fixed hash (splitmix64): it only has to spread.
fn mix(hash: u64, value: u32) -> u64 {
    let mut mixed = (hash ^ u64::from(value)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn same_items(left: &[u32], right: &[u32]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(x, y)| x >> 1 == y >> 1)
}

/// Orders by the items answered first, by the answers second.
fn compare(left: &[u32], right: &[u32]) -> Ordering {
    let items = |codes: &[u32]| codes.iter().map(|code| code >> 1).collect::<Vec<_>>();
    if same_items(left, right) { left.cmp(right) } else { items(left).cmp(&items(right)) }
}

/// The patterns of persons whose codes are given: what tests start from.
#[cfg(test)]
pub(crate) fn of_persons(persons: &[&[u32]], items: usize) -> Patterns {
    let ends = persons.iter().scan(0, |end, codes| {
        *end += codes.len() as u32;
        Some(*end)
    });
    let offsets: Vec<u32> = std::iter::once(0).chain(ends).collect();
    Patterns::collapse(&offsets, persons.concat(), items, &crate::monitor::Unmonitored)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unmonitored;

    #[test]
    fn equal_persons_share_a_pattern_and_item_sets_stand_together() {
        let data = of_persons(&[&[0, 3], &[1, 2], &[4], &[0, 3], &[], &[0, 2]], 3);
        assert_eq!((data.len(), data.persons(), data.responses()), (4, 5, 9));
        let sets: Vec<_> = data.item_sets(0..data.len()).map(|set| set.patterns.len()).collect();
        assert_eq!(sets.iter().sum::<usize>(), 4);
        assert_eq!(sets.len(), 2);
        let totals = data.item_totals(data.multiplicities());
        assert_eq!(totals[0], ItemTotals { responses: 4, correct: 1 });
        assert!(totals[2].is_constant());
    }

    #[test]
    fn restricting_merges_patterns_and_drops_persons() {
        let data = of_persons(&[&[0, 3], &[0, 2], &[3, 5]], 3);
        let rest = data.restricted_to(&[true, false, false], &Unmonitored).unwrap();
        assert_eq!((rest.items(), rest.len(), rest.persons()), (1, 1, 2));
    }

    #[test]
    fn chunks_and_item_sets_tile_the_patterns() {
        let persons: Vec<Vec<u32>> = (0..4000u32)
            .map(|p| {
                (0..20).filter(|j| (p >> (j % 7)) & 1 == 1).map(|j| j << 1 | (p & 1)).collect()
            })
            .collect();
        let data = of_persons(&persons.iter().map(Vec::as_slice).collect::<Vec<_>>(), 20);
        let mut next = 0;
        for chunk in data.chunks() {
            assert_eq!(chunk.start, next);
            next = chunk.end;
            let inside: usize = data.item_sets(chunk.clone()).map(|set| set.patterns.len()).sum();
            assert_eq!(inside, chunk.len());
        }
        assert_eq!(next, data.len());
    }

    #[test]
    fn large_and_small_sorts_agree() {
        // Enough persons to be split by bytes; few item sets and patterns, so that most repeat.
        let persons: Vec<Vec<u32>> = (0..100_000u32)
            .map(|p| {
                let hash = mix(7, p);
                (0..6)
                    .filter(|j| hash >> j & 1 == 1)
                    .map(|j| j << 1 | (hash >> (8 + j) & 1) as u32)
                    .collect()
            })
            .collect();
        let all: Vec<&[u32]> = persons.iter().map(Vec::as_slice).collect();
        let reversed: Vec<&[u32]> = persons.iter().rev().map(Vec::as_slice).collect();
        let data = of_persons(&all, 6);
        assert_eq!(data, of_persons(&reversed, 6));
        assert_eq!(data.len(), 3usize.pow(6) - 1);
        assert_eq!(data.item_sets(0..data.len()).count(), 63);
    }

    #[test]
    fn a_monitor_stops_the_sorting() {
        struct Stop;
        impl Monitor for Stop {
            fn interrupted(&self) -> bool {
                true
            }
        }
        let refused = Patterns::collapse(&[0, 1, 2], vec![0, 1], 1, &Stop);
        assert_eq!(refused, Err(IrtError::Interrupted));
    }
}
