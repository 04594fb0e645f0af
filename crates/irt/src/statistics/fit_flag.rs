//! Remarks on how an item fits.

/// What the responses say against an item. Thresholds are in [`super::thresholds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FitFlag {
    /// The observed curve is not the model's.
    Misfit,
    /// Responses are less predictable than the model says.
    Noisy,
    /// Persons who know little are right more often than the model says.
    Guessing,
    /// It is easier or harder in one of the groups than in the others.
    DiffersByGroup,
    /// Persons who know more are right less often.
    Reversed,
}

impl FitFlag {
    /// The word that is recorded.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Misfit => "misfit",
            Self::Noisy => "noisy",
            Self::Guessing => "guessing",
            Self::DiffersByGroup => "differs_by_group",
            Self::Reversed => "reversed",
        }
    }
}
