//! What a calibration says of every item: parameters, standard errors, statistics, remarks.

use crate::calibrate::eligibility::Bank;
use crate::calibrate::{CalibrationSettings, Estimate, StandardErrors};
use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Monitor;
use crate::uncertainty::standard_errors::{Spread, Spreads};

/// A smaller discrimination is flagged.
pub const LOW_DISCRIMINATION: f64 = 0.2;
/// A difficulty further from 0 is flagged.
pub const EXTREME_DIFFICULTY: f64 = 6.0;

/// Whether an item received parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemStatus {
    /// It has a difficulty and a discrimination.
    Calibrated,
    /// It has none; its flags say why.
    Skipped,
}

impl ItemStatus {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Skipped => "skipped",
        }
    }
}

/// A remark on an item. Thresholds are in docs/method.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// Skipped: fewer responses than min_responses_per_item.
    FewResponses,
    /// Skipped: every response was correct.
    AllCorrect,
    /// Skipped: every response was incorrect.
    AllIncorrect,
    /// Skipped: the responses do not determine its parameters.
    NotIdentified,
    /// The items fall into groups that no person links.
    Disconnected,
    /// Point-biserial below 0.
    NegativePointBiserial,
    /// Discrimination below 0.
    NegativeDiscrimination,
    /// Discrimination below 0.2.
    LowDiscrimination,
    /// Difficulty beyond ±6.
    ExtremeDifficulty,
    /// The ability grid limits the accuracy: too coarse for the item's slope or for persons who
    /// answered very much, or too narrow.
    QuadratureLimited,
    /// No standard error could be computed.
    NoStandardError,
}

impl Flag {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FewResponses => "few_responses",
            Self::AllCorrect => "all_correct",
            Self::AllIncorrect => "all_incorrect",
            Self::NotIdentified => "not_identified",
            Self::Disconnected => "disconnected",
            Self::NegativePointBiserial => "negative_point_biserial",
            Self::NegativeDiscrimination => "negative_discrimination",
            Self::LowDiscrimination => "low_discrimination",
            Self::ExtremeDifficulty => "extreme_difficulty",
            Self::QuadratureLimited => "quadrature_limited",
            Self::NoStandardError => "no_standard_error",
        }
    }
}

/// What was estimated for one item. Every number is finite; what is unknown is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemResult {
    /// The item's key as text.
    pub item: String,
    /// Calibrated or skipped.
    pub status: ItemStatus,
    /// Remarks, in the order of [`Flag`].
    pub flags: Vec<Flag>,
    /// b, in standard deviations of ability.
    pub difficulty: Option<f64>,
    /// a, in logits per standard deviation of ability (D = 1).
    pub discrimination: Option<f64>,
    /// Standard error of b.
    pub se_difficulty: Option<f64>,
    /// Standard error of a.
    pub se_discrimination: Option<f64>,
    /// Sampling covariance of a and b.
    pub covariance: Option<f64>,
    /// Percentile interval (95 %) of b; bootstrap only.
    pub difficulty_interval: Option<(f64, f64)>,
    /// Percentile interval (95 %) of a; bootstrap only.
    pub discrimination_interval: Option<(f64, f64)>,
    /// The ability at which the item tells most: b.
    pub information_peak: Option<f64>,
    /// Responses after repeats were dropped.
    pub responses_count: u64,
    /// Share of correct responses.
    pub proportion_correct: Option<f64>,
    /// Correlation with the proportion correct on the person's other eligible items.
    pub point_biserial: Option<f64>,
}

/// The outcome of a calibration that converged.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Every item, by the bytes of its label.
    pub items: Vec<ItemResult>,
    /// Persons that entered the fit.
    pub persons_count: u64,
    /// Responses that entered the fit.
    pub responses_count: u64,
    /// Marginal log-likelihood at the estimate, in nats, without priors.
    pub log_likelihood: f64,
    /// Log density of the priors at the estimate; 0 when flat.
    pub log_prior: f64,
    /// Cycles of the estimator.
    pub em_iterations: u32,
    /// Nodes of the ability grid at the end: as many as were asked for, or more where persons'
    /// posteriors were too narrow for those.
    pub quadrature_nodes: u32,
    /// Bootstrap replicates that were kept; 0 without bootstrap.
    pub bootstrap_iterations: u32,
    /// Bootstrap replicates among them that did not converge and were left out of the standard errors.
    pub bootstrap_failures: u32,
    /// E-steps of all replicates together.
    pub bootstrap_e_steps: u64,
}

impl Calibration {
    /// Items with parameters.
    pub fn calibrated(&self) -> impl Iterator<Item = &ItemResult> {
        self.items.iter().filter(|item| item.status == ItemStatus::Calibrated)
    }
}

/// Puts together what was found out; `settings` with the grid of the estimate.
///
/// # Errors
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
pub(crate) fn report(
    bank: &Bank<'_>,
    estimate: &Estimate,
    spreads: &Spreads,
    settings: &CalibrationSettings,
    monitor: &dyn Monitor,
) -> Result<Calibration, IrtError> {
    let disconnected = bank.components.len() > 1;
    let Estimate { evaluation, cycles, quadrature, grid_fails } = estimate;
    let mut selected = evaluation.parameters.iter().zip(&spreads.items).zip(grid_fails);
    let mut items = reserve(bank.skipped.len(), "the results")?;
    for item in 0..bank.skipped.len() {
        if monitor.interrupted() {
            return Err(IrtError::Interrupted);
        }
        let result = uncalibrated(bank, item);
        let found = if bank.skipped[item].is_none() { selected.next() } else { None };
        items.push(match found {
            Some(((at, spread), grid_fails)) => {
                let steep = at.slope.abs() * quadrature.spacing() > 1.0;
                let remarks = [
                    (disconnected, Flag::Disconnected),
                    (steep || *grid_fails, Flag::QuadratureLimited),
                ];
                calibrated(result, *at, *spread, &remarks, settings)
            }
            None => result,
        });
    }
    Ok(Calibration {
        items,
        persons_count: bank.patterns().persons(),
        responses_count: bank.patterns().responses(),
        log_likelihood: evaluation.log_likelihood(),
        log_prior: evaluation.log_prior,
        em_iterations: *cycles,
        quadrature_nodes: quadrature.nodes().len() as u32,
        bootstrap_iterations: spreads.replicates,
        bootstrap_failures: spreads.failures,
        bootstrap_e_steps: spreads.e_steps,
    })
}

fn uncalibrated(bank: &Bank<'_>, item: usize) -> ItemResult {
    let mut flags: Vec<Flag> = bank.skipped[item].into_iter().collect();
    if bank.point_biserials[item].is_some_and(|correlation| correlation < 0.0) {
        flags.push(Flag::NegativePointBiserial);
    }
    ItemResult {
        item: bank.responses.labels()[item].clone(),
        status: ItemStatus::Skipped,
        flags,
        difficulty: None,
        discrimination: None,
        se_difficulty: None,
        se_discrimination: None,
        covariance: None,
        difficulty_interval: None,
        discrimination_interval: None,
        information_peak: None,
        responses_count: bank.totals[item].responses,
        proportion_correct: bank.totals[item].proportion_correct(),
        point_biserial: bank.point_biserials[item],
    }
}

fn calibrated(
    mut result: ItemResult,
    at: SlopeIntercept,
    spread: Option<Spread>,
    of_the_bank: &[(bool, Flag)],
    settings: &CalibrationSettings,
) -> ItemResult {
    let difficulty = at.difficulty();
    let wanted = settings.standard_errors != StandardErrors::None;
    let remarks = [
        (at.slope < 0.0, Flag::NegativeDiscrimination),
        (at.slope < LOW_DISCRIMINATION, Flag::LowDiscrimination),
        (difficulty.abs() > EXTREME_DIFFICULTY, Flag::ExtremeDifficulty),
        (wanted && spread.is_none(), Flag::NoStandardError),
    ];
    let remarks = of_the_bank.iter().chain(&remarks);
    result.flags.extend(remarks.filter(|(holds, _)| *holds).map(|(_, flag)| *flag));
    result.flags.sort_unstable();
    result.status = ItemStatus::Calibrated;
    result.difficulty = Some(difficulty);
    result.discrimination = Some(at.slope);
    result.information_peak = Some(difficulty);
    result.se_difficulty = spread.map(|spread| spread.se_difficulty);
    result.se_discrimination = spread.map(|spread| spread.se_discrimination);
    result.covariance = spread.map(|spread| spread.covariance);
    result.difficulty_interval = spread.and_then(|spread| spread.difficulty_interval);
    result.discrimination_interval = spread.and_then(|spread| spread.discrimination_interval);
    result
}
