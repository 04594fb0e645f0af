//! Remarks on items.

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
    /// The items fall into groups that no person links. Skipped where its group has neither the
    /// reference group's persons nor two anchors.
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
    /// It is not any more what it was: for whoever compares calibrations to set.
    Drifted,
    /// Its parameters are another program's: for whoever imports them to set.
    Imported,
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
            Self::Drifted => "drifted",
            Self::Imported => "imported",
        }
    }
}
