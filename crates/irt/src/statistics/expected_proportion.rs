//! How many correct responses the model expects of the persons who answered an item.

use crate::model::priors::Priors;
use crate::model::two_pl::SlopeIntercept;

impl Priors {
    /// The share of correct responses that the model expects, at the mode, of the persons who
    /// answered an item, each at their own posterior ability: whoever they are, and whatever else
    /// they answered.
    ///
    /// It follows from the mode alone. There the derivative with respect to the intercept d is 0,
    ///
    /// ```text
    /// Σ_i (x_i − E[P_i]) + ∂ log prior / ∂d = 0
    /// ```
    ///
    /// so the expectation is the observed share but for the pull of the prior on b,
    /// (b − mean) / (a · sd²), divided by the responses. With a flat prior on b it is the observed
    /// share itself.
    ///
    /// `responses`: to the item, more than 0; `proportion_correct`: the correct share of them.
    /// Holds for an item that was estimated under these priors, on the scale that they are on.
    #[must_use]
    pub fn expected_proportion_correct(
        &self,
        item: SlopeIntercept,
        responses: u64,
        proportion_correct: f64,
    ) -> f64 {
        let pull = self.at(item).gradient.intercept;
        proportion_correct + pull / responses as f64
    }
}
