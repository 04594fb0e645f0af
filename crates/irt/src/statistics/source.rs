//! Whose responses are diagnosed: groups of persons, each with its own distribution of ability.

use std::borrow::Cow;
use std::ops::Range;

use super::item_rows::ItemRows;
use crate::ability::grid::Grid;
use crate::ability::population::Population;
use crate::ability::posterior::{Support, posterior};
use crate::ability::quadrature::Quadrature;
use crate::data::patterns::Patterns;
use crate::data::response::Response;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::numeric::eight::{Eight, subtract_rows};

/// The patterns of one group of persons.
pub(super) struct Source<'a> {
    pub patterns: &'a Patterns,
    pub range: Range<usize>,
    pub population: Population,
    pub grid: Grid,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        patterns: &'a Patterns,
        range: Range<usize>,
        population: Population,
        quadrature: &Quadrature,
    ) -> Self {
        Self { patterns, range, population, grid: Grid::new(quadrature, population) }
    }

    /// The same, with a grid of its own whose weights may be changed.
    pub(super) fn with_own_grid(&self) -> Self {
        let grid = self.grid.clone();
        Self {
            patterns: self.patterns,
            range: self.range.clone(),
            population: self.population,
            grid,
        }
    }

    /// Ranges of patterns that are worked on independently; they depend on the data alone.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let Range { start, end } = self.range;
        let cut = move |chunk: Range<usize>| chunk.start.max(start)..chunk.end.min(end);
        self.patterns.chunks().map(cut).filter(|chunk| !chunk.is_empty())
    }

    /// Patterns and how many persons share each.
    pub(super) fn persons(&self) -> impl Iterator<Item = (&'a [Response], u32)> + '_ {
        let persons = self.patterns.multiplicities();
        self.range.clone().map(|pattern| (self.patterns.pattern(pattern), persons[pattern]))
    }

    /// The log posterior of all who answered these items, but for what they answered.
    #[inline(always)]
    pub(super) fn log_posterior_base(
        &self,
        items: &ItemRows<'_>,
        base: &mut [Eight],
        responses: &[Response],
    ) {
        base.copy_from_slice(&self.grid.log_weights);
        subtract_rows(base, &items.softplus, responses, Response::item);
    }

    /// The posterior of one of them, whose correct responses have this sum of slopes.
    #[inline(always)]
    pub(super) fn posterior(&self, base: &[Eight], slope: f64, weights: &mut [Eight]) -> Support {
        posterior(base, slope, &self.grid.nodes, weights)
    }
}

/// The patterns of every group in `patterns`, as ranges.
pub(super) fn group_ranges(patterns: &Patterns) -> Vec<Range<usize>> {
    (0..patterns.groups()).map(|group| patterns.of_group(group)).collect()
}

/// The items that have parameters, numbered densely.
pub(super) struct KnownItems {
    pub known: Vec<bool>,
    pub parameters: Vec<SlopeIntercept>,
}

impl KnownItems {
    /// Of `needed` items.
    ///
    /// # Errors
    /// [`IrtError::InvalidItemParameters`]; [`IrtError::UnknownItem`] where there are fewer.
    pub(super) fn new(items: &[Option<ItemParameters>], needed: usize) -> Result<Self, IrtError> {
        if items.len() < needed {
            let known = items.len() as u64;
            return Err(IrtError::UnknownItem { item: known, items: known });
        }
        let items = &items[..needed];
        for (position, item) in items.iter().enumerate() {
            if let Some(item) = item {
                item.validate(position)?;
            }
        }
        let parameters = items.iter().flatten().map(ItemParameters::slope_intercept).collect();
        Ok(Self { known: items.iter().map(Option::is_some).collect(), parameters })
    }

    /// Their responses alone.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(super) fn among<'a>(
        &self,
        responses: &'a Responses,
        monitor: &dyn Monitor,
    ) -> Result<Cow<'a, Patterns>, IrtError> {
        let patterns = responses.patterns();
        if self.known.iter().all(|known| *known) {
            return Ok(Cow::Borrowed(patterns));
        }
        Ok(Cow::Owned(patterns.restricted_to(&self.known, monitor)?))
    }

    /// Their numbers among all items.
    pub(super) fn numbers(&self) -> Vec<usize> {
        let known = self.known.iter().enumerate().filter(|(_, known)| **known);
        known.map(|(number, _)| number).collect()
    }

    /// `of_known`, one entry per item with parameters, as one per item.
    pub(super) fn spread<T>(&self, of_known: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
        let mut of_known = of_known.into_iter();
        self.known.iter().map(|known| if *known { of_known.next() } else { None }).collect()
    }
}

/// Refuses populations that nothing can be computed from, or not one for every group.
///
/// # Errors
/// [`IrtError::InvalidSetting`].
pub(super) fn check_populations(found: &[Population], groups: usize) -> Result<(), IrtError> {
    let refuse = |name, found, expected| Err(IrtError::InvalidSetting { name, found, expected });
    if found.len() != groups {
        return refuse("populations", found.len().to_string(), "one for every group of persons");
    }
    for population in found {
        if !(population.mean.abs() <= 1e6) {
            return refuse("population_mean", population.mean.to_string(), "between -1e6 and 1e6");
        }
        if !(1e-3..=1e6).contains(&population.sd) {
            return refuse("population_sd", population.sd.to_string(), "between 0.001 and 1e6");
        }
    }
    Ok(())
}
