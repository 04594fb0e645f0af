//! Whether responses that came after a calibration still fit its items.

use super::curve::CurveRows;
use super::group_fit::GroupFit;
use super::group_fit::{DifficultyDifference, group_fit};
use super::item_rows::ItemRows;
use super::pass::sums_of_group;
use super::posteriors::estimated_population;
use super::source::{KnownItems, Source, check_populations, group_ranges};
use super::thresholds::{DIFFERS_LOGITS, DRIFTED_Z, LEAST_RESPONSES_IN_GROUP};
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;
use crate::monitor::Monitor;
use crate::numeric::eight::in_eights;

/// An item whose parameters are in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedItem {
    /// a and b.
    pub parameters: ItemParameters,
    /// The standard error of b; `None` takes b for exact.
    pub se_difficulty: Option<f64>,
}

/// Fewer items than this on average say little of a person: where new persons are is then taken
/// to be known.
const ITEMS_THAT_TELL: f64 = 5.0;

/// Items with [`LEAST_RESPONSES_IN_GROUP`] new responses, as rows of the group `(new)`:
/// `delta_difficulty` is b by the new responses less b in force, one Newton step at the a in
/// force, `differs` says that the item drifted.
///
/// With the new responses' score s and information I by b:
///
/// ```text
/// delta = s / I,   variance = 1 / I + se_difficulty²
/// ```
///
/// An item drifted where |a · delta| ≥ .43 and |z| > 3: a change that the old responses hide in an
/// estimate from both. Mean and standard deviation of the abilities of the new persons are
/// estimated first, given the items, so that other persons are no drift.
///
/// `items`: one entry per label, `None` for items without parameters. `populations`: as in
/// [`super::diagnose()`], where the estimation starts. The number of the group is 0 in all rows.
///
/// # Errors
/// As [`super::diagnose()`].
pub fn diagnose_new_responses(
    responses: &Responses,
    items: &[Option<PublishedItem>],
    populations: &[Population],
    quadrature: &Quadrature,
    monitor: &dyn Monitor,
) -> Result<Vec<GroupFit>, IrtError> {
    let parameters: Vec<Option<ItemParameters>> =
        items.iter().map(|item| item.map(|item| item.parameters)).collect();
    let known = KnownItems::new(&parameters, responses.labels().len())?;
    let patterns = known.among(responses, monitor)?;
    let ranges = group_ranges(&patterns);
    check_populations(populations, ranges.len())?;
    let rows = ItemRows::new(&known.parameters, &in_eights(quadrature.nodes(), 0.0))?;
    let mut total = None;
    for (range, population) in ranges.into_iter().zip(populations) {
        let mut source = Source::new(&patterns, range, *population, quadrature);
        if answers_per_person(&source) >= ITEMS_THAT_TELL {
            let population = estimated_population(&source, &rows, quadrature, monitor)?;
            source = Source::new(&patterns, source.range, population, quadrature);
        }
        let (sums, _) = sums_of_group(&source, &rows, monitor)?;
        match &mut total {
            None => total = Some(sums),
            Some(total) => total.merge(&sums),
        }
    }
    let Some(total) = total else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (item, number) in known.numbers().into_iter().enumerate() {
        let sums = &total.items[item];
        if sums.rest().persons() < LEAST_RESPONSES_IN_GROUP {
            continue;
        }
        let slope = known.parameters[item].slope;
        let (score, information) = sums.scores().by_difficulty(slope);
        let error = items[number].and_then(|item| item.se_difficulty).unwrap_or(0.0);
        let row = group_fit((number, 0), sums, CurveRows::of(&total, &rows, item));
        found.extend(row.map(|row| judged(row, (score, information), error, slope)));
    }
    Ok(found)
}

fn judged(mut row: GroupFit, (score, information): (f64, f64), error: f64, slope: f64) -> GroupFit {
    let delta = score / information;
    let z = delta / libm::sqrt(1.0 / information + error * error);
    let told = information > 0.0 && delta.is_finite() && z.is_finite();
    row.is_compared_by(told.then_some(DifficultyDifference { delta, z }));
    row.differs = told && (slope * delta).abs() >= DIFFERS_LOGITS && z.abs() > DRIFTED_Z;
    row
}

fn answers_per_person(source: &Source<'_>) -> f64 {
    let (mut answers, mut everybody) = (0.0, 0.0);
    for (responses, persons) in source.persons() {
        answers += f64::from(persons) * responses.len() as f64;
        everybody += f64::from(persons);
    }
    answers / everybody
}
