//! Which items' pairs are looked at, and over whom.

use std::cmp::Reverse;
use std::ops::Range;

use super::source::Source;
use super::thresholds::MOST_ITEMS_OF_PAIRS;
use crate::data::patterns::Patterns;
use crate::model::two_pl::SlopeIntercept;

/// Items whose pairs are looked at: all, or those with the most responses. A *place* is the number
/// of an item among them.
pub(super) struct PairItems {
    numbers: Vec<usize>,
    /// Per item; `None` for one that is not looked at.
    places: Vec<Option<u32>>,
    parameters: Vec<SlopeIntercept>,
}

impl PairItems {
    /// `responses` and `parameters` of every item.
    pub(super) fn new(responses: &[u64], parameters: &[SlopeIntercept]) -> Self {
        let mut numbers: Vec<usize> = (0..parameters.len()).collect();
        numbers.sort_by_key(|item| (Reverse(responses[*item]), *item));
        numbers.truncate(MOST_ITEMS_OF_PAIRS);
        numbers.sort_unstable();
        let mut places = vec![None; parameters.len()];
        for (place, number) in numbers.iter().enumerate() {
            places[*number] = Some(place as u32);
        }
        let parameters = numbers.iter().map(|number| parameters[*number]).collect();
        Self { numbers, places, parameters }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn number(&self, place: usize) -> usize {
        self.numbers[place]
    }

    #[inline(always)]
    pub(super) fn place(&self, item: usize) -> Option<usize> {
        self.places[item].map(|place| place as usize)
    }

    #[inline(always)]
    pub(super) fn parameters(&self, place: usize) -> SlopeIntercept {
        self.parameters[place]
    }
}

/// Patterns with the EAP of each, counted from the first of the range.
pub(super) struct Answered<'a> {
    pub patterns: &'a Patterns,
    pub range: Range<usize>,
    pub abilities: &'a [f64],
}

impl<'a> Answered<'a> {
    pub(super) fn of((source, abilities): (&'a Source<'a>, &'a Vec<f64>)) -> Self {
        Self { patterns: source.patterns, range: source.range.clone(), abilities }
    }

    #[inline(always)]
    pub(super) fn ability(&self, pattern: usize) -> f64 {
        self.abilities[pattern - self.range.start]
    }
}
