//! Runs in which anchors keep the values in force.

use super::common::CommonItems;
use super::placing::{Beside, Placed, place};
use crate::parameters::in_force::{InForce, ItemInForce};
use irt::{
    Anchors, Calibration, CalibrationSettings, Flag, IrtError, ItemStatus, Monitor, Responses,
    StandardErrors, calibrate,
};

/// It takes this many to hold origin and unit.
pub const LEAST_ANCHORS: u64 = 2;
/// An item whose difficulty is less certain does not hold a scale, unless it is marked.
const LARGEST_SE_DIFFICULTY: f64 = 0.2;
/// Where there is no standard error, this many responses stand for one.
const ENOUGH_RESPONSES: i64 = 500;

/// The items that keep their values: those that are marked, or else those in force that are known
/// well enough.
///
/// # Errors
/// [`IrtError::TooFewAnchors`].
pub fn anchors(in_force: &InForce, common: &CommonItems) -> Result<Anchors, IrtError> {
    let chosen = in_force.items.iter().filter(|(item, values)| match common.is_marked(item) {
        Some(marked) => marked,
        None => is_well_known(values),
    });
    let anchors: Anchors = chosen.map(|(item, values)| (item.clone(), values.parameters)).collect();
    let found = anchors.len() as u64;
    if found < LEAST_ANCHORS {
        return Err(IrtError::TooFewAnchors { found, required: LEAST_ANCHORS });
    }
    Ok(anchors)
}

fn is_well_known(item: &ItemInForce) -> bool {
    let known = match (item.errors, item.responses_count) {
        (Some(errors), _) => errors.difficulty <= LARGEST_SE_DIFFICULTY,
        (None, Some(responses)) => responses >= ENOUGH_RESPONSES,
        // Another program's.
        (None, None) => true,
    };
    known && item.parameters.discrimination > 0.0
}

/// Estimates of an anchored run, which are on the scale in force, beside those of a free one that
/// is linked to it: anchors that are fixed agree with themselves.
///
/// The free one is `None` where it could not be estimated.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub fn beside_a_free_one(
    responses: &Responses,
    calibration: Calibration,
    anchored: &CalibrationSettings,
    beside: Beside<'_>,
    monitor: &dyn Monitor,
) -> Result<(Placed, Option<Placed>), IrtError> {
    let mut placed = Placed::as_it_is(calibration, beside);
    if placed.imported > 0 {
        let anchors = placed.calibration.with_parameters();
        let anchors = anchors.filter(|item| item.status == ItemStatus::Anchored);
        let anchors: Vec<String> = anchors.map(|item| item.item.clone()).collect();
        placed.flag(&anchors, Flag::Imported);
    }
    let standard_errors = match anchored.standard_errors {
        StandardErrors::None => StandardErrors::None,
        StandardErrors::ObservedInformation | StandardErrors::Bootstrap { .. } => {
            StandardErrors::ObservedInformation
        }
    };
    let settings =
        CalibrationSettings { anchors: Anchors::default(), standard_errors, ..anchored.clone() };
    let free = match calibrate(responses, &settings, monitor) {
        Ok(free) => place(free, beside),
        Err(error @ (IrtError::Interrupted | IrtError::OutOfMemory { .. })) => return Err(error),
        Err(_) => return Ok((placed, None)),
    };
    placed.link = free.link;
    placed.flag(&free.flagged(Flag::Drifted), Flag::Drifted);
    Ok((placed, Some(free)))
}
