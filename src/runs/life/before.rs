//! What a run is compared with: what is in force, in the snapshot in which its responses are read.

use super::Run;
use crate::bank::{Bank, CheckedSettings, Scale};
use crate::diagnostics::{Diagnosis, diagnose};
use crate::error::ExtensionError;
use crate::estimation::Answers;
use crate::parameters::checks::{Check, Comparison, Misfits, Scales};
use crate::parameters::in_force::{self, InForce};
use crate::parameters::items_lost::items_lost;
use crate::parameters::questions::Thresholds;
use crate::postgres::privileges::as_owner;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::transactions::{Isolation, transaction};
use crate::scale::anchoring::{anchors, beside_a_free_one};
use crate::scale::common::CommonItems;
use crate::scale::covariances::KeptCovariance;
use crate::scale::record::REFERENCE_GROUP;
use crate::scale::{Beside, Placed, place};
use irt::scoring::{ScoreComparison, ScorePrior, compare_scores};
use irt::statistics::FitFlag;
use irt::{
    Anchors, Calibration, CalibrationSettings, IrtError, ItemParameters, Monitor, Responses,
};

/// What is in force, and which differences to it are too large.
pub struct Before {
    /// What is in force.
    pub in_force: InForce,
    /// The items by which the run can be put on the scale in force.
    pub common: CommonItems,
    /// The joint covariance of what is in force, where it was kept.
    covariance: Option<KeptCovariance>,
    /// The group that is N(0, 1), where there are groups: as the bank says, or as it was first.
    reference_group: Option<String>,
    thresholds: Thresholds,
}

/// The estimates of a run, and what is compared with what is in force.
pub struct Compared {
    /// What is recorded, and published or not.
    pub placed: Placed,
    /// On scale `anchored`: a free fit, linked; `None` where there is none.
    pub free: Option<Placed>,
    /// What the new parameters do to scores.
    pub scores: Option<ScoreComparison>,
    /// Names of the groups of persons, in the order of `scores`.
    pub groups: Vec<Option<String>>,
    /// How the items fit; `None`: nobody wants to know.
    pub diagnosis: Option<Diagnosis>,
}

impl Compared {
    /// The estimates that can differ from what is in force: anchors that are fixed agree with
    /// themselves.
    fn to_compare(&self) -> &Placed {
        self.free.as_ref().unwrap_or(&self.placed)
    }
}

impl Before {
    /// Reads it, in the transaction in which the responses are read, to the items `labels`.
    ///
    /// # Errors
    /// When the items table cannot be read.
    pub fn read(bank: &Bank, labels: &[String]) -> Result<Self, ExtensionError> {
        let mut before = as_owner(|schema| {
            let in_force = in_force::read(schema, &bank.name)?;
            let reference_group = match (&bank.group, &bank.reference_group) {
                (Some(_), None) => reference_of_first_run(schema, &bank.name)?,
                (_, stated) => stated.clone(),
            };
            Ok::<_, ExtensionError>(Self {
                covariance: KeptCovariance::read(schema, &in_force)?,
                thresholds: Thresholds::read(schema, &bank.name)?,
                common: CommonItems::default(),
                reference_group,
                in_force,
            })
        })?;
        before.common = CommonItems::read(bank, labels, &mut before.in_force)?;
        Ok(before)
    }

    /// The numeric core's settings: with the anchors and the reference group.
    ///
    /// # Errors
    /// [`IrtError::TooFewAnchors`].
    pub fn settings_of_core(
        &self,
        settings: &CheckedSettings,
    ) -> Result<CalibrationSettings, IrtError> {
        let is_anchored = settings.scale == Scale::Anchored && !self.in_force.items.is_empty();
        Ok(CalibrationSettings {
            anchors: match is_anchored {
                true => anchors(&self.in_force, &self.common)?,
                false => Anchors::default(),
            },
            reference_group: self.reference_group.clone(),
            joint_covariance: settings.scale == Scale::Linked,
            ..settings.of_core.clone()
        })
    }

    /// Puts estimates on their scale, and compares them with what is in force.
    ///
    /// # Errors
    /// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`], and those of [`compare_scores`].
    pub fn compare(
        &self,
        answers: Answers<'_>,
        found: Calibration,
        settings: &CheckedSettings,
        of_core: &CalibrationSettings,
        monitor: &dyn Monitor,
    ) -> Result<Compared, IrtError> {
        let responses = answers.all;
        let beside = Beside {
            settings,
            common: &self.common,
            in_force: &self.in_force,
            covariance: self.covariance.as_ref(),
        };
        let (placed, free) = match of_core.anchors.is_empty() {
            true => (place(found, beside), None),
            false => beside_a_free_one(responses, found, of_core, beside, monitor)?,
        };
        let groups = responses.groups().iter().map(|group| group.name.clone()).collect();
        let diagnosis = match settings.diagnostics {
            true => Some(diagnose(
                answers.all,
                answers.new,
                &placed.calibration,
                &self.in_force,
                settings.quadrature_bound,
                monitor,
            )?),
            false => None,
        };
        let mut compared = Compared { placed, free, scores: None, groups, diagnosis };
        let to_compare = compared.to_compare();
        // On two scales there is nothing to compare.
        if to_compare.refused.is_none() {
            compared.scores = self.scores(responses, &to_compare.calibration, settings, monitor)?;
        }
        Ok(compared)
    }

    /// What the new parameters do to the scores of those who answered items that are in force;
    /// `None` where nobody wants to know.
    ///
    /// # Errors
    /// Those of [`compare_scores`].
    fn scores(
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

fn misfits(found: &Diagnosis, calibration: &Calibration) -> Misfits {
    let items =
        || calibration.items.iter().enumerate().filter(|(_, item)| item.difficulty.is_some());
    let reversed = items().filter(|(place, item)| {
        found.is_reversed(*place) || item.discrimination.is_some_and(|a| a < 0.0)
    });
    let (reversed, count) = (reversed.count(), items().count());
    Misfits {
        misfitting: found.share(FitFlag::Misfit),
        reversed: (count > 0).then(|| reversed as f64 / count as f64),
    }
}

/// The reference group of the bank's first run that had one: it is kept.
fn reference_of_first_run(schema: &Schema, bank: &str) -> Result<Option<String>, ExtensionError> {
    let query = format!(
        "SELECT settings OPERATOR(pg_catalog.->>) $2 FROM {} \
         WHERE bank OPERATOR(pg_catalog.=) $1 AND status OPERATOR(pg_catalog.=) 'success' \
           AND settings OPERATOR(pg_catalog.?) $2 ORDER BY started_at, id LIMIT 1",
        schema.runs()
    );
    reading::one(&query, &[bank.into(), REFERENCE_GROUP.into()])
}

impl Run<'_> {
    /// Asks whether these numbers may be published.
    pub(super) fn compare(
        &self,
        bank: &Bank,
        settings: &CheckedSettings,
        compared: &Compared,
        before: &Before,
    ) -> Result<Vec<Check>, ExtensionError> {
        let placed = &compared.placed;
        let calibration = &placed.calibration;
        let least = settings.min_responses_per_item;
        let items_lost = transaction(Isolation::ReadCommitted, || {
            items_lost(bank, calibration, &before.in_force, least)
        })?;
        let comparison = Comparison {
            calibration,
            free: &compared.to_compare().calibration,
            misfits: compared.diagnosis.as_ref().map(|found| misfits(found, calibration)),
            scales: Scales {
                is_new: placed.scale == Scale::Population,
                link: placed.link.map(|found| (found.link.slope, found.link.intercept)),
                drifted: placed.link.and_then(|found| found.share_of_drifted()),
                population: placed.population(),
            },
            in_force: &before.in_force,
            items_lost,
            limited: self.request.item_ids().is_some(),
            scores: compared.scores.as_ref(),
        };
        Ok(comparison.checks(&before.thresholds))
    }
}
