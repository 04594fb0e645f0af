//! What new parameters do to the scores of persons who have answered already.
//!
//! Runs on the machinery of the E-step (`likelihood::expectation`), whose posterior
//! needs of a person's correct responses two sums only: both sets of parameters
//! together cost at most two E-steps.

use std::ops::Range;

use rayon::prelude::*;

use super::prior::ScorePrior;
use super::score_changes::{ChangeSums, ScoreChanges};
use crate::ability::grid::Grid;
use crate::ability::posterior::posterior;
use crate::ability::quadrature::Quadrature;
use crate::data::patterns::Patterns;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::likelihood::item_tables::ItemTables;
use crate::model::item_parameters::ItemParameters;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::{Monitor, check};
use crate::numeric::compensated_sum::CompensatedSum;
use crate::numeric::eight::{Eight, dot, vectorised};

/// Patterns between two looks at the monitor.
const PATTERNS_PER_CHECK: usize = 512;

/// How scores differ between two sets of parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreComparison {
    /// Persons who answered an item that both sets have.
    pub persons: u64,
    /// Mean of |EAP after − EAP before| over these persons, in units of ability.
    pub mean_absolute_change: Option<f64>,
    /// 1 − correlation of EAP before and after; `None` where either does not vary.
    pub disorder: Option<f64>,
    /// The same of every group of persons, in their order.
    pub groups: Vec<ScoreChanges>,
}

/// Compares everybody's EAP under parameters `before` and `after`.
///
/// One entry per item of `responses`, in the order of its labels; only items that have both count, so that
/// nobody's score moves because an item came or went. Persons without such an
/// item are left out. Runs on the rayon pool of the calling thread; the same
/// bits on any number of threads.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`], [`IrtError::Interrupted`];
/// [`IrtError::UnknownItem`] where the responses have more items than there are entries.
///
/// ```
/// use irt::scoring::{ScorePrior, compare_scores};
/// use irt::simulate::{Simulation, simulate};
/// use irt::{ItemParameters, Quadrature, Unmonitored};
///
/// let design = Simulation { persons: 300, items: 20, answered: 1.0, seed: 3 };
/// let (responses, truth) = simulate(&design);
/// let shifted = |by: f64| -> Vec<Option<ItemParameters>> {
///     let item = |b: f64| ItemParameters::new(1.0, b + by);
///     truth.iter().map(|truth| Some(item(truth.difficulty()))).collect()
/// };
/// let (prior, grid) = (ScorePrior::default(), Quadrature::default());
/// let (before, after) = (shifted(0.0), shifted(0.2));
/// let found = compare_scores(&responses, &before, &after, prior, &grid, &Unmonitored)?;
/// assert_eq!(found.persons, 300);
/// assert!(found.mean_absolute_change.is_some_and(|change| 0.1 < change && change < 0.2));
/// assert!(found.disorder.is_some_and(|disorder| disorder < 0.001));
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn compare_scores(
    responses: &Responses,
    before: &[Option<ItemParameters>],
    after: &[Option<ItemParameters>],
    prior: ScorePrior,
    quadrature: &Quadrature,
    monitor: &dyn Monitor,
) -> Result<ScoreComparison, IrtError> {
    let patterns = responses.patterns();
    let items = CommonItems::new(patterns.items(), before, after)?;
    let grid = prior.on(quadrature);
    let tables = [ItemTables::new(&items.before, &grid)?, ItemTables::new(&items.after, &grid)?];
    let (is_common, grid, centre) = (&items.is_common, &grid, prior.mean());
    let squares = grid.nodes.iter().map(|node| node.map(|at| at * at)).collect();
    let comparison = Comparison { patterns, is_common, tables, grid, squares, centre };
    let chunks: Vec<Range<usize>> = patterns.chunks().collect();
    let partials: Result<Vec<Moments>, IrtError> =
        chunks.into_par_iter().map(|chunk| comparison.moments(chunk, monitor)).collect();
    let mut total = Moments::of(patterns.groups());
    for partial in partials? {
        total.merge(&partial);
    }
    Ok(total.comparison())
}

/// Which items count, and both sets of slopes and intercepts. An item that does
/// not count gets 0 and 0, a coin flip, which tells nothing of ability.
struct CommonItems {
    is_common: Vec<bool>,
    before: Vec<SlopeIntercept>,
    after: Vec<SlopeIntercept>,
}

impl CommonItems {
    fn new(
        items: usize,
        before: &[Option<ItemParameters>],
        after: &[Option<ItemParameters>],
    ) -> Result<Self, IrtError> {
        let known = before.len().min(after.len());
        if known < items {
            return Err(IrtError::UnknownItem { item: known as u64, items: known as u64 });
        }
        let flat = vec![SlopeIntercept::default(); items];
        let mut found = Self { is_common: vec![false; items], before: flat.clone(), after: flat };
        for item in 0..items {
            if let (Some(before), Some(after)) = (before[item], after[item]) {
                before.validate(item)?;
                after.validate(item)?;
                found.is_common[item] = true;
                found.before[item] = before.slope_intercept();
                found.after[item] = after.slope_intercept();
            }
        }
        Ok(found)
    }
}

struct Comparison<'a> {
    patterns: &'a Patterns,
    is_common: &'a [bool],
    tables: [ItemTables<'a>; 2],
    grid: &'a Grid,
    /// The squares of its nodes.
    squares: Vec<Eight>,
    centre: f64,
}

impl Comparison<'_> {
    fn moments(&self, chunk: Range<usize>, monitor: &dyn Monitor) -> Result<Moments, IrtError> {
        let row = self.grid.nodes.clone();
        let mut rows = [row.clone(), row.clone(), row];
        let mut moments = Moments::of(self.patterns.groups());
        let mut start = chunk.start;
        while start < chunk.end {
            check(monitor)?;
            let end = chunk.end.min(start + PATTERNS_PER_CHECK);
            vectorised(
                #[inline(always)]
                || {
                    for set in self.patterns.item_sets(start..end) {
                        self.add_item_set(set, &mut rows, &mut moments);
                    }
                },
            );
            start = end;
        }
        Ok(moments)
    }

    #[inline(always)]
    fn add_item_set(&self, set: Range<usize>, rows: &mut [Vec<Eight>; 3], moments: &mut Moments) {
        let shared = self.patterns.pattern(set.start);
        if !shared.iter().any(|response| self.is_common[response.item()]) {
            return;
        }
        let [before, after, weights] = rows;
        let log_weights = &self.tables[0].grid.log_weights;
        self.tables[0].log_posterior_base(before, log_weights, shared);
        self.tables[1].log_posterior_base(after, log_weights, shared);
        let group = self.patterns.group_of(set.start);
        for pattern in set {
            let responses = self.patterns.pattern(pattern);
            let [(x, variance), (y, _)] = [(&*before, &self.tables[0]), (&*after, &self.tables[1])]
                .map(
                    #[inline(always)]
                    |(base, tables)| {
                        let slope = tables.sum_of_correct(responses).slope;
                        let here = posterior(base, slope, &self.grid.nodes, weights).eights;
                        let shares = &weights[here.clone()];
                        let mean = dot(shares, &self.grid.nodes[here.clone()]);
                        (mean, dot(shares, &self.squares[here]) - mean * mean)
                    },
                );
            let persons = self.patterns.multiplicities()[pattern];
            moments.add(persons, [x - self.centre, y - self.centre]);
            moments.groups[group].add(persons, [x, y], libm::sqrt(variance.max(0.0)));
        }
    }
}

/// Sums over persons of scores before (x) and after (y), about the prior's mean.
struct Moments {
    groups: Vec<ChangeSums>,
    persons: u64,
    change: CompensatedSum,
    /// x, y, xx, yy, xy.
    sums: [CompensatedSum; 5],
}

impl Moments {
    /// Nobody yet, of so many groups.
    fn of(groups: usize) -> Self {
        let (groups, persons) = (vec![ChangeSums::default(); groups], 0);
        Self { groups, persons, change: CompensatedSum::default(), sums: Default::default() }
    }

    #[inline(always)]
    fn add(&mut self, persons: u32, [x, y]: [f64; 2]) {
        let weight = f64::from(persons);
        self.persons += u64::from(persons);
        self.change.add(weight * (y - x).abs());
        for (sum, term) in self.sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
            sum.add(weight * term);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.persons += other.persons;
        self.change.add(other.change.total());
        for (sums, other) in self.groups.iter_mut().zip(&other.groups) {
            sums.merge(other);
        }
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            sum.add(other.total());
        }
    }

    fn comparison(&self) -> ScoreComparison {
        let n = self.persons as f64;
        let [x, y, xx, yy, xy] = self.sums.each_ref().map(|sum| sum.total() / n);
        let (var_x, var_y, covariance) = (xx - x * x, yy - y * y, xy - x * y);
        // Less is the rounding of scores that do not differ.
        let varies = |variance: f64, square: f64| variance > 1e-12 * square;
        let disorder = (varies(var_x, xx) && varies(var_y, yy))
            .then(|| (1.0 - covariance / libm::sqrt(var_x * var_y)).clamp(0.0, 2.0));
        let mean_absolute_change = (self.persons > 0).then(|| self.change.total() / n);
        let groups = self.groups.iter().map(ChangeSums::changes).collect();
        ScoreComparison { persons: self.persons, mean_absolute_change, disorder, groups }
    }
}
