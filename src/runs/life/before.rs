//! What a run is compared with: what is in force, in the snapshot in which its responses are read.

use super::Run;
use crate::bank::{Bank, CheckedSettings, Scale};
use crate::error::ExtensionError;
use crate::parameters::checks::{Check, Comparison, Scales};
use crate::parameters::in_force::{self, InForce};
use crate::parameters::items_lost::items_lost;
use crate::parameters::questions::Thresholds;
use crate::postgres::privileges::as_owner;
use crate::postgres::transactions::{Isolation, transaction};
use crate::scale::Placed;
use crate::scale::common::CommonItems;
use irt::scoring::{ScoreComparison, ScorePrior, compare_scores};
use irt::{Calibration, IrtError, ItemParameters, Monitor, Responses};

/// What is in force, and which differences to it are too large.
pub struct Before {
    /// What is in force.
    pub in_force: InForce,
    /// The items by which the run can be put on the scale in force.
    pub common: CommonItems,
    thresholds: Thresholds,
}

impl Before {
    /// Reads it, in the transaction in which the responses are read, to the items `labels`.
    ///
    /// # Errors
    /// When the items table cannot be read.
    pub fn read(bank: &Bank, labels: &[String]) -> Result<Self, ExtensionError> {
        let (mut in_force, thresholds) = as_owner(|schema| {
            let in_force = in_force::read(schema, &bank.name)?;
            Ok::<_, ExtensionError>((in_force, Thresholds::read(schema, &bank.name)?))
        })?;
        let common = CommonItems::read(bank, labels, &mut in_force)?;
        Ok(Self { in_force, common, thresholds })
    }

    /// What the new parameters do to the scores of those who answered items that are in force;
    /// `None` where nobody wants to know.
    ///
    /// # Errors
    /// Those of [`compare_scores`].
    pub fn scores(
        &self,
        responses: &Responses,
        found: &Calibration,
        settings: &CheckedSettings,
        monitor: &dyn Monitor,
    ) -> Result<Option<ScoreComparison>, IrtError> {
        let in_force = &self.in_force.items;
        let old: Vec<Option<ItemParameters>> =
            found.items.iter().map(|item| Some(in_force.get(&item.item)?.parameters)).collect();
        if !self.thresholds.want_scores() || old.iter().all(Option::is_none) {
            return Ok(None);
        }
        let new: Vec<Option<ItemParameters>> = found
            .items
            .iter()
            .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
            .collect();
        let prior = ScorePrior::new(settings.score_prior_mean, settings.score_prior_sd)?;
        let quadrature = &settings.of_core.quadrature;
        compare_scores(responses, &old, &new, prior, quadrature, monitor).map(Some)
    }
}

impl Run<'_> {
    /// Asks whether these numbers may be published.
    pub(super) fn compare(
        &self,
        bank: &Bank,
        settings: &CheckedSettings,
        placed: &Placed,
        scores: Option<ScoreComparison>,
        before: &Before,
    ) -> Result<Vec<Check>, ExtensionError> {
        let calibration = &placed.calibration;
        let least = settings.min_responses_per_item;
        let items_lost = transaction(Isolation::ReadCommitted, || {
            items_lost(bank, calibration, &before.in_force, least)
        })?;
        let comparison = Comparison {
            calibration,
            scales: Scales {
                is_new: placed.scale == Scale::Population,
                link: placed.link.map(|found| (found.link.slope, found.link.intercept)),
                drifted: placed.link.and_then(|found| found.share_of_drifted()),
                population: placed.population(),
            },
            in_force: &before.in_force,
            items_lost,
            limited: self.request.item_ids().is_some(),
            scores,
        };
        Ok(comparison.checks(&before.thresholds))
    }
}
