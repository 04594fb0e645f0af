//! How a diagnosis is put together: the pass over everybody, group by group, the pairs, and what is
//! said of every item.

use super::ability_counts::AbilityCounts;
use super::curve::{CurveRows, ItemCurve};
use super::diagnostics::{Diagnostics, DiagnosticsPlan};
use super::dimensionality::Dimensionality;
use super::free_shape::{Guessing, guessing};
use super::group_fit::{GroupFit, difference_to_others, group_fit, judge};
use super::item_fit::{ItemFit, item_fit};
use super::item_rows::ItemRows;
use super::item_sums::ItemSums;
use super::pair_items::{Answered, PairItems};
use super::pass::sums_of_group;
use super::q3::{ItemPair, Pairs, pairs};
use super::s_x2::{SX2, s_x2};
use super::source::{KnownItems, Source};
use super::sums::Sums;
use super::thresholds::LEAST_RESPONSES_IN_GROUP;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::monitor::{Monitor, check};
use crate::numeric::eight::in_eights;

/// What a diagnosis is made of.
pub(super) struct Diagnosis<'a> {
    pub known: KnownItems,
    /// One for every group of persons.
    pub sources: Vec<Source<'a>>,
    pub quadrature: &'a Quadrature,
    pub plan: DiagnosticsPlan,
}

/// What is kept of a group when the next one is worked on.
struct GroupSums {
    abilities: AbilityCounts,
    /// Items with enough responses, and what their judgement needs beside.
    rows: Vec<(GroupFit, ItemSums)>,
}

/// The sums over all persons, over each group, and the EAPs of each group's patterns.
struct Pass {
    total: Sums,
    groups: Vec<GroupSums>,
    abilities: Vec<Vec<f64>>,
}

impl Diagnosis<'_> {
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(super) fn run(self, monitor: &dyn Monitor) -> Result<Diagnostics, IrtError> {
        let nodes = in_eights(self.quadrature.nodes(), 0.0);
        let rows = ItemRows::new(&self.known.parameters, &nodes)?;
        let pass = self.pass(&rows, monitor)?;
        let of_scores = || match self.plan.s_x2 {
            true => s_x2(&self.sources, &rows, monitor),
            false => Ok(vec![None; self.known.parameters.len()]),
        };
        let (pairs, s_x2) = rayon::join(|| self.pairs(&pass, monitor), of_scores);
        let (pairs, s_x2) = (pairs?, s_x2?);
        check(monitor)?;
        let items_per_person = items_per_person(&self.sources);
        let abilities = pass.groups.iter().map(|group| group.abilities).collect();
        let guessing = guessing(&self.sources, &rows, &pass.total.items, monitor)?;
        let (items, groups) = self.judged(&rows, pass, (&s_x2, &guessing), items_per_person);
        Ok(Diagnostics {
            items,
            groups,
            pairs: self.labelled(pairs.standing_out()),
            dimensionality: Dimensionality::of(&pairs),
            abilities,
            items_per_person,
        })
    }

    /// All pairs, by the numbers of the labels.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(super) fn all_pairs(self, monitor: &dyn Monitor) -> Result<Vec<ItemPair>, IrtError> {
        let nodes = in_eights(self.quadrature.nodes(), 0.0);
        let rows = ItemRows::new(&self.known.parameters, &nodes)?;
        let pass = self.pass(&rows, monitor)?;
        let pairs = self.pairs(&pass, monitor)?;
        Ok(self.labelled(pairs.pairs))
    }

    fn labelled(&self, mut pairs: Vec<ItemPair>) -> Vec<ItemPair> {
        let numbers = self.known.numbers();
        for pair in &mut pairs {
            (pair.item, pair.other_item) = (numbers[pair.item], numbers[pair.other_item]);
        }
        pairs
    }

    fn pass(&self, rows: &ItemRows<'_>, monitor: &dyn Monitor) -> Result<Pass, IrtError> {
        let mut groups = reserve(self.sources.len(), "groups of persons")?;
        let mut abilities = reserve(self.sources.len(), "groups of persons")?;
        let mut total: Option<Sums> = None;
        for (group, source) in self.sources.iter().enumerate() {
            let (sums, here) = sums_of_group(source, rows, monitor)?;
            let rows = match self.sources.len() {
                1 => Vec::new(),
                _ => rows_of_group(group, &sums, rows),
            };
            groups.push(GroupSums { abilities: sums.abilities, rows });
            abilities.push(here);
            match &mut total {
                None => total = Some(sums),
                Some(total) => total.merge(&sums),
            }
        }
        let total = total.map_or_else(|| Sums::new(rows), Ok)?;
        Ok(Pass { total, groups, abilities })
    }

    fn pairs(&self, pass: &Pass, monitor: &dyn Monitor) -> Result<Pairs, IrtError> {
        if !self.plan.pairs {
            return Ok(Pairs::default());
        }
        let responses: Vec<u64> =
            pass.total.items.iter().map(|sums| sums.rest().persons()).collect();
        let items = PairItems::new(&responses, &self.known.parameters);
        let answered: Vec<Answered<'_>> =
            self.sources.iter().zip(&pass.abilities).map(Answered::of).collect();
        pairs(&answered, &items, monitor)
    }

    /// The rows of items and of items in groups, with their flags.
    fn judged(
        &self,
        rows: &ItemRows<'_>,
        pass: Pass,
        (s_x2, guessing): (&[Option<SX2>], &[Guessing]),
        items_per_person: f64,
    ) -> (Vec<Option<ItemFit>>, Vec<GroupFit>) {
        let total = &pass.total;
        let mut of_groups = by_item(pass.groups, rows.parameters.len());
        let mut items: Vec<Option<ItemFit>> = Vec::new();
        let mut groups = Vec::new();
        let numbers = self.known.numbers();
        for (item, sums) in total.items.iter().enumerate() {
            let slope = rows.parameters[item].slope;
            let here = &mut of_groups[item];
            for (row, of_group) in here.iter_mut() {
                row.item = numbers[item];
                row.is_compared_by(difference_to_others(of_group, sums, slope));
            }
            let mut here: Vec<GroupFit> = here.iter().map(|(row, _)| *row).collect();
            let differs = judge(&mut here, slope);
            groups.extend(here);
            let curve_rows = CurveRows::of(total, rows, item);
            let curve = match self.plan.curves {
                true => curve_rows.curve(self.quadrature.nodes().len()),
                false => ItemCurve::default(),
            };
            let mut fit = item_fit(sums, curve_rows, s_x2[item], curve);
            if let Some(fit) = &mut fit {
                fit.judge(items_per_person, guessing[item], differs);
            }
            items.push(fit);
        }
        (self.known.spread(items).into_iter().map(Option::flatten).collect(), groups)
    }
}

fn rows_of_group(group: usize, sums: &Sums, rows: &ItemRows<'_>) -> Vec<(GroupFit, ItemSums)> {
    let enough = sums.items.iter().enumerate();
    let enough = enough.filter(|(_, sums)| sums.rest().persons() >= LEAST_RESPONSES_IN_GROUP);
    enough
        .filter_map(|(item, of_item)| {
            let row = group_fit((item, group), of_item, CurveRows::of(sums, rows, item))?;
            Some((row, *of_item))
        })
        .collect()
}

fn by_item(groups: Vec<GroupSums>, items: usize) -> Vec<Vec<(GroupFit, ItemSums)>> {
    let mut found: Vec<Vec<(GroupFit, ItemSums)>> = Vec::new();
    found.resize_with(items, Vec::new);
    for (row, sums) in groups.into_iter().flat_map(|group| group.rows) {
        found[row.item].push((row, sums));
    }
    found
}

/// The median over persons: half of them answered so many or fewer.
fn items_per_person(sources: &[Source<'_>]) -> f64 {
    let mut counts: Vec<u64> = Vec::new();
    for (responses, persons) in sources.iter().flat_map(Source::persons) {
        if counts.len() <= responses.len() {
            counts.resize(responses.len() + 1, 0);
        }
        counts[responses.len()] += u64::from(persons);
    }
    let total: u64 = counts.iter().sum();
    let mut below = 0;
    let median = counts.iter().position(|count| {
        below += count;
        2 * below >= total
    });
    median.unwrap_or(0) as f64
}
