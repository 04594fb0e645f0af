//! What a calibration says of every item: parameters, standard errors, statistics, remarks.

use crate::flag::Flag;
use crate::linking::JointCovariance;

/// Whether an item received parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemStatus {
    /// It has a difficulty and a discrimination.
    Calibrated,
    /// It has none; its flags say why.
    Skipped,
    /// It has those that were given, to the bit, and no standard errors.
    Anchored,
}

impl ItemStatus {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Skipped => "skipped",
            Self::Anchored => "anchored",
        }
    }
}

/// What was estimated for one item. Every number is finite; what is unknown is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemResult {
    /// The item's key as text.
    pub item: String,
    /// Calibrated, anchored or skipped.
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

impl ItemResult {
    /// Takes its parameters from it; `why` is said before anything else.
    pub fn skip(&mut self, why: Flag) {
        self.status = ItemStatus::Skipped;
        self.flags.retain(|flag| *flag == Flag::NegativePointBiserial);
        self.flags.insert(0, why);
        (self.difficulty, self.discrimination, self.information_peak) = (None, None, None);
        (self.se_difficulty, self.se_discrimination, self.covariance) = (None, None, None);
        (self.difficulty_interval, self.discrimination_interval) = (None, None);
    }
}

/// What was estimated for one group of persons. Every number is finite.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupResult {
    /// Its name; `None` where persons are not grouped.
    pub name: Option<String>,
    /// Its persons that entered the fit.
    pub persons_count: u64,
    /// Mean ability.
    pub mean: f64,
    /// Standard deviation of ability.
    pub sd: f64,
    /// Standard error of the mean; `None` where it is fixed or not known.
    pub se_mean: Option<f64>,
    /// Standard error of the standard deviation; `None` where it is fixed or not known.
    pub se_sd: Option<f64>,
    /// Its part of the marginal log-likelihood, in nats; of several groups, that of the point before
    /// the last step, which was within the tolerance.
    pub log_likelihood: f64,
    /// Its mean is 0 and its standard deviation 1, by definition.
    pub is_reference: bool,
    /// Mean ± 3 standard deviations is not within the ability grid.
    pub leaves_grid: bool,
}

/// The joint sampling covariance of all calibrated items.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCovariance {
    /// The items, in the order of the matrix.
    pub items: Vec<String>,
    /// Of their (a, b).
    pub covariance: JointCovariance,
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
    /// E-steps of the estimator: passes over all responses. Those of the bootstrap are counted
    /// apart.
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
    /// The groups with persons in the fit, by the bytes of their names: at least one.
    pub groups: Vec<GroupResult>,
    /// Where the settings asked for it; `None` for more than 500 calibrated items, without
    /// standard errors from the observed information, or where that is singular.
    pub joint_covariance: Option<ItemCovariance>,
    /// Per item of `items`, which component of items that persons join it belongs to; `None` for
    /// skipped items.
    pub components: Vec<Option<u32>>,
}

impl Calibration {
    /// Items whose parameters were estimated.
    pub fn calibrated(&self) -> impl Iterator<Item = &ItemResult> {
        self.items.iter().filter(|item| item.status == ItemStatus::Calibrated)
    }

    /// Items with parameters: estimated ones and anchors.
    pub fn with_parameters(&self) -> impl Iterator<Item = &ItemResult> {
        self.items.iter().filter(|item| item.status != ItemStatus::Skipped)
    }
}
