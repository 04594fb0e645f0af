//! What shapes a calibration.

use crate::ability::quadrature::Quadrature;
use crate::model::anchors::Anchors;
use crate::model::priors::Priors;

/// How standard errors are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardErrors {
    /// Not at all.
    None,
    /// From the exact observed information at the estimate.
    ObservedInformation,
    /// From refits to resampled persons.
    Bootstrap {
        /// How many replicates.
        iterations: u32,
        /// Where the random streams start.
        seed: u64,
    },
}

/// Everything that shapes a calibration, apart from the responses.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationSettings {
    /// Items with fewer responses are skipped.
    pub min_responses_per_item: u64,
    /// Fewer persons with an eligible response is an error.
    pub min_persons: u64,
    /// The ability grid.
    pub quadrature: Quadrature,
    /// Priors on discrimination and difficulty.
    pub priors: Priors,
    /// How standard errors are computed.
    pub standard_errors: StandardErrors,
    /// Bytes that the responses and the work on them may take; `None`: as many as there are. It
    /// decides up to how many items there are standard errors from the observed information.
    pub max_memory_bytes: Option<u64>,
    /// The group whose abilities are N(0, 1); `None`: the largest, of equal ones the first by the
    /// bytes of its name. With anchors there is none.
    pub reference_group: Option<String>,
    /// Items that keep their parameters. With anchors every group's mean and standard deviation
    /// are estimated.
    pub anchors: Anchors,
    /// True where [`Calibration::joint_covariance`](crate::Calibration::joint_covariance) is
    /// wanted.
    pub joint_covariance: bool,
}

impl Default for CalibrationSettings {
    /// Items with 50 responses or more of 10 persons or more, 61 nodes up to ±6, the default
    /// priors, no standard errors, any memory, no anchors.
    fn default() -> Self {
        Self {
            min_responses_per_item: 50,
            min_persons: 10,
            quadrature: Quadrature::default(),
            priors: Priors::default(),
            standard_errors: StandardErrors::None,
            max_memory_bytes: None,
            reference_group: None,
            anchors: Anchors::default(),
            joint_covariance: false,
        }
    }
}
