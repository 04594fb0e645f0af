//! irt_fit_items: how each item of a query fits the model.

use super::populations::Populations;
use crate::bank::CheckedSettings;
use crate::error::ExtensionError;
use crate::fit::fit_then;
use crate::scale::record::EVERYBODY;
use irt::statistics::{DiagnosticsPlan, ItemFit, diagnose};
use irt::{
    Calibration, CalibrationSettings, GroupResult, IrtError, ItemParameters, ItemResult, Monitor,
    Population, Quadrature, Responses, StandardErrors,
};

/// What is reported of every item, and no more.
const PLAN: DiagnosticsPlan = DiagnosticsPlan { s_x2: true, pairs: false, curves: false };

/// An item, and how it fits; `None`: it has no parameters.
pub type FittedItem = (ItemResult, Option<ItemFit>);

/// Calibrates the responses that a query yields, without standard errors, and diagnoses every item.
///
/// # Errors
/// As irt_fit_2pl: a query that cannot be used, too little data, no convergence.
pub fn fit_items(
    query: &str,
    settings: &CheckedSettings,
) -> Result<Vec<FittedItem>, ExtensionError> {
    let of_core =
        CalibrationSettings { standard_errors: StandardErrors::None, ..settings.of_core.clone() };
    let bound = of_core.quadrature.bound();
    let then = |responses: &Responses, calibration: Calibration, monitor: &dyn Monitor| {
        let fits = fits_of(responses, &calibration, bound, monitor)?;
        Ok((calibration, fits))
    };
    let (calibration, fits) = fit_then(query, settings, &of_core, then)?;
    Ok(calibration.items.into_iter().zip(fits).collect())
}

/// One entry per item of the calibration: they are in the order of the labels.
fn fits_of(
    responses: &Responses,
    calibration: &Calibration,
    bound: f64,
    monitor: &dyn Monitor,
) -> Result<Vec<Option<ItemFit>>, IrtError> {
    let items: Vec<Option<ItemParameters>> = calibration.items.iter().map(parameters).collect();
    let by_name = calibration.groups.iter().map(named_population).collect();
    let populations = Populations { by_name, others: Population::STANDARD }.of_groups(responses);
    // The nodes of the fit: it may have taken more than were asked for.
    let quadrature = Quadrature::new(calibration.quadrature_nodes as usize, bound)?;
    Ok(diagnose(responses, &items, &populations, &quadrature, PLAN, monitor)?.items)
}

fn parameters(item: &ItemResult) -> Option<ItemParameters> {
    Some(ItemParameters::new(item.discrimination?, item.difficulty?))
}

fn named_population(group: &GroupResult) -> (String, Population) {
    let name = group.name.clone().unwrap_or_else(|| EVERYBODY.to_owned());
    (name, Population { mean: group.mean, sd: group.sd })
}
