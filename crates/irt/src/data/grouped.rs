//! Responses by person, with repeats resolved.

use super::by_person::ResponsesByPerson;
use super::groups::{OrderedGroups, PersonGroups};
use super::labels::order_labels;
use super::patterns::Patterns;
use super::person_rows::PersonRows;
use super::response::Response;
use super::responses::Responses;
use super::rows::{Block, NO_TIME, ResponseRows};
use crate::error::IrtError;
use crate::memory::{push, reserve, zeroes};
use crate::monitor::{Monitor, check_now_and_then};

/// Which of several responses by one person to one item counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedResponses {
    /// The earliest.
    #[default]
    First,
    /// The latest.
    Last,
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
    /// Where each person's responses start, and the end.
    offsets: Vec<u32>,
    /// Per person by item, incorrect before correct.
    responses: Vec<Response>,
    /// By person and item.
    repeats: Vec<Repeat>,
}

/// A person's item with more than one response.
#[derive(Debug, Clone, Copy)]
struct Repeat {
    person: u32,
    item: u32,
    /// What counts while time does not decide: the incorrect response, if there is one.
    default: Response,
    /// The best time so far, ascending for either rule, and its response.
    best: Option<(i64, Response)>,
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
        let responses = place(&mut rows, &mut offsets, &rank, monitor)?;
        let (rows, rows_left) = (count, rows);
        let repeats = Vec::new();
        let mut grouped = Self { labels, rank, repeated, rows, offsets, responses, repeats };
        grouped.order_within_persons(monitor)?;
        if grouped.has_repeats() {
            grouped.observe_all(&rows_left, monitor)?;
        }
        Ok(grouped)
    }

    /// The same for `rows` that are together by person already: in their memory, without a sort.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn of_persons(
        labels: Vec<String>,
        mut rows: PersonRows,
        repeated: RepeatedResponses,
        monitor: &dyn Monitor,
    ) -> Result<Self, IrtError> {
        let (labels, rank) = order_labels(labels)?;
        let offsets = rows.offsets()?;
        let (count, mut responses) = (rows.len() as u64, rows.responses);
        for (place, response) in responses.iter_mut().enumerate() {
            check_now_and_then(monitor, place)?;
            let Some(&number) = rank.get(response.item()) else {
                let (item, items) = (u64::from(response.number()), rank.len() as u64);
                return Err(IrtError::UnknownItem { item, items });
            };
            *response = response.with_number(number);
        }
        let repeats = Vec::new();
        let mut grouped = Self { labels, rank, repeated, rows: count, offsets, responses, repeats };
        grouped.order_within_persons(monitor)?;
        Ok(grouped)
    }

    /// Texts of the items that occur.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The numbers of those who answered an item more than once, ascending.
    pub fn persons_with_repeats(&self) -> impl Iterator<Item = u32> + '_ {
        let mut last = None;
        self.repeats.iter().map(|repeat| repeat.person).filter(move |&person| {
            let is_new = last != Some(person);
            last = Some(person);
            is_new
        })
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
        // Ties go to the smaller of both: the incorrect response.
        let candidate = (time, Response::new(item, correct));
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
        let repeats_dropped = self.rows - self.responses.len() as u64;
        let (offsets, responses) = (&self.offsets, self.responses);
        let patterns = Patterns::collapse(offsets, responses, self.labels.len(), monitor)?;
        Ok(Responses::new(self.labels, patterns, vec![None], repeats_dropped))
    }

    /// The same for persons of several groups. A person of the rows is a person in a group. Groups
    /// in which fewer than `min_persons` persons have a response are pooled as "(small)".
    ///
    /// # Errors
    /// As for [`Self::into_responses`]; [`IrtError::TooMany`] also beyond 1,000 groups, and
    /// [`IrtError::PersonWithoutGroup`].
    pub fn into_responses_of_groups(
        mut self,
        groups: PersonGroups,
        min_persons: u64,
        monitor: &dyn Monitor,
    ) -> Result<Responses, IrtError> {
        self.drop_repeats();
        let repeats_dropped = self.rows - self.responses.len() as u64;
        let (offsets, responses) = (&self.offsets, self.responses);
        let answered = |person: usize| offsets[person] < offsets[person + 1];
        let OrderedGroups { names, of_person } =
            groups.ordered(offsets.len() - 1, answered, min_persons)?;
        let (items, count) = (self.labels.len(), names.len().max(1));
        let patterns = Patterns::of_groups(offsets, responses, items, &of_person, count, monitor)?;
        let names = names.into_iter().map(Some).collect();
        Ok(Responses::new(self.labels, patterns, names, repeats_dropped))
    }

    /// Resolves the repeats, as [`Self::into_responses`] does, and keeps every person.
    #[must_use]
    pub fn into_persons(mut self) -> ResponsesByPerson {
        self.drop_repeats();
        let Self { labels, offsets, responses, .. } = self;
        ResponsesByPerson { labels, offsets, responses }
    }

    fn order_within_persons(&mut self, monitor: &dyn Monitor) -> Result<(), IrtError> {
        for person in 0..self.offsets.len() - 1 {
            check_now_and_then(monitor, person)?;
            let range = self.offsets[person] as usize..self.offsets[person + 1] as usize;
            let responses = &mut self.responses[range];
            responses.sort_unstable();
            let (person, mut last) = (person as u32, None);
            for pair in responses.windows(2) {
                let item = pair[0].number();
                if item == pair[1].number() && last != Some(item) {
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
            check_now_and_then(monitor, 0)?;
            let all = block.persons.iter().zip(&block.responses).zip(&block.times);
            for ((person, response), time) in all {
                self.observe(*person, response.number(), response.is_correct(), *time);
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
                let response = self.responses[index];
                let item = response.number();
                if last_item == Some(item) {
                    continue;
                }
                last_item = Some(item);
                let repeat = repeats.next_if(|r| (r.person, r.item) == (person as u32, item));
                self.responses[kept] = repeat.map_or(response, |repeat| repeat.resolved());
                kept += 1;
            }
        }
        if let Some(end) = self.offsets.last_mut() {
            *end = kept as u32;
        }
        self.responses.truncate(kept);
    }
}

impl Repeat {
    fn resolved(&self) -> Response {
        match self.best {
            Some((_, response)) if !self.undecidable => response,
            _ => self.default,
        }
    }
}

/// How many responses the persons before each person have; one entry more than persons.
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
        check_now_and_then(monitor, 0)?;
        let unknown = |response: &&Response| u64::from(response.number()) >= items;
        if let Some(response) = block.responses.iter().find(unknown) {
            return Err(IrtError::UnknownItem { item: u64::from(response.number()), items });
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

/// Puts every response to its person's; blocks without times are given back on the way.
fn place(
    rows: &mut ResponseRows,
    offsets: &mut [u32],
    rank: &[u32],
    monitor: &dyn Monitor,
) -> Result<Vec<Response>, IrtError> {
    let total = rows.len();
    // Memory is taken as it is written to: where rows come person by person, those that were
    // placed make room for those to come.
    let mut packed: Vec<u32> = zeroes(total, "grouping responses by person")?;
    // Each person's offset serves as its cursor: afterwards it points at its
    // own end, and shifting the array by one place restores it.
    for block in &mut rows.blocks {
        check_now_and_then(monitor, 0)?;
        for (person, response) in block.persons.iter().zip(&block.responses) {
            let cursor = &mut offsets[*person as usize];
            packed[*cursor as usize] = response.with_number(rank[response.item()]).packed();
            *cursor += 1;
        }
        if !rows.timed {
            *block = Block::default();
        }
    }
    let persons = offsets.len() - 1;
    offsets.copy_within(0..persons, 1);
    offsets[0] = 0;
    // In the same memory: collecting a vector's own elements again takes no other.
    Ok(packed.into_iter().map(Response::unpacked).collect())
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
        (responses.patterns().pattern(0)[0].is_correct(), responses.repeats_dropped())
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
    fn rows_by_person_are_the_same_as_rows_in_any_order() {
        let entries = [(0, 2, true, 5), (1, 0, true, 0), (0, 1, false, 9), (1, 0, false, 4)];
        let mut by_person = PersonRows::default();
        for person in [1, 0] {
            by_person.begin_person().unwrap();
            for (_, item, correct, _) in entries.iter().filter(|entry| entry.0 == person) {
                by_person.push(*item, *correct).unwrap();
            }
        }
        assert_eq!((by_person.len(), by_person.allocated_bytes()), (4, 24));
        let first = RepeatedResponses::First;
        let any = GroupedResponses::new(labels(3), rows(true, &entries), first, &Unmonitored);
        let expected = any.unwrap().into_responses(&Unmonitored).unwrap();
        let mut found =
            GroupedResponses::of_persons(labels(3), by_person, first, &Unmonitored).unwrap();
        assert!(found.persons_with_repeats().eq([0]));
        // The person who was 1 came first.
        found.observe(0, 0, true, 0);
        found.observe(0, 0, false, 4);
        assert_eq!(found.into_responses(&Unmonitored).unwrap(), expected);
        let mut unknown = PersonRows::default();
        unknown.begin_person().unwrap();
        unknown.push(3, true).unwrap();
        let error = GroupedResponses::of_persons(labels(3), unknown, first, &Unmonitored).err();
        assert_eq!(error, Some(IrtError::UnknownItem { item: 3, items: 3 }));
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
