//! One pass over the patterns: from everybody's posterior of ability to the sums that the
//! statistics of an item are made of.
//!
//! The posterior is that of the E-step ([`crate::likelihood::expectation`]), shared by item sets
//! in the same way; what follows is the general one's ([`crate::likelihood::by_node`]): every
//! response is looked at node by node, where the person may be.

use std::ops::Range;

use rayon::prelude::*;

use super::ability_counts::AbilityCounts;
use super::alone::Alone;
use super::block::{Block, WORTH_A_BLOCK};
use super::item_rows::ItemRows;
use super::source::Source;
use super::sums::Sums;
use crate::error::IrtError;
use crate::memory::{reserve, zeroes};
use crate::monitor::{Monitor, check};
use crate::numeric::eight::vectorised;

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 1024;

/// Sums over a group, and the EAP of every pattern of it.
///
/// Chunks are worked on at once, a few more than there are threads, and merged in their order: the
/// same bits on any number of threads.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn sums_of_group(
    source: &Source<'_>,
    items: &ItemRows<'_>,
    monitor: &dyn Monitor,
) -> Result<(Sums, Vec<f64>), IrtError> {
    let chunks: Vec<Range<usize>> = source.chunks().collect();
    let mut abilities = reserve(source.range.len(), "abilities")?;
    let mut total = Sums::new(items)?;
    for wave in chunks.chunks(2 * rayon::current_num_threads()) {
        let work = |chunk: &Range<usize>| Desk::new(source, items, chunk.clone())?.work(monitor);
        let partials: Result<Vec<(Sums, Vec<f64>)>, IrtError> = wave.par_iter().map(work).collect();
        for (sums, here) in partials? {
            total.merge(&sums);
            abilities.extend(here);
        }
    }
    Ok((total, abilities))
}

/// Where one thread works on one chunk.
struct Desk<'a> {
    source: &'a Source<'a>,
    items: &'a ItemRows<'a>,
    sums: Sums,
    /// EAP of the patterns of `chunk`.
    abilities: Vec<f64>,
    chunk: Range<usize>,
    block: Block,
    alone: Alone,
}

impl<'a> Desk<'a> {
    fn new(
        source: &'a Source<'a>,
        items: &'a ItemRows<'a>,
        chunk: Range<usize>,
    ) -> Result<Self, IrtError> {
        let alone = Alone::new(items)?;
        let (sums, abilities) = (Sums::new(items)?, zeroes(chunk.len(), "abilities")?);
        let block = Block::new(items.width);
        Ok(Self { source, items, sums, abilities, chunk, block, alone })
    }

    fn work(mut self, monitor: &dyn Monitor) -> Result<(Sums, Vec<f64>), IrtError> {
        let mut start = self.chunk.start;
        while start < self.chunk.end {
            check(monitor)?;
            let end = self.chunk.end.min(start + PATTERNS_PER_CHECK);
            vectorised(
                #[inline(always)]
                || {
                    for set in self.source.patterns.item_sets(start..end) {
                        self.add_item_set(set);
                    }
                },
            );
            start = end;
        }
        self.alone.add_answers(self.items, &mut self.sums);
        Ok((self.sums, self.abilities))
    }

    #[inline(always)]
    fn add_item_set(&mut self, set: Range<usize>) {
        let Self { source, items, sums, abilities, chunk, block, alone } = self;
        let patterns = source.patterns;
        let shared = patterns.pattern(set.start);
        source.log_posterior_base(items, &mut alone.base, shared);
        let mut counted = AbilityCounts::default();
        let mut persons = 0;
        let mut note = |pattern: usize, ability: f64| {
            let count = patterns.multiplicities()[pattern];
            abilities[pattern - chunk.start] = ability;
            counted.add(count, ability);
            persons += u64::from(count);
        };
        if set.len() >= WORTH_A_BLOCK {
            block.add_item_set(source, items, (set, &alone.base), sums, note);
        } else {
            alone.add_item_set(source, items, set, sums, &mut note);
        }
        sums.abilities.merge(&counted);
        sums.persons += persons;
    }
}
