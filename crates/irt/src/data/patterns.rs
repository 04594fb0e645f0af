//! Distinct response patterns: the form in which the estimator sees the data.
//!
//! A pattern is the list of a person's responses; persons with the same list
//! share it. Patterns stand in an order that follows from their content, those
//! over the same *item set* next to each other, because sums over ability that
//! depend only on which items were answered can be shared by a whole item set.
//!
//! Persons of different groups never share a pattern: the groups stand one after the other, each
//! with its own item sets, because their abilities are weighted differently.
//!
//! Memory: 4 bytes a response and 12 a pattern.

use std::ops::Range;

use super::canonical_order::sort;
use super::response::{Response, same_items};
use super::sources::Sources;
use crate::error::IrtError;
use crate::memory::{push, reserve};
use crate::monitor::{Monitor, check_now_and_then};

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
pub(crate) struct Patterns {
    items: usize,
    offsets: Vec<u32>,
    responses: Vec<Response>,
    multiplicities: Vec<u32>,
    /// First pattern of every item set, then the number of patterns.
    item_sets: Vec<u32>,
    /// First pattern of every group, then the number of patterns.
    groups: Vec<u32>,
    /// First pattern of every chunk, then the number of patterns.
    chunks: Vec<u32>,
    persons: u64,
    /// Responses by all persons.
    total: u64,
}

impl Patterns {
    /// Collapses persons (`offsets` into `responses`, each sorted by item) into patterns.
    pub(crate) fn collapse(
        offsets: &[u32],
        responses: Vec<Response>,
        items: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        Self::of_groups(offsets, responses, items, &[], 1, monitor)
    }

    /// The same for persons of several groups: `group[person]` is below `groups`; empty where
    /// everybody is in group 0.
    pub(crate) fn of_groups(
        offsets: &[u32],
        responses: Vec<Response>,
        items: usize,
        group: &[u32],
        groups: usize,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let group = |person: usize| group.get(person).map_or(0, |group| *group as usize);
        let sources = Sources { offsets, responses, items, groups };
        Self::weighted(sources, group, |_| 1, monitor)
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
        let mut responses = reserve(self.responses.len(), "selecting items")?;
        let mut offsets = reserve(self.len() + 1, "selecting items")?;
        for pattern in 0..self.len() {
            check_now_and_then(monitor, pattern)?;
            offsets.push(responses.len() as u32);
            responses.extend(self.pattern(pattern).iter().filter_map(|response| {
                let number = new_number[response.item()];
                (number != u32::MAX).then(|| response.with_number(number))
            }));
        }
        offsets.push(responses.len() as u32);
        Self::weighted(
            Sources { offsets: &offsets, responses, items: items as usize, groups: self.groups() },
            |pattern| self.group_of(pattern),
            |pattern| self.multiplicities[pattern],
            monitor,
        )
    }

    fn weighted(
        sources: Sources<'_>,
        group: impl Fn(usize) -> usize,
        multiplicity: impl Fn(usize) -> u32,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let (mut order, ends) = sources.by_group(group, monitor)?;
        let source = |index: u32| sources.of(index as usize);
        let mut patterns = Self {
            items: sources.items,
            offsets: vec![0],
            responses: reserve(sources.responses.len(), PATTERNS)?,
            multiplicities: Vec::new(),
            item_sets: Vec::new(),
            groups: reserve(sources.groups + 1, PATTERNS)?,
            chunks: Vec::new(),
            persons: 0,
            total: 0,
        };
        let mut start = 0;
        for end in ends {
            patterns.groups.push(patterns.len() as u32);
            sort(&mut order[start..end], 0, &source, monitor)?;
            for (position, keyed) in order[start..end].iter().enumerate() {
                check_now_and_then(monitor, position)?;
                patterns.append(source(keyed.index), multiplicity(keyed.index as usize))?;
            }
            start = end;
        }
        patterns.responses.shrink_to_fit();
        let count = patterns.len() as u32;
        patterns.groups.push(count);
        push(&mut patterns.item_sets, count, PATTERNS)?;
        patterns.chunks = patterns.cut_into_chunks();
        Ok(patterns)
    }

    /// Adds a person to the group that was begun last.
    fn append(&mut self, responses: &[Response], multiplicity: u32) -> Result<(), IrtError> {
        self.persons += u64::from(multiplicity);
        self.total += u64::from(multiplicity) * responses.len() as u64;
        let first = self.groups.last().map_or(0, |first| *first as usize);
        if let Some(last) = self.len().checked_sub(1).filter(|last| *last >= first) {
            if self.pattern(last) == responses {
                self.multiplicities[last] += multiplicity;
                return Ok(());
            }
            if !same_items(self.pattern(last), responses) {
                push(&mut self.item_sets, last as u32 + 1, PATTERNS)?;
            }
        } else {
            push(&mut self.item_sets, self.multiplicities.len() as u32, PATTERNS)?;
        }
        self.responses.extend_from_slice(responses);
        push(&mut self.offsets, self.responses.len() as u32, PATTERNS)?;
        push(&mut self.multiplicities, multiplicity, PATTERNS)
    }

    fn cut_into_chunks(&self) -> Vec<u32> {
        let total = self.responses.len() as u64 + PATTERN_COST * self.len() as u64;
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
    pub(crate) fn len(&self) -> usize {
        self.multiplicities.len()
    }

    /// True without any response.
    pub(crate) fn is_empty(&self) -> bool {
        self.multiplicities.is_empty()
    }

    /// How many items there are, answered or not.
    pub(crate) fn items(&self) -> usize {
        self.items
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> u64 {
        const BYTES_OF_A_PATTERN: u64 = 12;
        (self.responses.len() * size_of::<Response>()) as u64
            + self.len() as u64 * BYTES_OF_A_PATTERN
    }

    /// How many groups there are, with or without persons.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len() - 1
    }

    /// The patterns of a group.
    pub(crate) fn of_group(&self, group: usize) -> Range<usize> {
        self.groups[group] as usize..self.groups[group + 1] as usize
    }

    /// The group of a pattern's persons.
    #[inline]
    pub(crate) fn group_of(&self, pattern: usize) -> usize {
        match self.groups.len() {
            2 => 0,
            // The last of the groups that begin here: those before it have nobody.
            _ => self.groups.partition_point(|start| *start as usize <= pattern) - 1,
        }
    }

    /// Persons behind the patterns.
    pub(crate) fn persons(&self) -> u64 {
        self.persons
    }

    /// Responses by these persons.
    pub(crate) fn responses(&self) -> u64 {
        self.total
    }

    /// A pattern's responses by ascending item.
    #[inline]
    pub(crate) fn pattern(&self, pattern: usize) -> &[Response] {
        &self.responses[self.offsets[pattern] as usize..self.offsets[pattern + 1] as usize]
    }

    /// How many persons share each pattern.
    pub(crate) fn multiplicities(&self) -> &[u32] {
        &self.multiplicities
    }

    /// Ranges of patterns that are worked on independently; they depend on the data alone.
    pub(crate) fn chunks(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.chunks.windows(2).map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// The item sets of a range of patterns, each as its patterns, cut to the range.
    pub(crate) fn item_sets(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let first = self.item_sets.partition_point(|start| *start as usize <= range.start);
        let mut start = range.start;
        self.item_sets[first..].iter().map_while(move |end| {
            (start < range.end).then(|| {
                let patterns = start..range.end.min(*end as usize);
                start = patterns.end;
                patterns
            })
        })
    }
}

/// The patterns of persons whose responses are given as item and correctness: what tests start
/// from.
#[cfg(test)]
pub(crate) fn of_persons(persons: &[&[(u32, bool)]], items: usize) -> Patterns {
    let ends = persons.iter().scan(0, |end, responses| {
        *end += responses.len() as u32;
        Some(*end)
    });
    let offsets: Vec<u32> = std::iter::once(0).chain(ends).collect();
    let responses =
        persons.concat().into_iter().map(|(item, correct)| Response::new(item, correct));
    Patterns::collapse(&offsets, responses.collect(), items, &crate::monitor::Unmonitored)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::super::canonical_order::mix;
    use super::super::item_totals::ItemTotals;
    use super::super::persons::Persons;
    use super::*;
    use crate::monitor::Unmonitored;

    #[test]
    fn equal_persons_share_a_pattern_and_item_sets_stand_together() {
        let data = of_persons(
            &[
                &[(0, false), (1, true)],
                &[(0, true), (1, false)],
                &[(2, false)],
                &[(0, false), (1, true)],
                &[],
                &[(0, false), (1, false)],
            ],
            3,
        );
        assert_eq!((data.len(), data.persons(), data.responses()), (4, 5, 9));
        let sets: Vec<_> = data.item_sets(0..data.len()).map(|set| set.len()).collect();
        assert_eq!(sets.iter().sum::<usize>(), 4);
        assert_eq!(sets.len(), 2);
        let totals = Persons::everybody(&data).item_totals();
        assert_eq!(totals[0], ItemTotals { responses: 4, correct: 1 });
        assert!(totals[2].is_constant());
    }

    #[test]
    fn restricting_merges_patterns_and_drops_persons() {
        let data = of_persons(
            &[&[(0, false), (1, true)], &[(0, false), (1, false)], &[(1, true), (2, true)]],
            3,
        );
        let rest = data.restricted_to(&[true, false, false], &Unmonitored).unwrap();
        assert_eq!((rest.items(), rest.len(), rest.persons()), (1, 1, 2));
    }

    #[test]
    fn chunks_and_item_sets_tile_the_patterns() {
        let persons: Vec<Vec<(u32, bool)>> = (0..4000u32)
            .map(|p| (0..20).filter(|j| (p >> (j % 7)) & 1 == 1).map(|j| (j, p & 1 == 1)).collect())
            .collect();
        let data = of_persons(&persons.iter().map(Vec::as_slice).collect::<Vec<_>>(), 20);
        let mut next = 0;
        for chunk in data.chunks() {
            assert_eq!(chunk.start, next);
            next = chunk.end;
            let inside: usize = data.item_sets(chunk.clone()).map(|set| set.len()).sum();
            assert_eq!(inside, chunk.len());
        }
        assert_eq!(next, data.len());
    }

    #[test]
    fn large_and_small_sorts_agree() {
        // Enough persons to be split by bytes; few item sets and patterns, so that most repeat.
        let persons: Vec<Vec<(u32, bool)>> = (0..100_000u32)
            .map(|p| {
                let hash = mix(7, p);
                (0..6)
                    .filter(|j| hash >> j & 1 == 1)
                    .map(|j| (j, hash >> (8 + j) & 1 == 1))
                    .collect()
            })
            .collect();
        let all: Vec<&[(u32, bool)]> = persons.iter().map(Vec::as_slice).collect();
        let reversed: Vec<&[(u32, bool)]> = persons.iter().rev().map(Vec::as_slice).collect();
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
        let both = [false, true].map(|correct| Response::new(0, correct)).to_vec();
        let refused = Patterns::collapse(&[0, 1, 2], both, 1, &Stop);
        assert_eq!(refused, Err(IrtError::Interrupted));
    }
}
