//! What is asked of any model of a correct response.

use super::two_pl::SlopeIntercept;
use crate::numeric::eight::{Eight, LANES};
use crate::numeric::elementary::eight_softpluses;

/// An item of some model.
pub(crate) trait ResponseModel {
    /// ln (1 − P) and ln P at eight abilities.
    fn log_probabilities(&self, abilities: Eight) -> [Eight; 2];
}

impl ResponseModel for SlopeIntercept {
    #[inline(always)]
    fn log_probabilities(&self, abilities: Eight) -> [Eight; 2] {
        let logits = self.logits(abilities);
        let mut incorrect = eight_softpluses(logits);
        let mut correct = logits;
        for lane in 0..LANES {
            incorrect[lane] = -incorrect[lane];
            correct[lane] += incorrect[lane];
        }
        [incorrect, correct]
    }
}
