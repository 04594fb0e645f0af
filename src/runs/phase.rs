//! The phases of a run. Those of the estimator, [`irt::Phase`], are two of them.

/// What a run is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Arguments, configuration, rights.
    Checking,
    /// Counting new responses, reading all of them.
    Loading,
    /// Estimating.
    Fitting,
    /// Standard errors.
    StandardErrors,
    /// Writing the parameters.
    Publishing,
}

impl Phase {
    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Loading => "loading",
            Self::Fitting => "fitting",
            Self::StandardErrors => "standard errors",
            Self::Publishing => "publishing",
        }
    }
}

impl From<irt::Phase> for Phase {
    fn from(phase: irt::Phase) -> Self {
        match phase {
            irt::Phase::Fitting => Self::Fitting,
            irt::Phase::StandardErrors => Self::StandardErrors,
        }
    }
}
