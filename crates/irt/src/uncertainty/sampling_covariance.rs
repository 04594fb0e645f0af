//! How sure the estimates of the items are, by whatever method.

use crate::linking::JointCovariance;

/// Standard errors, covariance and intervals of one item's a and b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SamplingCovariance {
    pub se_discrimination: f64,
    pub se_difficulty: f64,
    pub covariance: f64,
    pub discrimination_interval: Option<(f64, f64)>,
    pub difficulty_interval: Option<(f64, f64)>,
}

impl SamplingCovariance {
    /// An unknown standard error is none at all: never 0, never infinite.
    pub(super) fn if_usable(self) -> Option<Self> {
        let positive = |error: f64| error > 0.0 && error.is_finite();
        (positive(self.se_discrimination)
            && positive(self.se_difficulty)
            && self.covariance.is_finite())
        .then_some(self)
    }
}

/// Standard errors of one group's mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GroupErrors {
    pub se_mean: f64,
    pub se_sd: f64,
}

/// Of (mean, sd) in place of (a, b).
impl From<SamplingCovariance> for GroupErrors {
    fn from(covariance: SamplingCovariance) -> Self {
        Self { se_mean: covariance.se_discrimination, se_sd: covariance.se_difficulty }
    }
}

/// That of every item, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SamplingCovariances {
    /// Per item that is in; `None` where it is not known.
    pub items: Vec<Option<SamplingCovariance>>,
    /// Per group that has parameters of its own; not finite where one of them is given.
    pub groups: Vec<Option<GroupErrors>>,
    /// Of (a, b) of all items that are estimated, if it was asked for.
    pub joint: Option<JointCovariance>,
    /// Bootstrap replicates done.
    pub replicates: u32,
    /// Replicates among them that did not converge.
    pub failures: u32,
    /// E-steps of all replicates together: what they cost.
    pub e_steps: u64,
}

impl SamplingCovariances {
    /// From something else than a bootstrap.
    pub(super) fn without_replicates(items: Vec<Option<SamplingCovariance>>) -> Self {
        let (groups, joint) = (Vec::new(), None);
        Self { items, groups, joint, replicates: 0, failures: 0, e_steps: 0 }
    }
}
