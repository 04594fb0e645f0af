//! The estimator alone, over any query, in the caller's session and transaction.
//!
//! Reads and writes nothing else, so it works on a standby, inside any
//! transaction, and on rows that only the caller sees.

use crate::bank::{BankSettings, CheckedSettings};
use crate::error::ExtensionError;
use crate::estimation::{self, Task};
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::memory::Reserve;
use crate::postgres::raising::tell;
use crate::postgres::read_only::ReadOnly;
use crate::postgres::threads::{Threads, Unwatched};
use crate::responses;
use crate::scale::anchoring::LEAST_ANCHORS;
use crate::scale::item_query;
use irt::{Anchors, Calibration, CalibrationSettings, IrtError, Monitor, Responses};

/// Calibrates the responses that `query` yields; the items that the query `anchors` yields keep
/// their parameters.
///
/// # Errors
/// A query that cannot be used, too little data, no convergence.
pub fn fit(
    query: &str,
    anchors: Option<&str>,
    settings: &CheckedSettings,
) -> Result<Calibration, ExtensionError> {
    let of_core = with_anchors(anchors, settings)?;
    fit_then(query, settings, &of_core, |_, calibration, _| Ok((calibration, ())))
        .map(|(calibration, ())| calibration)
}

/// Calibrates what the query yields, and calls `then` on the same threads.
///
/// # Errors
/// As [`fit`], and those of `then`.
pub fn fit_then<T: Send>(
    query: &str,
    settings: &CheckedSettings,
    of_core: &CalibrationSettings,
    then: impl FnOnce(&Responses, Calibration, &dyn Monitor) -> Result<(Calibration, T), IrtError>
    + Send,
) -> Result<(Calibration, T), ExtensionError> {
    let _reserve = Reserve::take()?;
    let loaded = {
        let _visible = LocalSettings::without_row_security();
        let _read_only = ReadOnly::begin();
        responses::load(query, settings.repeated_responses.into())?
    };
    let estimate = estimation::estimate(
        loaded,
        None,
        Task { settings: of_core, reference_is_the_scale: true },
        &mut Threads::default(),
        &mut Unwatched,
        |answers, found, monitor| then(answers.all, found, monitor),
    )?;
    if let Some(warning) = estimate.repeats_warning(settings.repeated_responses) {
        tell(Level::Warning, &warning);
    }
    if let Some(pooled) = estimate.pooled {
        tell(Level::Warning, &pooled.warning(settings.min_persons));
    }
    let found = estimate.calibration?;
    tell_of_the_grid(&found.0, settings);
    Ok(found)
}

/// The settings with the anchors that a query yields, if there is one.
fn with_anchors(
    query: Option<&str>,
    settings: &CheckedSettings,
) -> Result<CalibrationSettings, ExtensionError> {
    let Some(query) = query else { return Ok(settings.of_core.clone()) };
    let items = item_query::read("anchors", query)?;
    let found = items.len() as u64;
    if found < LEAST_ANCHORS {
        return Err(IrtError::TooFewAnchors { found, required: LEAST_ANCHORS }.into());
    }
    let anchors: Anchors = items.into_iter().map(|item| (item.item, item.parameters)).collect();
    anchors.validate()?;
    Ok(CalibrationSettings { anchors, ..settings.of_core.clone() })
}

/// Says that there were more ability nodes than asked for: nothing else here could.
fn tell_of_the_grid(calibration: &Calibration, settings: &BankSettings) {
    let (used, asked) = (calibration.quadrature_nodes, settings.quadrature_nodes);
    if i64::from(used) > i64::from(asked) {
        let message = format!("the ability grid had {used} nodes instead of {asked}");
        let report = ErrorReport::new(b"00000", message);
        tell(
            Level::Notice,
            &report
                .detail("Persons answered so much that their abilities lie between fewer nodes."),
        );
    }
}
