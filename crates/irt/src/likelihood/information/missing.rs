//! The missing information, Σ_i Cov[∂ℓ_i | x_i], over all persons.

use std::ops::Range;

use rayon::prelude::*;

use super::exact::Exact;
use super::gauss_hermite::GaussHermite;
use super::item_pairs::Pair;
use super::person_posterior::PersonPosterior;
use super::score_tables::ScoreTables;
use super::scored::{Person, Scoring};
use super::shared::SharedSums;
use crate::data::persons::Persons;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::likelihood::expectation::Workers;
use crate::likelihood::objective::Objective;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, check};

/// From this many patterns on, an item set is worth the shared formula.
const SHARED_FROM: usize = 4;
/// Of several groups, as many item sets are kept as take so many bytes, …
const SHARED_BYTES: usize = 4 << 20;
/// … and so many at most: each is compared with every other that comes.
const MOST_SHARED: usize = 16;
/// Bytes that partial sums together may take, unless that left fewer of them than …
const PARTIAL_BYTES: usize = 48 << 20;
/// … so many: what can be worked on at once.
pub(super) const MOST_PARTIALS: usize = 4;

/// How the missing information of persons who share their items with few others is summed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Over all nodes.
    Exact,
    /// From three abilities.
    GaussHermite,
}

/// The missing information of `persons` at `parameters`: pairs of free items, lower triangle,
/// row-major; then, for every group, those of its pseudo-item with each of them and with itself.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(super) fn missing_information(
    objective: &Objective<'_>,
    parameters: &[SlopeIntercept],
    persons: Persons<'_>,
    rule: Rule,
) -> Result<Vec<Pair>, IrtError> {
    let pairs = Scoring::new(objective.design, objective.items()).pairs();
    let chunks = merged_chunks(persons, pairs);
    let tables = ScoreTables::new(objective, parameters)?;
    let partial = |range: Range<usize>| -> Result<Vec<Pair>, IrtError> {
        let mut sums = Sums::new(persons, &tables, rule, objective.monitor)?;
        sums.add(range)?;
        Ok(sums.missing)
    };
    let partials: Result<Vec<Vec<Pair>>, IrtError> = match objective.workers {
        Workers::Pool => chunks.into_par_iter().map(partial).collect(),
        Workers::ThisThread => chunks.into_iter().map(partial).collect(),
    };
    let mut partials = partials?.into_iter();
    let mut missing = partials.next().unwrap_or_else(|| vec![[0.0; 4]; pairs]);
    for other in partials {
        check(objective.monitor)?;
        for (x, y) in missing.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
            *x += y;
        }
    }
    Ok(missing)
}

/// The chunks of the E-step, merged until their partial sums fit into [`PARTIAL_BYTES`] or only
/// [`MOST_PARTIALS`] are left.
fn merged_chunks(persons: Persons<'_>, pairs: usize) -> Vec<Range<usize>> {
    let chunks: Vec<Range<usize>> = persons.patterns.chunks().collect();
    let fit = PARTIAL_BYTES / (pairs * size_of::<Pair>()).max(1);
    let per_group = chunks.len().div_ceil(fit.max(MOST_PARTIALS).min(chunks.len()));
    chunks.chunks(per_group).map(|group| group[0].start..group[group.len() - 1].end).collect()
}

/// Sums over a range of patterns.
struct Sums<'t> {
    persons: Persons<'t>,
    tables: &'t ScoreTables<'t>,
    rule: Rule,
    monitor: &'t dyn Monitor,
    posterior: PersonPosterior,
    exact: Exact,
    gauss_hermite: GaussHermite,
    /// Of the item sets that are being added, if they are worth it.
    shared: Vec<SharedSums<'t>>,
    missing: Vec<Pair>,
    scratch: Vec<Response>,
}

impl<'t> Sums<'t> {
    fn new(
        persons: Persons<'t>,
        tables: &'t ScoreTables<'t>,
        rule: Rule,
        monitor: &'t dyn Monitor,
    ) -> Result<Self, IrtError> {
        Ok(Self {
            persons,
            tables,
            rule,
            monitor,
            posterior: PersonPosterior::new(tables.grid),
            exact: Exact::default(),
            gauss_hermite: GaussHermite::default(),
            shared: Vec::new(),
            missing: zeroes(tables.scoring.pairs(), "the observed information")?,
            scratch: Vec::new(),
        })
    }

    fn add(&mut self, range: Range<usize>) -> Result<(), IrtError> {
        const PATTERNS_PER_PART: usize = 32;
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + PATTERNS_PER_PART);
            for set in self.persons.patterns.item_sets(start..end) {
                self.add_item_set(set)?;
            }
            start = end;
        }
        self.finish_shared(0)
    }

    fn add_item_set(&mut self, set: Range<usize>) -> Result<(), IrtError> {
        let responses = self.persons.patterns.pattern(set.start);
        let group = self.persons.patterns.group_of(set.start);
        let found = self.shared.iter().position(|sums| sums.is_over(responses));
        let index = match found {
            Some(index) => index,
            None => {
                let is_small = set.len() < SHARED_FROM;
                let most = self.most_shared(responses.len());
                if !is_small || most == 1 {
                    self.finish_shared(most - 1)?;
                }
                if is_small {
                    return self.add_one_by_one(set);
                }
                let scoring = &self.tables.scoring;
                let scored = scoring.scored(responses, scoring.has_groups(), &mut self.scratch);
                if scored.is_empty() {
                    return Ok(());
                }
                let person = Person { responses, scored, group, persons: 0.0 };
                self.shared.push(SharedSums::new(person, self.tables)?);
                self.shared.len() - 1
            }
        };
        let sums = &mut self.shared[index];
        sums.enter(group, &mut self.missing);
        sums.add(self.persons, set, &mut self.posterior, self.monitor)
    }

    /// How many item sets are kept at a time. Those of one group stand together; in the next
    /// group they come again.
    fn most_shared(&self, responses: usize) -> usize {
        if self.persons.patterns.groups() == 1 {
            return 1;
        }
        let bytes = SharedSums::bytes(responses, self.tables.grid.width);
        (SHARED_BYTES / bytes).clamp(1, MOST_SHARED)
    }

    /// Finishes the oldest sums until `left` are left.
    fn finish_shared(&mut self, left: usize) -> Result<(), IrtError> {
        while self.shared.len() > left {
            self.shared.remove(0).scatter(&mut self.missing, self.monitor)?;
        }
        Ok(())
    }

    fn add_one_by_one(&mut self, set: Range<usize>) -> Result<(), IrtError> {
        let Persons { patterns, weights } = self.persons;
        let group = patterns.group_of(set.start);
        for pattern in set.filter(|pattern| weights[*pattern] > 0) {
            // For every pattern: one costs up to items² here.
            check(self.monitor)?;
            let (responses, persons) = (patterns.pattern(pattern), f64::from(weights[pattern]));
            let (tables, posterior) = (self.tables, &mut self.posterior);
            let is_free = tables.scoring.is_free_group(group);
            let scored = tables.scoring.scored(responses, is_free, &mut self.scratch);
            if scored.is_empty() {
                continue;
            }
            let person = Person { responses, scored, group, persons };
            let missing = &mut self.missing;
            match self.rule {
                Rule::Exact => self.exact.add(person, tables, posterior, missing),
                Rule::GaussHermite => self.gauss_hermite.add(person, tables, posterior, missing),
            }
        }
        Ok(())
    }
}
