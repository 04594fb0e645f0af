//! Validated sparse responses in canonical order.
//!
//! Rows arrive in any order, with persons and items numbered as they were met.
//! [`GroupedResponses`] resolves repeats and puts everything into an order
//! that depends on nothing but the data: items by the bytes of their label,
//! persons by what they answered and how. Persons with the same response
//! vector become one *pattern* with a multiplicity. Whatever is computed from
//! a `Responses` is therefore the same to the bit for any order of the rows
//! and any names of the persons.

use crate::data::patterns::{Patterns, check};
use crate::error::IrtError;
use crate::memory::{push, reserve, zeroes};
use crate::monitor::Monitor;

/// Which of several responses by one person to one item counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedResponses {
    /// The earliest.
    #[default]
    First,
    /// The latest.
    Last,
}

/// Responses as they are read, one entry per row. A null correctness never gets here.
///
/// Persons and items are numbered densely from 0 in any order. Rows lie in
/// blocks, so that they are never copied when more arrive, and can be given
/// back piece by piece.
#[derive(Debug, Clone, Default)]
pub struct ResponseRows {
    blocks: Vec<Block>,
    timed: bool,
}

/// Neighbouring rows. `times` is empty unless the collection is timed.
#[derive(Debug, Clone, Default)]
struct Block {
    persons: Vec<u32>,
    codes: Vec<u32>,
    times: Vec<i64>,
}

/// Stands for "no time is known".
pub const NO_TIME: i64 = i64::MIN;

impl ResponseRows {
    /// Starts an empty collection; `timed` if times will decide between repeats.
    #[must_use]
    pub fn new(timed: bool) -> Self {
        Self { blocks: Vec::new(), timed }
    }

    /// Adds one response. `item` < 2³¹. `time`: any unit, [`NO_TIME`] where unknown;
    /// ignored unless the collection is timed.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`] when the collection cannot grow.
    #[inline]
    pub fn push(
        &mut self,
        person: u32,
        item: u32,
        correct: bool,
        time: i64,
    ) -> Result<(), IrtError> {
        let timed = self.timed;
        let block = match self.blocks.last_mut() {
            Some(block) if block.persons.len() < block.persons.capacity() => block,
            _ => self.add_block()?,
        };
        block.persons.push(person);
        block.codes.push(item << 1 | u32::from(correct));
        if timed {
            block.times.push(time);
        }
        Ok(())
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.persons.len()).sum()
    }

    /// True before the first row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Bytes held. Spare capacity takes none before it is written to.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        let bytes = |block: &Block| 8 * block.persons.len() + 8 * block.times.len();
        self.blocks.iter().map(bytes).sum()
    }

    /// As many rows again, within bounds. The largest blocks are so large that allocators take
    /// them from the system and give them back there one by one (glibc: from 32 MiB on).
    fn add_block(&mut self) -> Result<&mut Block, IrtError> {
        let rows = self.len().clamp(1 << 10, 1 << 23);
        let what = "loading responses";
        let times = if self.timed { reserve(rows, what)? } else { Vec::new() };
        let block = Block { persons: reserve(rows, what)?, codes: reserve(rows, what)?, times };
        self.blocks.push(block);
        let last = self.blocks.len() - 1;
        Ok(&mut self.blocks[last])
    }
}

/// Responses put together by person, with what is known about repeats.
///
/// Where times are to decide between repeats and were not kept with the rows,
/// [`Self::observe`] takes them, from a second look at the same rows.
#[derive(Debug)]
pub struct GroupedResponses {
    labels: Vec<String>,
    /// The canonical number of every item of the rows.
    rank: Vec<u32>,
    repeated: RepeatedResponses,
    rows: u64,
    /// Where each person's codes start, and the end.
    offsets: Vec<u32>,
    /// Per person by item, incorrect before correct.
    codes: Vec<u32>,
    /// By person and item.
    repeats: Vec<Repeat>,
}

/// A person's item with more than one response.
#[derive(Debug, Clone, Copy)]
struct Repeat {
    person: u32,
    item: u32,
    /// The code that counts while time does not decide: the incorrect one, if there is one.
    default: u32,
    /// The best time so far, ascending for either rule, and its code.
    best: Option<(i64, u32)>,
    undecidable: bool,
}

impl GroupedResponses {
    /// Groups `rows`, by a counting sort: time and memory grow with the rows,
    /// which are given back on the way unless they are timed.
    /// `labels[i]` is the text of item number `i`.
    ///
    /// # Errors
    /// [`IrtError::DuplicateItem`], [`IrtError::UnknownItem`], [`IrtError::TooMany`],
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub fn new(
        labels: Vec<String>,
        mut rows: ResponseRows,
        repeated: RepeatedResponses,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let (labels, rank) = order_labels(labels)?;
        let count = rows.len() as u64;
        if count > u64::from(u32::MAX) {
            let limit = u64::from(u32::MAX);
            return Err(IrtError::TooMany { what: "responses", found: count, limit });
        }
        let mut offsets = count_by_person(&rows, rank.len() as u64, monitor)?;
        let codes = place(&mut rows, &mut offsets, &rank, monitor)?;
        let (rows, rows_left) = (count, rows);
        let repeats = Vec::new();
        let mut grouped = Self { labels, rank, repeated, rows, offsets, codes, repeats };
        grouped.order_within_persons(monitor)?;
        if grouped.has_repeats() {
            grouped.observe_all(&rows_left, monitor)?;
        }
        Ok(grouped)
    }

    /// Texts of the items that occur.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// True where a person answered an item more than once.
    #[must_use]
    pub fn has_repeats(&self) -> bool {
        !self.repeats.is_empty()
    }

    /// Takes note of the time of a response, which matters if it is a repeat.
    /// Persons and items are numbered as in the rows.
    #[inline]
    pub fn observe(&mut self, person: u32, item: u32, correct: bool, time: i64) {
        let Some(&item) = self.rank.get(item as usize) else { return };
        let found = self.repeats.binary_search_by_key(&(person, item), |r| (r.person, r.item));
        let Ok(index) = found else { return };
        let repeat = &mut self.repeats[index];
        repeat.undecidable |= time == NO_TIME;
        let time = match self.repeated {
            RepeatedResponses::First => time,
            RepeatedResponses::Last => time.saturating_neg(),
        };
        // Ties go to the smaller code: the incorrect response.
        let candidate = (time, item << 1 | u32::from(correct));
        if repeat.best.is_none_or(|present| candidate < present) {
            repeat.best = Some(candidate);
        }
    }

    /// Resolves the repeats and finds the distinct response patterns.
    ///
    /// Repeats of one person and item are reduced to one: the first or the last
    /// by time; where time does not decide (none, unknown, equal), an incorrect one.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub fn into_responses(mut self, monitor: &dyn Monitor) -> Result<Responses, IrtError> {
        self.drop_repeats();
        let repeats_dropped = self.rows - self.codes.len() as u64;
        let (offsets, codes) = (&self.offsets, self.codes);
        let patterns = Patterns::collapse(offsets, codes, self.labels.len(), monitor)?;
        Ok(Responses { labels: self.labels, patterns, repeats_dropped })
    }

    fn order_within_persons(&mut self, monitor: &dyn Monitor) -> Result<(), IrtError> {
        for person in 0..self.offsets.len() - 1 {
            check(monitor, person)?;
            let range = self.offsets[person] as usize..self.offsets[person + 1] as usize;
            let codes = &mut self.codes[range];
            codes.sort_unstable();
            let (person, mut last) = (person as u32, None);
            for pair in codes.windows(2) {
                let item = pair[0] >> 1;
                if item == pair[1] >> 1 && last != Some(item) {
                    last = Some(item);
                    // Sorted: where there is an incorrect response, it comes first.
                    let (default, best, undecidable) = (pair[0], None, false);
                    let repeat = Repeat { person, item, default, best, undecidable };
                    push(&mut self.repeats, repeat, "repeated responses")?;
                }
            }
        }
        Ok(())
    }

    fn observe_all(&mut self, rows: &ResponseRows, monitor: &dyn Monitor) -> Result<(), IrtError> {
        for block in rows.blocks.iter().filter(|block| !block.times.is_empty()) {
            check(monitor, 0)?;
            let all = block.persons.iter().zip(&block.codes).zip(&block.times);
            for ((person, code), time) in all {
                self.observe(*person, code >> 1, code & 1 == 1, *time);
            }
        }
        Ok(())
    }

    /// Keeps one response per person and item.
    fn drop_repeats(&mut self) {
        if self.repeats.is_empty() {
            return;
        }
        let mut repeats = self.repeats.iter().peekable();
        let mut kept = 0;
        for person in 0..self.offsets.len() - 1 {
            let range = self.offsets[person] as usize..self.offsets[person + 1] as usize;
            self.offsets[person] = kept as u32;
            let mut last_item = None;
            for index in range {
                let code = self.codes[index];
                if last_item == Some(code >> 1) {
                    continue;
                }
                last_item = Some(code >> 1);
                let repeat = repeats.next_if(|r| (r.person, r.item) == (person as u32, code >> 1));
                self.codes[kept] = repeat.map_or(code, |repeat| repeat.resolved());
                kept += 1;
            }
        }
        if let Some(end) = self.offsets.last_mut() {
            *end = kept as u32;
        }
        self.codes.truncate(kept);
    }
}

impl Repeat {
    fn resolved(&self) -> u32 {
        match self.best {
            Some((_, code)) if !self.undecidable => code,
            _ => self.default,
        }
    }
}

/// Distinct response patterns over labelled items, in canonical order.
#[derive(Debug, Clone, PartialEq)]
pub struct Responses {
    labels: Vec<String>,
    patterns: Patterns,
    repeats_dropped: u64,
}

impl Responses {
    /// Validates and orders `rows`; see [`GroupedResponses`]. Runs on the calling thread.
    ///
    /// # Errors
    /// Those of [`GroupedResponses::new`].
    pub fn from_rows(
        labels: Vec<String>,
        rows: ResponseRows,
        repeated: RepeatedResponses,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        GroupedResponses::new(labels, rows, repeated, monitor)?.into_responses(monitor)
    }

    /// Labels of the items, by their bytes, ascending.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many rows were dropped as repeats.
    #[must_use]
    pub fn repeats_dropped(&self) -> u64 {
        self.repeats_dropped
    }

    /// Persons with at least one response.
    #[must_use]
    pub fn persons(&self) -> u64 {
        self.patterns.persons()
    }

    /// Responses, after repeats were dropped.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.patterns.responses()
    }

    /// The distinct response patterns.
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}

/// Sorts the labels by their bytes; `rank[old number]` is the new number.
fn order_labels(labels: Vec<String>) -> Result<(Vec<String>, Vec<u32>), IrtError> {
    const LIMIT: u64 = (1 << 31) - 1;
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

/// How many codes the persons before each person have; one entry more than persons.
fn count_by_person(
    rows: &ResponseRows,
    items: u64,
    monitor: &dyn Monitor,
) -> Result<Vec<u32>, IrtError> {
    let largest = |block: &Block| block.persons.iter().max().copied();
    let persons = rows.blocks.iter().filter_map(largest).max().map_or(0, |last| last as usize + 1);
    let mut offsets = reserve(persons + 1, "grouping responses by person")?;
    offsets.resize(persons + 1, 0u32);
    for block in &rows.blocks {
        check(monitor, 0)?;
        if let Some(code) = block.codes.iter().find(|code| u64::from(**code >> 1) >= items) {
            return Err(IrtError::UnknownItem { item: u64::from(code >> 1), items });
        }
        for person in &block.persons {
            offsets[*person as usize + 1] += 1;
        }
    }
    for person in 0..persons {
        offsets[person + 1] += offsets[person];
    }
    Ok(offsets)
}

/// Puts every code to its person's; blocks without times are given back on the way.
fn place(
    rows: &mut ResponseRows,
    offsets: &mut [u32],
    rank: &[u32],
    monitor: &dyn Monitor,
) -> Result<Vec<u32>, IrtError> {
    let total = rows.len();
    // Memory is taken as it is written to: where rows come person by person, those that were
    // placed make room for those to come.
    let mut codes: Vec<u32> = zeroes(total, "grouping responses by person")?;
    // Each person's offset serves as its cursor: afterwards it points at its
    // own end, and shifting the array by one place restores it.
    for block in &mut rows.blocks {
        check(monitor, 0)?;
        for (person, code) in block.persons.iter().zip(&block.codes) {
            let cursor = &mut offsets[*person as usize];
            codes[*cursor as usize] = relabelled(*code, rank);
            *cursor += 1;
        }
        if !rows.timed {
            *block = Block::default();
        }
    }
    let persons = offsets.len() - 1;
    offsets.copy_within(0..persons, 1);
    offsets[0] = 0;
    Ok(codes)
}

fn relabelled(code: u32, rank: &[u32]) -> u32 {
    rank[(code >> 1) as usize] << 1 | (code & 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unmonitored;

    fn labels(count: usize) -> Vec<String> {
        (0..count).map(|item| format!("i{item}")).collect()
    }

    fn rows(timed: bool, entries: &[(u32, u32, bool, i64)]) -> ResponseRows {
        let mut rows = ResponseRows::new(timed);
        for (person, item, correct, time) in entries {
            rows.push(*person, *item, *correct, *time).unwrap();
        }
        rows
    }

    fn one_item(repeated: RepeatedResponses, timed: bool, entries: &[(bool, i64)]) -> (bool, u64) {
        let entries: Vec<_> = entries.iter().map(|(x, time)| (0, 0, *x, *time)).collect();
        let responses =
            Responses::from_rows(labels(1), rows(timed, &entries), repeated, &Unmonitored).unwrap();
        assert_eq!(responses.count(), 1);
        (responses.patterns().codes(0)[0] & 1 == 1, responses.repeats_dropped())
    }

    #[test]
    fn repeats_are_decided_by_time_and_else_against_the_person() {
        use RepeatedResponses::{First, Last};
        let improving = [(false, 10), (true, 20), (true, 15)];
        assert_eq!(one_item(First, true, &improving), (false, 2));
        assert_eq!(one_item(Last, true, &improving), (true, 2));
        assert_eq!(one_item(Last, false, &improving), (false, 2));
        assert_eq!(one_item(Last, true, &[(true, 20), (false, 20)]), (false, 1));
        assert_eq!(one_item(First, true, &[(true, 5), (true, NO_TIME), (false, 9)]), (false, 2));
        assert_eq!(one_item(First, true, &[(true, 5), (false, 9)]), (true, 1));
    }

    #[test]
    fn order_of_rows_and_names_of_persons_do_not_matter() {
        let one = rows(false, &[(0, 0, true, 0), (0, 1, false, 0), (1, 1, true, 0)]);
        let other = rows(false, &[(7, 1, false, 0), (3, 1, true, 0), (7, 0, true, 0)]);
        let mut swapped = rows(false, &[(7, 0, false, 0), (3, 0, true, 0), (7, 1, true, 0)]);
        let build = |labels, rows| {
            Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored)
        };
        let expected = build(labels(2), one).unwrap();
        assert_eq!(expected, build(labels(2), other).unwrap());
        let reversed = vec!["i1".to_string(), "i0".to_string()];
        assert_eq!(expected, build(reversed, std::mem::take(&mut swapped)).unwrap());
        assert_eq!((expected.persons(), expected.count()), (2, 3));
    }

    #[test]
    fn refuses_labels_that_cannot_be_told_apart() {
        let twice = vec!["x".to_string(), "x".to_string()];
        let error =
            Responses::from_rows(twice, rows(false, &[]), RepeatedResponses::First, &Unmonitored);
        assert_eq!(error, Err(IrtError::DuplicateItem { label: "x".into() }));
        let unknown = rows(false, &[(0, 5, true, 0)]);
        let error =
            Responses::from_rows(labels(2), unknown, RepeatedResponses::First, &Unmonitored);
        assert_eq!(error, Err(IrtError::UnknownItem { item: 5, items: 2 }));
    }
}
