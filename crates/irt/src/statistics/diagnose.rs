//! Does the model fit: all statistics of all items at once.

use std::borrow::Cow;

use super::diagnosis::Diagnosis;
use super::diagnostics::{Diagnostics, DiagnosticsPlan};
use super::q3::ItemPair;
use super::source::{KnownItems, Source, check_populations, group_ranges};
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::data::patterns::Patterns;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::item_parameters::ItemParameters;
use crate::monitor::Monitor;

/// Diagnoses how items with these parameters fit the responses.
///
/// `items`: one entry per item, in the order of [`Responses::labels`]; `None` for items that were
/// not calibrated: their responses are left out. `populations`: the abilities of every group of
/// persons, in the order of the groups.
///
/// Posteriors of ability at the given parameters, on the nodes of `quadrature`: one pass over the
/// responses, and another one over pairs. Runs on the rayon pool of the calling thread; the same
/// bits on any number of threads.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::UnknownItem`] where an item has no entry;
/// [`IrtError::InvalidSetting`] for populations; [`IrtError::Interrupted`],
/// [`IrtError::OutOfMemory`].
///
/// ```
/// use irt::simulate::{Simulation, simulate};
/// use irt::statistics::{DiagnosticsPlan, FitFlag, diagnose};
/// use irt::{ItemParameters, Population, Quadrature, Unmonitored};
///
/// let design = Simulation { persons: 2000, items: 20, answered: 1.0, seed: 1 };
/// let (responses, truth) = simulate(&design);
/// let mut items: Vec<_> =
///     truth.iter().map(|t| Some(ItemParameters::new(t.slope, t.difficulty()))).collect();
/// // Another item's parameters.
/// items[3] = Some(ItemParameters::new(1.0, 2.5));
/// let found = diagnose(
///     &responses,
///     &items,
///     &[Population::STANDARD],
///     &Quadrature::default(),
///     DiagnosticsPlan::default(),
///     &Unmonitored,
/// )?;
/// let fits: Vec<_> = found.items.iter().flatten().collect();
/// assert!(fits[3].flags.contains(&FitFlag::Misfit));
/// assert!(fits[3].deviation.mean_deviation > 0.1, "easier than 2.5");
/// assert!(fits[4].flags.is_empty());
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn diagnose(
    responses: &Responses,
    items: &[Option<ItemParameters>],
    populations: &[Population],
    quadrature: &Quadrature,
    plan: DiagnosticsPlan,
    monitor: &dyn Monitor,
) -> Result<Diagnostics, IrtError> {
    let known = KnownItems::new(items, responses.labels().len())?;
    let patterns = known.among(responses, monitor)?;
    let sources = sources_of(&patterns, populations, quadrature)?;
    Diagnosis { known, sources, quadrature, plan }.run(monitor)
}

/// The groups of persons, each with what it is a sample of.
fn sources_of<'p>(
    patterns: &'p Patterns,
    populations: &[Population],
    quadrature: &Quadrature,
) -> Result<Vec<Source<'p>>, IrtError> {
    let ranges = group_ranges(patterns);
    check_populations(populations, ranges.len())?;
    let source = |(range, population): (_, &Population)| {
        Source::new(patterns, range, *population, quadrature)
    };
    Ok(ranges.into_iter().zip(populations).map(source).collect())
}

/// The same where every group has responses of its own, over the same labels: persons, and what
/// they are a sample of.
///
/// # Errors
/// As [`diagnose`]; [`IrtError::UnknownItem`] where the labels differ in number.
pub fn diagnose_groups(
    groups: &[(&Responses, Population)],
    items: &[Option<ItemParameters>],
    quadrature: &Quadrature,
    plan: DiagnosticsPlan,
    monitor: &dyn Monitor,
) -> Result<Diagnostics, IrtError> {
    let populations: Vec<Population> = groups.iter().map(|(_, population)| *population).collect();
    check_populations(&populations, groups.len())?;
    let known = KnownItems::new(items, items.len())?;
    let mut patterns: Vec<Cow<'_, Patterns>> = reserve(groups.len(), "groups of persons")?;
    for (responses, _) in groups {
        if responses.labels().len() != items.len() {
            let (item, items) = (responses.labels().len() as u64, items.len() as u64);
            return Err(IrtError::UnknownItem { item, items });
        }
        patterns.push(known.among(responses, monitor)?);
    }
    let sources = patterns.iter().zip(&populations).map(|(patterns, population)| {
        Source::new(patterns, 0..patterns.len(), *population, quadrature)
    });
    Diagnosis { known, sources: sources.collect(), quadrature, plan }.run(monitor)
}

/// Q3 of every pair of items that enough persons answered, by items: [`Diagnostics::pairs`] are
/// those of them that stand out.
///
/// # Errors
/// As [`diagnose`].
pub fn q3_of_pairs(
    responses: &Responses,
    items: &[Option<ItemParameters>],
    populations: &[Population],
    quadrature: &Quadrature,
    monitor: &dyn Monitor,
) -> Result<Vec<ItemPair>, IrtError> {
    let known = KnownItems::new(items, responses.labels().len())?;
    let patterns = known.among(responses, monitor)?;
    let sources = sources_of(&patterns, populations, quadrature)?;
    let plan = DiagnosticsPlan { pairs: true, s_x2: false, curves: false };
    Diagnosis { known, sources, quadrature, plan }.all_pairs(monitor)
}
