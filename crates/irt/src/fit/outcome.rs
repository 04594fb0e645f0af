//! Where a search ends, and why.

use crate::likelihood::evaluation::Evaluation;
use crate::model::two_pl::SlopeIntercept;

/// Why the search stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Termination {
    /// The remaining Newton step is within tolerance.
    Converged,
    /// As many E-steps as there may be did not suffice.
    EStepLimit,
    /// No direction raises the objective, yet the remaining step is too large.
    Stalled,
}

impl Termination {
    /// The reason in words, for messages.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::EStepLimit => "the limit of cycles was reached",
            Self::Stalled => "no step raised the objective any further",
        }
    }
}

/// Where the search ended.
pub(crate) enum Outcome {
    /// At an estimate, or short of one.
    Ended(Fit),
    /// Persons' posteriors are far too narrow for the ability grid.
    TooCoarse {
        /// Where the search was.
        near: Vec<SlopeIntercept>,
        /// E-steps spent.
        e_steps: u32,
    },
    /// The responses do not determine the parameters of these items.
    NotIdentified {
        items: Vec<usize>,
        /// E-steps spent.
        e_steps: u32,
    },
}

/// An estimate, how it was reached and what is left.
pub(crate) struct Fit {
    pub evaluation: Evaluation,
    pub termination: Termination,
    /// E-steps spent.
    pub e_steps: u32,
    /// The largest component of the last Newton step, in a or b, and its item.
    pub largest_step: (f64, usize),
}
